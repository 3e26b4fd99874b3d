#include <zmintegration/local/sshd_config.hpp>

#include <fmt/format.h>
#include <glob.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <zmintegration/local/node_file.hpp>
#include <zmintegration/support/file.hpp>
#include <zmintegration/support/text.hpp>
#include <zmintegration/support/url.hpp>

namespace zmi {
namespace {

constexpr std::size_t k_file_limit = 1024 * 1024;
constexpr int k_depth_limit = 16;           // sshd's own
constexpr std::size_t k_files_limit = 256;  // all files together
constexpr std::uint16_t k_default_port = 22;

/// Keyword and arguments of one line, as sshd splits them: an optional '=', quotes, a comment after the arguments.
struct Directive {
    std::string keyword;  ///< lower case; empty for a line that says nothing
    std::vector<std::string> arguments;
    bool open_quote = false;
};

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\f';
}

void skip_blanks(std::string_view& text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
}

/// The next argument; blanks inside of quotes belong to it. nullopt at the end, at a comment, at an open quote.
std::optional<std::string> next_argument(std::string_view& text, bool& open_quote) {
    skip_blanks(text);
    if (text.empty() || text.front() == '#') return std::nullopt;
    std::string argument;
    char quote = 0;
    while (!text.empty() && (quote != 0 || !is_blank(text.front()))) {
        const char c = text.front();
        text.remove_prefix(1);
        if (quote == 0 && (c == '"' || c == '\'')) {
            quote = c;
        } else if (c == quote) {
            quote = 0;
        } else {
            argument += c;
        }
    }
    open_quote = quote != 0;
    return open_quote ? std::nullopt : std::optional(argument);
}

Directive parse_directive(std::string_view text) {
    Directive directive;
    skip_blanks(text);
    if (text.empty() || text.front() == '#') return directive;
    const auto end = std::min(text.find_first_of(" \t\r\f=\"'"), text.size());
    directive.keyword = to_lower(text.substr(0, end));
    text.remove_prefix(end);
    skip_blanks(text);
    if (!text.empty() && text.front() == '=') text.remove_prefix(1);
    while (auto argument = next_argument(text, directive.open_quote)) {
        directive.arguments.push_back(std::move(*argument));
    }
    return directive;
}

struct ListenAddress {
    std::string host;
    std::optional<std::uint16_t> port;
    std::string path;
    int line = 0;
};

bool is_listen_host(std::string_view host) {
    return parse_address(host.substr(0, host.find('%'))) || parse_host(host);
}

std::optional<std::uint16_t> sshd_port(std::string_view text) {
    return text == "ssh" ? std::optional(k_default_port) : parse_port(text);
}

/// host, v4:port, [v6], [v6]:port; two colons and no bracket are a bare IPv6 address.
std::optional<ListenAddress> parse_listen_address(std::string_view text) {
    ListenAddress result;
    std::string_view port;
    if (!text.empty() && text.front() == '[') {
        const auto close = text.find(']');
        if (close == std::string_view::npos) return std::nullopt;
        result.host = text.substr(1, close - 1);
        port = text.substr(close + 1);
    } else {
        const auto colon = text.find(':');
        const bool bare_ipv6 = colon != std::string_view::npos && text.find(':', colon + 1) != std::string_view::npos;
        const auto end = bare_ipv6 ? text.size() : std::min(colon, text.size());
        result.host = text.substr(0, end);
        port = text.substr(end);
    }
    if (!is_listen_host(result.host)) return std::nullopt;
    if (port.empty()) return result;
    result.port = port.front() == ':' ? sshd_port(port.substr(1)) : std::nullopt;
    return result.port ? std::optional(result) : std::nullopt;
}

/// The address of all addresses of one AddressFamily; nullopt where the word is none.
std::optional<std::string> wildcard_of(std::string_view family) {
    const auto word = to_lower(family);
    if (word == "any") return "";
    if (word == "inet") return "0.0.0.0";
    return word == "inet6" ? std::optional<std::string>("::") : std::nullopt;
}

class Reader {
public:
    explicit Reader(const std::filesystem::path& root) : m_root(root) {}

    [[nodiscard]] Expected<SshdConfig> read() {
        const auto main_file = m_root / "etc/ssh/sshd_config";
        const auto text = read_node_file(main_file);
        if (!text) return SshdConfig{{}, text.error().what};
        if (auto done = read_text(*text, main_file, 0); !done) return tl::unexpected(std::move(done.error()));
        return SshdConfig{listeners(main_file), m_problem};
    }

private:
    struct Port {
        std::uint16_t number = 0;
        std::string path;
        int line = 0;
    };

    Expected<void> read_included(const std::filesystem::path& file, int depth) {
        if (depth > k_depth_limit || ++m_files > k_files_limit) {
            return failure(ErrorKind::knowledge, fmt::format("{}: too many Include files", file.string()));
        }
        const auto text = read_file(file, k_file_limit);
        if (!text) {
            add_problem(text.error().what);
            return {};
        }
        return read_text(*text, file, depth);
    }

    /// The global part of one file: a Match block ends it, but not that of the file that includes it.
    Expected<void> read_text(std::string_view text, const std::filesystem::path& file, int depth) {
        int line = 0;
        for (const auto physical : split_lines(text)) {
            const auto directive = parse_directive(physical);
            ++line;
            if (directive.keyword == "match") return {};
            if (auto done = apply(directive, file, line, depth); !done) return done;
        }
        return {};
    }

    Expected<void> apply(const Directive& directive, const std::filesystem::path& file, int line, int depth) {
        constexpr std::array<std::string_view, 4> k_known{"port", "listenaddress", "addressfamily", "include"};
        if (std::find(k_known.begin(), k_known.end(), directive.keyword) == k_known.end()) return {};
        const auto problem = [&](std::string_view what) {
            return failure(ErrorKind::knowledge, fmt::format("{}:{}: {}", file.string(), line, what));
        };
        if (directive.open_quote) return problem("a quote is not closed");
        if (directive.arguments.empty()) return problem(fmt::format("{} without a value", directive.keyword));
        const auto& value = directive.arguments.front();
        if (directive.keyword == "include") return include(directive.arguments, file, line, depth);
        if (directive.keyword == "port") {
            const auto port = sshd_port(value);
            if (!port) return problem(fmt::format("Port {} is not a port", zmi::quoted(value)));
            m_ports.push_back({*port, file.string(), line});
            return {};
        }
        if (directive.keyword == "addressfamily") {
            const auto wildcard = wildcard_of(value);
            if (!wildcard)
                return problem(fmt::format("AddressFamily {} is not any, inet or inet6", zmi::quoted(value)));
            if (!m_wildcard) m_wildcard = *wildcard;  // as of most of sshd's keywords, the first one counts
            return {};
        }
        auto address = parse_listen_address(value);
        if (!address) return problem(fmt::format("ListenAddress {} is not an address", zmi::quoted(value)));
        address->path = file.string();
        address->line = line;
        m_addresses.push_back(std::move(*address));
        return {};
    }

    Expected<void> include(const std::vector<std::string>& patterns, const std::filesystem::path& file, int line,
                           int depth) {
        for (const auto& pattern : patterns) {
            const auto full = pattern.front() == '/' ? pattern : "/etc/ssh/" + pattern;
            const auto found = matches(full);
            if (!found) {
                add_problem(fmt::format("{}:{}: cannot list {}", file.string(), line, zmi::quoted(full)));
                continue;
            }
            for (const auto& path : *found) {
                if (auto done = read_included(path, depth + 1); !done) return done;
            }
        }
        return {};
    }

    /// Sorted; nullopt where a folder cannot be read. No match is an empty list, as for sshd.
    [[nodiscard]] std::optional<std::vector<std::string>> matches(const std::string& pattern) const {
        std::string full;
        for (const char c : m_root.string()) {
            if (std::string_view("*?[]\\").find(c) != std::string_view::npos) full += '\\';
            full += c;
        }
        while (!full.empty() && full.back() == '/') full.pop_back();
        full += pattern;
        glob_t found{};
        const auto is_serious = [](const char*, int code) { return code == ENOENT || code == ENOTDIR ? 0 : 1; };
        const int status = ::glob(full.c_str(), 0, is_serious, &found);
        std::vector<std::string> paths;
        if (status == 0) paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
        ::globfree(&found);
        std::sort(paths.begin(), paths.end());
        return status == 0 || status == GLOB_NOMATCH ? std::optional(std::move(paths)) : std::nullopt;
    }

    void add_problem(const std::string& problem) {
        if (!m_problem.empty()) m_problem += "; ";
        m_problem += problem;
    }

    [[nodiscard]] std::vector<FileListener> listeners(const std::filesystem::path& main_file) {
        if (m_ports.empty()) m_ports.push_back({k_default_port, main_file.string(), 0});
        std::vector<FileListener> result;
        for (const auto& address : m_addresses) {
            const FileListener listener{"sshd_config", address.path, address.line, "ListenAddress", address.host, 0};
            for (const auto& port : m_ports) {
                add(result, listener, address.port.value_or(port.number));
                if (address.port) break;
            }
        }
        if (m_addresses.empty()) {
            for (const auto& port : m_ports) {
                add(result, FileListener{"sshd_config", port.path, port.line, "Port", m_wildcard.value_or(""), 0},
                    port.number);
            }
        }
        return result;
    }

    static void add(std::vector<FileListener>& all, FileListener listener, std::uint16_t port) {
        listener.port = port;
        const bool known = std::any_of(all.begin(), all.end(), [&](const FileListener& other) {
            return other.address == listener.address && other.port == listener.port;
        });
        if (!known) all.push_back(std::move(listener));
    }

    std::filesystem::path m_root;
    std::size_t m_files = 0;
    std::string m_problem;
    std::vector<Port> m_ports;
    std::vector<ListenAddress> m_addresses;
    std::optional<std::string> m_wildcard;  ///< what AddressFamily makes of "everywhere"
};

}  // namespace

Expected<SshdConfig> load_sshd_config(const std::filesystem::path& system_root) {
    return Reader(system_root).read();
}

}  // namespace zmi
