#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <plugin/catalogue/catalogue.hpp>
#include <plugin/plan/plan.hpp>
#include <plugin/policy/policy.hpp>
#include <string>
#include <string_view>
#include <vector>
#include <zmintegration/facts/inventory.hpp>
#include <zmintegration/local/listening_sockets.hpp>
#include <zmintegration/local/service_files.hpp>

/// What a node really exposes, against what it should.
namespace zmfw {

enum class ListenerState {
    as_configured,  ///< "as-configured"
    missing,        ///< "missing": enabled, and nothing listens there
    elsewhere,      ///< "elsewhere": on another port or address than configured
    wider,          ///< "wider": on more addresses than configured
    narrower,       ///< "narrower": on fewer
    disabled,       ///< "disabled": the configuration says that it does not listen
    undecided,      ///< "undecided": a value that decides is missing or makes no sense
    policy,         ///< "policy": not Zimbra's, and the policy allows it
    unknown,        ///< "unknown": nobody knows it
};
[[nodiscard]] std::string_view to_string(ListenerState state);

/// One protocol and port with all that listens on it, or one that should.
struct AuditedListener {
    std::string endpoint;  ///< catalogue id, "policy", "master.cf", or empty where it is unknown
    std::string title;
    std::string protocol;
    std::uint16_t port = 0;
    std::vector<zmi::IpAddress> addresses;  ///< of the live sockets; empty: nothing listens
    ListenerState state = ListenerState::unknown;
    std::string expected;         ///< "all addresses", "loopback", "10.0.0.5"; empty where nothing was
    std::string configured;       ///< the fact and its origin, or FILE:LINE; empty where there is none
    std::string process;          ///< a hint
    std::uint16_t last_port = 0;  ///< where it is a range of ports that is one endpoint's; else `port`, or 0
};

struct AuditFinding {
    Finding finding;
    std::string endpoint;
    std::string protocol;
    std::uint16_t port = 0;  ///< 0 where it is about no port
    bool guarded = false;    ///< the rules of the plan are loaded and keep strangers from it
    /// It asks somebody to do something: not accepted, not guarded, not merely told.
    [[nodiscard]] bool counts() const { return !finding.accepted && !guarded && finding.severity != Severity::info; }
};

/// The loaded rules against the plan, where somebody could look.
struct LoadedRules {
    std::string format;       ///< empty: no rules of ours are loaded, of any format
    std::size_t missing = 0;  ///< rules that should be loaded
    std::size_t extra = 0;    ///< rules of ours that should not be
    std::size_t past = 0;     ///< rules of others that let somebody in past ours
    bool reordered = false;
    std::vector<std::string> lines;  ///< the same in words: "+ " missing, "- " extra, "! " past
    [[nodiscard]] bool same() const { return !format.empty() && missing == 0 && extra == 0 && past == 0 && !reordered; }
};

struct AuditInput {
    const zmi::Inventory& inventory;
    const Catalogue& catalogue;
    const Policy& policy;
    const ServerPlan& plan;  ///< of the node that the sockets are from
    const zmi::ListeningSockets& sockets;
    const zmi::ServiceFiles& files;
    std::optional<LoadedRules> rules;
    std::string rules_unseen;  ///< why nobody looked at them; empty where `rules` has them
};

struct AuditReport {
    std::string server;
    std::string made_at;                     ///< RFC 3339, UTC; set by who has a clock
    std::string facts_taken;                 ///< when the inventory was
    std::vector<AuditedListener> listeners;  ///< sorted by protocol and port
    std::vector<AuditFinding> findings;      ///< most severe first, then as the catalogue ranks them
    std::vector<std::string> unreadable;     ///< "FILE: why": what the audit had to do without
    std::vector<Problem> problems;           ///< of the plan: facts that decide and are not known
    std::optional<LoadedRules> rules;
    std::string rules_unseen;  ///< why nobody looked at them; empty where `rules` has them
    std::size_t clients = 0;   ///< UDP sockets on ports that the kernel gives to clients: not told one by one

    [[nodiscard]] std::size_t count(ListenerState state) const;
    [[nodiscard]] std::size_t count(Severity severity) const;  ///< of findings that count
};

/// Pure: the same values give the same report.
[[nodiscard]] AuditReport audit(const AuditInput& input);

}  // namespace zmfw
