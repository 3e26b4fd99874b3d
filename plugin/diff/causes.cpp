#include <plugin/diff/causes.hpp>

#include <algorithm>
#include <array>

namespace zmfw {
namespace {

using Kind = zmi::FactChange::Kind;

Cause to_cause(const zmi::FactChange& change) {
    return {std::string(to_string(change.kind)), change.server, change.name, change.old_value, change.new_value};
}

void add_once(std::vector<Cause>& causes, Cause cause) {
    if (std::find(causes.begin(), causes.end(), cause) == causes.end()) causes.push_back(std::move(cause));
}

bool is_file(const Because& because) {
    return because.origin == to_string(zmi::Origin::file) || because.origin == to_string(zmi::Origin::packaged_default);
}

/// "/opt/zimbra/common/conf/master.cf:12" names a file; where a line stands means nothing.
std::string name_of(const Because& because) {
    const auto colon = because.fact.rfind(':');
    return is_file(because) && colon != std::string::npos ? because.fact.substr(0, colon) : because.fact;
}

bool says(const Told& told, const std::string& name) {
    return std::any_of(told.because.begin(), told.because.end(),
                       [&](const Because& because) { return name_of(because) == name; });
}

/// What only a node or its mesh tells of is named by the fact or by its value ("tcp/8735 on 0.0.0.0").
void add_names(const Because& because, std::set<std::string>& names) {
    names.insert(name_of(because));
    for (const auto origin :
         {zmi::Origin::package, zmi::Origin::unit, zmi::Origin::mesh, zmi::Origin::module, zmi::Origin::live}) {
        if (because.origin == to_string(origin)) {
            names.insert(because.value);
            names.insert(because.value.substr(0, because.value.find(' ')));
        }
    }
}

bool is_named(Kind kind) {
    constexpr std::array k_of_servers = {Kind::joined,          Kind::left,   Kind::version, Kind::service_added,
                                         Kind::service_removed, Kind::address};
    return std::find(k_of_servers.begin(), k_of_servers.end(), kind) == k_of_servers.end();
}

bool has_value(const Told& told, const std::string& value) {
    return std::any_of(told.because.begin(), told.because.end(),
                       [&](const Because& because) { return because.value == value; });
}

bool from_policy(const Told& told) {
    return std::any_of(told.because.begin(), told.because.end(),
                       [](const Because& because) { return because.origin == to_string(zmi::Origin::policy); });
}

std::set<std::string> all_servers(const PortChange& change, const Told& before, const Told& after) {
    auto servers = before.servers;
    servers.insert(after.servers.begin(), after.servers.end());
    servers.insert(change.server);
    return servers;
}

/// The facts that both name with other values. Without inventories this is all that can be known.
void add_named(const PortChange& change, const Told& before, const Told& after, std::vector<Cause>& causes) {
    for (const auto& now : after.because) {
        if (now.origin == to_string(zmi::Origin::catalogue)) continue;
        std::vector<const Because*> earlier;
        bool same = false;
        for (const auto& was : before.because) {
            if (name_of(was) != name_of(now) || was.server != now.server) continue;
            same = same || was.value == now.value;
            earlier.push_back(&was);
        }
        // A fact that stands there several times (one service and another) has no old value of its own.
        if (same || earlier.size() != 1) continue;
        const auto owner = now.server.empty() ? change.server : now.server;
        add_once(causes, {"fact", owner, name_of(now), earlier.front()->value, now.value});
    }
}

}  // namespace

CauseFinder::CauseFinder(const Side& before, const Side& after) : m_before(before), m_after(after) {
    std::set<std::string> old_names;
    std::set<std::string> new_names;
    for (const auto& server : before.plan.servers) old_names.insert(server.name);
    for (const auto& server : after.plan.servers) new_names.insert(server.name);
    std::set_difference(new_names.begin(), new_names.end(), old_names.begin(), old_names.end(),
                        std::inserter(m_joined, m_joined.end()));
    std::set_difference(old_names.begin(), old_names.end(), new_names.begin(), new_names.end(),
                        std::inserter(m_left, m_left.end()));
    if (before.inventory && after.inventory) m_changes = zmi::changes_between(*before.inventory, *after.inventory);
    m_used.assign(m_changes.size(), false);
    for (std::size_t i = 0; i < m_changes.size(); ++i) {
        const auto& change = m_changes[i];
        (is_named(change.kind) ? m_by_name[change.name] : m_by_server[change.server]).push_back(i);
    }
}

void CauseFinder::add_membership(const PortChange& change, Causes& causes) const {
    const auto add = [&](const char* kind, const std::string& server) {
        add_once(causes, {kind, server, server, "", ""});
    };
    if (m_joined.contains(change.server)) return add("joined", change.server);
    if (m_left.contains(change.server)) return add("left", change.server);
    for (const auto& peer : change.peers_gained) {
        if (m_joined.contains(peer)) add("joined", peer);
    }
    for (const auto& peer : change.peers_lost) {
        if (m_left.contains(peer)) add("left", peer);
    }
}

void CauseFinder::add_known(const PortChange& change, const Told& before, const Told& after, Causes& causes) {
    const auto servers = all_servers(change, before, after);
    std::set<std::string> names;
    for (const auto* told : {&before, &after}) {
        for (const auto& because : told->because) add_names(because, names);
    }
    for (const auto& name : names) {
        const auto at = m_by_name.find(name);
        if (at == m_by_name.end()) continue;
        for (const auto i : at->second) {
            if (!m_changes[i].server.empty() && !servers.contains(m_changes[i].server)) continue;
            add_once(causes, to_cause(m_changes[i]));
            m_used[i] = true;
        }
    }
    for (const auto& server : servers) {
        const auto at = m_by_server.find(server);
        if (at == m_by_server.end()) continue;
        for (const auto i : at->second) {
            const auto& fact = m_changes[i];
            const bool service = (fact.kind == Kind::service_added && has_value(after, fact.name)) ||
                                 (fact.kind == Kind::service_removed && has_value(before, fact.name));
            const bool version = fact.kind == Kind::version && (says(before, fact.name) || says(after, fact.name));
            if (!service && !version) continue;
            add_once(causes, to_cause(fact));
            m_used[i] = true;
        }
    }
}

/// Who is meant is the same, where he is is not.
void CauseFinder::add_addresses(const PortChange& change, const Told& before, const Told& after, Causes& causes) {
    if (change.what != PortChange::What::differs) return;
    for (const auto& server : all_servers(change, before, after)) {
        const auto at = m_by_server.find(server);
        if (at == m_by_server.end()) continue;
        for (const auto i : at->second) {
            if (m_changes[i].kind != Kind::address) continue;
            add_once(causes, to_cause(m_changes[i]));
            m_used[i] = true;
        }
    }
}

std::vector<Cause> CauseFinder::digest_changes() const {
    Causes causes;
    const auto& was = m_before.digests;
    const auto& is = m_after.digests;
    const auto compare = [&](const char* kind, const std::string& old_digest, const std::string& new_digest) {
        if (old_digest.empty() || new_digest.empty() || old_digest == new_digest) return;
        const auto shown = [](const std::string& digest) {
            return digest.size() == 64 ? digest.substr(0, 12) : digest;
        };
        causes.push_back({kind, "", kind, shown(old_digest), shown(new_digest)});
    };
    compare("catalogue", was.catalogue, is.catalogue);
    compare("policy", was.policy, is.policy);
    compare("program", was.program, is.program);
    // Before records had them, or where the facts are from elsewhere, there is nothing to compare.
    if (was.shipped.empty() || is.shipped.empty()) return causes;
    for (const auto& [path, digest] : is.shipped) {
        const auto at = was.shipped.find(path);
        const auto old_digest = at == was.shipped.end() ? std::string("(not there)") : at->second.substr(0, 12);
        if (at == was.shipped.end() || at->second != digest)
            causes.push_back({"shipped file", "", path, old_digest, digest.substr(0, 12)});
    }
    for (const auto& [path, digest] : was.shipped) {
        if (!is.shipped.contains(path))
            causes.push_back({"shipped file", "", path, digest.substr(0, 12), "(not there)"});
    }
    return causes;
}

/// The policy changes what it names and whoever is no server; anything else only where no fact explains it.
void CauseFinder::add_rest(const PortChange& change, const Told& before, const Told& after, Causes& causes) const {
    const bool policy_decides = change.endpoint == "policy" || from_policy(before) || from_policy(after) ||
                                (change.what == PortChange::What::differs && change.peers_gained.empty() &&
                                 change.peers_lost.empty() && change.audience != "cluster");
    const bool explained = !causes.empty();
    for (auto& cause : digest_changes()) {
        if (cause.kind == "policy" ? policy_decides || !explained : !explained) add_once(causes, std::move(cause));
    }
    if (causes.empty()) add_named(change, before, after, causes);
    if (!causes.empty()) return;
    for (const auto& server : all_servers(change, before, after)) {
        const auto at = m_by_server.find(server);
        if (at == m_by_server.end()) continue;
        for (const auto i : at->second) add_once(causes, to_cause(m_changes[i]));
    }
    if (causes.empty()) add_once(causes, {"unknown", change.server, "", "", ""});
}

std::vector<Cause> CauseFinder::causes_of(const PortChange& change, const Told& before, const Told& after) {
    Causes causes;
    add_membership(change, causes);
    // A server that came or went is reason enough for all that is on it.
    if (m_joined.contains(change.server) || m_left.contains(change.server)) return causes;
    add_known(change, before, after, causes);
    add_addresses(change, before, after, causes);
    add_rest(change, before, after, causes);
    return causes;
}

std::vector<Cause> CauseFinder::others() const {
    Causes causes;
    for (std::size_t i = 0; i < m_changes.size(); ++i) {
        const auto kind = m_changes[i].kind;
        // Sidecars get other ports each time they start, which is no news where it moves none of the plan's.
        const bool silent = kind == Kind::joined || kind == Kind::left || kind == Kind::listener;
        if (!m_used[i] && !silent) causes.push_back(to_cause(m_changes[i]));
    }
    for (auto& cause : digest_changes()) causes.push_back(std::move(cause));
    return causes;
}

}  // namespace zmfw
