#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>
#include <zmintegration/support/error.hpp>

namespace zmi {

/// A JSON value as strict readers want it: members in the order written, none twice.
struct JsonNode {
    enum class Type { null, boolean, integer, real, string, array, object };
    Type type = Type::null;
    bool truth = false;
    std::int64_t number = 0;
    std::string text;
    std::vector<JsonNode> children;
    std::vector<std::string> names;  ///< of the children of an object, in step with `children`

    [[nodiscard]] const JsonNode* member(std::string_view name) const;
};

/// "a string", "an object", ...
[[nodiscard]] std::string_view to_string(JsonNode::Type type);

/// Parses one document nested at most `max_depth` deep. A member that stands twice is an error (other parsers
/// silently take the last one). Errors name line and column or the member; no exception leaves.
/// More than `max_values` values are an error as well: in memory each is about a hundred bytes, in the text perhaps
/// two.
[[nodiscard]] Expected<JsonNode> parse_json(std::string_view text, std::size_t max_depth,
                                            std::size_t max_values = 10'000'000);

/// `text` as a JSON string with its quotes. Bytes that are no UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace zmi
