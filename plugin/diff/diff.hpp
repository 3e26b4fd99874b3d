#pragma once

#include <map>
#include <optional>
#include <plugin/plan/plan.hpp>
#include <string>
#include <string_view>
#include <vector>
#include <zmintegration/facts/changes.hpp>

/// What is different between two plans, and because of which fact. Pure: values in, values out.
namespace zmfw {

/// What decides a plan beside the facts; empty where it is not known.
struct Digests {
    std::string program;    ///< version of zmfirewall
    std::string catalogue;  ///< SHA-256 of its files
    std::string policy;     ///< SHA-256 of its file; "none" without one
    /// SHA-256 of each file that an upgrade or a patch replaces, by path below the installation.
    std::map<std::string, std::string> shipped;
    bool operator==(const Digests&) const = default;
};

/// One of the two that are compared.
struct Side {
    std::string name;  ///< "record 12 (2026-11-24T06:15:47Z)", "accepted: ...", a file
    std::optional<zmi::Inventory> inventory;
    Plan plan;
    Digests digests;
};

/// Why: the fact that changed.
struct Cause {
    std::string kind;    ///< zmi::to_string(FactChange::Kind), or "catalogue", "policy", "program", "shipped file",
                         ///< "fact" (of two plans alone), "unknown"
    std::string server;  ///< whose; empty: global config, or nobody's
    std::string fact;
    std::string old_value;
    std::string new_value;
    auto operator<=>(const Cause&) const = default;
};

/// A port that lets in (or out) other than before.
struct PortChange {
    enum class What {
        opens,
        closes,
        differs,  ///< open before and after, for others or on other addresses
    };
    What what = What::opens;
    bool outbound = false;
    std::string server;
    std::string endpoint;
    std::string title;
    std::string protocol;
    PortRange port;
    std::string audience;
    std::vector<zmi::Cidr> gained;          ///< who may (or, outbound, to whom) and could not before
    std::vector<zmi::Cidr> lost;            ///< who could before
    std::vector<std::string> peers_gained;  ///< names behind `gained`, where they are known
    std::vector<std::string> peers_lost;
    std::vector<zmi::IpAddress> old_destinations;  ///< own addresses that it is open on; empty: all
    std::vector<zmi::IpAddress> new_destinations;
    std::vector<Cause> because;  ///< never empty
};

/// A candidate that is new, or none any more.
struct CandidateChange {
    enum class What {
        appeared,
        settled,  ///< open now
        gone,     ///< neither open nor a candidate
    };
    What what = What::appeared;
    std::string server;
    ClosedPort closed;           ///< as it is, or was, told
    std::vector<Cause> because;  ///< never empty
};

struct FindingChange {
    bool appeared = false;  ///< else gone
    Finding finding;
};

struct Diff {
    std::string before;
    std::string after;
    std::vector<std::string> joined;
    std::vector<std::string> left;
    std::vector<PortChange> ports;            ///< by server, then what leaves after what comes in, protocol, port
    std::vector<CandidateChange> candidates;  ///< by server, in the catalogue's order
    std::vector<FindingChange> findings;
    std::vector<Cause> other_facts;  ///< that changed and move no port
    std::vector<std::string> notes;  ///< what could not be compared

    /// Whether rules have to change; facts and findings alone change none.
    [[nodiscard]] bool is_change() const { return !ports.empty() || !joined.empty() || !left.empty(); }
    /// Whether there is anything to tell at all.
    [[nodiscard]] bool is_news() const {
        return is_change() || !candidates.empty() || !findings.empty() || !other_facts.empty();
    }
};

/// The plans decide what changed, the facts in them and the inventories, where both sides have one, why. A plan with
/// problems must not come here. What leaves is compared where both plans have it.
[[nodiscard]] Diff diff(const Side& before, const Side& after);

}  // namespace zmfw
