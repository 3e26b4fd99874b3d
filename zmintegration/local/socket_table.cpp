#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <set>
#include <tuple>
#include <utility>
#include <zmintegration/local/listening_sockets.hpp>
#include <zmintegration/support/text.hpp>

namespace zmi {
namespace {

constexpr std::size_t k_longest_line = 512;
constexpr std::size_t k_fields = 10;  // as far as the inode
constexpr std::size_t k_state = 3, k_uid = 7, k_inode = 9;
constexpr unsigned k_tcp_listen = 0x0A;
constexpr unsigned k_udp_unconnected = 0x07;

using Bytes = std::array<std::uint8_t, 16>;

/// The kernel prints each 32-bit word of an address, which is in network order, as a number of this machine.
bool put_word(std::string_view text, Bytes& bytes, std::size_t at) {
    const auto value = parse_number<std::uint32_t>(text, 16);
    if (!value) return false;
    std::memcpy(bytes.data() + at, &*value, sizeof *value);
    return true;
}

/// ::ffff:a.b.c.d is IPv4: that is what a socket so bound takes.
IpAddress address_of(const Bytes& bytes, bool ipv6) {
    constexpr Bytes k_mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    IpAddress address;
    if (!ipv6) {
        address.family = Family::ipv4;
        address.bytes = bytes;
    } else if (std::equal(k_mapped.begin(), k_mapped.begin() + 12, bytes.begin())) {
        address.family = Family::ipv4;
        std::copy(bytes.begin() + 12, bytes.end(), address.bytes.begin());
    } else {
        address.family = Family::ipv6;
        address.bytes = bytes;
    }
    return address;
}

using Fields = std::array<std::string_view, k_fields>;

/// The first fields of a line; fewer is no line of the kernel's.
std::optional<Fields> fields_of(std::string_view line) {
    Fields fields;
    std::size_t count = 0;
    while (count < k_fields) {
        const auto begin = line.find_first_not_of(' ');
        if (begin == std::string_view::npos) return std::nullopt;
        const auto end = std::min(line.find(' ', begin), line.size());
        fields[count++] = line.substr(begin, end - begin);
        line.remove_prefix(end);
    }
    return fields;
}

class TableParser {
public:
    TableParser(std::string_view table, const std::string& name)
        : m_name(name), m_ipv6(table.ends_with('6')), m_udp(table.starts_with("udp")) {}

    Expected<std::vector<ListeningSocket>> parse(std::string_view text) {
        std::size_t line_number = 0;
        while (!text.empty()) {
            ++line_number;
            const auto end = text.find('\n');
            if (end == std::string_view::npos) return problem(line_number, "the last line is cut off");
            const auto line = text.substr(0, end);
            text.remove_prefix(end + 1);
            if (const auto* wrong = line_number == 1 ? header(line) : add(line)) return problem(line_number, wrong);
        }
        if (line_number == 0) return problem(1, "the file is empty");
        return std::move(m_found);
    }

private:
    [[nodiscard]] tl::unexpected<Error> problem(std::size_t line, std::string_view what) const {
        return failure(ErrorKind::knowledge, fmt::format("{}:{}: {}", m_name, line, what),
                       "this is no table of sockets as Linux writes it; see --system-root");
    }

    static const char* header(std::string_view line) {
        const auto words = split_words(line);
        const bool usual = words.size() > 3 && words[0] == "sl" && words[1] == "local_address";
        return usual ? nullptr : "the first line is no heading of a table of sockets";
    }

    /// What is wrong with the line; nullptr where nothing is.
    const char* add(std::string_view line) {
        if (line.size() > k_longest_line) return "the line is too long";
        const auto fields = fields_of(line);
        if (!fields) return "the line has too few fields";
        const auto state = parse_number<unsigned>((*fields)[k_state], 16);
        if (!(*fields)[0].ends_with(':') || !state) return "the line has no number or no state";
        // Most lines of a busy server are connections.
        if (*state != (m_udp ? k_udp_unconnected : k_tcp_listen)) return nullptr;
        const auto local = parse_socket_end((*fields)[1], m_ipv6);
        if (!local) return "the local address is none";
        const auto uid = parse_number<std::uint32_t>((*fields)[k_uid]);
        const auto inode = parse_number<std::uint64_t>((*fields)[k_inode]);
        if (!uid || !inode) return "the user or the inode is no number";
        if (local->port == 0) return m_udp ? nullptr : "a listening socket has port 0";
        m_found.push_back({m_udp ? "udp" : "tcp", local->address, local->port, false, *uid, *inode, {}, false});
        return nullptr;
    }

    const std::string& m_name;
    bool m_ipv6;
    bool m_udp;
    std::vector<ListeningSocket> m_found;
};

auto place(const ListeningSocket& socket) {
    return std::tie(socket.protocol, socket.port, socket.address);
}

}  // namespace

std::optional<SocketEnd> parse_socket_end(std::string_view text, bool ipv6) {
    const std::size_t digits = ipv6 ? 32 : 8;
    if (text.size() != digits + 5 || text[digits] != ':') return std::nullopt;
    const auto port = parse_number<std::uint16_t>(text.substr(digits + 1), 16);
    if (!port) return std::nullopt;
    Bytes bytes{};
    for (std::size_t at = 0; at < digits; at += 8) {
        if (!put_word(text.substr(at, 8), bytes, at / 2)) return std::nullopt;
    }
    return SocketEnd{address_of(bytes, ipv6), *port};
}

Expected<std::vector<ListeningSocket>> parse_socket_table(std::string_view text, std::string_view table,
                                                          const std::string& name) {
    return TableParser(table, name).parse(text);
}

std::vector<ListeningSocket> settle(std::vector<ListeningSocket> sockets) {
    std::stable_sort(sockets.begin(), sockets.end(), [](const auto& a, const auto& b) { return place(a) < place(b); });
    sockets.erase(
        std::unique(sockets.begin(), sockets.end(), [](const auto& a, const auto& b) { return place(a) == place(b); }),
        sockets.end());
    std::set<std::pair<bool, std::uint16_t>> in_ipv4;
    for (const auto& socket : sockets) {
        if (socket.address.family == Family::ipv4) in_ipv4.emplace(socket.protocol == "udp", socket.port);
    }
    for (auto& socket : sockets) {
        socket.also_ipv4 = socket.address.family == Family::ipv6 && socket.is_wildcard() &&
                           !in_ipv4.contains({socket.protocol == "udp", socket.port});
    }
    return sockets;
}

}  // namespace zmi
