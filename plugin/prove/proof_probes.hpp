#pragma once

#include <compare>
#include <cstdint>
#include <plugin/plan/plan.hpp>
#include <string>
#include <vector>
#include <zmintegration/support/network.hpp>

namespace zmfw {

/// One packet to send, and what the plan says of it.
struct Probe {
    zmi::IpAddress source;
    zmi::IpAddress destination;  ///< an address of the server
    std::string protocol;        ///< "tcp" or "udp"
    std::uint16_t port = 0;
    bool allowed = false;
    auto operator<=>(const Probe&) const = default;
    [[nodiscard]] std::string to_string() const;  ///< "tcp 10.0.0.1 to 10.0.0.5 port 389"
};

/// Addresses that the server has in the proof: its own, those that rules are limited to, and one of each family.
[[nodiscard]] std::vector<zmi::IpAddress> proof_addresses(const ServerPlan& plan);

/// What to send to prove a plan. Allowed: the first and the last address of every source, on every port. Denied: the
/// addresses just outside of every source, strangers on ports that are not for all, closed and other ports, the
/// other protocol, addresses that a rule is not for. Deterministic; bounded by thinning out evenly.
[[nodiscard]] std::vector<Probe> make_probes(const ServerPlan& plan);

/// Whether the plan lets a packet in.
[[nodiscard]] bool is_allowed(const ServerPlan& plan, const Probe& probe);

}  // namespace zmfw
