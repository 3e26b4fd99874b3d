#include <fmt/format.h>
#include <algorithm>
#include <plugin/plan/append.hpp>
#include <plugin/plan/digest.hpp>
#include <plugin/plan/outbound.hpp>
#include <plugin/plan/policy_port.hpp>
#include <tuple>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

constexpr const char* k_outside = "outside";

std::vector<zmi::Cidr> anybody() {
    return {zmi::any_cidr(zmi::Family::ipv4), zmi::any_cidr(zmi::Family::ipv6)};
}

std::string origin_text(zmi::Origin origin) {
    return std::string(zmi::to_string(origin));
}

template <class T>
void add_once(std::vector<T>& list, const T& value) {
    if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(value);
}

/// "[relay.example.net]:587", with which postfix is told not to look for an MX, as "relay.example.net:587".
std::string without_brackets(std::string_view value) {
    const auto end = value.find(']');
    const bool name = value.starts_with('[') && end != std::string_view::npos &&
                      value.substr(0, end).find(':') == std::string_view::npos;
    return name ? fmt::format("{}{}", value.substr(1, end - 1), value.substr(end + 1)) : std::string(value);
}

/// Where an <egress> leads: addresses, each with its port where the fact names one.
struct Destinations {
    std::map<std::uint16_t, std::vector<zmi::Cidr>> by_port;
    std::map<std::uint16_t, std::vector<std::string>> names;  ///< of hosts that a rule cannot hold, and of servers
    std::vector<Because> because;
    std::vector<Problem> problems;
    bool loopback_only = false;  ///< there are some, and all are this node itself
};

/// Reads the <to> of one egress for one server.
class DestinationReader {
public:
    DestinationReader(const FactsView& view, const Egress& egress, std::size_t server)
        : m_view(view), m_egress(egress), m_server(server), m_ports(egress.ports) {}

    Destinations read() {
        if (!m_egress.port_fact.empty()) read_port();
        if (!m_egress.file.empty()) {
            read_file();
        } else if (!m_egress.fact_name.empty()) {
            read_fact();
        } else {
            add_any({});
        }
        return std::move(m_found);
    }

private:
    void read_port() {
        const auto fact = m_view.attribute(m_server, m_egress.port_fact);
        const auto port = fact.is_set() ? zmi::parse_port(fact.values.front()) : std::nullopt;
        if (port) {
            m_ports = {*port};
            m_found.because.push_back(because_of(m_view, m_server, fact));
        } else if (fact.is_set()) {
            m_found.problems.push_back(bad_value(m_view, m_server, fact, fact.values.front(), "no port (1 to 65535)"));
        }
    }

    /// Where nothing is left of the addresses, because all are loopback or there are none, it is anybody's guess.
    void read_file() {
        const auto* local = m_view.local(m_server);
        const auto state = local == nullptr ? std::map<std::string, zmi::FileState>::const_iterator()
                                            : local->files.find(m_egress.file);
        if (local == nullptr || state == local->files.end()) return add_any({});
        if (!state->second.problem.empty() && state->second.problem != zmi::k_no_such_file) {
            m_found.problems.push_back(
                {m_view.name(m_server), m_egress.file,
                 fmt::format("whom {} connects to for {} is not known: {}: {}", m_view.name(m_server), m_egress.id,
                             state->second.path, state->second.problem)});
            return;
        }
        const auto setting = state->second.settings.find(m_egress.setting);
        const auto text = setting == state->second.settings.end() ? std::string() : setting->second;
        m_found.because.push_back({fmt::format("{} of {}", m_egress.setting, state->second.path),
                                   text.empty() ? "(unset)" : text,
                                   origin_text(zmi::Origin::file),
                                   {}});
        for (const auto word : zmi::split_words(text)) {
            if (const auto address = zmi::parse_address(word)) add_address(*address, m_ports);
        }
        if (!m_found.by_port.empty()) return;
        m_found.loopback_only = m_skipped;
        if (!m_skipped || m_egress.behind.empty() || !m_view.has_service(m_server, m_egress.behind)) add_any({});
    }

    void read_fact() {
        const auto fact = m_view.fact(m_server, m_egress.fact, m_egress.fact_name);
        if (!fact.is_set()) return add_any({});
        for (const auto& value : fact.values) {
            // zimbraDNSMasterIP is one value of several words on some systems.
            for (const auto word : zmi::split_words(value)) read_value(fact, word);
        }
        m_found.loopback_only = m_found.by_port.empty() && m_skipped;
    }

    void read_value(const Fact& fact, std::string_view value) {
        const auto shown = zmi::without_credentials(value);
        const auto authority = zmi::parse_authority(without_brackets(value));
        if (!authority.host || authority.port_is_bad) {
            m_found.problems.push_back(bad_value(m_view, m_server, fact, shown, "no host (HOST, HOST:PORT or a URL)"));
            return;
        }
        m_found.because.push_back(because_of(m_view, m_server, fact, shown));
        const auto ports = authority.port ? std::vector<std::uint16_t>{*authority.port} : m_ports;
        const auto& host = *authority.host;
        if (host.is_loopback() || m_view.names(host, m_server)) {
            m_skipped = true;
        } else if (m_view.names_any(host)) {
            add_server(host, ports);
        } else if (host.address) {
            add_address(*host.address, ports);
        } else {
            for (const auto port : ports) add_once(m_found.names[port], host.text);
            add_any(ports);
        }
    }

    void add_server(const zmi::Host& host, const std::vector<std::uint16_t>& ports) {
        for (std::size_t peer = 0; peer < m_view.size(); ++peer) {
            if (!m_view.names(host, peer)) continue;
            for (const auto port : ports) add_once(m_found.names[port], m_view.name(peer));
            if (host.address) {
                add_address(*host.address, ports);
                continue;
            }
            const auto& addresses = m_view.addresses(peer);
            for (const auto& address : addresses.addresses) add_address(address, ports);
            if (!addresses.addresses.empty()) continue;
            m_found.problems.push_back({m_view.name(peer), "address",
                                        fmt::format("{} needs the address of the server {}: {}", m_egress.id,
                                                    m_view.name(peer), addresses.problem)});
        }
    }

    void add_address(const zmi::IpAddress& address, const std::vector<std::uint16_t>& ports) {
        if (address.is_loopback() || address.is_unspecified()) {
            m_skipped = true;
            return;
        }
        for (const auto port : ports) m_found.by_port[port].push_back(zmi::host_cidr(address));
    }

    void add_any(std::vector<std::uint16_t> ports) {
        if (ports.empty()) ports = m_ports;
        for (const auto port : ports) append(m_found.by_port[port], anybody());
    }

    const FactsView& m_view;
    const Egress& m_egress;
    std::size_t m_server;
    std::vector<std::uint16_t> m_ports;
    bool m_skipped = false;  ///< a destination that is this node itself
    Destinations m_found;
};

std::string reason_id(std::string_view server, const OpenPort& out) {
    return "r" + sha256_hex(fmt::format("{}|out|{}|{}|{}|{}", server, out.endpoint, out.protocol, out.port.to_string(),
                                        out.audience))
                     .substr(0, 8);
}

bool less(const OpenPort& a, const OpenPort& b) {
    return std::tie(a.protocol, a.port, a.endpoint, a.audience, a.sources) <
           std::tie(b.protocol, b.port, b.endpoint, b.audience, b.sources);
}

}  // namespace

OutboundFinder::OutboundFinder(const Decider& decider)
    : m_view(decider.evaluator().view()),
      m_evaluator(decider.evaluator()),
      m_states(m_view.size()),
      m_ways(m_view.size()),
      m_problems(m_view.size()) {
    for (std::size_t listener = 0; listener < m_view.size(); ++listener) {
        auto& states = m_states[listener];
        for (const auto& endpoint : m_view.catalogue().endpoints) states.push_back(decider.decide(endpoint, listener));
        for (const auto& state : states) {
            for (std::size_t i = 0; i < state.reachers.size(); ++i) {
                for (const auto& reached : state.reachers[i].reached) {
                    for (const auto client : reached.peers) {
                        if (client == listener) continue;
                        m_ways[client].push_back({listener, &state, i, &reached});
                        add_problems(client, state);
                    }
                }
            }
            // A port that is not known: whoever would have been let in by it is not known either.
            if (state.problems.empty() || !state.listening.sockets.empty()) continue;
            for (std::size_t client = 0; client < m_view.size(); ++client) add_problems(client, state);
        }
    }
}

/// The address of a client is the listener's affair; that of the listener is looked for in add_way.
void OutboundFinder::add_problems(std::size_t client, const EndpointState& state) {
    for (const auto& problem : state.problems) {
        if (problem.subject != "address") m_problems[client].insert(problem);
    }
}

void OutboundFinder::add_to(ServerPlan& plan, std::size_t server) const {
    plan.outbound.emplace();
    append(plan.problems, std::vector<Problem>(m_problems[server].begin(), m_problems[server].end()));
    add_peers(plan, server);
    for (const auto& egress : m_view.catalogue().egress) add_egress(plan, server, egress);
    add_policy(plan);
    for (auto& out : *plan.outbound) {
        out.sources = zmi::merge(std::move(out.sources));
        std::sort(out.peers.begin(), out.peers.end());
        out.peers.erase(std::unique(out.peers.begin(), out.peers.end()), out.peers.end());
    }
    std::sort(plan.outbound->begin(), plan.outbound->end(), less);
}

void OutboundFinder::add_peers(ServerPlan& plan, std::size_t server) const {
    Entries entries;
    for (const auto& way : m_ways[server]) add_way(plan, server, way, entries);
    for (auto& [key, entry] : entries) plan.outbound->push_back(std::move(entry));
}

/// Ways to the same endpoint and port of several peers are one entry.
void OutboundFinder::add_way(ServerPlan& plan, std::size_t server, const Way& way, Entries& entries) const {
    const auto& socket = way.state->listening.sockets[way.socket];
    const auto lets_in = [&](const OpenPort& open) { return open.port == socket.port; };
    if (std::none_of(way.state->open.begin(), way.state->open.end(), lets_in)) return;
    const auto& addresses = m_view.addresses(way.listener);
    if (addresses.addresses.empty()) {
        plan.problems.push_back(
            {m_view.name(way.listener), "address",
             fmt::format("{} connects to {} of its peer {} ({}): {}", plan.name, way.state->endpoint->id,
                         m_view.name(way.listener), m_view.host_name(way.listener), addresses.problem)});
        return;
    }
    const auto destinations = addresses_of(way, server);
    if (destinations.empty()) return;
    auto& entry = entries[{way.state->endpoint, socket.port}];
    append(entry.sources, destinations);
    entry.peers.push_back(m_view.name(way.listener));
    // Of the facts, what all peers share: the flow.
    for (const auto& because : way.reached->because) {
        if (because.fact.starts_with("flow ")) add_once(entry.because, because);
    }
    if (!entry.reason.empty()) return;
    entry.endpoint = way.state->endpoint->id;
    entry.title = way.state->endpoint->title;
    entry.protocol = way.state->endpoint->protocol;
    entry.port = socket.port;
    entry.audience = to_string(Audience::cluster);
    entry.reason = reason_id(plan.name, entry);
    for (auto because : socket.because) {
        if (because.server.empty()) because.server = m_view.name(way.listener);
        add_once(entry.because, because);
    }
}

/// The listener's addresses in the families that the socket and the client have.
std::vector<zmi::Cidr> OutboundFinder::addresses_of(const Way& way, std::size_t server) const {
    const auto& bound = way.state->listening.sockets[way.socket].bound;
    const auto& own = m_view.addresses(server).addresses;
    const auto has = [&](zmi::Family family) {
        return own.empty() || std::any_of(own.begin(), own.end(), [&](const auto& a) { return a.family == family; });
    };
    std::vector<zmi::Cidr> destinations;
    for (const auto& address : bound.addresses.empty() ? m_view.addresses(way.listener).addresses : bound.addresses) {
        const bool listens = address.family == zmi::Family::ipv4 ? bound.ipv4 : bound.ipv6;
        if (listens && has(address.family) && !address.is_loopback()) destinations.push_back(zmi::host_cidr(address));
    }
    return destinations;
}

void OutboundFinder::add_egress(ServerPlan& plan, std::size_t server, const Egress& egress) const {
    const auto& policy = m_view.policy();
    const auto close = [&](std::string why, std::vector<Because> because) {
        for (const auto port : egress.ports) {
            plan.outbound_closed.push_back(
                {egress.id, egress.title, egress.protocol, one_port(port), why, because, false, {}});
        }
    };
    if (policy.close.contains(egress.id))
        return close("the policy closes it", {{"close", egress.id, origin_text(zmi::Origin::policy), {}}});
    const auto when = m_evaluator.about(egress.when, server);
    append(plan.problems, when.problems);
    if (when.verdict != Verdict::yes) return;
    if (!egress.verified && !policy.accepted_endpoints.contains(egress.id))
        return close(egress.closed_because, when.because);
    auto found = DestinationReader(m_view, egress, server).read();
    append(plan.problems, found.problems);
    for (auto& [port, destinations] : found.by_port) {
        OpenPort out;
        out.endpoint = egress.id;
        out.title = egress.title;
        out.protocol = egress.protocol;
        out.port = {port, port};
        out.audience = k_outside;
        out.sources = std::move(destinations);
        out.peers = found.names[port];
        append(out.because, when.because);
        append(out.because, found.because);
        if (out.because.empty())
            out.because.push_back({"egress " + egress.id, egress.title, origin_text(zmi::Origin::catalogue), {}});
        out.reason = reason_id(plan.name, out);
        plan.outbound->push_back(std::move(out));
    }
}

void OutboundFinder::add_policy(ServerPlan& plan) const {
    const auto& policy = m_view.policy();
    for (const auto& egress : policy.egress) {
        if (egress.server.empty() || egress.server == plan.name)
            plan.outbound->push_back(egress_port(policy, egress, plan.name));
    }
}

}  // namespace zmfw
