#include <fmt/format.h>
#include <algorithm>
#include <plugin/plan/append.hpp>
#include <plugin/plan/sources.hpp>
#include <set>

namespace zmfw {
namespace {

/// Facts of many clients: each once, with the first server that has it and how many more do.
std::vector<Because> folded(const std::vector<Because>& all) {
    std::vector<Because> kept;
    std::map<std::tuple<std::string, std::string, std::string>, std::pair<std::size_t, std::set<std::string>>> seen;
    for (const auto& one : all) {
        auto& [at, servers] = seen[{one.fact, one.value, one.origin}];
        if (servers.empty()) {
            at = kept.size();
            kept.push_back(one);
        }
        servers.insert(one.server);
    }
    for (const auto& [key, entry] : seen) {
        const auto& [at, servers] = entry;
        if (servers.size() > 1) kept[at].server = fmt::format("{} and {} more", kept[at].server, servers.size() - 1);
    }
    return kept;
}

Reached& of_audience(Reachers& reachers, const std::string& audience) {
    const auto found = std::find_if(reachers.reached.begin(), reachers.reached.end(),
                                    [&](const Reached& reached) { return reached.audience == audience; });
    if (found != reachers.reached.end()) return *found;
    reachers.reached.push_back({audience, {}, {}});
    return reachers.reached.back();
}

Because flow_because(const Flow& flow) {
    return {"flow " + flow.id,
            fmt::format("{} -> {}: {}", flow.from, flow.to, flow.why),
            std::string(zmi::to_string(zmi::Origin::catalogue)),
            {}};
}

}  // namespace

Flows::Flows(const Evaluator& evaluator) : m_evaluator(evaluator), m_view(evaluator.view()) {
    const auto& catalogue = m_view.catalogue();
    for (const auto& flow : catalogue.flows) {
        const auto& from = catalogue.roles.find(flow.from)->second;
        const auto& to = catalogue.roles.find(flow.to)->second;
        if (from.outside || to.outside) continue;
        for (const auto& reach : flow.reaches) m_by_endpoint[reach.endpoint].push_back({&flow, &reach, &from, &to});
    }
}

const std::vector<Client>& Flows::clients(const Entry& entry) const {
    if (const auto known = m_clients.find(entry.reach); known != m_clients.end()) return known->second;
    std::vector<Client> found;
    for (std::size_t server = 0; server < m_view.size(); ++server) {
        if (m_evaluator.rules_out(entry.from->members, server)) continue;
        auto truth = m_evaluator.about(entry.from->members, server);
        if (truth.verdict == Verdict::no) continue;
        auto when = m_evaluator.about(entry.reach->from_when, server);
        if (when.verdict == Verdict::no) continue;
        if (when.verdict == Verdict::unknown) truth.verdict = Verdict::unknown;
        append(truth.because, when.because);
        append(truth.problems, when.problems);
        for (auto& because : truth.because) {
            if (because.server.empty()) because.server = m_view.name(server);
        }
        found.push_back({server, std::move(truth)});
    }
    return m_clients.emplace(entry.reach, std::move(found)).first->second;
}

void Flows::add_network(Reachers& into, const Entry& entry, const Truth& listener) const {
    auto& reached = of_audience(into, entry.from->network);
    reached.because.push_back(flow_because(*entry.flow));
    append(reached.because, listener.because);
}

bool Flows::add_servers(Reachers& into, const Entry& entry, const Endpoint& endpoint, std::size_t listener,
                        const Socket& socket, const Truth& about_listener) const {
    std::vector<Because> because;
    std::vector<std::size_t> peers;
    for (const auto& client : clients(entry)) {
        if (client.server == listener) continue;
        const auto pair = m_evaluator.about_pair(entry.reach->pair, client.server, listener);
        if (pair.verdict == Verdict::no) continue;
        if (pair.verdict == Verdict::yes && endpoint.port.kind == PortSource::Kind::url_attribute) {
            const auto ports =
                ports_named_by(m_view, client.server, endpoint.port.name, listener, endpoint.port.constants);
            if (std::find(ports.begin(), ports.end(), socket.port.first) == ports.end()) continue;
        }
        append(into.problems, client.truth.problems);
        append(into.problems, pair.problems);
        peers.push_back(client.server);
        append(because, client.truth.because);
        append(because, pair.because);
    }
    if (peers.empty()) return false;
    auto& reached = of_audience(into, std::string(to_string(Audience::cluster)));
    reached.because.push_back(flow_because(*entry.flow));
    append(reached.because, about_listener.because);
    append(reached.because, folded(because));
    append(reached.peers, peers);
    return true;
}

void Flows::add(Reachers& into, const Entry& entry, const Endpoint& endpoint, std::size_t listener,
                const Socket& socket) const {
    auto truth = m_evaluator.about(entry.to->members, listener);
    if (truth.verdict == Verdict::no) return;
    const auto when = m_evaluator.about(entry.reach->to_when, listener);
    if (when.verdict == Verdict::no) {
        if (!entry.from->network.empty()) into.refused.push_back(when.reason);
        return;
    }
    append(truth.because, when.because);
    append(truth.problems, when.problems);
    if (!entry.from->network.empty()) {
        add_network(into, entry, truth);
    } else if (!add_servers(into, entry, endpoint, listener, socket, truth)) {
        return;  // what could not be told matters only where somebody would get in by it
    }
    append(into.problems, truth.problems);
}

Reachers Flows::reachers(const Endpoint& endpoint, std::size_t listener, const Socket& socket) const {
    Reachers all;
    const auto entries = m_by_endpoint.find(endpoint.id);
    if (entries == m_by_endpoint.end()) return all;
    for (const auto& entry : entries->second) add(all, entry, endpoint, listener, socket);
    for (auto& reached : all.reached) {
        std::sort(reached.peers.begin(), reached.peers.end());
        reached.peers.erase(std::unique(reached.peers.begin(), reached.peers.end()), reached.peers.end());
    }
    return all;
}

}  // namespace zmfw
