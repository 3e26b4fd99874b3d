#pragma once

#include <plugin/audit/audit.hpp>
#include <plugin/plan/listener.hpp>
#include <string>
#include <vector>
#include <zmintegration/facts/inventory.hpp>

namespace zmfw {

/// An endpoint that should, or could, have a port.
struct Claim {
    const Endpoint* endpoint = nullptr;
    Verdict verdict = Verdict::yes;
    const Socket* socket = nullptr;
};

/// One protocol and port: what listens there, and what the configuration says should.
struct Port {
    std::string protocol;
    std::uint16_t number = 0;
    std::uint16_t last = 0;  ///< of a range, whose sockets all belong to what claims it; else `number`
    std::vector<const zmi::ListeningSocket*> live;
    std::vector<Claim> claims;  ///< those that should listen first

    [[nodiscard]] bool is_live() const { return !live.empty(); }
    [[nodiscard]] bool is_loopback() const;  ///< all of it
    [[nodiscard]] bool is_wildcard() const;  ///< any of it
    [[nodiscard]] std::string process() const;
    [[nodiscard]] std::string addresses() const;  ///< "all addresses", "IPv6: all addresses, 127.0.0.1"
    [[nodiscard]] bool should_listen() const;     ///< some claim says yes
};

/// How the live sockets of a port differ from what its claims ask for.
struct Comparison {
    ListenerState state = ListenerState::as_configured;
    bool dual_stack_gap = false;  ///< IPv4 is closed as it should be, IPv6 is open
    std::string expected;         ///< in words
};
/// `has_ipv6`: the node has an address that others may use.
[[nodiscard]] Comparison compare_sockets(const Port& port, bool has_ipv6);

/// The live sockets are exactly those that these lines of a file ask for; a name in a line fits nothing but
/// "localhost".
[[nodiscard]] bool is_as_lines_say(const Port& port, const std::vector<const zmi::FileListener*>& lines);

}  // namespace zmfw
