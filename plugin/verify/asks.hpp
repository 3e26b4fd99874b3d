#pragma once

#include <optional>
#include <plugin/plan/plan.hpp>
#include <string>
#include <vector>

namespace zmfw {

/// One thing to try: a connection (tcp), or one harmless question (udp).
struct Ask {
    std::string peer;
    std::optional<zmi::IpAddress> source;  ///< our own address to ask from; nullopt: the one the kernel takes
    zmi::IpAddress destination;            ///< always an address of the peer's plan
    std::string protocol;
    std::uint16_t port = 0;
    std::string question;                ///< udp: what to send; empty: nothing is known that would be answered
    bool needed = false;                 ///< the peer's plan lets this source reach it
    std::vector<std::string> endpoints;  ///< catalogue ids, or "policy": those that need it, else those that it is of
    std::string reason;                  ///< needed: the plan's reason id; else why it is closed
    auto operator<=>(const Ask&) const = default;
};

struct AskScope {
    std::vector<zmi::IpAddress> sources;  ///< who the plans take us for
    bool bind = true;                     ///< these are addresses of this host
    std::string from;                     ///< our own server name: not asked
    std::string to;                       ///< only this server; empty: all others
};

/// Pure: everything that the catalogue or a plan knows, at every address of every peer that has a complete plan, by
/// address, protocol and port. Of a range of ports its two ends. Never towards loopback or one of `sources`.
[[nodiscard]] std::vector<Ask> asks_of(const Plan& plan, const Catalogue& catalogue, const AskScope& scope);

}  // namespace zmfw
