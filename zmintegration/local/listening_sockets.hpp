#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <zmintegration/support/error.hpp>
#include <zmintegration/support/network.hpp>

namespace zmi {

/// One socket of this node that something may connect or send to. Sockets that share address and port (SO_REUSEPORT,
/// inherited by workers) are one.
struct ListeningSocket {
    std::string protocol;  ///< "tcp" or "udp"
    IpAddress address;     ///< an IPv4-mapped one is told as the IPv4 address that it is
    std::uint16_t port = 0;
    bool also_ipv4 = false;   ///< bound to "::", and nothing says that it leaves IPv4 out: may take IPv4 as well
    std::uint32_t uid = 0;    ///< a hint only: whoever made the socket, which may be root before it became zimbra
    std::uint64_t inode = 0;  ///< a hint only
    std::string process;      ///< a hint only: the name of a process that has it, where that may be seen; else empty
    bool docker = false;      ///< a docker-proxy says in its arguments that it publishes this port
    bool operator==(const ListeningSocket&) const = default;

    [[nodiscard]] bool is_wildcard() const { return address.is_unspecified(); }
};

/// What /proc/net of this network namespace tells.
struct ListeningSockets {
    std::vector<ListeningSocket> sockets;   ///< sorted by protocol, port, address
    bool ipv6 = true;                       ///< false: this kernel has no IPv6
    std::uint16_t first_ephemeral = 32768;  ///< ports that the kernel gives to clients, first and last
    std::uint16_t last_ephemeral = 60999;
    /// Of the interfaces, whatever the name of this node resolves to; sorted. Empty where `addresses_problem` says why.
    std::vector<IpAddress> addresses;
    std::string addresses_problem;
};

/// The IPv4 addresses in proc/net/fib_trie, and the IPv6 addresses in proc/net/if_inet6; sorted, each once. Lines that
/// make no sense are left out.
[[nodiscard]] std::vector<IpAddress> parse_own_addresses(std::string_view fib_trie, std::string_view if_inet6);

struct SocketEnd {
    IpAddress address;  ///< an IPv4-mapped one as the IPv4 address that it is
    std::uint16_t port = 0;
};

/// One end of a socket as the tables of /proc/net have it: "0100007F:1F90", with 32 digits before the colon for IPv6.
[[nodiscard]] std::optional<SocketEnd> parse_socket_end(std::string_view text, bool ipv6);

/// The listening lines of one table: TCP in state LISTEN, UDP that is connected to nobody. `table` is "tcp", "tcp6",
/// "udp" or "udp6". A line that the kernel would not write is an error: "NAME:LINE: ...".
[[nodiscard]] Expected<std::vector<ListeningSocket>> parse_socket_table(std::string_view text, std::string_view table,
                                                                        const std::string& name);

/// Sorted, shared ones merged, and ListeningSocket::also_ipv4 found out: a socket on "::" leaves IPv4 out where another
/// one has the same port in IPv4, because the kernel would have refused the second of them.
[[nodiscard]] std::vector<ListeningSocket> settle(std::vector<ListeningSocket> sockets);

/// Reads proc/net/{tcp,tcp6,udp,udp6} below `system_root` (tcp6 and udp6 may be absent together), and the addresses of the
/// interfaces. At most 256 MiB a table.
[[nodiscard]] Expected<ListeningSockets> read_socket_tables(const std::filesystem::path& system_root);

/// The same, with process names from proc/*/fd, as far as that is permitted.
[[nodiscard]] Expected<ListeningSockets> read_listening_sockets(const std::filesystem::path& system_root);

}  // namespace zmi
