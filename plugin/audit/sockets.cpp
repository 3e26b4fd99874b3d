#include <plugin/audit/sockets.hpp>

#include <algorithm>
#include <set>
#include <zmintegration/support/network.hpp>

namespace zmfw {
namespace {

using zmi::Family;

/// Addresses of one port, of the live sockets or as configured.
struct Reach {
    bool any4 = false;
    bool any6 = false;
    bool maybe4 = false;   ///< live only: "::" that may take IPv4 as well
    bool by_name = false;  ///< configured only: one own address, whichever
    bool loopback = false;
    std::set<zmi::IpAddress> addresses;

    [[nodiscard]] bool any() const { return any4 || any6; }
    [[nodiscard]] bool has(Family family) const {
        if (family == Family::ipv4 ? any4 || maybe4 : any6) return true;
        return std::any_of(addresses.begin(), addresses.end(), [&](const auto& one) { return one.family == family; });
    }
    [[nodiscard]] bool covers(const zmi::IpAddress& address) const {
        const bool wildcard = address.family == Family::ipv4 ? any4 || maybe4 : any6;
        return wildcard || addresses.contains(address);
    }
};

Reach live_reach(const Port& port) {
    Reach reach;
    for (const auto* socket : port.live) {
        if (socket->address.is_loopback()) {
            reach.loopback = true;
        } else if (!socket->is_wildcard()) {
            reach.addresses.insert(socket->address);
        } else {
            (socket->address.family == Family::ipv4 ? reach.any4 : reach.any6) = true;
            reach.maybe4 = reach.maybe4 || socket->also_ipv4;
        }
    }
    return reach;
}

/// nullopt where an address that decides is not known.
std::optional<Reach> configured_reach(const Port& port) {
    Reach reach;
    for (const auto& claim : port.claims) {
        if (claim.verdict != Verdict::yes) continue;
        const auto& bound = claim.socket->bound;
        if (!bound.problems.empty()) return std::nullopt;
        reach.by_name = reach.by_name || bound.by_name;
        if (bound.any && !bound.by_name) {
            reach.any4 = reach.any4 || bound.ipv4;
            reach.any6 = reach.any6 || bound.ipv6;
        }
        reach.addresses.insert(bound.addresses.begin(), bound.addresses.end());
        reach.loopback = reach.loopback || bound.is_loopback();
    }
    return reach;
}

std::string in_words(const Reach& reach) {
    std::string words;
    const auto add = [&](const std::string& word) { words += (words.empty() ? "" : ", ") + word; };
    if ((reach.any4 || reach.maybe4) && reach.any6) {
        add("all addresses");
    } else if (reach.any()) {
        add(reach.any4 ? "all IPv4 addresses" : "all IPv6 addresses");
    }
    if (reach.by_name) add("its own name");
    for (const auto& address : reach.addresses) add(address.to_string());
    if (reach.loopback) add("loopback");
    return words;
}

bool is_wider(const Reach& live, const Reach& wanted) {
    if (wanted.any()) return false;
    return live.any() || (!wanted.by_name && wanted.addresses.empty() && !live.addresses.empty());
}

bool is_narrower(const Reach& live, const Reach& wanted, bool has_ipv6) {
    if (wanted.any4 && !live.any4 && !live.maybe4) return true;
    if (wanted.any6 && has_ipv6 && !live.any6) return true;
    if (wanted.by_name && !live.any() && live.addresses.empty()) return true;
    return std::any_of(wanted.addresses.begin(), wanted.addresses.end(),
                       [&](const auto& address) { return !live.covers(address); });
}

/// On none of the addresses that it should be on, and on others.
bool is_elsewhere(const Reach& live, const Reach& wanted) {
    if (wanted.any() || wanted.by_name || wanted.addresses.empty() || live.addresses.empty()) return false;
    return std::none_of(wanted.addresses.begin(), wanted.addresses.end(),
                        [&](const auto& address) { return live.covers(address); });
}

}  // namespace

bool Port::is_loopback() const {
    return std::all_of(live.begin(), live.end(), [](const auto* socket) { return socket->address.is_loopback(); });
}

bool Port::is_wildcard() const {
    return std::any_of(live.begin(), live.end(), [](const auto* socket) { return socket->is_wildcard(); });
}

bool Port::should_listen() const {
    return std::any_of(claims.begin(), claims.end(), [](const auto& one) { return one.verdict == Verdict::yes; });
}

std::string Port::process() const {
    for (const auto* socket : live) {
        if (!socket->process.empty()) return socket->process;
    }
    return {};
}

std::string Port::addresses() const {
    return in_words(live_reach(*this));
}

Comparison compare_sockets(const Port& port, bool has_ipv6) {
    Comparison result;
    const auto wanted = configured_reach(port);
    if (!wanted) {
        result.state = ListenerState::undecided;
        return result;
    }
    result.expected = in_words(*wanted);
    const auto live = live_reach(port);
    const bool wanted6 = wanted->has(Family::ipv6) || wanted->by_name;
    result.dual_stack_gap = live.has(Family::ipv6) && !wanted6 && !live.has(Family::ipv4);
    if (is_elsewhere(live, *wanted)) {
        result.state = ListenerState::elsewhere;
    } else if (is_wider(live, *wanted)) {
        result.state = ListenerState::wider;
    } else if (is_narrower(live, *wanted, has_ipv6)) {
        result.state = ListenerState::narrower;
    }
    return result;
}

bool is_as_lines_say(const Port& port, const std::vector<const zmi::FileListener*>& lines) {
    const auto fits = [](const zmi::ListeningSocket& socket, const zmi::FileListener& line) {
        if (line.address == "localhost") return socket.address.is_loopback();
        const auto address = zmi::parse_address(line.address);
        const bool any = line.address.empty() || (address && address->is_unspecified());
        return any ? socket.is_wildcard() : address == socket.address;
    };
    const bool wanted = std::all_of(port.live.begin(), port.live.end(), [&](const auto* socket) {
        return std::any_of(lines.begin(), lines.end(), [&](const auto* line) { return fits(*socket, *line); });
    });
    return wanted && !lines.empty() && std::all_of(lines.begin(), lines.end(), [&](const auto* line) {
               return std::any_of(port.live.begin(), port.live.end(),
                                  [&](const auto* socket) { return fits(*socket, *line); });
           });
}

}  // namespace zmfw
