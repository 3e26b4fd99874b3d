#include <zmintegration/facts/inventory_json.hpp>

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <initializer_list>
#include <zmintegration/facts/json_tree.hpp>
#include <zmintegration/support/text.hpp>

namespace zmi {
namespace {

constexpr std::string_view k_schema = "zmfirewall/inventory/1";
constexpr std::size_t k_size_limit = 32 * 1024 * 1024;
constexpr std::size_t k_max_depth = 12;

/// Writes members one a line, so that two inventories can be compared with diff.
class Writer {
public:
    void open(char bracket) {
        m_out += bracket;
        ++m_depth;
        m_first = true;
    }
    void close(char bracket) {
        --m_depth;
        if (!m_first) new_line();
        m_out += bracket;
        m_first = false;
    }
    void item() {
        if (!m_first) m_out += ',';
        m_first = false;
        new_line();
    }
    void key(std::string_view name) {
        item();
        append_json_string(m_out, name);
        m_out += ": ";
    }
    void text(std::string_view value) { append_json_string(m_out, value); }
    void text(std::string_view name, std::string_view value) {
        key(name);
        text(value);
    }
    void raw(std::string_view name, std::string_view value) {
        key(name);
        m_out += value;
    }
    /// A short array on one line.
    template <class Items, class ToText>
    void array(std::string_view name, const Items& items, ToText to_text) {
        key(name);
        m_out += '[';
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (i > 0) m_out += ", ";
            to_text(items[i]);
        }
        m_out += ']';
    }
    void clean_text(std::string_view value) {
        value.find("://") == std::string_view::npos ? text(value) : text(without_credentials(value));
    }
    [[nodiscard]] std::string take() {
        m_out += '\n';
        return std::move(m_out);
    }

private:
    void new_line() {
        m_out += '\n';
        m_out.append(m_depth, ' ');
    }

    std::string m_out;
    std::size_t m_depth = 0;
    bool m_first = true;
};

void write_attributes(Writer& writer, std::string_view name, const Attributes& attributes) {
    writer.key(name);
    writer.open('{');
    for (const auto& [attribute, values] : attributes) {
        if (may_be_secret(attribute)) continue;
        writer.array(attribute, values, [&](const std::string& value) { writer.clean_text(value); });
    }
    writer.close('}');
}

template <class Map>
void write_texts(Writer& writer, std::string_view name, const Map& texts) {
    writer.key(name);
    writer.open('{');
    for (const auto& [key, value] : texts) {
        if (!may_be_secret(key)) writer.text(key, without_credentials(value));
    }
    writer.close('}');
}

void write_local(Writer& writer, const LocalFacts& facts) {
    writer.open('{');
    write_texts(writer, "localconfig", facts.localconfig);
    writer.key("files");
    writer.open('{');
    for (const auto& [key, state] : facts.files) {
        writer.key(key);
        writer.open('{');
        writer.text("path", state.path);
        writer.text("problem", state.problem);
        write_texts(writer, "settings", state.settings);
        writer.close('}');
    }
    writer.close('}');
    writer.key("listeners");
    writer.open('[');
    for (const auto& listener : facts.listeners) {
        writer.item();
        writer.open('{');
        writer.text("file", listener.file);
        writer.text("path", listener.path);
        writer.raw("line", std::to_string(listener.line));
        writer.text("service", listener.service);
        writer.text("address", listener.address);
        writer.raw("port", std::to_string(listener.port));
        writer.close('}');
    }
    writer.close(']');
    writer.close('}');
}

void write_servers(Writer& writer, const std::vector<Server>& servers) {
    writer.key("servers");
    writer.open('[');
    for (const auto& server : servers) {
        writer.item();
        writer.open('{');
        writer.text("name", server.name);
        write_attributes(writer, "attributes", server.own);
        writer.close('}');
    }
    writer.close(']');
}

void write_resolved(Writer& writer, const Inventory& inventory) {
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

/// Where in the document we are; turned into text only when something is wrong.
struct Path {
    const Path* parent = nullptr;
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

using Type = JsonNode::Type;

/// Reads the tree; the first problem is kept, and what is read after it does not matter.
class Reader {
public:
    [[nodiscard]] Inventory inventory(const JsonNode& root);
    [[nodiscard]] const std::string& problem() const { return m_problem; }

private:
    void fail(const Path& path, std::string_view why) {
        if (m_problem.empty()) m_problem = fmt::format("{}: {}", path.parent == nullptr ? "/" : path.to_string(), why);
    }
    bool is(const JsonNode& node, Type type, const Path& path) {
        if (node.type == type) return true;
        fail(path, fmt::format("expected {}, found {}", to_string(type), to_string(node.type)));
        return false;
    }
    /// True when `node` is an object with exactly these members.
    bool has_exactly(const JsonNode& node, const Path& path, std::initializer_list<std::string_view> names) {
        if (!is(node, Type::object, path)) return false;
        for (const auto& name : node.names) {
            if (std::find(names.begin(), names.end(), name) == names.end()) fail({&path, name}, "unknown member");
        }
        for (const auto name : names) {
            if (node.member(name) == nullptr) fail({&path, name}, "missing");
        }
        return m_problem.empty();
    }
    std::string text(const JsonNode& object, std::string_view name, const Path& path) {
        const auto& node = *object.member(name);
        return is(node, Type::string, {&path, name}) ? node.text : std::string();
    }
    std::int64_t integer(const JsonNode& object, std::string_view name, const Path& path, std::int64_t lowest,
                         std::int64_t highest) {
        const auto& node = *object.member(name);
        const Path here{&path, name};
        if (!is(node, Type::integer, here)) return lowest;
        if (node.number < lowest || node.number > highest) {
            fail(here, fmt::format("expected a number from {} to {}", lowest, highest));
            return lowest;
        }
        return node.number;
    }
    void host_name(std::string_view name, const Path& path) {
        if (!is_host_name(name)) fail(path, fmt::format("{} is not a valid host name", quoted(name)));
        if (to_lower(name) != name) fail(path, fmt::format("{} is not in lower case", quoted(name)));
    }
    void no_secret_name(std::string_view name, const Path& path) {
        if (name.empty()) fail(path, "empty name");
        if (may_be_secret(name)) fail(path, "may hold a secret, which an inventory never does");
    }
    void no_credentials(std::string_view value, const Path& path) {
        if (value.find("://") != std::string_view::npos && without_credentials(value) != value) {
            fail(path, "holds the credentials of a URL, which an inventory never does");
        }
    }
    template <class Visit>
    void each_member(const JsonNode& object, std::string_view name, const Path& path, Visit visit) {
        const auto& node = *object.member(name);
        const Path here{&path, name};
        if (!is(node, Type::object, here)) return;
        for (std::size_t i = 0; i < node.children.size(); ++i) {
            visit(node.names[i], node.children[i], Path{&here, node.names[i]});
        }
    }
    template <class Visit>
    void each_item(const JsonNode& object, std::string_view name, const Path& path, Visit visit) {
        const auto& node = *object.member(name);
        const Path here{&path, name};
        if (!is(node, Type::array, here)) return;
        for (std::size_t i = 0; i < node.children.size(); ++i) visit(node.children[i], Path{&here, {}, i});
    }

    Source source(const JsonNode& node, const Path& path);
    Attributes attributes(const JsonNode& object, std::string_view name, const Path& path);
    std::vector<Server> servers(const JsonNode& object, const Path& path);
    template <class Map>
    void texts(const JsonNode& object, std::string_view name, const Path& path, Map& into);
    FileListener listener(const JsonNode& node, const Path& path);
    LocalFacts local(const JsonNode& node, const Path& path);
    Resolution resolution(const std::string& host, const JsonNode& node, const Path& path);

    std::string m_problem;
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

Source Reader::source(const JsonNode& node, const Path& path) {
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

Attributes Reader::attributes(const JsonNode& object, std::string_view name, const Path& path) {
    Attributes result;
    each_member(object, name, path, [&](const std::string& attribute, const JsonNode& node, const Path& here) {
        no_secret_name(attribute, here);
        if (!is(node, Type::array, here)) return;
        Values values;
        values.reserve(node.children.size());
        for (std::size_t i = 0; i < node.children.size(); ++i) {
            const Path at{&here, {}, i};
            if (!is(node.children[i], Type::string, at)) return;
            no_credentials(node.children[i].text, at);
            values.push_back(node.children[i].text);
        }
        result.emplace_hint(result.end(), attribute, std::move(values));
    });
    return result;
}

std::vector<Server> Reader::servers(const JsonNode& object, const Path& path) {
    std::vector<Server> result;
    std::set<std::string_view> seen;
    each_item(object, "servers", path, [&](const JsonNode& node, const Path& here) {
        if (!has_exactly(node, here, {"name", "attributes"})) return;
        Server server;
        server.name = text(node, "name", here);
        host_name(server.name, {&here, "name"});
        if (!seen.insert(node.member("name")->text).second) {
            fail({&here, "name"}, fmt::format("server {} stands twice", server.name));
        }
        server.own = attributes(node, "attributes", here);
        result.push_back(std::move(server));
    });
    if (result.empty()) fail({&path, "servers"}, "no server");
    std::sort(result.begin(), result.end(), [](const Server& a, const Server& b) { return a.name < b.name; });
    return result;
}

template <class Map>
void Reader::texts(const JsonNode& object, std::string_view name, const Path& path, Map& into) {
    each_member(object, name, path, [&](const std::string& key, const JsonNode& node, const Path& here) {
        no_secret_name(key, here);
        if (!is(node, Type::string, here)) return;
        no_credentials(node.text, here);
        into.emplace(key, node.text);
    });
}

FileListener Reader::listener(const JsonNode& node, const Path& path) {
    FileListener result;
    if (!has_exactly(node, path, {"file", "path", "line", "service", "address", "port"})) return result;
    result.file = text(node, "file", path);
    result.path = text(node, "path", path);
    result.line = static_cast<int>(integer(node, "line", path, 0, 10'000'000));
    result.service = text(node, "service", path);
    result.address = text(node, "address", path);
    // As written in the file: a name, "*" or an address with a zone may stand here; the plan judges it.
    const bool printable = std::all_of(result.address.begin(), result.address.end(),
                                       [](char c) { return c > ' ' && static_cast<unsigned char>(c) < 0x7f; });
    if (!printable) fail({&path, "address"}, "blanks or control characters in " + quoted(result.address));
    // Port 0 is that of a service whose name the node could not look up.
    const bool is_named =
        result.file == "master.cf" && result.service.find_first_not_of("0123456789") != std::string::npos;
    result.port = static_cast<std::uint16_t>(integer(node, "port", path, is_named ? 0 : 1, 65535));
    return result;
}

LocalFacts Reader::local(const JsonNode& node, const Path& path) {
    LocalFacts result;
    if (!has_exactly(node, path, {"localconfig", "files", "listeners"})) return result;
    texts(node, "localconfig", path, result.localconfig);
    each_member(node, "files", path, [&](const std::string& key, const JsonNode& file, const Path& here) {
        if (!has_exactly(file, here, {"path", "problem", "settings"})) return;
        FileState state{text(file, "path", here), text(file, "problem", here), {}};
        texts(file, "settings", here, state.settings);
        result.files.emplace(key, std::move(state));
    });
    each_item(node, "listeners", path,
              [&](const JsonNode& item, const Path& here) { result.listeners.push_back(listener(item, here)); });
    return result;
}

Resolution Reader::resolution(const std::string& host, const JsonNode& node, const Path& path) {
    Resolution result;
    if (!has_exactly(node, path, {"addresses", "problem"})) return result;
    result.problem = text(node, "problem", path);
    each_item(node, "addresses", path, [&](const JsonNode& item, const Path& here) {
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

Inventory Reader::inventory(const JsonNode& root) {
    Inventory result;
    const Path top;
    if (is(root, Type::object, top)) {
        const auto* schema = root.member("schema");
        if (schema == nullptr || schema->text != k_schema) {
            fail({&top, "schema"}, fmt::format("expected \"{}\"", k_schema));
        }
    }
    if (!m_problem.empty() || !has_exactly(root, top,
                                           {"schema", "source", "product", "version", "this_node", "global", "servers",
                                            "local", "resolved"})) {
        return result;
    }
    result.source = source(*root.member("source"), {&top, "source"});
    result.product = text(root, "product", top);
    if (!is_product_name(result.product)) {
        fail({&top, "product"}, quoted(result.product) + " is not 1 to 40 of a-z, 0-9 and '-'");
    }
    result.version = text(root, "version", top);
    result.this_node = text(root, "this_node", top);
    host_name(result.this_node, {&top, "this_node"});
    result.global = attributes(root, "global", top);
    result.servers = servers(root, top);
    each_member(root, "local", top, [&](const std::string& node, const JsonNode& facts, const Path& here) {
        host_name(node, here);
        result.local.emplace(node, local(facts, here));
    });
    each_member(root, "resolved", top, [&](const std::string& host, const JsonNode& node, const Path& here) {
        result.resolved.emplace(host, resolution(host, node, here));
    });
    return result;
}

}  // namespace

std::string to_json(const Inventory& inventory) {
    Writer writer;
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
    Reader reader;
    auto inventory = reader.inventory(*tree);
    if (reader.problem().empty()) return inventory;
    return failure(ErrorKind::data, fmt::format("{}: {}", origin_name, reader.problem()),
                   "take a new one with zmfirewall discover --json");
}

}  // namespace zmi
