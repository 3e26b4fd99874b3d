#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <functional>
#include <map>
#include <plugin/plan/endpoint_traits.hpp>
#include <plugin/plan/filled.hpp>
#include <plugin/plan/findings.hpp>
#include <plugin/plan/remedy_text.hpp>
#include <set>
#include <zmintegration/local/prov_command.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

class FindingMaker {
public:
    FindingMaker(const Decider& decider, const std::vector<EndpointState>& states, std::size_t server)
        : m_decider(decider), m_view(decider.evaluator().view()), m_states(states), m_server(server) {}

    std::vector<Finding> all() {
        using Make = void (FindingMaker::*)(const FindingSpec&);
        static const std::map<std::string, Make, std::less<>> kinds = {
            {"condition", &FindingMaker::condition},
            {"bind-any", &FindingMaker::bind_any},
            {"public-address", &FindingMaker::public_address},
            {"loopback-but-needed", &FindingMaker::loopback_but_needed},
            {"static-list", &FindingMaker::static_list},
            {"admin-network-missing", &FindingMaker::admin_network_missing},
            {"port-conflict", &FindingMaker::port_conflict},
            {"ports-swapped", &FindingMaker::ports_swapped},
            {"only-loopback-address", &FindingMaker::only_loopback_address},
            {"name-resolves-to-loopback", &FindingMaker::name_resolves_to_loopback},
            {"unresolvable-name", &FindingMaker::unresolvable_name},
            {"installed-not-enabled", &FindingMaker::installed_not_enabled},
            {"invalid-value", &FindingMaker::invalid_value},
            {"remote-facts-assumed", &FindingMaker::remote_facts_assumed},
            {"file-unreadable", &FindingMaker::file_unreadable},
            {"master-cf-extra", &FindingMaker::master_cf_extra},
            {"sshd-unknown", &FindingMaker::sshd_unknown},
            {"sshd-unreadable", &FindingMaker::sshd_unreadable},
            {"admin-network-any", &FindingMaker::admin_network_any},
            {"unverified-endpoint", &FindingMaker::unverified_endpoint},
            {"closed-but-needed", &FindingMaker::closed_but_needed},
            {"mesh-port-wrong", &FindingMaker::mesh_port_wrong},
            {"unknown-host", &FindingMaker::unknown_host}};
        for (const auto& spec : m_view.catalogue().findings) {
            if (const auto kind = kinds.find(spec.kind); kind != kinds.end()) std::invoke(kind->second, this, spec);
        }
        std::sort(m_found.begin(), m_found.end(), [](const Finding& a, const Finding& b) {
            return std::tie(b.severity, a.id, a.text) < std::tie(a.severity, b.id, b.text);
        });
        m_found.erase(std::unique(m_found.begin(), m_found.end()), m_found.end());
        return std::move(m_found);
    }

private:
    void condition(const FindingSpec& spec);
    void bind_any(const FindingSpec& spec);
    void public_address(const FindingSpec& spec);
    void loopback_but_needed(const FindingSpec& spec);
    void static_list(const FindingSpec& spec);
    void admin_network_missing(const FindingSpec& spec);
    void port_conflict(const FindingSpec& spec);
    void ports_swapped(const FindingSpec& spec);
    void only_loopback_address(const FindingSpec& spec);
    void name_resolves_to_loopback(const FindingSpec& spec);
    void unresolvable_name(const FindingSpec& spec);
    void installed_not_enabled(const FindingSpec& spec);
    void invalid_value(const FindingSpec& spec);
    void remote_facts_assumed(const FindingSpec& spec);
    void file_unreadable(const FindingSpec& spec);
    void master_cf_extra(const FindingSpec& spec);
    void sshd_unknown(const FindingSpec& spec);
    void sshd_unreadable(const FindingSpec& spec);
    void admin_network_any(const FindingSpec& spec);
    void unverified_endpoint(const FindingSpec& spec);
    void closed_but_needed(const FindingSpec& spec);
    void mesh_port_wrong(const FindingSpec& spec);
    void unknown_host(const FindingSpec& spec);

    void report_swapped(const FindingSpec& spec, const PortPair& pair, std::size_t store, std::uint16_t store_port,
                        std::size_t front, std::optional<std::uint16_t> front_port);
    [[nodiscard]] std::vector<const zmi::FileListener*> unclaimed() const;
    [[nodiscard]] std::vector<const EndpointState*> occupants(const zmi::FileListener& listener) const;
    void conflict_between(const FindingSpec& spec, const EndpointState& a, const EndpointState& b);
    [[nodiscard]] const zmi::FileState* sshd_problem() const;
    [[nodiscard]] bool knows_sshd_port() const;
    void report(const FindingSpec& spec, Words words);
    [[nodiscard]] std::string own_address() const;
    [[nodiscard]] std::vector<const EndpointState*> listening(const FindingSpec& spec) const;
    [[nodiscard]] Words words_of(const EndpointState& state, const Socket& socket) const;
    [[nodiscard]] bool condition_holds(const FindingSpec& spec) const;
    [[nodiscard]] bool used_to_name_servers(FactKind kind, std::string_view name) const;

    const Decider& m_decider;
    const FactsView& m_view;
    const std::vector<EndpointState>& m_states;
    std::size_t m_server;
    std::vector<Finding> m_found;
};

void FindingMaker::report(const FindingSpec& spec, Words words) {
    words["server"] = m_view.name(m_server);
    words.emplace("address", own_address());
    Finding finding;
    finding.id = spec.id;
    finding.severity = spec.severity;
    finding.server = m_view.name(m_server);
    finding.text = filled(spec.text, words);
    add_remedies(spec.remedy, words, m_decider.evaluator(), m_server, finding);
    finding.accepted = m_view.policy().accepted_findings.contains(spec.id);
    m_found.push_back(std::move(finding));
}

/// The first address that others may reach, or a word that nobody takes for one.
std::string FindingMaker::own_address() const {
    const auto& addresses = m_view.addresses(m_server).addresses;
    const auto real = std::find_if(addresses.begin(), addresses.end(),
                                   [](const auto& one) { return one.is_of_a_host() && !one.is_loopback(); });
    return real != addresses.end() ? real->to_string() : std::string("ADDRESS");
}

/// Of the spec's endpoints, those that listen here.
std::vector<const EndpointState*> FindingMaker::listening(const FindingSpec& spec) const {
    std::vector<const EndpointState*> found;
    for (const auto& state : m_states) {
        const bool named =
            std::find(spec.endpoints.begin(), spec.endpoints.end(), state.endpoint->id) != spec.endpoints.end();
        if (named && state.listens()) found.push_back(&state);
    }
    return found;
}

Words FindingMaker::words_of(const EndpointState& state, const Socket& socket) const {
    return {{"endpoint", state.endpoint->id}, {"port", socket.port.to_string()}, {"title", state.endpoint->title}};
}

bool FindingMaker::condition_holds(const FindingSpec& spec) const {
    return m_decider.evaluator().about(spec.when, m_server).verdict == Verdict::yes;
}

void FindingMaker::condition(const FindingSpec& spec) {
    const auto truth = m_decider.evaluator().about(spec.when, m_server);
    if (truth.verdict != Verdict::yes) return;
    Words words;
    for (const auto& because : truth.because) {
        words["attribute"] = because.fact;
        words["value"] = plain(because.value);
    }
    for (const auto* state : listening(spec)) {
        for (const auto& socket : state->listening.sockets) words["each-port"] += socket.port.to_string() + " ";
    }
    report(spec, words);
}

void FindingMaker::bind_any(const FindingSpec& spec) {
    for (const auto* state : listening(spec)) {
        for (const auto& socket : state->listening.sockets) {
            if (socket.bound.any && !socket.bound.by_name && condition_holds(spec))
                report(spec, words_of(*state, socket));
        }
    }
}

void FindingMaker::public_address(const FindingSpec& spec) {
    for (const auto* state : listening(spec)) {
        for (const auto& socket : state->listening.sockets) {
            const auto& addresses = socket.bound.any ? m_view.addresses(m_server).addresses : socket.bound.addresses;
            for (const auto& address : addresses) {
                if (address.is_private() || address.is_loopback() || address.is_link_local()) continue;
                auto words = words_of(*state, socket);
                words["address"] = address.to_string();
                report(spec, words);
            }
        }
    }
}

void FindingMaker::loopback_but_needed(const FindingSpec& spec) {
    for (const auto* state : listening(spec)) {
        for (std::size_t i = 0; i < state->listening.sockets.size() && i < state->reachers.size(); ++i) {
            const auto& socket = state->listening.sockets[i];
            if (!socket.bound.is_loopback()) continue;
            std::vector<std::string> peers;
            for (const auto& reached : state->reachers[i].reached) {
                for (const auto peer : reached.peers) peers.push_back(m_view.name(peer));
            }
            if (peers.empty()) continue;
            auto words = words_of(*state, socket);
            words["peers"] = fmt::format("{}", fmt::join(peers, ", "));
            report(spec, words);
        }
    }
}

void FindingMaker::static_list(const FindingSpec& spec) {
    if (m_view.size() != 1) return;
    const auto opened = [&](std::uint16_t port) {
        return std::any_of(m_states.begin(), m_states.end(), [&](const EndpointState& state) {
            return std::any_of(state.open.begin(), state.open.end(), [&](const OpenPort& open) {
                return open.protocol == "tcp" && open.port.contains(port);
            });
        });
    };
    std::vector<std::uint16_t> spared;
    std::copy_if(spec.ports.begin(), spec.ports.end(), std::back_inserter(spared),
                 [&](auto port) { return !opened(port); });
    if (spared.empty()) return;
    report(spec, {{"spared", fmt::format("{}", fmt::join(spared, ", "))},
                  {"ports", fmt::format("{}", fmt::join(spec.ports, ", "))},
                  {"count", std::to_string(spec.ports.size())}});
}

void FindingMaker::admin_network_missing(const FindingSpec& spec) {
    if (m_view.policy().network(to_string(Audience::admin)) != nullptr) return;
    for (const auto& state : m_states) {
        const bool closed = m_view.policy().close.contains(state.endpoint->id);
        if (state.endpoint->audience != Audience::admin || !state.listens() || closed) continue;
        for (const auto& socket : state.listening.sockets) {
            if (!socket.bound.is_loopback()) report(spec, words_of(state, socket));
        }
    }
}

void FindingMaker::port_conflict(const FindingSpec& spec) {
    for (std::size_t a = 0; a < m_states.size(); ++a) {
        if (!is_real(m_states[a], m_view.policy())) continue;
        for (std::size_t b = a + 1; b < m_states.size(); ++b) {
            if (is_real(m_states[b], m_view.policy())) conflict_between(spec, m_states[a], m_states[b]);
        }
    }
    for (const auto* listener : unclaimed()) {
        for (const auto* state : occupants(*listener)) {
            report(spec, {{"endpoint", state->endpoint->id},
                          {"port", std::to_string(listener->port)},
                          {"other", fmt::format("the inet service in {}:{}", plain(listener->path), listener->line)}});
        }
    }
}

void FindingMaker::conflict_between(const FindingSpec& spec, const EndpointState& a, const EndpointState& b) {
    if (a.endpoint->protocol != b.endpoint->protocol || get_along(*a.endpoint, *b.endpoint)) return;
    for (const auto& first : a.listening.sockets) {
        for (const auto& second : b.listening.sockets) {
            if (first.port != second.port || !overlap(first.bound, second.bound)) continue;
            auto words = words_of(a, first);
            words["other"] = b.endpoint->id;
            report(spec, words);
        }
    }
}

/// The backend sits on the well-known port, and a front end of the deployment does not: clients reach mailboxd. Both
/// servers are told, as the rules of either would do harm.
void FindingMaker::ports_swapped(const FindingSpec& spec) {
    const auto port_of = [&](const std::string& id, std::size_t server) -> std::optional<std::uint16_t> {
        const auto found = zmfw::listening(m_decider.evaluator(), *m_view.catalogue().find(id), server);
        if (found.truth.verdict != Verdict::yes || found.sockets.empty()) return std::nullopt;
        return found.sockets.front().port.first;
    };
    for (const auto& pair : m_view.catalogue().pairs) {
        const auto own_backend = port_of(pair.backend, m_server);
        const auto own_front = port_of(pair.front, m_server);
        if (!own_backend && !own_front) continue;
        for (std::size_t server = 0; server < m_view.size(); ++server) {
            if (own_backend == pair.well_known)
                report_swapped(spec, pair, m_server, *own_backend, server, port_of(pair.front, server));
            if (server == m_server || !own_front || *own_front == pair.well_known) continue;
            if (const auto backend = port_of(pair.backend, server); backend == pair.well_known) {
                report_swapped(spec, pair, server, *backend, m_server, own_front);
            }
        }
    }
}

void FindingMaker::report_swapped(const FindingSpec& spec, const PortPair& pair, std::size_t store,
                                  std::uint16_t store_port, std::size_t front,
                                  std::optional<std::uint16_t> front_port) {
    if (!front_port || *front_port == pair.well_known) return;
    report(spec, {{"endpoint", pair.backend},
                  {"port", std::to_string(store_port)},
                  {"backend-server", m_view.name(store)},
                  {"front", pair.front},
                  {"front-port", std::to_string(*front_port)},
                  {"front-server", m_view.name(front)},
                  {"attribute", m_view.catalogue().find(pair.backend)->port.name},
                  {"front-attribute", m_view.catalogue().find(pair.front)->port.name}});
}

void FindingMaker::only_loopback_address(const FindingSpec& spec) {
    const auto& addresses = m_view.addresses(m_server).addresses;
    if (addresses.empty()) return;
    if (std::all_of(addresses.begin(), addresses.end(), [](const auto& address) { return address.is_loopback(); })) {
        report(spec, {{"host", m_view.host_name(m_server)}, {"address", addresses.front().to_string()}});
    }
}

void FindingMaker::name_resolves_to_loopback(const FindingSpec& spec) {
    const auto& addresses = m_view.addresses(m_server).addresses;
    const auto loopback =
        std::find_if(addresses.begin(), addresses.end(), [](const auto& one) { return one.is_loopback(); });
    const auto other =
        std::find_if(addresses.begin(), addresses.end(), [](const auto& one) { return !one.is_loopback(); });
    if (loopback == addresses.end() || other == addresses.end()) return;
    report(spec,
           {{"host", m_view.host_name(m_server)}, {"value", loopback->to_string()}, {"address", other->to_string()}});
}

void FindingMaker::unresolvable_name(const FindingSpec& spec) {
    const auto& resolution = m_view.addresses(m_server);
    if (resolution.addresses.empty()) {
        report(spec, {{"host", plain(m_view.host_name(m_server))}, {"problem", plain(resolution.problem)}});
    }
}

void FindingMaker::installed_not_enabled(const FindingSpec& spec) {
    const auto installed = m_view.attribute(m_server, m_view.catalogue().services_installed);
    std::set<std::string> idle;
    for (const auto& service : installed.values) {
        if (!m_view.has_service(m_server, service)) idle.insert(plain(service));
    }
    if (!idle.empty()) report(spec, {{"services", fmt::format("{}", fmt::join(idle, ", "))}});
}

void FindingMaker::invalid_value(const FindingSpec& spec) {
    for (const auto& state : m_states) {
        if (state.listening.truth.verdict == Verdict::no) continue;
        for (const auto& problem : state.harmless) {
            const bool local = m_view.catalogue().localconfig.contains(problem.subject);
            report(spec, {{"attribute", problem.subject},
                          {"problem", problem.text},
                          {"endpoint", state.endpoint->id},
                          {"command", local ? fmt::format("zmlocalconfig {}", problem.subject)
                                            : fmt::format("{} gs {} {}", zmi::prov_command(m_view.catalogue().product),
                                                          m_view.name(m_server), problem.subject)}});
        }
    }
}

void FindingMaker::remote_facts_assumed(const FindingSpec& spec) {
    std::set<std::string> facts;
    for (const auto& state : m_states) {
        // Only what opened something, or keeps closed what would be opened otherwise, is worth telling.
        const bool never = state.endpoint->dead || state.endpoint->audience == Audience::loopback ||
                           state.endpoint->audience == Audience::nobody;
        if (never || m_view.local(m_server) != nullptr) continue;
        if (!is_vouched_for(*state.endpoint, m_view.policy())) continue;
        if (state.listening.truth.verdict != Verdict::no) {
            facts.insert(state.listening.assumed.begin(), state.listening.assumed.end());
        }
        facts.insert(state.listening.truth.assumed.begin(), state.listening.truth.assumed.end());
    }
    if (!facts.empty()) report(spec, {{"facts", fmt::format("{}", fmt::join(facts, ", "))}});
}

void FindingMaker::file_unreadable(const FindingSpec& spec) {
    const auto* local = m_view.local(m_server);
    if (local == nullptr) return;
    std::set<std::string> needed;
    for (const auto& state : m_states) {
        if (state.listening.truth.verdict == Verdict::no) continue;
        if (!state.endpoint->port.file.empty()) needed.insert(state.endpoint->port.file);
        if (!state.endpoint->bind.setting_file.empty()) needed.insert(state.endpoint->bind.setting_file);
    }
    for (const auto& [key, file] : local->files) {
        // A file of settings that is not there is as good as one that sets nothing.
        const bool fine = file.problem.empty() || (file.problem == zmi::k_no_such_file && !is_own_file(key));
        if (!fine && needed.contains(key)) {
            report(spec, {{"file", plain(file.path)}, {"problem", plain(file.problem)}});
        }
    }
}

/// Inet services of a configuration file that no endpoint of the catalogue stands for.
std::vector<const zmi::FileListener*> FindingMaker::unclaimed() const {
    std::vector<const zmi::FileListener*> found;
    const auto* local = m_view.local(m_server);
    if (local == nullptr) return found;
    std::set<std::pair<std::string, std::string>> known;  // file, service
    std::set<std::string> files;
    for (const auto& state : m_states) {
        if (state.endpoint->port.kind != PortSource::Kind::file) continue;
        files.insert(state.endpoint->port.file);
        for (const auto& name : state.endpoint->port.names) known.emplace(state.endpoint->port.file, name);
    }
    for (const auto& listener : local->listeners) {
        const auto host = zmi::parse_host(listener.address);
        const bool loopback = host && host->is_loopback();
        if (files.contains(listener.file) && !known.contains({listener.file, listener.service}) && !loopback) {
            found.push_back(&listener);
        }
    }
    return found;
}

void FindingMaker::master_cf_extra(const FindingSpec& spec) {
    for (const auto* listener : unclaimed()) {
        if (!occupants(*listener).empty()) continue;
        report(spec, {{"port", listener->port == 0 ? "PORT" : std::to_string(listener->port)},
                      {"value", plain(listener->service)},
                      {"file", fmt::format("{}:{}", plain(listener->path), listener->line)},
                      {"address", listener->address.empty() ? "all addresses" : plain(listener->address)}});
    }
}

/// The endpoints that listen on the port of such a service already.
std::vector<const EndpointState*> FindingMaker::occupants(const zmi::FileListener& listener) const {
    std::vector<const EndpointState*> found;
    for (const auto& state : m_states) {
        if (!is_real(state, m_view.policy()) || state.endpoint->protocol != "tcp") continue;
        const bool taken = std::any_of(
            state.listening.sockets.begin(), state.listening.sockets.end(),
            [&](const Socket& socket) { return socket.port.contains(listener.port) && !socket.bound.is_loopback(); });
        if (taken) found.push_back(&state);
    }
    return found;
}

/// Why the ports of sshd are not fully known; nothing where the policy tells them or we are not on the node.
const zmi::FileState* FindingMaker::sshd_problem() const {
    const auto* local = m_view.local(m_server);
    const auto* policy = m_view.policy_facts(m_server);
    if (local == nullptr || (policy != nullptr && !policy->sshd_ports.empty())) return nullptr;
    const auto state = local->files.find("sshd_config");
    return state == local->files.end() || state->second.problem.empty() ? nullptr : &state->second;
}

bool FindingMaker::knows_sshd_port() const {
    const auto& listeners = m_view.local(m_server)->listeners;
    return std::any_of(listeners.begin(), listeners.end(), [](const auto& one) { return one.file == "sshd_config"; });
}

void FindingMaker::sshd_unknown(const FindingSpec& spec) {
    const auto* file = sshd_problem();
    if (file == nullptr || !(knows_sshd_port() || file->problem == zmi::k_no_such_file)) return;
    report(spec, {{"file", plain(file->path)}, {"problem", plain(file->problem)}});
}

/// The file is there and we know nothing of it: rules made now could cut the administrator's own way in.
void FindingMaker::sshd_unreadable(const FindingSpec& spec) {
    const auto* file = sshd_problem();
    if (file == nullptr || knows_sshd_port() || file->problem == zmi::k_no_such_file) return;
    report(spec, {{"file", plain(file->path)}, {"problem", plain(file->problem)}});
}

void FindingMaker::admin_network_any(const FindingSpec& spec) {
    const auto* network = m_view.policy().network(to_string(Audience::admin));
    if (network == nullptr) return;
    const bool any = std::any_of(network->begin(), network->end(), [](const zmi::Cidr& cidr) { return cidr.is_any(); });
    for (const auto& state : m_states) {
        const bool opened = std::any_of(state.open.begin(), state.open.end(), [](const OpenPort& open) {
            return open.audience == to_string(Audience::admin);
        });
        if (any && opened) report(spec, words_of(state, state.listening.sockets.front()));
    }
}

void FindingMaker::unverified_endpoint(const FindingSpec& spec) {
    for (const auto& state : m_states) {
        const bool wanted = std::any_of(state.reachers.begin(), state.reachers.end(),
                                        [](const Reachers& reachers) { return !reachers.reached.empty(); });
        if (!state.held_back || !wanted) continue;
        const auto port = state.listening.sockets.empty() ? state.endpoint->default_port
                                                          : state.listening.sockets.front().port.to_string();
        report(spec, {{"endpoint", state.endpoint->id},
                      {"port", port},
                      {"title", state.endpoint->title},
                      {"reason", state.closed_reason}});
    }
}

/// The policy closes what other servers need to work with this one.
void FindingMaker::closed_but_needed(const FindingSpec& spec) {
    for (const auto* state : listening(spec)) {
        if (!m_view.policy().close.contains(state->endpoint->id)) continue;
        for (const auto& socket : state->listening.sockets) {
            std::vector<std::string> peers;
            for (const auto& reached : m_decider.flows().reachers(*state->endpoint, m_server, socket).reached) {
                for (const auto peer : reached.peers) peers.push_back(m_view.name(peer));
            }
            if (peers.empty()) continue;
            auto words = words_of(*state, socket);
            words["peers"] = fmt::format("{}", fmt::join(peers, ", "));
            report(spec, words);
        }
    }
}

/// A file of the node registers a service with another port than the one where it listens.
void FindingMaker::mesh_port_wrong(const FindingSpec& spec) {
    const auto* local = m_view.local(m_server);
    if (local == nullptr) return;
    for (const auto* state : listening(spec)) {
        const auto components = components_in(state->endpoint->listens);
        for (const auto& service : local->mesh) {
            const bool own = std::any_of(components.begin(), components.end(), [&](const std::string& id) {
                const auto& names = m_view.catalogue().components.find(id)->second.mesh;
                return std::find(names.begin(), names.end(), service.name) != names.end();
            });
            const auto& sockets = state->listening.sockets;
            const bool right = std::any_of(sockets.begin(), sockets.end(),
                                           [&](const Socket& socket) { return socket.port.contains(service.port); });
            if (!own || right || service.port == 0 || sockets.empty()) continue;
            auto words = words_of(*state, sockets.front());
            words["value"] = plain(service.name);
            words["registered"] = std::to_string(service.port);
            words["file"] = fmt::format("{}:{}", plain(service.path), service.line);
            report(spec, words);
        }
    }
}

/// Is the fact one by which servers are found, anywhere in the catalogue?
bool FindingMaker::used_to_name_servers(FactKind kind, std::string_view name) const {
    const auto uses = [&](const Condition& condition) { return names_servers_by(condition, kind, name); };
    const auto& catalogue = m_view.catalogue();
    return std::any_of(catalogue.flows.begin(), catalogue.flows.end(),
                       [&](const Flow& flow) {
                           return std::any_of(flow.reaches.begin(), flow.reaches.end(), [&](const Flow::Reach& reach) {
                               return uses(reach.pair) || uses(reach.to_when);
                           });
                       }) ||
           std::any_of(catalogue.roles.begin(), catalogue.roles.end(),
                       [&](const auto& role) { return uses(role.second.members); }) ||
           std::any_of(catalogue.endpoints.begin(), catalogue.endpoints.end(),
                       [&](const Endpoint& endpoint) { return uses(endpoint.listens); });
}

/// It names a host that is no server we know: an alias, perhaps, and then a rule is missing somewhere.
void FindingMaker::unknown_host(const FindingSpec& spec) {
    const auto check = [&](FactKind kind, const std::string& name) {
        if (!used_to_name_servers(kind, name)) return;
        for (const auto& value : m_view.fact(m_server, kind, name).values) {
            for (const auto word : zmi::split_words(value)) {
                const auto authority = zmi::parse_authority(word);
                if (!authority.host || authority.host->is_loopback() || m_view.names_any(*authority.host)) continue;
                report(spec, {{"attribute", name}, {"value", plain(value)}, {"host", authority.host->text}});
            }
        }
    };
    for (const auto& [name, attribute] : m_view.catalogue().attributes) check(FactKind::attribute, name);
    for (const auto& [name, key] : m_view.catalogue().localconfig) check(FactKind::localconfig, name);
}

}  // namespace

std::vector<Finding> find_findings(const Decider& decider, const std::vector<EndpointState>& states,
                                   std::size_t server) {
    return FindingMaker(decider, states, server).all();
}

}  // namespace zmfw
