#pragma once

#include <deque>
#include <map>
#include <optional>
#include <plugin/audit/sockets.hpp>
#include <string>
#include <utility>
#include <vector>

namespace zmfw {

/// Every port of a node that is live, or that the configuration speaks of.
class PortTable {
public:
    using Key = std::pair<std::string, std::uint16_t>;  ///< protocol, port

    PortTable(const Evaluator& evaluator, std::size_t server, const zmi::ListeningSockets& sockets);

    [[nodiscard]] const std::map<Key, Port>& ports() const { return m_ports; }
    [[nodiscard]] const Port* find(const std::string& protocol, std::uint16_t port) const;
    [[nodiscard]] std::size_t clients() const { return m_clients; }

    /// Endpoints that should listen and do so on none of their ports: verified ones, the first port of each. Of a range
    /// nobody can tell: its sockets come and go.
    [[nodiscard]] std::vector<Claim> missing() const;
    /// The live port, of those that nobody claims, that a missing endpoint most likely has: one that it has by default,
    /// or the only one of its program, where it is the only endpoint of that program that is missing.
    [[nodiscard]] std::map<Key, Claim> elsewhere() const;

    /// Whether this program, as far as it is known, may have this endpoint's port.
    [[nodiscard]] bool fits(const Endpoint& endpoint, const std::string& program) const;

private:
    void add_claim(const Endpoint& endpoint, Verdict verdict, const Socket& socket);
    void add_claims(const Evaluator& evaluator, std::size_t server);
    void add_sockets(const zmi::ListeningSockets& sockets);
    [[nodiscard]] Key key_of(const zmi::ListeningSocket& socket) const;
    [[nodiscard]] const FindingSpec* programs_of(const Endpoint& endpoint) const;
    [[nodiscard]] std::vector<const Port*> unclaimed() const;

    const Catalogue& m_catalogue;
    std::deque<Listening> m_listening;  ///< claims point into it
    std::map<Key, Port> m_ports;
    std::vector<std::pair<std::string, PortRange>> m_ranges;  ///< that somebody may have: keys by their first port
    std::size_t m_clients = 0;
};

}  // namespace zmfw
