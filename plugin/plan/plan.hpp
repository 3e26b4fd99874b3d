#pragma once

#include <cstdint>
#include <optional>
#include <plugin/catalogue/catalogue.hpp>
#include <plugin/catalogue/port_range.hpp>
#include <plugin/policy/policy.hpp>
#include <string>
#include <vector>
#include <zmintegration/facts/inventory.hpp>
#include <zmintegration/support/network.hpp>

namespace zmfw {

/// One fact that decided, with where it comes from.
struct Because {
    std::string fact;
    std::string value;
    std::string origin;  ///< zmi::to_string(Origin)
    std::string server;  ///< whose fact, where not the plan's own server; else empty
    auto operator<=>(const Because&) const = default;
};

/// One (endpoint, port, audience) that must be reachable on a server.
struct OpenPort {
    std::string endpoint;  ///< catalogue id, or "policy"
    std::string title;
    std::string protocol;  ///< "tcp" or "udp"
    PortRange port;
    std::string audience;                      ///< "public", "admin", "ssh", "cluster", or "policy"
    std::vector<zmi::Cidr> sources;            ///< merged, sorted, never empty
    std::vector<std::string> peers;            ///< server names behind `sources` (cluster); sorted
    std::vector<zmi::IpAddress> destinations;  ///< only on these own addresses; empty: on all
    std::vector<Because> because;
    std::string reason;   ///< stable id of this decision: "r" and 8 hex digits
    std::string comment;  ///< of the policy; else empty
};

struct ClosedPort {
    std::string endpoint;
    std::string title;
    std::string protocol;
    std::optional<PortRange> port;  ///< where one is known
    std::string reason;
    std::vector<Because> because;
    bool listens = false;  ///< it runs here all the same
    /// Of a candidate (documented, but nobody could check it): what would settle whether it is needed. Else empty.
    std::string settled_by;
};

struct Finding {
    std::string id;
    Severity severity = Severity::info;
    std::string server;
    std::string text;
    std::vector<std::string> remedy;
    bool accepted = false;  ///< by the policy
    /// For each of `remedy` the same as data; empty where only a person can do it. Not in the JSON contract, so a plan
    /// that was read has none.
    std::vector<std::vector<Change>> changes;
    /// As `changes`, of those that are right only once a person has thought about them; may be shorter.
    std::vector<std::vector<Change>> proposed;
    auto operator<=>(const Finding&) const = default;
};

/// Something that had to be known and is not: no plan for this server.
struct Problem {
    std::string server;   ///< whose fact is missing or wrong
    std::string subject;  ///< attribute, localconfig key, "address"
    std::string text;
    auto operator<=>(const Problem&) const = default;
};

struct ServerPlan {
    std::string name;
    std::vector<zmi::IpAddress> addresses;
    std::vector<OpenPort> open;      ///< sorted by protocol, port, endpoint, audience
    std::vector<ClosedPort> closed;  ///< in catalogue order
    std::vector<Finding> findings;   ///< most severe first
    std::vector<Problem> problems;   ///< not empty: `open` must not be used
    /// What the server must reach, where it was asked for; `sources` are the remote ends here, `destinations` is empty,
    /// `audience` is "cluster", "outside" or "policy". Names of hosts that a rule cannot hold are among `peers`.
    std::optional<std::vector<OpenPort>> outbound;
    std::vector<ClosedPort> outbound_closed;  ///< what may be needed and is not opened on its own
    std::string digest;  ///< SHA-256 (hex) of what decides a rule: name, open ports, sources, destinations

    [[nodiscard]] bool complete() const { return problems.empty(); }
    [[nodiscard]] std::vector<const Finding*> standing_blockers() const;
};

struct Plan {
    zmi::Source source;
    std::string made_at;              ///< RFC 3339, UTC; set by who has a clock, derive_plan() leaves it empty
    std::string this_node;            ///< where the facts were gathered
    std::vector<ServerPlan> servers;  ///< sorted by name
};

/// What ServerPlan::digest has to be.
[[nodiscard]] std::string digest_of(const ServerPlan& plan);

/// Pure: the same values give the same plan. `only` restricts to one server name (lower case); `outbound` asks for what
/// the servers must reach as well.
[[nodiscard]] Plan derive_plan(const zmi::Inventory& inventory, const Catalogue& catalogue, const Policy& policy,
                               const std::optional<std::string>& only = std::nullopt, bool outbound = false);

}  // namespace zmfw
