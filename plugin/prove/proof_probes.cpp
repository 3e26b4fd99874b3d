#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <plugin/prove/proof_probes.hpp>
#include <set>

namespace zmfw {
namespace {

using zmi::Cidr;
using zmi::Family;
using zmi::IpAddress;

/// Bounds that keep a proof below some seconds, whatever the plan.
constexpr std::size_t k_allowed_limit = 6000;
constexpr std::size_t k_denied_limit = 3000;
constexpr std::size_t k_outside_of_port = 60;
constexpr std::size_t k_addresses_of_family = 3;
constexpr std::size_t k_sources_of_family = 400;

/// Ports that no plan is likely to open: a proof must also look where nothing is.
constexpr std::array<std::uint16_t, 6> k_other_ports = {1, 111, 3306, 8081, 33333, 65535};

IpAddress address(std::string_view text) {
    return zmi::parse_address(text).value();
}

/// Of the documentation and the public ranges; nobody that a plan means by accident.
const std::vector<IpAddress>& strangers(Family family) {
    static const std::vector<IpAddress> ipv4 = {address("203.0.113.77"), address("100.99.98.97")};
    static const std::vector<IpAddress> ipv6 = {address("2001:db8:bad:77::1"), address("2a00:bad::77")};
    return family == Family::ipv4 ? ipv4 : ipv6;
}

/// Whether a host may have the address at all and a packet from it is routed.
bool is_usable(const IpAddress& a) {
    if (a.is_loopback() || a.is_unspecified() || a.is_multicast() || a.is_link_local()) return false;
    if (a.family == Family::ipv4) return a.bytes[0] != 0 && a.bytes[0] != 127 && a.bytes[0] < 224;
    static const Cidr mapped = *zmi::parse_cidr("::/16");
    return !mapped.contains(a);
}

/// The address plus or minus one; none at the ends of the range.
std::optional<IpAddress> next_to(IpAddress a, int step) {
    for (int i = a.width() / 8 - 1; i >= 0; --i) {
        auto& byte = a.bytes[static_cast<std::size_t>(i)];
        byte = static_cast<std::uint8_t>(byte + step);
        if (byte != (step > 0 ? 0 : 255)) return a;
    }
    return std::nullopt;
}

IpAddress last_of(const Cidr& cidr) {
    auto a = cidr.network;
    for (int bit = cidr.prefix; bit < a.width(); ++bit) {
        a.bytes[static_cast<std::size_t>(bit / 8)] |= static_cast<std::uint8_t>(0x80U >> (bit % 8));
    }
    return a;
}

template <class T>
std::vector<T> thinned(const std::vector<T>& all, std::size_t limit) {
    if (all.size() <= limit) return all;
    std::vector<T> kept;
    for (std::size_t i = 0; i < limit; ++i) kept.push_back(all[i * all.size() / limit]);
    return kept;
}

std::vector<IpAddress> usable(const std::vector<IpAddress>& all) {
    std::vector<IpAddress> kept;
    std::copy_if(all.begin(), all.end(), std::back_inserter(kept), is_usable);
    return kept;
}

std::vector<IpAddress> inside_of(const std::vector<Cidr>& sources, Family family) {
    std::vector<IpAddress> all;
    for (const auto& source : sources) {
        if (source.network.family != family) continue;
        if (source.is_any()) {
            all.insert(all.end(), strangers(family).begin(), strangers(family).end());
            continue;
        }
        all.push_back(source.network);
        all.push_back(last_of(source));
    }
    return thinned(usable(all), k_sources_of_family);
}

std::vector<IpAddress> outside_of(const std::vector<Cidr>& sources, Family family) {
    std::vector<IpAddress> all;
    for (const auto& source : sources) {
        if (source.network.family != family || source.is_any()) continue;
        if (const auto before = next_to(source.network, -1)) all.push_back(*before);
        if (const auto after = next_to(last_of(source), 1)) all.push_back(*after);
    }
    auto kept = thinned(usable(all), k_outside_of_port);
    kept.insert(kept.end(), strangers(family).begin(), strangers(family).end());
    return kept;
}

/// Collects probes of one plan.
class Collector {
public:
    explicit Collector(const ServerPlan& plan) : m_plan(plan), m_addresses(proof_addresses(plan)) {}

    void add_rule(const OpenPort& rule) {
        for (const auto family : {Family::ipv4, Family::ipv6}) {
            const auto inside = inside_of(rule.sources, family);
            const auto outside = outside_of(rule.sources, family);
            for (const auto port : edges(rule.port)) {
                add(inside, rule.protocol, port);
                add(outside, rule.protocol, port);
                add_one_of(inside, rule.protocol == "tcp" ? "udp" : "tcp", port);
            }
            for (const auto port : neighbours(rule.port)) {
                for (const auto* protocol : {"tcp", "udp"}) add_one_of(inside, protocol, port);
            }
            if (!inside.empty()) m_known.insert(inside.front());
        }
    }

    /// A port that no rule is about: for a stranger and for someone who may use others.
    void add_port(std::uint16_t port) {
        for (const auto family : {Family::ipv4, Family::ipv6}) {
            std::vector<IpAddress> sources = {strangers(family).front()};
            const auto known = std::find_if(m_known.begin(), m_known.end(),
                                            [&](const auto& a) { return a.family == family && a != sources.front(); });
            if (known != m_known.end()) sources.push_back(*known);
            for (const auto* protocol : {"tcp", "udp"}) add(sources, protocol, port);
        }
    }

    [[nodiscard]] std::vector<Probe> probes() const {
        std::vector<Probe> allowed, denied;
        for (const auto& probe : m_probes) (probe.allowed ? allowed : denied).push_back(probe);
        auto result = thinned(allowed, k_allowed_limit);
        const auto sample = thinned(denied, k_denied_limit);
        result.insert(result.end(), sample.begin(), sample.end());
        return result;
    }

private:
    /// Both ends and the middle.
    static std::set<std::uint16_t> edges(const PortRange& range) {
        return {range.first, static_cast<std::uint16_t>((range.first + range.last) / 2), range.last};
    }

    static std::set<std::uint16_t> neighbours(const PortRange& range) {
        std::set<std::uint16_t> ports;
        if (range.first > 1) ports.insert(static_cast<std::uint16_t>(range.first - 1));
        if (range.last < 65535) ports.insert(static_cast<std::uint16_t>(range.last + 1));
        return ports;
    }

    void add_one_of(const std::vector<IpAddress>& sources, const std::string& protocol, std::uint16_t port) {
        if (!sources.empty()) add({sources.front()}, protocol, port);
    }

    void add(const std::vector<IpAddress>& sources, const std::string& protocol, std::uint16_t port) {
        for (const auto& source : sources) {
            if (std::find(m_addresses.begin(), m_addresses.end(), source) != m_addresses.end()) continue;
            for (const auto& destination : m_addresses) {
                if (destination.family != source.family) continue;
                Probe probe{source, destination, protocol, port, false};
                probe.allowed = is_allowed(m_plan, probe);
                m_probes.insert(std::move(probe));
            }
        }
    }

    const ServerPlan& m_plan;
    std::vector<IpAddress> m_addresses;
    std::set<IpAddress> m_known;
    std::set<Probe> m_probes;
};

}  // namespace

std::string Probe::to_string() const {
    return fmt::format("{} {} to {} port {}", protocol, source.to_string(), destination.to_string(), port);
}

std::vector<IpAddress> proof_addresses(const ServerPlan& plan) {
    std::vector<IpAddress> limited;  // first: without them a limited rule cannot be proven
    for (const auto& rule : plan.open)
        limited.insert(limited.end(), rule.destinations.begin(), rule.destinations.end());
    limited.insert(limited.end(), plan.addresses.begin(), plan.addresses.end());
    std::vector<IpAddress> result;
    for (const auto family : {Family::ipv4, Family::ipv6}) {
        std::vector<IpAddress> own;
        for (const auto& a : limited) {
            if (a.family != family || !is_usable(a) || std::find(own.begin(), own.end(), a) != own.end()) continue;
            own.push_back(a);
        }
        // A rule may be limited to every address that we know of; one more shows that the limit holds.
        const auto spare = address(family == Family::ipv4 ? "198.18.255.254" : "2001:db8:fffe::fe");
        if (own.size() > k_addresses_of_family) own.resize(k_addresses_of_family);
        own.push_back(spare);
        result.insert(result.end(), own.begin(), own.end());
    }
    return result;
}

bool is_allowed(const ServerPlan& plan, const Probe& probe) {
    return std::any_of(plan.open.begin(), plan.open.end(), [&](const OpenPort& rule) {
        if (rule.protocol != probe.protocol || !rule.port.contains(probe.port)) return false;
        const auto& own = rule.destinations;
        if (!own.empty() && std::find(own.begin(), own.end(), probe.destination) == own.end()) return false;
        return std::any_of(rule.sources.begin(), rule.sources.end(), [&](const Cidr& source) {
            return source.network.family == probe.source.family && source.contains(probe.source);
        });
    });
}

std::vector<Probe> make_probes(const ServerPlan& plan) {
    Collector collector(plan);
    for (const auto& rule : plan.open) collector.add_rule(rule);
    std::set<std::uint16_t> ports(k_other_ports.begin(), k_other_ports.end());
    for (const auto& closed : plan.closed) {
        if (!closed.port) continue;
        ports.insert({closed.port->first, closed.port->last});
    }
    ports.erase(0);
    for (const auto port : ports) collector.add_port(port);
    return collector.probes();
}

}  // namespace zmfw
