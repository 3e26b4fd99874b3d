#include <fmt/format.h>
#include <algorithm>
#include <plugin/plan/append.hpp>
#include <plugin/plan/digest.hpp>
#include <plugin/plan/server_state.hpp>

namespace zmfw {
namespace {

/// No flow can open an endpoint to more than the catalogue says it is ever meant for.
bool may_reach(Audience widest, const std::string& audience) {
    if (audience == to_string(Audience::cluster)) return widest != Audience::loopback && widest != Audience::nobody;
    return audience == to_string(widest);
}

std::vector<Because> once(const std::vector<Because>& all) {
    std::vector<Because> kept;
    for (const auto& one : all) {
        if (std::find(kept.begin(), kept.end(), one) == kept.end()) kept.push_back(one);
    }
    return kept;
}

bool covered_by(const std::vector<zmi::Cidr>& sources, const std::vector<zmi::Cidr>& wider) {
    return std::all_of(sources.begin(), sources.end(), [&](const zmi::Cidr& source) {
        return std::any_of(wider.begin(), wider.end(), [&](const zmi::Cidr& other) { return other.contains(source); });
    });
}

bool in_families(const zmi::Cidr& cidr, const Bound& bound) {
    return cidr.network.family == zmi::Family::ipv4 ? bound.ipv4 : bound.ipv6;
}

bool everyone_in(const std::vector<zmi::Cidr>& sources, const Bound& bound) {
    const auto any = [&](zmi::Family family) {
        return std::find(sources.begin(), sources.end(), zmi::any_cidr(family)) != sources.end();
    };
    return (!bound.ipv4 || any(zmi::Family::ipv4)) && (!bound.ipv6 || any(zmi::Family::ipv6));
}

std::string reason_id(std::string_view server, const OpenPort& open) {
    const auto text =
        fmt::format("{}|{}|{}|{}|{}", server, open.endpoint, open.protocol, open.port.to_string(), open.audience);
    return "r" + sha256_hex(text).substr(0, 8);
}

/// A socket on exactly this port, off loopback. One within a range says nothing of the rest of it.
std::optional<Because> live_evidence(const FactsView& view, const Endpoint& endpoint, const PortRange& port,
                                     std::size_t server) {
    const auto* local = view.local(server);
    if (local == nullptr || !port.is_single()) return std::nullopt;
    for (const auto& listener : local->live) {
        if (listener.protocol != endpoint.protocol || listener.port != port.first) continue;
        const auto address = zmi::parse_address(listener.address);
        if (!address || address->is_loopback()) continue;
        return Because{"listener",
                       fmt::format("{}/{} on {}", listener.protocol, listener.port, address->to_string()),
                       std::string(zmi::to_string(zmi::Origin::live)),
                       {}};
    }
    return std::nullopt;
}

}  // namespace

std::vector<zmi::Cidr> Decider::network_sources(const std::string& audience, const Bound& bound) const {
    std::vector<zmi::Cidr> sources;
    if (const auto* network = m_view.policy().network(audience)) {
        sources = *network;
    } else if (audience != to_string(Audience::admin)) {
        sources = {zmi::any_cidr(zmi::Family::ipv4), zmi::any_cidr(zmi::Family::ipv6)};
    }
    std::erase_if(sources, [&](const zmi::Cidr& cidr) { return !in_families(cidr, bound); });
    return sources;
}

OpenPort Decider::cluster_port(EndpointState& state, const Reached& reached, const Bound& bound,
                               const std::vector<zmi::Cidr>& covered) const {
    OpenPort open;
    // Where anyone may come in, no peer's address is needed, known or not.
    if (everyone_in(covered, bound)) return open;
    for (const auto peer : reached.peers) {
        const auto& resolution = m_view.addresses(peer);
        std::vector<zmi::Cidr> usable;
        for (const auto& address : resolution.addresses) {
            if (!address.is_loopback()) usable.push_back(zmi::host_cidr(address));
        }
        if (usable.empty()) {
            const auto cause =
                resolution.addresses.empty() ? resolution.problem : std::string("it resolves to loopback only");
            state.problems.push_back({m_view.name(peer), "address",
                                      fmt::format("{} needs the address of its peer {} ({}): {}", state.endpoint->id,
                                                  m_view.name(peer), m_view.host_name(peer), cause)});
            continue;
        }
        std::erase_if(usable, [&](const zmi::Cidr& cidr) { return !in_families(cidr, bound); });
        if (usable.empty()) {
            state.problems.push_back(
                {m_view.name(peer), "address",
                 fmt::format("{} needs an {} address of its peer {} ({}), which has none", state.endpoint->id,
                             bound.ipv4 ? "IPv4" : "IPv6", m_view.name(peer), m_view.host_name(peer))});
            continue;
        }
        if (covered_by(usable, covered)) continue;
        append(open.sources, usable);
        open.peers.push_back(m_view.name(peer));
    }
    open.sources = zmi::merge(std::move(open.sources));
    return open;
}

void Decider::open_socket(EndpointState& state, std::size_t server, const Socket& socket,
                          const Reachers& reachers) const {
    std::vector<zmi::Cidr> covered;
    auto ordered = reachers.reached;
    std::stable_partition(ordered.begin(), ordered.end(),
                          [](const Reached& reached) { return reached.audience != to_string(Audience::cluster); });
    for (const auto& reached : ordered) {
        if (!may_reach(state.endpoint->audience, reached.audience)) continue;
        OpenPort open;
        if (reached.audience == to_string(Audience::cluster)) {
            open = cluster_port(state, reached, socket.bound, covered);
        } else {
            open.sources = network_sources(reached.audience, socket.bound);
            append(covered, open.sources);
        }
        if (open.sources.empty()) continue;
        open.endpoint = state.endpoint->id;
        open.title = state.endpoint->title;
        open.protocol = state.endpoint->protocol;
        open.port = socket.port;
        open.audience = reached.audience;
        open.destinations = socket.bound.addresses;
        append(open.because, state.listening.truth.because);
        append(open.because, socket.because);
        append(open.because, socket.bound.because);
        append(open.because, reached.because);
        open.because = once(open.because);
        open.reason = reason_id(m_view.name(server), open);
        state.open.push_back(std::move(open));
    }
}

void Decider::find_reachers(EndpointState& state, std::size_t server) const {
    for (const auto& socket : state.listening.sockets) {
        state.reachers.push_back(m_flows.reachers(*state.endpoint, server, socket));
    }
}

/// Turns what listens into open ports, and what could not be told into problems where it would open something.
void Decider::open_sockets(EndpointState& state, std::size_t server) const {
    const auto& listening = state.listening;
    for (std::size_t i = 0; i < listening.sockets.size(); ++i) {
        const auto& socket = listening.sockets[i];
        if (socket.bound.is_loopback() || state.reachers[i].reached.empty()) {
            append(state.harmless, socket.bound.problems);
            continue;
        }
        append(state.problems, listening.truth.problems);
        append(state.problems, socket.bound.problems);
        append(state.problems, state.reachers[i].problems);
        open_socket(state, server, socket, state.reachers[i]);
    }
    if (listening.problems.empty()) return;
    // A port that is not known: would anybody have been let in by it?
    Socket wherever;
    wherever.bound = bound(m_view, state.endpoint->bind, server);
    const bool reached =
        !wherever.bound.is_loopback() && !m_flows.reachers(*state.endpoint, server, wherever).reached.empty();
    append(reached ? state.problems : state.harmless, listening.problems);
    if (reached) append(state.problems, listening.truth.problems);
}

void Decider::explain_closed(EndpointState& state, std::size_t server) const {
    const auto& listening = state.listening;
    state.because = listening.truth.because;
    const bool loopback =
        !listening.sockets.empty() && std::all_of(listening.sockets.begin(), listening.sockets.end(),
                                                  [](const Socket& socket) { return socket.bound.is_loopback(); });
    if (loopback) {
        const auto& because = listening.sockets.front().bound.because;
        append(state.because, because);
        state.closed_reason =
            because.empty() ? std::string("bound to loopback")
                            : fmt::format("bound to loopback: {} is {}", because.front().fact, because.front().value);
        return;
    }
    state.closed_reason = why_nobody(state, server);
}

/// It listens where others could reach it; why does nobody get in?
std::string Decider::why_nobody(const EndpointState& state, std::size_t server) const {
    std::string refused;
    bool for_admins = false;
    bool for_network = false;
    for (const auto& reachers : state.reachers) {
        if (refused.empty() && !reachers.refused.empty()) refused = reachers.refused.front();
        for (const auto& reached : reachers.reached) {
            for_admins = for_admins || reached.audience == to_string(Audience::admin);
            for_network = for_network || reached.audience != to_string(Audience::cluster);
        }
    }
    if (for_admins && m_view.policy().network(to_string(Audience::admin)) == nullptr) {
        return "it is for the admin networks, and the policy names none";
    }
    if (for_network) return "none of the networks that the policy lets in has an address in the families it listens on";
    const auto nobody =
        m_view.size() == 1 ? std::string("only other servers would use it, and there are none")
                           : fmt::format("no other server of the deployment connects to it on {}", m_view.name(server));
    return refused.empty() ? nobody : fmt::format("{}; not for the public: {}", nobody, refused);
}

/// Is it known that the endpoint exists: by the catalogue, the policy, or a listener that was seen on the server? What
/// nobody settled is moved from its sockets to the candidates, where only some of them were.
bool Decider::is_settled(EndpointState& state, std::size_t server) const {
    const auto& endpoint = *state.endpoint;
    if (endpoint.verified || m_view.policy().accepted_endpoints.contains(endpoint.id)) return true;
    std::vector<Socket> seen;
    for (auto& socket : state.listening.sockets) {
        if (auto because = live_evidence(m_view, endpoint, socket.port, server)) {
            socket.because.push_back(std::move(*because));
            seen.push_back(socket);
        } else {
            state.candidates.push_back(socket);
        }
    }
    state.is_candidate = seen.empty();
    if (state.is_candidate) return false;
    state.listening.sockets = std::move(seen);
    return true;
}

EndpointState Decider::decide(const Endpoint& endpoint, std::size_t server) const {
    EndpointState state;
    state.endpoint = &endpoint;
    state.listening = listening(m_evaluator, endpoint, server);
    const auto& truth = state.listening.truth;
    const auto& policy = m_view.policy();
    if (policy.close.contains(endpoint.id)) {
        state.closed_reason = "the policy closes it";
        state.because.push_back({"close", endpoint.id, std::string(zmi::to_string(zmi::Origin::policy)), {}});
    } else if (endpoint.dead || endpoint.audience == Audience::nobody) {
        state.closed_reason = endpoint.closed_because;
    } else if (truth.verdict == Verdict::no) {
        state.closed_reason = truth.reason;
        state.because = truth.because;
    } else if (endpoint.audience == Audience::loopback) {
        state.closed_reason = endpoint.closed_because;
        append(state.harmless, state.listening.problems);
    } else {
        if (!is_settled(state, server)) {
            find_reachers(state, server);
            state.closed_reason = endpoint.closed_because;
            state.because = truth.because;
            state.held_back = truth.verdict == Verdict::yes;
            return state;
        }
        find_reachers(state, server);
        open_sockets(state, server);
        if (state.open.empty()) explain_closed(state, server);
    }
    return state;
}

}  // namespace zmfw
