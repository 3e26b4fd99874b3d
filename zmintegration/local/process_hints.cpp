#include <zmintegration/local/process_hints.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <zmintegration/support/file.hpp>
#include <zmintegration/support/text.hpp>

namespace zmi {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t k_most_processes = 65536;
constexpr std::size_t k_most_descriptors = 2'000'000;
constexpr std::size_t k_name_limit = 64;
constexpr std::size_t k_arguments_limit = 64 * 1024;
constexpr const char* k_docker_proxy = "docker-proxy";

/// A name is whatever its process says: kept only where it is harmless to print and to quote.
std::string name_of(const fs::path& process) {
    const auto text = read_file(process / "comm", k_name_limit);
    if (!text) return {};
    std::string name;
    for (const char c : trim(*text)) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           std::string_view("-_.+:/@ ").find(c) != std::string_view::npos;
        name += plain ? c : '?';
    }
    return name;
}

/// What a docker-proxy says in its arguments.
struct Published {
    std::string protocol;
    std::uint16_t port = 0;
    IpAddress address;
};

/// nullopt where these are not the arguments of a docker-proxy that publishes something.
std::optional<Published> published_by(std::string_view cmdline) {
    const auto program = cmdline.substr(0, cmdline.find('\0'));
    if (program.substr(program.rfind('/') + 1) != k_docker_proxy) return std::nullopt;
    auto options = docker_proxy_options(cmdline);
    const auto protocol = options.try_emplace("-proto", "tcp").first->second;
    const auto port = parse_port(options["-host-port"]);
    const auto host = options.try_emplace("-host-ip", "0.0.0.0").first->second;
    const auto address = parse_address(host.empty() ? "0.0.0.0" : host);
    if (!port || !address) return std::nullopt;
    return Published{std::string(protocol), *port, *address};
}

class HintFinder {
public:
    HintFinder(std::vector<ListeningSocket>& sockets, const fs::path& system_root)
        : m_sockets(sockets), m_root(system_root) {
        for (auto& socket : sockets) m_by_inode.emplace(socket.inode, &socket);
    }

    void look_at(const fs::path& process) {
        const auto name = name_of(process);
        if (name == k_docker_proxy && !is_in_other_network(m_root, process.filename().string())) add_published(process);
        std::error_code code;
        for (fs::directory_iterator at(process / "fd", code), end; !code && at != end; at.increment(code)) {
            if (++m_descriptors > k_most_descriptors) return;
            std::error_code gone;
            const auto target = fs::read_symlink(at->path(), gone).string();
            if (gone) continue;
            if (auto* socket = socket_of(target); socket != nullptr && socket->process.empty()) socket->process = name;
        }
    }

    /// When all have been looked at: anybody may call a process docker-proxy and give it arguments, so they count only
    /// where no descriptor says whose socket it is.
    void settle_published() {
        for (auto& socket : m_sockets) {
            if (!socket.process.empty() && socket.process != k_docker_proxy) continue;
            const bool found = std::any_of(m_published.begin(), m_published.end(), [&](const Published& one) {
                return one.port == socket.port && one.protocol == socket.protocol && one.address == socket.address;
            });
            if (!found) continue;
            socket.docker = true;
            socket.process = k_docker_proxy;
        }
    }

private:
    /// "socket:[12345]"
    ListeningSocket* socket_of(std::string_view target) const {
        constexpr std::string_view k_begin = "socket:[";
        if (!target.starts_with(k_begin) || !target.ends_with(']')) return nullptr;
        target.remove_prefix(k_begin.size());
        target.remove_suffix(1);
        const auto inode = parse_number<std::uint64_t>(target).value_or(0);
        if (inode == 0) return nullptr;
        const auto at = m_by_inode.find(inode);
        return at == m_by_inode.end() ? nullptr : at->second;
    }

    /// Arguments of other people's processes may be read, where their descriptors may not.
    void add_published(const fs::path& process) {
        const auto text = read_file(process / "cmdline", k_arguments_limit);
        if (!text) return;
        if (auto published = published_by(*text)) m_published.push_back(std::move(*published));
    }

    std::vector<ListeningSocket>& m_sockets;
    const fs::path& m_root;
    std::vector<Published> m_published;
    std::unordered_map<std::uint64_t, ListeningSocket*> m_by_inode;
    std::size_t m_descriptors = 0;
};

}  // namespace

std::map<std::string_view, std::string_view> docker_proxy_options(std::string_view cmdline) {
    const auto words = split(cmdline, '\0');
    std::map<std::string_view, std::string_view> options;
    for (std::size_t at = 1; at + 1 < words.size(); ++at) {
        if (words[at].starts_with("-")) options[words[at]] = words[at + 1];
    }
    return options;
}

bool is_in_other_network(const fs::path& system_root, const std::string& process) {
    std::error_code code;
    const auto own = fs::read_symlink(system_root / "proc/self/ns/net", code);
    if (code) return false;
    const auto its = fs::read_symlink(system_root / "proc" / process / "ns/net", code);
    return !code && its != own;
}

void add_process_hints(std::vector<ListeningSocket>& sockets, const fs::path& system_root) {
    HintFinder finder(sockets, system_root);
    std::size_t processes = 0;
    std::error_code code;
    for (fs::directory_iterator at(system_root / "proc", code), end; !code && at != end; at.increment(code)) {
        if (!parse_number<std::uint32_t>(at->path().filename().string())) continue;
        if (++processes > k_most_processes) break;
        finder.look_at(at->path());
    }
    finder.settle_published();
}

}  // namespace zmi
