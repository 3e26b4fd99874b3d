#include <fmt/format.h>
#include <algorithm>
#include <plugin/observe/judge.hpp>
#include <set>

namespace zmfw {
namespace {

constexpr std::size_t k_ports_of_a_scan = 10;

bool is_port_of(const Attempt& attempt, const std::string& protocol, const PortRange& range) {
    return attempt.protocol == protocol && range.contains(attempt.port);
}

bool holds(const std::vector<zmi::Cidr>& networks, const zmi::IpAddress& address) {
    return std::any_of(networks.begin(), networks.end(), [&](const zmi::Cidr& one) { return one.contains(address); });
}

/// A network that everybody is in says nothing about who somebody is.
bool is_in(const Policy& policy, const char* name, const zmi::IpAddress& address) {
    const auto* network = policy.network(name);
    if (network == nullptr || holds(*network, address) == false) return false;
    return std::none_of(network->begin(), network->end(), [](const zmi::Cidr& one) { return one.is_any(); });
}

class Judge {
public:
    Judge(const Sightings& seen, const Plan& plan, const ServerPlan& server, const Policy& policy)
        : m_server(server), m_policy(policy) {
        for (const auto& one : plan.servers) {
            for (const auto& address : one.addresses) m_names.emplace(address, one.name);
        }
        for (const auto& [attempt, tally] : seen.attempts) {
            if (attempt.port != 0) ++m_ports[attempt.source];
        }
    }

    [[nodiscard]] Observed operator()(const Attempt& attempt, const Tally& tally) const {
        Observed observed{attempt, tally, Likely::unknown_port, name_of(attempt.source), {}, {}, {}};
        decide(observed);
        const bool can_be_kept = attempt.port != 0 && (attempt.protocol == "tcp" || attempt.protocol == "udp") &&
                                 !attempt.source.is_loopback() && !attempt.source.is_multicast() &&
                                 !attempt.source.is_unspecified();
        if (can_be_kept && observed.likely != Likely::let_in_now && observed.likely != Likely::scan)
            observed.policy_line = policy_line(attempt, m_server.name);
        return observed;
    }

private:
    [[nodiscard]] std::string name_of(const zmi::IpAddress& address) const {
        if (const auto found = m_names.find(address); found != m_names.end()) return found->second;
        if (is_in(m_policy, "admin", address)) return "admin network";
        return is_in(m_policy, "ssh", address) ? "ssh network" : "";
    }

    [[nodiscard]] bool is_server(const Attempt& attempt) const { return m_names.contains(attempt.source); }

    void decide(Observed& observed) const {
        const auto& attempt = observed.attempt;
        if (attempt.port == 0) {
            observed.likely = Likely::no_port;
            observed.why =
                "no port that a rule could name: " + attempt.protocol + " (rules for it are none of the plan's)";
            return;
        }
        const auto* open = find_open(attempt);
        if (open != nullptr && is_let_in(attempt)) {
            observed.likely = Likely::let_in_now;
            observed.endpoint = open->endpoint;
            observed.why = "the plan of now lets it in: the observing rules are older, or it went to another address";
            return;
        }
        if (const auto ports = m_ports.find(attempt.source);
            !is_server(attempt) && ports != m_ports.end() && ports->second >= k_ports_of_a_scan) {
            observed.likely = Likely::scan;
            observed.why = fmt::format("looks like a scan: {} ports from this address", ports->second);
            return;
        }
        open != nullptr ? decide_open(observed, *open) : decide_closed(observed);
    }

    void decide_open(Observed& observed, const OpenPort& open) const {
        observed.endpoint = open.endpoint;
        if (is_server(observed.attempt)) {
            observed.likely = Likely::not_its_role;
            observed.why = fmt::format("{} is a server of this deployment, but no role of it needs {} here",
                                       observed.peer, open.endpoint);
        } else if (observed.peer == "admin network") {
            observed.likely = Likely::not_for_admins;
            observed.why = fmt::format("an admin's address, but {} is not for admins: open to {} only", open.endpoint,
                                       audiences(observed.attempt));
        } else {
            observed.likely = Likely::not_for_all;
            observed.why = fmt::format("{} is open to {} only, and this is a stranger", open.endpoint,
                                       audiences(observed.attempt));
        }
    }

    void decide_closed(Observed& observed) const {
        const auto& attempt = observed.attempt;
        for (const auto& closed : m_server.closed) {
            if (!closed.port || !is_port_of(attempt, closed.protocol, *closed.port)) continue;
            // What listens says more than what could.
            if (!observed.endpoint.empty() && !closed.listens) continue;
            observed.likely = Likely::closed;
            observed.endpoint = closed.endpoint;
            observed.why = fmt::format("{} is closed here: {}", closed.endpoint, closed.reason);
            if (closed.listens) return;
        }
        if (!observed.endpoint.empty()) return;
        observed.why = fmt::format("{}/{} is no port of Zimbra that is known here", attempt.port, attempt.protocol);
        if (is_server(attempt)) observed.why += ", though " + observed.peer + " is a server of this deployment";
    }

    [[nodiscard]] const OpenPort* find_open(const Attempt& attempt) const {
        const auto found = std::find_if(m_server.open.begin(), m_server.open.end(), [&](const OpenPort& open) {
            return is_port_of(attempt, open.protocol, open.port);
        });
        return found == m_server.open.end() ? nullptr : &*found;
    }

    [[nodiscard]] bool is_let_in(const Attempt& attempt) const {
        return std::any_of(m_server.open.begin(), m_server.open.end(), [&](const OpenPort& open) {
            return is_port_of(attempt, open.protocol, open.port) && holds(open.sources, attempt.source);
        });
    }

    /// "admin and cluster"
    [[nodiscard]] std::string audiences(const Attempt& attempt) const {
        std::set<std::string> names;
        for (const auto& open : m_server.open) {
            if (is_port_of(attempt, open.protocol, open.port)) names.insert(open.audience);
        }
        std::string text;
        for (const auto& name : names) text += (text.empty() ? "" : " and ") + name;
        return text;
    }

    const ServerPlan& m_server;
    const Policy& m_policy;
    std::map<zmi::IpAddress, std::string> m_names;
    std::map<zmi::IpAddress, std::size_t> m_ports;
};

}  // namespace

std::string_view to_string(Likely likely) {
    switch (likely) {
        case Likely::let_in_now: return "let-in-now";
        case Likely::no_port: return "no-port";
        case Likely::scan: return "scan";
        case Likely::not_its_role: return "not-its-role";
        case Likely::not_for_admins: return "not-for-admins";
        case Likely::closed: return "closed";
        case Likely::not_for_all: return "not-for-all";
        case Likely::unknown_port: return "unknown-port";
    }
    return "unknown-port";
}

std::string policy_line(const Attempt& attempt, const std::string& server) {
    return fmt::format(R"(<allow port="{}" protocol="{}" from="{}" server="{}"/>)", attempt.port, attempt.protocol,
                       attempt.source.to_string(), server);
}

std::vector<Observed> judge(const Sightings& seen, const Plan& plan, const ServerPlan& server, const Policy& policy) {
    const Judge decide(seen, plan, server, policy);
    std::vector<Observed> all;
    for (const auto& [attempt, tally] : seen.attempts) all.push_back(decide(attempt, tally));
    std::stable_sort(all.begin(), all.end(), [](const Observed& a, const Observed& b) {
        return std::max(a.tally.counted, a.tally.logged) > std::max(b.tally.counted, b.tally.logged);
    });
    return all;
}

}  // namespace zmfw
