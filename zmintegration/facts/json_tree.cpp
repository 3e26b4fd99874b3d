#include <zmintegration/facts/json_tree.hpp>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <zmintegration/support/text.hpp>

namespace zmi {
namespace {

/// Builds the tree from the parser's events; returning false stops the parser.
class TreeBuilder final : public nlohmann::json_sax<nlohmann::json> {
public:
    TreeBuilder(std::size_t max_depth, std::size_t max_values) : m_max_depth(max_depth), m_values_left(max_values) {}

    bool null() override { return add({}) != nullptr; }
    bool boolean(bool value) override {
        JsonNode node;
        node.type = JsonNode::Type::boolean;
        node.truth = value;
        return add(std::move(node)) != nullptr;
    }
    bool number_integer(number_integer_t value) override { return add_integer(value); }
    bool number_unsigned(number_unsigned_t value) override {
        // What does not fit is larger than any number that we have a use for.
        return add_integer(
            static_cast<std::int64_t>(std::min<number_unsigned_t>(value, std::numeric_limits<std::int64_t>::max())));
    }
    bool number_float(number_float_t /*value*/, const string_t& /*text*/) override {
        JsonNode node;
        node.type = JsonNode::Type::real;
        return add(std::move(node)) != nullptr;
    }
    bool string(string_t& value) override {
        JsonNode node;
        node.type = JsonNode::Type::string;
        node.text = std::move(value);
        return add(std::move(node)) != nullptr;
    }
    bool binary(binary_t& /*value*/) override { return false; }
    bool start_object(std::size_t /*elements*/) override { return open(JsonNode::Type::object); }
    bool start_array(std::size_t /*elements*/) override { return open(JsonNode::Type::array); }
    bool end_array() override { return close(); }
    bool end_object() override {
        std::vector<std::string_view> names(m_open.back()->names.begin(), m_open.back()->names.end());
        std::sort(names.begin(), names.end());
        const auto twice = std::adjacent_find(names.begin(), names.end());
        if (twice != names.end()) return fail("member " + zmi::quoted(*twice) + " stands twice in one object");
        return close();
    }
    bool key(string_t& value) override {
        m_open.back()->names.push_back(std::move(value));
        return true;
    }
    bool parse_error(std::size_t position, const std::string& /*last_token*/,
                     const nlohmann::json::exception& /*error*/) override {
        m_position = position;
        return fail("");
    }

    JsonNode root;
    [[nodiscard]] const std::string& problem() const { return m_problem; }
    [[nodiscard]] std::size_t position() const { return m_position; }

private:
    /// nullptr where there are too many.
    JsonNode* add(JsonNode node) {
        if (m_values_left == 0) {
            m_problem = "too many values";
            return nullptr;
        }
        --m_values_left;
        if (m_open.empty()) {
            root = std::move(node);
            return &root;
        }
        m_open.back()->children.push_back(std::move(node));
        return &m_open.back()->children.back();
    }
    bool add_integer(std::int64_t value) {
        JsonNode node;
        node.type = JsonNode::Type::integer;
        node.number = value;
        return add(std::move(node)) != nullptr;
    }
    // The pointers stay valid: a container grows only while none of its children is open.
    bool open(JsonNode::Type type) {
        if (m_open.size() >= m_max_depth) return fail("nested too deeply");
        JsonNode node;
        node.type = type;
        auto* added = add(std::move(node));
        if (added != nullptr) m_open.push_back(added);
        return added != nullptr;
    }
    bool close() {
        m_open.pop_back();
        return true;
    }
    bool fail(std::string problem) {
        m_problem = std::move(problem);
        return false;
    }

    std::size_t m_max_depth;
    std::size_t m_values_left;
    std::vector<JsonNode*> m_open;
    std::string m_problem;
    std::size_t m_position = 0;
};

std::string line_and_column(std::string_view text, std::size_t position) {
    const auto before = text.substr(0, position == 0 ? 0 : position - 1);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const auto start = before.rfind('\n');
    const auto column = 1 + before.size() - (start == std::string_view::npos ? 0 : start + 1);
    return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

bool needs_escape(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte >= 0x7f || c == '"' || c == '\\';
}

}  // namespace

const JsonNode* JsonNode::member(std::string_view name) const {
    const auto at = std::find(names.begin(), names.end(), name);
    return at == names.end() ? nullptr : &children[static_cast<std::size_t>(at - names.begin())];
}

std::string_view to_string(JsonNode::Type type) {
    switch (type) {
        case JsonNode::Type::null: return "null";
        case JsonNode::Type::boolean: return "a boolean";
        case JsonNode::Type::integer: return "an integer";
        case JsonNode::Type::real: return "a fraction";
        case JsonNode::Type::string: return "a string";
        case JsonNode::Type::array: return "an array";
        case JsonNode::Type::object: return "an object";
    }
    return "null";
}

Expected<JsonNode> parse_json(std::string_view text, std::size_t max_depth, std::size_t max_values) {
    TreeBuilder builder(max_depth, max_values);
    try {
        if (nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) return std::move(builder.root);
    } catch (const nlohmann::json::exception&) {
        return failure(ErrorKind::data, "not valid JSON");
    }
    if (!builder.problem().empty()) return failure(ErrorKind::data, builder.problem());
    return failure(ErrorKind::data, "not valid JSON at " + line_and_column(text, builder.position()));
}

void append_json_string(std::string& out, std::string_view text) {
    if (std::none_of(text.begin(), text.end(), needs_escape)) {
        out += '"';
        out += text;
        out += '"';
        return;
    }
    out += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace zmi
