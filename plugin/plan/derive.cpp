#include <fmt/format.h>
#include <algorithm>
#include <memory>
#include <plugin/plan/digest.hpp>
#include <plugin/plan/findings.hpp>
#include <plugin/plan/outbound.hpp>
#include <plugin/plan/plan.hpp>
#include <plugin/plan/policy_port.hpp>

namespace zmfw {
namespace {

std::optional<PortRange> known_port(const EndpointState& state) {
    if (!state.listening.sockets.empty()) return state.listening.sockets.front().port;
    if (state.endpoint->port.constants.empty()) return std::nullopt;
    return state.endpoint->port.constants.front();
}

/// What would settle a candidate: what the catalogue knows of it, and what always does.
std::string settled_by(const Endpoint& endpoint, const std::optional<PortRange>& port) {
    std::string text = endpoint.settled_by;
    if (!text.empty() && text.back() != '.' && text.back() != ';') text += ';';
    if (!text.empty()) text += ' ';
    // A socket within a range would not prove the range.
    if (port && port->is_single())
        text += fmt::format("a listener on {}/{} seen on the server itself, or ", endpoint.protocol, port->first);
    return text + fmt::format("<accept endpoint=\"{}\"/> in the policy", endpoint.id);
}

ClosedPort closed_port(const EndpointState& state, const std::optional<PortRange>& port, bool candidate) {
    const auto& endpoint = *state.endpoint;
    ClosedPort closed;
    closed.endpoint = endpoint.id;
    closed.title = endpoint.title;
    closed.protocol = endpoint.protocol;
    closed.port = port;
    closed.reason = candidate ? endpoint.closed_because : state.closed_reason;
    closed.because = candidate ? state.listening.truth.because : state.because;
    closed.listens = !endpoint.dead && endpoint.audience != Audience::nobody && endpoint.protocol != "unix" &&
                     state.listening.truth.verdict != Verdict::no;
    if (candidate && endpoint.protocol != "unix") closed.settled_by = settled_by(endpoint, port);
    return closed;
}

void add_state(ServerPlan& plan, const EndpointState& state) {
    plan.problems.insert(plan.problems.end(), state.problems.begin(), state.problems.end());
    plan.open.insert(plan.open.end(), state.open.begin(), state.open.end());
    for (const auto& socket : state.candidates) plan.closed.push_back(closed_port(state, socket.port, true));
    if (!state.open.empty() || (state.is_candidate && !state.candidates.empty())) return;
    // An endpoint with several numbers of its own (the dead ones of old lists) is told once for each.
    const auto& port = state.endpoint->port;
    if (port.kind != PortSource::Kind::constant || port.constants.size() < 2) {
        plan.closed.push_back(closed_port(state, known_port(state), state.is_candidate));
        return;
    }
    for (const auto& number : port.constants) plan.closed.push_back(closed_port(state, number, state.is_candidate));
}

template <class T>
void sort_once(std::vector<T>& list) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
}

ServerPlan derive_server(const Decider& decider, std::size_t server, const OutboundFinder* outbound) {
    const auto& view = decider.evaluator().view();
    ServerPlan plan;
    plan.name = view.name(server);
    plan.addresses = view.addresses(server).addresses;
    std::vector<EndpointState> own;
    if (outbound == nullptr) {
        for (const auto& endpoint : view.catalogue().endpoints) own.push_back(decider.decide(endpoint, server));
    }
    const auto& states = outbound == nullptr ? own : outbound->states(server);
    for (const auto& state : states) add_state(plan, state);
    for (const auto& allow : view.policy().allow) {
        if (allow.server.empty() || allow.server == plan.name)
            plan.open.push_back(allowed_port(view.policy(), allow, plan.name));
    }
    std::sort(plan.open.begin(), plan.open.end(), [](const OpenPort& a, const OpenPort& b) {
        return std::tie(a.protocol, a.port, a.endpoint, a.audience, a.destinations, a.sources) <
               std::tie(b.protocol, b.port, b.endpoint, b.audience, b.destinations, b.sources);
    });
    if (outbound != nullptr) outbound->add_to(plan, server);
    sort_once(plan.problems);
    plan.findings = find_findings(decider, states, server);
    plan.digest = digest_of(plan);
    return plan;
}

}  // namespace

std::string digest_of(const ServerPlan& plan) {
    std::string text = plan.name + "\n";
    for (const auto& open : plan.open) {
        text += fmt::format("{}|{}|{}|{}", open.protocol, open.port.to_string(), open.endpoint, open.audience);
        for (const auto& source : open.sources) text += "|" + source.to_string();
        for (const auto& destination : open.destinations) text += "|to " + destination.to_string();
        text += "\n";
    }
    // Of a plan that was not asked for it, the digest says nothing of it.
    if (plan.outbound) text += "outbound\n";
    for (const auto& out : plan.outbound.value_or(std::vector<OpenPort>())) {
        text += fmt::format("{}|{}|{}|{}", out.protocol, out.port.to_string(), out.endpoint, out.audience);
        for (const auto& remote : out.sources) text += "|" + remote.to_string();
        text += "\n";
    }
    return sha256_hex(text);
}

std::vector<const Finding*> ServerPlan::standing_blockers() const {
    std::vector<const Finding*> standing;
    for (const auto& finding : findings) {
        if (finding.severity == Severity::blocker && !finding.accepted) standing.push_back(&finding);
    }
    return standing;
}

Plan derive_plan(const zmi::Inventory& inventory, const Catalogue& catalogue, const Policy& policy,
                 const std::optional<std::string>& only, bool outbound) {
    const FactsView view(inventory, catalogue, policy);
    const Evaluator evaluator(view);
    const Decider decider(evaluator);
    const auto finder = outbound ? std::make_unique<const OutboundFinder>(decider) : nullptr;
    Plan plan;
    plan.source = inventory.source;
    plan.this_node = inventory.this_node;
    for (std::size_t server = 0; server < view.size(); ++server) {
        if (!only || view.name(server) == *only) plan.servers.push_back(derive_server(decider, server, finder.get()));
    }
    return plan;
}

}  // namespace zmfw
