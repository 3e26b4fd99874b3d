#pragma once

#include <zmintegration/facts/inventory.hpp>
#include <zmintegration/facts/json_reader.hpp>
#include <zmintegration/facts/json_writer.hpp>

/// The part of an inventory's JSON that is about one node alone.
namespace zmi {

/// Members that older inventories have not are written where they hold something.
void write_local(JsonWriter& writer, const LocalFacts& facts);

/// The strict inverse. Names, paths, ports, addresses, states are checked, and how many there are.
class LocalJsonReader : public JsonReader {
protected:
    [[nodiscard]] LocalFacts local(const JsonNode& node, const JsonPath& path);
    /// An array of names of packages, services and the like, none twice, in any order; nothing where it is absent.
    [[nodiscard]] std::set<std::string, std::less<>> names(const JsonNode& object, std::string_view name,
                                                           const JsonPath& path);
    /// Text without control characters, of at most 1024 bytes.
    void plain_text(std::string_view value, const JsonPath& path);

private:
    [[nodiscard]] FileListener listener(const JsonNode& node, const JsonPath& path);
    [[nodiscard]] MeshService mesh_service(const JsonNode& node, const JsonPath& path);
    [[nodiscard]] LiveListener live_listener(const JsonNode& node, const JsonPath& path);
    void states(const JsonNode& object, std::string_view name, const JsonPath& path,
                std::initializer_list<std::string_view> known, std::map<std::string, std::string, std::less<>>& into);
    void node_only(const JsonNode& node, const JsonPath& path, LocalFacts& facts);
};

}  // namespace zmi
