#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <plugin/plan/listener.hpp>
#include <set>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

using Kind = PortSource::Kind;

/// "5222", "20000-40000", "127.78.0.18:10000", "[::]:9090" or ":9090"; in quotes or not.
std::optional<PortRange> port_of_setting(std::string_view value) {
    value = unquoted(value);
    if (const auto range = parse_port_range(value)) return range;
    const auto colon = value.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto host = value.substr(0, colon);
    const bool fits = host.empty() || host == "*" ||
                      (zmi::parse_host(host) && (host.find(':') == std::string_view::npos || host.front() == '['));
    const auto port = zmi::parse_port(value.substr(colon + 1));
    return fits && port ? std::optional(one_port(*port)) : std::nullopt;
}

/// Sockets of one endpoint on one server, source of port by source of port.
class SocketReader {
public:
    SocketReader(const Evaluator& evaluator, const Endpoint& endpoint, std::size_t server, Listening& into)
        : m_view(evaluator.view()), m_endpoint(endpoint), m_port(endpoint.port), m_server(server), m_into(into) {}

    void read();

private:
    void add(PortRange port, std::vector<Because> because) { add(port, std::move(because), own_bound()); }
    void add(PortRange port, std::vector<Because> because, Bound bound);
    void add_fact(const Fact& fact);
    [[nodiscard]] Bound own_bound() const { return bound(m_view, m_endpoint.bind, m_server); }
    [[nodiscard]] bool overridden();
    void from_url_attribute();
    void from_own_urls();
    void from_urls_of_others();
    void add_url(const Fact& fact, std::string_view url);
    void from_file();
    void add_file_listener(const zmi::FileListener& listener);
    void from_sshd();
    void from_setting();
    void from_mesh();
    void from_default(std::string_view what);
    void add_live();
    void from_packaged_ports(zmi::Origin origin);

    const FactsView& m_view;
    const Endpoint& m_endpoint;
    const PortSource& m_port;
    std::size_t m_server;
    Listening& m_into;
};

void SocketReader::add(PortRange port, std::vector<Because> because, Bound bound) {
    const auto same = [&](const Socket& other) {
        return other.port == port && other.bound.any == bound.any && other.bound.addresses == bound.addresses;
    };
    if (std::any_of(m_into.sockets.begin(), m_into.sockets.end(), same)) return;
    m_into.sockets.push_back({port, std::move(bound), std::move(because)});
}

void SocketReader::add_fact(const Fact& fact) {
    if (fact.assumed) m_into.assumed.push_back(fmt::format("{} of {}", fact.name, m_view.name(m_server)));
    const auto port = fact.values.size() == 1 ? zmi::parse_port(fact.values.front()) : std::nullopt;
    if (port) return add(one_port(*port), {because_of(m_view, m_server, fact)});
    m_into.problems.push_back(bad_value(m_view, m_server, fact, fact.joined(), "port (1 to 65535)"));
}

/// A localconfig key that is set and not 0 wins over the attribute.
bool SocketReader::overridden() {
    if (m_port.overriding_key.empty()) return false;
    const auto fact = m_view.localconfig(m_server, m_port.overriding_key);
    if (!fact.is_set() || fact.values.front() == "0") return false;
    add_fact(fact);
    return true;
}

void SocketReader::from_packaged_ports(zmi::Origin origin) {
    for (const auto port : m_port.constants) {
        add(port, {{"port", port.to_string(), std::string(zmi::to_string(origin)), {}}});
    }
}

void SocketReader::from_url_attribute() {
    for (std::size_t client = 0; client < m_view.size(); ++client) {
        const auto fact = m_view.attribute(client, m_port.name);
        for (const auto port : ports_named_by(m_view, client, m_port.name, m_server, m_port.constants)) {
            auto because = because_of(m_view, client, fact);
            if (client != m_server) because.server = m_view.name(client);
            add(one_port(port), {because});
        }
    }
    if (m_into.sockets.empty()) from_packaged_ports(zmi::Origin::catalogue);
}

void SocketReader::add_url(const Fact& fact, std::string_view url) {
    const auto authority = zmi::parse_authority(url);
    const auto& others = m_port.other_schemes;
    if (std::find(others.begin(), others.end(), authority.scheme) != others.end()) return;
    if (authority.scheme != m_port.scheme) {
        m_into.problems.push_back(bad_value(m_view, m_server, fact, url,
                                            fmt::format("{}:// URL ({})", m_port.scheme, fmt::join(others, ", "))));
        return;
    }
    const bool wildcard = authority.host_text.empty() || authority.host_text == "*";
    if (authority.port_is_bad || !authority.port || (!wildcard && !authority.host)) {
        m_into.problems.push_back(bad_value(m_view, m_server, fact, url, "URL with a host and a port"));
        return;
    }
    BindSource bind = m_endpoint.bind;
    bind.attribute.clear();
    bind.localconfig.clear();
    Bound at = bound(m_view, bind, m_server);
    const auto address = authority.host ? authority.host->address : std::nullopt;
    if (address && !address->is_unspecified()) {
        at = bound_to(*address);
    } else if (!address && !wildcard && authority.host->is_loopback()) {
        at = Bound{};
    }
    add(one_port(*authority.port), {because_of(m_view, m_server, fact, std::string(url))}, std::move(at));
}

/// The first key names all URLs to bind; of the others only the first URL counts.
void SocketReader::from_own_urls() {
    for (std::size_t i = 0; i < m_port.names.size(); ++i) {
        const auto fact = m_view.localconfig(m_server, m_port.names[i]);
        const auto urls = fact.is_set() ? zmi::split_words(fact.values.front()) : std::vector<std::string_view>{};
        if (urls.empty()) continue;
        for (std::size_t url = 0; url < (i == 0 ? urls.size() : 1); ++url) add_url(fact, urls[url]);
        if (m_into.sockets.empty() && m_into.problems.empty() && m_into.truth.verdict != Verdict::no) {
            m_into.truth = {Verdict::no,
                            {because_of(m_view, m_server, fact)},
                            fmt::format("{} has no {}:// URL", m_port.names[i], m_port.scheme),
                            {},
                            {}};
        }
        return;
    }
    const auto keys = fmt::format("{}", fmt::join(m_port.names, ", "));
    m_into.problems.push_back({m_view.name(m_server), keys,
                               fmt::format("none of {} is set in localconfig.xml of {}", keys, m_view.name(m_server))});
}

/// We are not on that node: what this node's own URLs say of it.
void SocketReader::from_urls_of_others() {
    bool named = false;
    for (const auto& [node, facts] : m_view.inventory().local) {
        for (const auto& name : m_port.names) {
            const auto found = facts.localconfig.find(name);
            if (found == facts.localconfig.end()) continue;
            Fact fact{name, {found->second}, zmi::Origin::localconfig, false};
            for (const auto url : zmi::split_words(found->second)) {
                const auto authority = zmi::parse_authority(url);
                if (!authority.host || !m_view.names(*authority.host, m_server)) continue;
                named = true;
                if (authority.scheme == m_port.scheme && authority.port) {
                    auto because = because_of(m_view, m_server, fact, std::string(url));
                    because.server = node;
                    add(one_port(*authority.port), {because});
                }
            }
        }
    }
    if (!named) {
        const auto keys = fmt::format("{}", fmt::join(m_port.names, ", "));
        m_into.problems.push_back(
            {m_view.name(m_server), keys,
             fmt::format(
                 "where {} listens on {} is only known there ({}), and no URL of this node names it: run zmfirewall "
                 "on it, or give <server name=\"{}\"><local name=\"{}\">...</local></server> in the policy",
                 m_endpoint.id, m_view.name(m_server), keys, m_view.name(m_server), m_port.names.front())});
    } else if (m_into.sockets.empty() && m_into.truth.verdict != Verdict::no) {
        m_into.truth = {Verdict::no, {}, fmt::format("no {}:// URL names this server", m_port.scheme), {}, {}};
    }
}

void SocketReader::add_file_listener(const zmi::FileListener& listener) {
    Because because{fmt::format("{}:{}", listener.path, listener.line),
                    fmt::format("{} inet", listener.service),
                    std::string(zmi::to_string(zmi::Origin::file)),
                    {}};
    const auto host = zmi::parse_host(listener.address);
    const bool unknown_name = !listener.address.empty() &&
                              (!host || !(host->address || host->is_loopback() || m_view.names(*host, m_server)));
    if (listener.port == 0 || unknown_name) {
        m_into.problems.push_back(
            {m_view.name(m_server), because.fact,
             fmt::format("{} of {}: the inet service {} {} names no port or address of this server", because.fact,
                         m_view.name(m_server), zmi::quoted(listener.address), zmi::quoted(listener.service))});
        return;
    }
    if (!host) return add(one_port(listener.port), {std::move(because)});
    Bound at;
    if (host->address && host->address->is_unspecified()) {
        // postfix and sshd ask for IPv6 alone on such a socket.
        at.any = true;
        (host->address->family == zmi::Family::ipv4 ? at.ipv4 : at.ipv6) = true;
    } else if (host->address) {
        at = bound_to(*host->address);
    } else if (!host->is_loopback()) {
        BindSource bind;
        bind.families = m_endpoint.bind.families;
        at = bound(m_view, bind, m_server);
    }
    add(one_port(listener.port), {std::move(because)}, std::move(at));
}

void SocketReader::from_file() {
    const auto* local = m_view.local(m_server);
    const auto state = local == nullptr ? nullptr : [&]() -> const zmi::FileState* {
        const auto found = local->files.find(m_port.file);
        return found == local->files.end() ? nullptr : &found->second;
    }();
    if (state == nullptr || !state->problem.empty()) {
        m_into.assumed.push_back(fmt::format("{} of {}", m_port.file, m_view.name(m_server)));
        return from_packaged_ports(zmi::Origin::packaged_default);
    }
    const std::set<std::string, std::less<>> wanted(m_port.names.begin(), m_port.names.end());
    for (const auto& listener : local->listeners) {
        if (listener.file == m_port.file && wanted.contains(listener.service)) add_file_listener(listener);
    }
    if (m_into.sockets.empty() && m_into.problems.empty() && m_into.truth.verdict != Verdict::no) {
        m_into.truth = {
            Verdict::no, {}, fmt::format("{} has no inet service '{}'", state->path, m_port.names.front()), {}, {}};
    }
}

/// Nobody read it on that node: as the product ships it.
void SocketReader::from_default(std::string_view what) {
    m_into.assumed.push_back(fmt::format("{} of {}", what, m_view.name(m_server)));
    from_packaged_ports(zmi::Origin::packaged_default);
}

void SocketReader::from_setting() {
    const auto* state = file_state(m_view, m_port.file, m_server);
    if (state == nullptr) return from_default(fmt::format("{} in {}", m_port.name, m_port.file));
    if (!state->problem.empty() && state->problem != zmi::k_no_such_file) {
        m_into.problems.push_back(unread_file(m_view, *state, m_port.name, m_server));
        return;
    }
    const auto value = state->settings.find(m_port.name);
    if (value == state->settings.end() || value->second.empty())
        return from_packaged_ports(zmi::Origin::packaged_default);
    const Fact fact{fmt::format("{} in {}", m_port.name, state->path), {value->second}, zmi::Origin::file, false};
    if (const auto range = port_of_setting(value->second)) return add(*range, {because_of(m_view, m_server, fact)});
    m_into.problems.push_back(bad_value(m_view, m_server, fact, value->second, "port, range of ports or ADDRESS:PORT"));
}

/// What the mesh lets others reach of a service besides the service itself.
void SocketReader::from_mesh() {
    const auto* local = m_view.local(m_server);
    const auto* state = file_state(m_view, "mesh", m_server);
    if (local == nullptr || (state == nullptr && local->mesh.empty()))
        return from_default(fmt::format("what the mesh exposes of {}", m_port.name));
    if (state != nullptr && !state->problem.empty() && state->problem != zmi::k_no_such_file) {
        m_into.problems.push_back(unread_file(m_view, *state, m_port.name, m_server));
        return;
    }
    for (const auto& service : local->mesh) {
        if (service.name != m_port.name) continue;
        for (const auto port : service.exposed) {
            add(one_port(port), {{fmt::format("{}:{}", service.path, service.line),
                                  fmt::format("exposes {}", port),
                                  std::string(zmi::to_string(zmi::Origin::mesh)),
                                  {}}});
        }
    }
    if (m_into.sockets.empty() && m_into.truth.verdict != Verdict::no)
        m_into.truth = {Verdict::no, {}, fmt::format("the mesh exposes nothing of {} here", m_port.name), {}, {}};
}

/// Of a range, the ports that were seen in use: for people, as they may be others at the next start. Of UDP nobody can
/// tell them from the sockets of clients.
void SocketReader::add_live() {
    const auto* local = m_view.local(m_server);
    if (local == nullptr || m_endpoint.protocol != "tcp") return;
    for (auto& socket : m_into.sockets) {
        if (socket.port.is_single()) continue;
        std::set<std::uint16_t> seen;
        for (const auto& listener : local->live) {
            if (listener.protocol == m_endpoint.protocol && socket.port.contains(listener.port))
                seen.insert(listener.port);
        }
        if (seen.empty()) continue;
        socket.because.push_back({"listeners in " + socket.port.to_string(),
                                  fmt::format("{}", fmt::join(seen, " ")),
                                  std::string(zmi::to_string(zmi::Origin::live)),
                                  {}});
    }
}

void SocketReader::from_sshd() {
    if (const auto* facts = m_view.policy_facts(m_server)) {
        for (const auto port : facts->sshd_ports) {
            add(one_port(port),
                {{"sshd port", std::to_string(port), std::string(zmi::to_string(zmi::Origin::policy)), {}}});
        }
    }
    if (const auto* local = m_view.local(m_server)) {
        for (const auto& listener : local->listeners) {
            if (listener.file == "sshd_config") add_file_listener(listener);
        }
    } else {
        m_into.assumed.push_back(fmt::format("sshd_config of {}", m_view.name(m_server)));
    }
    // What sshd's own file says of a port is more exact than the bare number of the attribute.
    const auto fact = m_view.attribute(m_server, m_port.name);
    const auto known = [&](const Socket& socket) { return fact.joined() == socket.port.to_string(); };
    if (std::none_of(m_into.sockets.begin(), m_into.sockets.end(), known)) add_fact(fact);
}

void SocketReader::read() {
    switch (m_port.kind) {
        case Kind::attribute:
            if (!overridden()) add_fact(m_view.attribute(m_server, m_port.name));
            break;
        case Kind::localconfig: add_fact(m_view.localconfig(m_server, m_port.name)); break;
        case Kind::url_attribute: from_url_attribute(); break;
        case Kind::url_local: {
            const auto* policy = m_view.policy_facts(m_server);
            const bool told =
                policy != nullptr && std::any_of(m_port.names.begin(), m_port.names.end(),
                                                 [&](const auto& name) { return policy->local.contains(name); });
            if (told || m_view.local(m_server) != nullptr) {
                from_own_urls();
            } else {
                from_urls_of_others();
            }
            break;
        }
        case Kind::file: from_file(); break;
        case Kind::setting: from_setting(); break;
        case Kind::mesh_exposed: from_mesh(); break;
        case Kind::sshd: from_sshd(); break;
        case Kind::constant: from_packaged_ports(zmi::Origin::catalogue); break;
        case Kind::none: break;
    }
    add_live();
}

}  // namespace

std::vector<std::uint16_t> ports_named_by(const FactsView& view, std::size_t client, std::string_view attribute,
                                          std::size_t listener, const std::vector<PortRange>& otherwise) {
    std::vector<std::uint16_t> ports;
    const auto fact = view.attribute(client, attribute);
    for (const auto& value : fact.values) {
        for (const auto word : zmi::split_words(value)) {
            const auto authority = zmi::parse_authority(word);
            if (!authority.host || authority.port_is_bad || !view.names(*authority.host, listener)) continue;
            if (authority.port) {
                ports.push_back(*authority.port);
            } else {
                for (const auto& range : otherwise) ports.push_back(range.first);
            }
        }
    }
    std::sort(ports.begin(), ports.end());
    ports.erase(std::unique(ports.begin(), ports.end()), ports.end());
    return ports;
}

Listening listening(const Evaluator& evaluator, const Endpoint& endpoint, std::size_t server) {
    Listening result;
    result.truth = evaluator.about(endpoint.listens, server);
    SocketReader(evaluator, endpoint, server, result).read();
    const auto& bind = endpoint.bind;
    if (!bind.setting.empty() && !is_own_file(bind.setting_file) &&
        file_state(evaluator.view(), bind.setting_file, server) == nullptr)
        result.assumed.push_back(
            fmt::format("{} in {} of {}", bind.setting, bind.setting_file, evaluator.view().name(server)));
    return result;
}

}  // namespace zmfw
