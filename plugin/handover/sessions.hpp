#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>
#include <zmintegration/support/error.hpp>
#include <zmintegration/support/network.hpp>

/// Running TCP sessions, made known to conntrack: where nothing has used conntrack before, the first rules would take
/// their packets for new ones and drop those of ports that they do not list.
namespace zmfw {

struct Session {
    zmi::IpAddress local;
    std::uint16_t local_port = 0;
    zmi::IpAddress peer;
    std::uint16_t peer_port = 0;
};

/// The established sessions in /proc/net/tcp or tcp6, those of loopback left out.
[[nodiscard]] std::vector<Session> parse_sessions(std::string_view proc_net_tcp);

/// Tells conntrack of all running sessions that it does not know; how many that were. Needs CAP_NET_ADMIN.
[[nodiscard]] zmi::Expected<std::size_t> remember_sessions();

}  // namespace zmfw
