#include <plugin/diff/diff.hpp>

#include <algorithm>
#include <map>
#include <plugin/diff/causes.hpp>
#include <tuple>

namespace zmfw {
namespace {

using What = PortChange::What;
using Key = std::tuple<std::string, PortRange, std::string, std::string>;  ///< protocol, port, endpoint, audience

/// All that one plan says under one key; several lines of a policy may share it.
struct Entry {
    const OpenPort* first = nullptr;
    std::vector<zmi::Cidr> sources;
    std::set<std::string> peers;
    std::set<zmi::IpAddress> destinations;
    bool everywhere = false;  ///< on all own addresses

    bool operator==(const Entry& other) const {
        return sources == other.sources && peers == other.peers && everywhere == other.everywhere &&
               (everywhere || destinations == other.destinations);
    }
    [[nodiscard]] std::vector<zmi::IpAddress> on() const {
        return everywhere ? std::vector<zmi::IpAddress>() : std::vector(destinations.begin(), destinations.end());
    }
};
using Entries = std::map<Key, Entry>;

Entries entries_of(const std::vector<OpenPort>& ports) {
    Entries entries;
    for (const auto& open : ports) {
        auto& entry = entries[{open.protocol, open.port, open.endpoint, open.audience}];
        if (entry.first == nullptr) entry.first = &open;
        entry.sources.insert(entry.sources.end(), open.sources.begin(), open.sources.end());
        entry.peers.insert(open.peers.begin(), open.peers.end());
        entry.destinations.insert(open.destinations.begin(), open.destinations.end());
        entry.everywhere = entry.everywhere || open.destinations.empty();
    }
    for (auto& [key, entry] : entries) entry.sources = zmi::merge(std::move(entry.sources));
    return entries;
}

/// Networks of `these` that no single one of `those` holds.
std::vector<zmi::Cidr> not_within(const std::vector<zmi::Cidr>& these, const std::vector<zmi::Cidr>& those) {
    std::vector<zmi::Cidr> rest;
    for (const auto& network : these) {
        const bool held =
            std::any_of(those.begin(), those.end(), [&](const zmi::Cidr& other) { return other.contains(network); });
        if (!held) rest.push_back(network);
    }
    return rest;
}

std::vector<std::string> not_in(const std::set<std::string>& these, const std::set<std::string>& those) {
    std::vector<std::string> rest;
    std::set_difference(these.begin(), these.end(), those.begin(), those.end(), std::back_inserter(rest));
    return rest;
}

/// One direction of one server, before and after.
struct Direction {
    const ServerPlan* was = nullptr;
    const ServerPlan* is = nullptr;
    bool outbound = false;

    [[nodiscard]] const std::vector<OpenPort>& open(const ServerPlan* plan) const {
        static const std::vector<OpenPort> none;
        if (plan == nullptr) return none;
        if (!outbound) return plan->open;
        return plan->outbound ? *plan->outbound : none;
    }
    [[nodiscard]] const std::vector<ClosedPort>& closed(const ServerPlan* plan) const {
        static const std::vector<ClosedPort> none;
        if (plan == nullptr) return none;
        return outbound ? plan->outbound_closed : plan->closed;
    }
    /// What the plan says of that endpoint: of the entry where there is one, else of all that has its name.
    [[nodiscard]] Told told(const ServerPlan* plan, const Entry& entry, const std::string& endpoint) const {
        Told told;
        const auto add = [&](const auto& one) {
            told.because.insert(told.because.end(), one.because.begin(), one.because.end());
        };
        for (const auto& one : open(plan)) {
            if (one.endpoint != endpoint || (entry.first != nullptr && one.port != entry.first->port)) continue;
            add(one);
            told.servers.insert(one.peers.begin(), one.peers.end());
        }
        if (!told.because.empty()) return told;
        for (const auto& one : closed(plan)) {
            if (one.endpoint == endpoint) add(one);
        }
        return told;
    }
};

PortChange change_of(const std::string& server, bool outbound, const Entry& was, const Entry& is) {
    const auto& shown = is.first != nullptr ? *is.first : *was.first;
    PortChange change;
    change.what = was.first == nullptr ? What::opens : is.first == nullptr ? What::closes : What::differs;
    change.outbound = outbound;
    change.server = server;
    change.endpoint = shown.endpoint;
    change.title = shown.title;
    change.protocol = shown.protocol;
    change.port = shown.port;
    change.audience = shown.audience;
    change.gained = not_within(is.sources, was.sources);
    change.lost = not_within(was.sources, is.sources);
    change.peers_gained = not_in(is.peers, was.peers);
    change.peers_lost = not_in(was.peers, is.peers);
    if (was.first != nullptr) change.old_destinations = was.on();
    if (is.first != nullptr) change.new_destinations = is.on();
    return change;
}

void compare_direction(const std::string& server, const Direction& direction, CauseFinder& causes,
                       std::vector<PortChange>& into) {
    const auto was = entries_of(direction.open(direction.was));
    const auto is = entries_of(direction.open(direction.is));
    std::set<Key> keys;
    for (const auto* side : {&was, &is}) {
        for (const auto& [key, entry] : *side) keys.insert(key);
    }
    const auto find = [](const Entries& entries, const Key& key) {
        const auto at = entries.find(key);
        return at == entries.end() ? Entry() : at->second;
    };
    for (const auto& key : keys) {
        const auto old_entry = find(was, key);
        const auto new_entry = find(is, key);
        if (old_entry.first != nullptr && new_entry.first != nullptr && old_entry == new_entry) continue;
        auto change = change_of(server, direction.outbound, old_entry, new_entry);
        change.because = causes.causes_of(change, direction.told(direction.was, old_entry, change.endpoint),
                                          direction.told(direction.is, new_entry, change.endpoint));
        into.push_back(std::move(change));
    }
}

const ServerPlan* find_server(const Plan& plan, const std::string& name) {
    for (const auto& server : plan.servers) {
        if (server.name == name) return &server;
    }
    return nullptr;
}

/// What tells of the candidate on either side, as if it were a port that opens or closes.
std::vector<Cause> candidate_causes(CauseFinder& causes, const Direction& direction, const std::string& server,
                                    const ClosedPort& closed, bool appeared) {
    PortChange change;
    change.what = appeared ? What::opens : What::closes;
    change.server = server;
    change.endpoint = closed.endpoint;
    change.protocol = closed.protocol;
    change.port = closed.port.value_or(PortRange());
    return causes.causes_of(change, direction.told(direction.was, Entry(), closed.endpoint),
                            direction.told(direction.is, Entry(), closed.endpoint));
}

/// Of servers that are in both: a new server has no news but itself.
void compare_candidates(const Direction& direction, CauseFinder& causes, std::vector<CandidateChange>& into) {
    if (direction.was == nullptr || direction.is == nullptr) return;
    const auto& was = *direction.was;
    const auto& is = *direction.is;
    const auto has = [](const ServerPlan& plan, const ClosedPort& one) {
        return std::any_of(plan.closed.begin(), plan.closed.end(), [&](const ClosedPort& other) {
            return !other.settled_by.empty() && other.endpoint == one.endpoint && other.port == one.port;
        });
    };
    const auto opens = [&](const ClosedPort& one) {
        return std::any_of(is.open.begin(), is.open.end(), [&](const OpenPort& open) {
            return open.endpoint == one.endpoint && (!one.port || open.port == *one.port);
        });
    };
    const auto add = [&](const ClosedPort& one, CandidateChange::What what) {
        into.push_back({what, is.name, one,
                        candidate_causes(causes, direction, is.name, one, what == CandidateChange::What::appeared)});
    };
    for (const auto& one : is.closed) {
        if (!one.settled_by.empty() && !has(was, one)) add(one, CandidateChange::What::appeared);
    }
    for (const auto& one : was.closed) {
        if (one.settled_by.empty() || has(is, one)) continue;
        add(one, opens(one) ? CandidateChange::What::settled : CandidateChange::What::gone);
    }
}

using FindingKey = std::tuple<std::string, std::string, std::string>;  ///< id, server, text

void compare_findings(const ServerPlan* was, const ServerPlan* is, std::vector<FindingChange>& into) {
    const auto keys = [](const ServerPlan* plan) {
        std::set<FindingKey> found;
        if (plan == nullptr) return found;
        for (const auto& finding : plan->findings) found.insert({finding.id, plan->name, finding.text});
        return found;
    };
    const auto old_keys = keys(was);
    const auto new_keys = keys(is);
    const auto add = [&](const ServerPlan* plan, const std::set<FindingKey>& others, bool appeared) {
        if (plan == nullptr) return;
        for (auto finding : plan->findings) {
            finding.server = plan->name;
            if (!others.contains({finding.id, plan->name, finding.text})) into.push_back({appeared, finding});
        }
    };
    add(is, old_keys, true);
    add(was, new_keys, false);
}

}  // namespace

Diff diff(const Side& before, const Side& after) {
    Diff result;
    result.before = before.name;
    result.after = after.name;
    CauseFinder causes(before, after);
    std::set<std::string> names;
    for (const auto* plan : {&before.plan, &after.plan}) {
        for (const auto& server : plan->servers) names.insert(server.name);
    }
    bool one_sided = false;
    for (const auto& name : names) {
        const auto* was = find_server(before.plan, name);
        const auto* is = find_server(after.plan, name);
        if (was == nullptr) result.joined.push_back(name);
        if (is == nullptr) result.left.push_back(name);
        compare_direction(name, {was, is, false}, causes, result.ports);
        // Of a server that came or went the other side is empty; of one that stays, half a comparison is none.
        if (was == nullptr || is == nullptr || was->outbound.has_value() == is->outbound.has_value()) {
            compare_direction(name, {was, is, true}, causes, result.ports);
        } else {
            one_sided = true;
        }
        compare_candidates({was, is, false}, causes, result.candidates);
        compare_findings(was, is, result.findings);
    }
    if (one_sided) result.notes.emplace_back("what leaves the servers is in one of the two only and not compared");
    if (!before.inventory || !after.inventory)
        result.notes.emplace_back("one of the two has no inventory: causes are what the plans themselves name");
    // Beside nothing every fact is new, which tells nobody anything.
    if (before.plan.servers.empty()) return result;
    for (auto& fact : causes.others()) {
        const auto names_it = [&](const auto& change) {
            return std::find(change.because.begin(), change.because.end(), fact) != change.because.end();
        };
        const bool named = std::any_of(result.ports.begin(), result.ports.end(), names_it) ||
                           std::any_of(result.candidates.begin(), result.candidates.end(), names_it);
        if (!named) result.other_facts.push_back(std::move(fact));
    }
    return result;
}

}  // namespace zmfw
