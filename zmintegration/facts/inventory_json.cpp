#include <zmintegration/facts/inventory_json.hpp>

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <set>
#include <zmintegration/facts/json_tree.hpp>
#include <zmintegration/facts/local_json.hpp>
#include <zmintegration/support/text.hpp>

namespace zmi {
namespace {

constexpr std::string_view k_schema = "zmfirewall/inventory/1";
constexpr std::size_t k_size_limit = 32 * 1024 * 1024;
constexpr std::size_t k_max_depth = 12;
constexpr std::size_t k_most_evidence = 1000;

void write_attributes(JsonWriter& writer, std::string_view name, const Attributes& attributes) {
    writer.key(name);
    writer.open('{');
    for (const auto& [attribute, values] : attributes) {
        if (may_be_secret(attribute)) continue;
        writer.array(attribute, values, [&](const std::string& value) { writer.clean_text(value); });
    }
    writer.close('}');
}

void write_servers(JsonWriter& writer, const std::vector<Server>& servers) {
    writer.key("servers");
    writer.open('[');
    for (const auto& server : servers) {
        writer.item();
        writer.open('{');
        writer.text("name", server.name);
        write_attributes(writer, "attributes", server.own);
        if (!server.known_from.empty()) writer.text("known_from", server.known_from);
        if (server.mesh_services) writer.texts("mesh_services", *server.mesh_services);
        writer.close('}');
    }
    writer.close(']');
}

void write_resolved(JsonWriter& writer, const Inventory& inventory) {
    writer.key("resolved");
    writer.open('{');
    for (const auto& [host, resolution] : inventory.resolved) {
        writer.key(host);
        writer.open('{');
        writer.array("addresses", resolution.addresses,
                     [&](const IpAddress& address) { writer.text(address.to_string()); });
        writer.text("problem", resolution.problem);
        writer.close('}');
    }
    writer.close('}');
}

/// Reads the tree of a whole inventory.
class InventoryReader final : public LocalJsonReader {
public:
    [[nodiscard]] Inventory inventory(const JsonNode& root);

private:
    Source source(const JsonNode& node, const JsonPath& path);
    Attributes attributes(const JsonNode& object, std::string_view name, const JsonPath& path);
    Server server(const JsonNode& node, const JsonPath& path);
    std::vector<Server> servers(const JsonNode& object, const JsonPath& path);
    void product(const JsonNode& root, const JsonPath& top, Inventory& into);
    Resolution resolution(const std::string& host, const JsonNode& node, const JsonPath& path);
};

bool is_rfc3339_utc(std::string_view text) {
    constexpr std::string_view k_shape = "0000-00-00T00:00:00Z";
    return text.size() == k_shape.size() &&
           std::equal(text.begin(), text.end(), k_shape.begin(),
                      [](char c, char shape) { return shape == '0' ? c >= '0' && c <= '9' : c == shape; });
}

bool is_product_name(std::string_view text) {
    constexpr std::size_t k_longest = 40;
    return !text.empty() && text.size() <= k_longest && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

Source InventoryReader::source(const JsonNode& node, const JsonPath& path) {
    Source result;
    if (!has_exactly(node, path, {"kind", "server", "complete", "taken_at"})) return result;
    constexpr std::array<std::string_view, 3> k_kinds{"soap", "zmprov", "zmprov-ldap"};
    result.kind = text(node, "kind", path);
    if (std::find(k_kinds.begin(), k_kinds.end(), result.kind) == k_kinds.end()) {
        fail({&path, "kind"}, "expected soap, zmprov or zmprov-ldap, found " + quoted(result.kind));
    }
    result.server = text(node, "server", path);
    no_credentials(result.server, {&path, "server"});
    if (is(*node.member("complete"), Type::boolean, {&path, "complete"})) {
        result.complete = node.member("complete")->truth;
    }
    result.taken_at = text(node, "taken_at", path);
    if (!is_rfc3339_utc(result.taken_at)) fail({&path, "taken_at"}, "expected a time such as 2026-11-24T06:15:47Z");
    return result;
}

Attributes InventoryReader::attributes(const JsonNode& object, std::string_view name, const JsonPath& path) {
    Attributes result;
    each_member(object, name, path, [&](const std::string& attribute, const JsonNode& node, const JsonPath& here) {
        no_secret_name(attribute, here);
        if (!is(node, Type::array, here)) return;
        Values values;
        values.reserve(node.children.size());
        for (std::size_t i = 0; i < node.children.size(); ++i) {
            const JsonPath at{&here, {}, i};
            if (!is(node.children[i], Type::string, at)) return;
            no_credentials(node.children[i].text, at);
            values.push_back(node.children[i].text);
        }
        result.emplace_hint(result.end(), attribute, std::move(values));
    });
    return result;
}

Server InventoryReader::server(const JsonNode& node, const JsonPath& path) {
    Server server;
    if (!has_exactly(node, path, {"name", "attributes"}, {"known_from", "mesh_services"})) return server;
    server.name = text(node, "name", path);
    host_name(server.name, {&path, "name"});
    server.own = attributes(node, "attributes", path);
    if (node.member("known_from") != nullptr) {
        server.known_from = text(node, "known_from", path);
        constexpr std::array<std::string_view, 3> k_known{"mesh", "node", "policy"};
        if (std::find(k_known.begin(), k_known.end(), server.known_from) == k_known.end()) {
            fail({&path, "known_from"}, "expected mesh, node or policy, found " + quoted(server.known_from));
        }
    }
    if (node.member("mesh_services") != nullptr) server.mesh_services = names(node, "mesh_services", path);
    return server;
}

std::vector<Server> InventoryReader::servers(const JsonNode& object, const JsonPath& path) {
    std::vector<Server> result;
    std::set<std::string, std::less<>> seen;
    each_item(object, "servers", path, [&](const JsonNode& node, const JsonPath& here) {
        auto one = server(node, here);
        if (!seen.insert(one.name).second && problem().empty()) {
            fail({&here, "name"}, fmt::format("server {} stands twice", one.name));
        }
        result.push_back(std::move(one));
    });
    if (result.empty()) fail({&path, "servers"}, "no server");
    std::sort(result.begin(), result.end(), [](const Server& a, const Server& b) { return a.name < b.name; });
    return result;
}

Resolution InventoryReader::resolution(const std::string& host, const JsonNode& node, const JsonPath& path) {
    Resolution result;
    if (!has_exactly(node, path, {"addresses", "problem"})) return result;
    result.problem = text(node, "problem", path);
    each_item(node, "addresses", path, [&](const JsonNode& item, const JsonPath& here) {
        if (!is(item, Type::string, here)) return;
        const auto address = parse_address(item.text);
        if (!address) return fail(here, quoted(item.text) + " is not an IP address");
        if (!address->is_of_a_host()) return fail(here, item.text + " is not the address of a host");
        result.addresses.push_back(*address);
    });
    std::sort(result.addresses.begin(), result.addresses.end());
    if (std::adjacent_find(result.addresses.begin(), result.addresses.end()) != result.addresses.end()) {
        fail({&path, "addresses"}, "an address stands twice");
    }
    // A name that is none is kept with its problem, so that the plan can name it.
    if (!result.addresses.empty()) host_name(host, path);
    if (result.addresses.empty() && result.problem.empty()) fail(path, "neither an address nor a problem");
    return result;
}

void InventoryReader::product(const JsonNode& root, const JsonPath& top, Inventory& into) {
    const auto is_one = [&](const std::string& name, std::string_view member) {
        if (!is_product_name(name)) fail({&top, member}, quoted(name) + " is not 1 to 40 of a-z, 0-9 and '-'");
    };
    into.product = text(root, "product", top);
    is_one(into.product, "product");
    if (root.member("edition") != nullptr) {
        into.edition = text(root, "edition", top);
        is_one(into.edition, "edition");
    }
    if (root.member("product_evidence") == nullptr) return;
    each_item(root, "product_evidence", top, [&](const JsonNode& item, const JsonPath& here) {
        if (!is(item, Type::string, here)) return;
        plain_text(item.text, here);
        if (into.product_evidence.size() >= k_most_evidence) return fail(here, "too many");
        into.product_evidence.push_back(item.text);
    });
}

Inventory InventoryReader::inventory(const JsonNode& root) {
    Inventory result;
    const JsonPath top;
    if (is(root, Type::object, top)) {
        const auto* schema = root.member("schema");
        if (schema == nullptr || schema->text != k_schema) {
            fail({&top, "schema"}, fmt::format("expected \"{}\"", k_schema));
        }
    }
    if (!problem().empty() ||
        !has_exactly(root, top,
                     {"schema", "source", "product", "version", "this_node", "global", "servers", "local", "resolved"},
                     {"edition", "product_evidence"})) {
        return result;
    }
    result.source = source(*root.member("source"), {&top, "source"});
    product(root, top, result);
    result.version = text(root, "version", top);
    result.this_node = text(root, "this_node", top);
    host_name(result.this_node, {&top, "this_node"});
    result.global = attributes(root, "global", top);
    result.servers = servers(root, top);
    each_member(root, "local", top, [&](const std::string& node, const JsonNode& facts, const JsonPath& here) {
        host_name(node, here);
        result.local.emplace(node, local(facts, here));
    });
    each_member(root, "resolved", top, [&](const std::string& host, const JsonNode& node, const JsonPath& here) {
        result.resolved.emplace(host, resolution(host, node, here));
    });
    return result;
}

}  // namespace

std::string to_json(const Inventory& inventory) {
    JsonWriter writer;
    writer.open('{');
    writer.text("schema", k_schema);
    writer.key("source");
    writer.open('{');
    writer.text("kind", inventory.source.kind);
    writer.text("server", without_credentials(inventory.source.server));
    writer.raw("complete", inventory.source.complete ? "true" : "false");
    writer.text("taken_at", inventory.source.taken_at);
    writer.close('}');
    writer.text("product", inventory.product);
    if (!inventory.edition.empty()) writer.text("edition", inventory.edition);
    if (!inventory.product_evidence.empty()) writer.texts("product_evidence", inventory.product_evidence);
    writer.text("version", inventory.version);
    writer.text("this_node", inventory.this_node);
    write_attributes(writer, "global", inventory.global);
    write_servers(writer, inventory.servers);
    writer.key("local");
    writer.open('{');
    for (const auto& [node, facts] : inventory.local) {
        writer.key(node);
        write_local(writer, facts);
    }
    writer.close('}');
    write_resolved(writer, inventory);
    writer.close('}');
    return writer.take();
}

Expected<Inventory> parse_inventory(std::string_view json, std::string_view origin_name) {
    if (json.size() > k_size_limit) {
        return failure(ErrorKind::data, fmt::format("{}: more than {} MiB", origin_name, k_size_limit >> 20));
    }
    auto tree = parse_json(json, k_max_depth);
    if (!tree) return tl::unexpected(std::move(tree.error()).within(origin_name));
    InventoryReader reader;
    auto inventory = reader.inventory(*tree);
    if (reader.problem().empty()) return inventory;
    return failure(ErrorKind::data, fmt::format("{}: {}", origin_name, reader.problem()),
                   "take a new one with zmfirewall discover --json");
}

}  // namespace zmi
