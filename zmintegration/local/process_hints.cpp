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

class HintFinder {
public:
    explicit HintFinder(std::vector<ListeningSocket>& sockets) : m_sockets(sockets) {
        for (auto& socket : sockets) m_by_inode.emplace(socket.inode, &socket);
    }

    void look_at(const fs::path& process) {
        const auto name = name_of(process);
        if (name == "docker-proxy") add_published(process);
        std::error_code code;
        for (fs::directory_iterator at(process / "fd", code), end; !code && at != end; at.increment(code)) {
            if (++m_descriptors > k_most_descriptors) return;
            std::error_code gone;
            const auto target = fs::read_symlink(at->path(), gone).string();
            if (gone) continue;
            if (auto* socket = socket_of(target); socket != nullptr && socket->process.empty()) socket->process = name;
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
        auto options = docker_proxy_options(*text);
        const auto protocol = options.try_emplace("-proto", "tcp").first->second;
        const auto port = parse_port(options["-host-port"]);
        for (auto& socket : m_sockets) {
            if (port == socket.port && socket.protocol == protocol) {
                socket.docker = true;
                socket.process = "docker-proxy";
            }
        }
    }

    std::vector<ListeningSocket>& m_sockets;
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

void add_process_hints(std::vector<ListeningSocket>& sockets, const fs::path& system_root) {
    HintFinder finder(sockets);
    std::size_t processes = 0;
    std::error_code code;
    for (fs::directory_iterator at(system_root / "proc", code), end; !code && at != end; at.increment(code)) {
        if (!parse_number<std::uint32_t>(at->path().filename().string())) continue;
        if (++processes > k_most_processes) return;
        finder.look_at(at->path());
    }
}

}  // namespace zmi
