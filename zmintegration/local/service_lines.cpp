#include <zmintegration/local/service_lines.hpp>

#include <fmt/format.h>
#include <map>
#include <zmintegration/support/network.hpp>
#include <zmintegration/support/text.hpp>
#include <zmintegration/support/url.hpp>

namespace zmi {
namespace {

tl::unexpected<Error> odd(const std::string& path, int line, std::string_view what, std::string_view value) {
    return failure(ErrorKind::knowledge, fmt::format("{}:{}: {} {}", path, line, what, quoted(value)));
}

struct Line {
    int number = 0;
    std::string_view text;
};

/// Lines with something in them that is no comment.
std::vector<Line> lines_of(std::string_view text, std::string_view comment_signs) {
    std::vector<Line> lines;
    int number = 0;
    for (const auto raw : split_lines(text)) {
        ++number;
        const auto line = trim(raw);
        if (!line.empty() && comment_signs.find(line.front()) == std::string_view::npos)
            lines.push_back({number, line});
    }
    return lines;
}

std::string_view unquoted(std::string_view text) {
    text = trim(text);
    const bool quotes = text.size() > 1 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front();
    return quotes ? text.substr(1, text.size() - 2) : text;
}

/// A setting of a [section] and where it stands.
struct Setting {
    std::string value;
    int line = 0;
};

/// The last of each wanted name in one section; '-' and '_' are the same, as mysql has it.
std::map<std::string, Setting> settings_of(std::string_view text, std::string_view section) {
    std::map<std::string, Setting> found;
    bool inside = false;
    for (const auto& line : lines_of(text, "#;")) {
        if (line.text.front() == '[') {
            inside = trim(line.text) == fmt::format("[{}]", section);
            continue;
        }
        const auto equals = line.text.find('=');
        if (!inside || equals == std::string_view::npos) continue;
        auto name = std::string(trim(line.text.substr(0, equals)));
        for (auto& c : name) c = c == '_' ? '-' : c;
        found[name] = {std::string(unquoted(line.text.substr(equals + 1))), line.number};
    }
    return found;
}

FileListeners from_settings(std::string_view text, const std::string& key, const std::string& path,
                            std::string_view section, const std::string& address_name) {
    const auto settings = settings_of(text, section);
    const auto port = settings.find("port");
    if (port == settings.end()) return std::vector<FileListener>();
    const auto number = parse_port(port->second.value);
    if (!number) return odd(path, port->second.line, "no port is", port->second.value);
    std::string address;
    if (const auto at = settings.find(address_name); at != settings.end() && at->second.value != "*") {
        if (!parse_host(at->second.value)) return odd(path, at->second.line, "no address is", at->second.value);
        address = at->second.value;
    }
    return std::vector{FileListener{key, path, port->second.line, "port", address, *number}};
}

/// The value of "name value" lines, whatever the case of the name.
std::optional<std::string_view> value_of(std::string_view line, std::string_view name) {
    const auto words = split_words(line);
    if (words.size() < 2 || !equal_ignoring_case(words[0], name)) return std::nullopt;
    return words[1];
}

/// All whole numbers of "[10024, 10026]" or "10024".
std::optional<std::vector<std::uint16_t>> ports_in(std::string_view text) {
    std::vector<std::uint16_t> ports;
    text = trim(text);
    if (text.size() > 1 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
    for (const auto word : split(text, ',')) {
        if (trim(word).empty()) continue;
        const auto port = parse_port(unquoted(word));
        if (!port) return std::nullopt;
        ports.push_back(*port);
    }
    return ports;
}

}  // namespace

std::optional<AddressAndPort> parse_address_and_port(std::string_view text) {
    if (const auto port = parse_port(text)) return AddressAndPort{{}, *port};
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto port = parse_port(text.substr(colon + 1));
    auto host = text.substr(0, colon);
    if (!port || host.empty()) return std::nullopt;
    if (host == "*") return AddressAndPort{{}, *port};
    // An IPv6 address without brackets could end anywhere.
    if (host.front() != '[' && host.find(':') != std::string_view::npos) return std::nullopt;
    if (!parse_host(host)) return std::nullopt;
    if (host.front() == '[') host = host.substr(1, host.size() - 2);
    return AddressAndPort{std::string(host), *port};
}

FileListeners parse_my_cnf(std::string_view text, const std::string& key, const std::string& path) {
    return from_settings(text, key, path, "mysqld", "bind-address");
}

FileListeners parse_cbpolicyd_conf(std::string_view text, const std::string& path) {
    return from_settings(text, "cbpolicyd.conf", path, "server", "host");
}

FileListeners parse_httpd_conf(std::string_view text, const std::string& path) {
    std::vector<FileListener> found;
    for (const auto& line : lines_of(text, "#")) {
        const auto value = value_of(line.text, "Listen");
        if (!value) continue;
        const auto at = parse_address_and_port(*value);
        if (!at) return odd(path, line.number, "Listen cannot be", *value);
        found.push_back({"httpd.conf", path, line.number, "Listen", at->address, at->port});
    }
    return found;
}

FileListeners parse_opendkim_conf(std::string_view text, const std::string& path) {
    std::vector<FileListener> found;
    for (const auto& line : lines_of(text, "#")) {
        const auto value = value_of(line.text, "Socket");
        if (!value || (!value->starts_with("inet:") && !value->starts_with("inet6:"))) continue;
        const auto rest = value->substr(value->find(':') + 1);
        const auto at = rest.find('@');
        const auto port = parse_port(rest.substr(0, at));
        auto host = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
        // Brackets are for addresses of either family here.
        if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
        if (!port || (!host.empty() && !parse_host(host))) return odd(path, line.number, "Socket cannot be", *value);
        found.push_back({"opendkim.conf", path, line.number, "Socket", std::string(host), *port});
    }
    return found;
}

namespace {

/// unbound.conf, line by line: "name: value".
class UnboundReader {
public:
    UnboundReader(std::string_view text, const std::string& path) : m_text(text), m_path(path) {}

    Expected<ServiceFile> all() {
        for (const auto& line : lines_of(m_text, "#")) {
            if (auto read = add(line); !read) return tl::unexpected(std::move(read.error()));
        }
        // What it has without any line.
        if (m_interfaces.empty()) m_interfaces.push_back({{}, 0, m_port_line});
        for (const auto& one : m_interfaces) {
            if (one.line == 0) continue;
            const auto port = one.port == 0 ? m_port : one.port;
            const auto& name = one.host.empty() ? "port" : "interface";
            if (m_tcp) m_found.listeners.push_back({k_file, m_path, one.line, name, one.host, port, "tcp"});
            if (m_udp) m_found.listeners.push_back({k_file, m_path, one.line, name, one.host, port, "udp"});
        }
        return std::move(m_found);
    }

private:
    static constexpr const char* k_file = "unbound.conf";
    struct Interface {
        std::string host;
        std::uint16_t port = 0;  ///< 0: that of the port line
        int line = 0;
    };

    Expected<void> add(const Line& line) {
        const auto words = split_words(line.text);
        if (words.size() < 2) return {};
        const auto name = to_lower(words[0]);
        if (name == "port:") return add_port(line, words[1]);
        if (name == "interface:" || name == "ip-address:") return add_interface(line, words[1]);
        if (name == "access-control:") return add_access(line, words);
        if (name == "do-tcp:") m_tcp = unquoted(words[1]) != "no";
        if (name == "do-udp:") m_udp = unquoted(words[1]) != "no";
        if (name == "include:" || name == "include-toplevel:" ||
            (name == "interface-automatic:" && unquoted(words[1]) != "no"))
            m_found.unknown.push_back(fmt::format("{}:{}: what {} adds is not read", m_path, line.number, name));
        return {};
    }

    Expected<void> add_port(const Line& line, std::string_view value) {
        const auto port = parse_port(unquoted(value));
        if (!port) return odd(m_path, line.number, "no port is", value);
        m_port = *port;
        m_port_line = line.number;
        return {};
    }

    Expected<void> add_interface(const Line& line, std::string_view value) {
        const auto text = unquoted(value);
        const auto at = text.find('@');
        const auto own =
            at == std::string_view::npos ? std::optional<std::uint16_t>(0) : parse_port(text.substr(at + 1));
        const auto host = text.substr(0, at);
        if (!parse_host(host) || !own) return odd(m_path, line.number, "no interface is", value);
        m_interfaces.push_back({std::string(host), *own, line.number});
        return {};
    }

    /// access-control: 10.0.0.0/8 allow
    Expected<void> add_access(const Line& line, const std::vector<std::string_view>& words) {
        const auto network = words.size() < 3 ? std::nullopt : parse_cidr(unquoted(words[1]));
        if (!network || words[2].find_first_not_of("abcdefghijklmnopqrstuvwxyz_") != std::string_view::npos)
            return odd(m_path, line.number, "no access-control is", line.text);
        auto& all = m_found.settings["access-control"];
        all += fmt::format("{}{} {} ({}:{})", all.empty() ? "" : ", ", network->to_string(), words[2], m_path,
                           line.number);
        return {};
    }

    std::string_view m_text;
    const std::string& m_path;
    std::uint16_t m_port = 53;
    int m_port_line = 0;
    bool m_tcp = true;
    bool m_udp = true;
    std::vector<Interface> m_interfaces;
    ServiceFile m_found;
};

}  // namespace

Expected<ServiceFile> parse_unbound_conf(std::string_view text, const std::string& path) {
    return UnboundReader(text, path).all();
}

FileListeners parse_amavisd_conf(std::string_view text, const std::string& path) {
    std::vector<FileListener> found;
    std::string address;
    for (const auto& line : lines_of(text, "#")) {
        const auto equals = line.text.find('=');
        const auto end = line.text.find(';');
        if (equals == std::string_view::npos || end == std::string_view::npos || end < equals) continue;
        const auto name = trim(line.text.substr(0, equals));
        const auto value = trim(line.text.substr(equals + 1, end - equals - 1));
        if (name == "$inet_socket_bind") {
            const auto host = unquoted(value);
            // A list, undef or an expression: perl's affair.
            if (parse_host(host)) address = std::string(host);
        }
        if (name != "$inet_socket_port") continue;
        const auto ports = ports_in(value);
        if (!ports) return odd(path, line.number, "no ports are", value);
        found.clear();
        for (const auto port : *ports)
            found.push_back({"amavisd.conf", path, line.number, "$inet_socket_port", "", port});
    }
    for (auto& one : found) one.address = address;
    return found;
}

}  // namespace zmi
