#include <plugin/audit/port_table.hpp>

#include <algorithm>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

/// Those that should listen first, then those that may.
int rank(Verdict verdict) {
    return verdict == Verdict::yes ? 0 : verdict == Verdict::unknown ? 1 : 2;
}

bool contains(const std::vector<std::string>& list, const std::string& one) {
    return std::find(list.begin(), list.end(), one) != list.end();
}

std::vector<std::uint16_t> default_ports(const Endpoint& endpoint, const Catalogue& catalogue) {
    std::vector<std::uint16_t> ports;
    for (const auto& range : endpoint.port.constants) {
        if (range.is_single()) ports.push_back(range.first);
    }
    const auto add = [&](std::string_view text) {
        if (const auto port = zmi::parse_port(text)) ports.push_back(*port);
    };
    for (const auto word : zmi::split_words(endpoint.default_port)) add(word);
    const auto spec = catalogue.attributes.find(endpoint.port.name);
    if (spec != catalogue.attributes.end() && spec->second.fallback) add(*spec->second.fallback);
    return ports;
}

}  // namespace

PortTable::PortTable(const Evaluator& evaluator, std::size_t server, const zmi::ListeningSockets& sockets)
    : m_catalogue(evaluator.view().catalogue()) {
    add_claims(evaluator, server);
    add_sockets(sockets);
}

/// A range that nobody has here is no claim: what listens in it is somebody else's.
void PortTable::add_claim(const Endpoint& endpoint, Verdict verdict, const Socket& socket) {
    if (!socket.port.is_single() && (verdict == Verdict::no || socket.bound.is_loopback())) return;
    auto& port = m_ports[{endpoint.protocol, socket.port.first}];
    port.protocol = endpoint.protocol;
    port.number = socket.port.first;
    port.last = std::max(port.last, socket.port.last);
    port.claims.push_back({&endpoint, verdict, &socket});
    if (!socket.port.is_single()) m_ranges.emplace_back(endpoint.protocol, socket.port);
}

/// The port that a socket belongs to: its own, or the range that it is in. On loopback it is nobody's business.
PortTable::Key PortTable::key_of(const zmi::ListeningSocket& socket) const {
    const Key own{socket.protocol, socket.port};
    if (m_ports.contains(own) || socket.address.is_loopback()) return own;
    for (const auto& [protocol, range] : m_ranges) {
        if (protocol == socket.protocol && range.contains(socket.port)) return {protocol, range.first};
    }
    return own;
}

void PortTable::add_claims(const Evaluator& evaluator, std::size_t server) {
    for (const auto& endpoint : m_catalogue.endpoints) {
        if (endpoint.dead || endpoint.protocol == "unix") continue;
        const auto& found = m_listening.emplace_back(listening(evaluator, endpoint, server));
        for (const auto& socket : found.sockets) add_claim(endpoint, found.truth.verdict, socket);
    }
    for (auto& [key, port] : m_ports) {
        std::stable_sort(port.claims.begin(), port.claims.end(),
                         [](const Claim& a, const Claim& b) { return rank(a.verdict) < rank(b.verdict); });
    }
}

/// A UDP socket on a port that the kernel gives out is a client's: a resolver waiting for its answer.
void PortTable::add_sockets(const zmi::ListeningSockets& sockets) {
    for (const auto& socket : sockets.sockets) {
        const auto key = key_of(socket);
        const bool given_out = socket.port >= sockets.first_ephemeral && socket.port <= sockets.last_ephemeral;
        if (socket.protocol == "udp" && given_out && !m_ports.contains(key)) {
            ++m_clients;
            continue;
        }
        auto& port = m_ports[key];
        if (port.number == 0) {
            port.protocol = socket.protocol;
            port.number = socket.port;
            port.last = socket.port;
        }
        port.live.push_back(&socket);
    }
}

const Port* PortTable::find(const std::string& protocol, std::uint16_t port) const {
    const auto at = m_ports.find({protocol, port});
    return at == m_ports.end() ? nullptr : &at->second;
}

std::vector<Claim> PortTable::missing() const {
    std::map<const Endpoint*, Claim> silent;
    std::vector<const Endpoint*> alive;
    for (const auto& [key, port] : m_ports) {
        for (const auto& claim : port.claims) {
            const bool told = claim.verdict == Verdict::yes && claim.endpoint->verified &&
                              claim.endpoint->audience != Audience::nobody && claim.socket->port.is_single();
            if (told && port.is_live()) alive.push_back(claim.endpoint);
            if (told && !port.is_live()) silent.emplace(claim.endpoint, claim);
        }
    }
    std::vector<Claim> found;
    for (const auto& [endpoint, claim] : silent) {
        if (std::find(alive.begin(), alive.end(), endpoint) == alive.end()) found.push_back(claim);
    }
    std::sort(found.begin(), found.end(), [](const Claim& a, const Claim& b) {
        return std::tie(a.socket->port, a.endpoint->id) < std::tie(b.socket->port, b.endpoint->id);
    });
    return found;
}

std::vector<const Port*> PortTable::unclaimed() const {
    std::vector<const Port*> found;
    for (const auto& [key, port] : m_ports) {
        const bool claimed = !port.claims.empty() && port.claims.front().verdict != Verdict::no;
        if (port.is_live() && !claimed) found.push_back(&port);
    }
    return found;
}

const FindingSpec* PortTable::programs_of(const Endpoint& endpoint) const {
    for (const auto& spec : m_catalogue.findings) {
        if (!spec.programs.empty() && contains(spec.endpoints, endpoint.id)) return &spec;
    }
    return nullptr;
}

bool PortTable::fits(const Endpoint& endpoint, const std::string& program) const {
    const auto* spec = programs_of(endpoint);
    return program.empty() || spec == nullptr || contains(spec->programs, program);
}

std::map<PortTable::Key, Claim> PortTable::elsewhere() const {
    std::map<Key, Claim> found;
    const auto absent = missing();
    const auto strangers = unclaimed();
    for (const auto& claim : absent) {
        const auto* spec = programs_of(*claim.endpoint);
        const auto usual = default_ports(*claim.endpoint, m_catalogue);
        std::vector<const Port*> of_program;
        const Port* by_default = nullptr;
        for (const auto* port : strangers) {
            if (port->protocol != claim.endpoint->protocol || found.contains({port->protocol, port->number})) continue;
            if (!fits(*claim.endpoint, port->process())) continue;
            if (std::find(usual.begin(), usual.end(), port->number) != usual.end()) by_default = port;
            if (spec != nullptr && !port->process().empty()) of_program.push_back(port);
        }
        const auto rivals = std::count_if(absent.begin(), absent.end(), [&](const Claim& other) {
            return spec != nullptr && programs_of(*other.endpoint) == spec;
        });
        const auto* port = by_default != nullptr                   ? by_default
                           : of_program.size() == 1 && rivals == 1 ? of_program.front()
                                                                   : nullptr;
        if (port != nullptr) found.emplace(Key{port->protocol, port->number}, claim);
    }
    return found;
}

}  // namespace zmfw
