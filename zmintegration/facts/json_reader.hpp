#pragma once

#include <fmt/format.h>
#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <zmintegration/facts/inventory.hpp>
#include <zmintegration/facts/json_tree.hpp>
#include <zmintegration/support/network.hpp>
#include <zmintegration/support/text.hpp>

namespace zmi {

/// Where in the document we are; turned into text only when something is wrong.
struct JsonPath {
    const JsonPath* parent = nullptr;
    std::string_view name;
    std::size_t index = 0;

    [[nodiscard]] std::string to_string() const {
        if (parent == nullptr) return "";
        if (name.data() == nullptr) return parent->to_string() + "/" + std::to_string(index);
        std::string escaped;
        for (const char c : name.substr(0, 120)) escaped += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
        const auto text = quoted(escaped, escaped.size());
        return parent->to_string() + "/" + text.substr(1, text.size() - 2);
    }
};

/// What readers of a tree have in common; the first problem is kept, and what is read after it does not matter.
class JsonReader {
public:
    [[nodiscard]] const std::string& problem() const { return m_problem; }

protected:
    using Type = JsonNode::Type;

    void fail(const JsonPath& path, std::string_view why) {
        if (m_problem.empty()) m_problem = fmt::format("{}: {}", path.parent == nullptr ? "/" : path.to_string(), why);
    }
    bool is(const JsonNode& node, Type type, const JsonPath& path) {
        if (node.type == type) return true;
        fail(path, fmt::format("expected {}, found {}", to_string(type), to_string(node.type)));
        return false;
    }
    /// True when `node` is an object with all of these members, perhaps some of `optional`, and no other.
    bool has_exactly(const JsonNode& node, const JsonPath& path, std::initializer_list<std::string_view> names,
                     std::initializer_list<std::string_view> optional = {}) {
        if (!is(node, Type::object, path)) return false;
        const auto in = [](const auto& list, std::string_view name) {
            return std::find(list.begin(), list.end(), name) != list.end();
        };
        for (const auto& name : node.names) {
            if (!in(names, name) && !in(optional, name)) fail({&path, name}, "unknown member");
        }
        for (const auto name : names) {
            if (node.member(name) == nullptr) fail({&path, name}, "missing");
        }
        return m_problem.empty();
    }
    std::string text(const JsonNode& object, std::string_view name, const JsonPath& path) {
        const auto& node = *object.member(name);
        return is(node, Type::string, {&path, name}) ? node.text : std::string();
    }
    std::int64_t integer(const JsonNode& object, std::string_view name, const JsonPath& path, std::int64_t lowest,
                         std::int64_t highest) {
        const auto& node = *object.member(name);
        const JsonPath here{&path, name};
        if (!is(node, Type::integer, here)) return lowest;
        if (node.number < lowest || node.number > highest) {
            fail(here, fmt::format("expected a number from {} to {}", lowest, highest));
            return lowest;
        }
        return node.number;
    }
    void host_name(std::string_view name, const JsonPath& path) {
        if (!is_host_name(name)) fail(path, fmt::format("{} is not a valid host name", quoted(name)));
        if (to_lower(name) != name) fail(path, fmt::format("{} is not in lower case", quoted(name)));
    }
    void no_secret_name(std::string_view name, const JsonPath& path) {
        if (name.empty()) fail(path, "empty name");
        if (may_be_secret(name)) fail(path, "may hold a secret, which an inventory never does");
    }
    void no_credentials(std::string_view value, const JsonPath& path) {
        if (value.find("://") != std::string_view::npos && without_credentials(value) != value) {
            fail(path, "holds the credentials of a URL, which an inventory never does");
        }
    }
    template <class Visit>
    void each_member(const JsonNode& object, std::string_view name, const JsonPath& path, Visit visit) {
        const auto& node = *object.member(name);
        const JsonPath here{&path, name};
        if (!is(node, Type::object, here)) return;
        for (std::size_t i = 0; i < node.children.size(); ++i) {
            visit(node.names[i], node.children[i], JsonPath{&here, node.names[i]});
        }
    }
    template <class Visit>
    void each_item(const JsonNode& object, std::string_view name, const JsonPath& path, Visit visit) {
        const auto& node = *object.member(name);
        const JsonPath here{&path, name};
        if (!is(node, Type::array, here)) return;
        for (std::size_t i = 0; i < node.children.size(); ++i) visit(node.children[i], JsonPath{&here, {}, i});
    }
    template <class Map>
    void texts(const JsonNode& object, std::string_view name, const JsonPath& path, Map& into) {
        each_member(object, name, path, [&](const std::string& key, const JsonNode& node, const JsonPath& here) {
            no_secret_name(key, here);
            if (!is(node, Type::string, here)) return;
            no_credentials(node.text, here);
            into.emplace(key, node.text);
        });
    }

private:
    std::string m_problem;
};

}  // namespace zmi
