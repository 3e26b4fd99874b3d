#include <zmintegration/local/process_hints.hpp>

#include <algorithm>
#include <charconv>
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

bool is_number(std::string_view text) {
    return !text.empty() && text.size() <= 10 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

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
        std::uint64_t inode = 0;
        const auto [end, problem] = std::from_chars(target.data(), target.data() + target.size(), inode);
        if (problem != std::errc() || end != target.data() + target.size() || inode == 0) return nullptr;
        const auto at = m_by_inode.find(inode);
        return at == m_by_inode.end() ? nullptr : at->second;
    }

    /// Arguments of other people's processes may be read, where their descriptors may not.
    void add_published(const fs::path& process) {
        const auto text = read_file(process / "cmdline", k_arguments_limit);
        if (!text) return;
        const auto arguments = split(*text, '\0');
        std::string_view protocol = "tcp";
        std::optional<std::uint16_t> port;
        for (std::size_t i = 0; i + 1 < arguments.size(); ++i) {
            if (arguments[i] == "-proto") protocol = arguments[i + 1];
            if (arguments[i] == "-host-port") port = parse_port(arguments[i + 1]);
        }
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

void add_process_hints(std::vector<ListeningSocket>& sockets, const fs::path& system_root) {
    HintFinder finder(sockets);
    std::size_t processes = 0;
    std::error_code code;
    for (fs::directory_iterator at(system_root / "proc", code), end; !code && at != end; at.increment(code)) {
        if (!is_number(at->path().filename().string())) continue;
        if (++processes > k_most_processes) return;
        finder.look_at(at->path());
    }
}

}  // namespace zmi
