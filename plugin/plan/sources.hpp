#pragma once

#include <map>
#include <plugin/plan/listener.hpp>
#include <string>
#include <vector>

namespace zmfw {

/// Servers that reach one (flow, endpoint) as clients: found once, used for every listener.
struct Client {
    std::size_t server = 0;
    Truth truth;  ///< yes or unknown
};

/// Who may connect to an endpoint of one server, before audiences are turned into addresses.
struct Reached {
    std::string audience;            ///< "public", "admin", "ssh", "cluster"
    std::vector<std::size_t> peers;  ///< for "cluster"
    std::vector<Because> because;
};

/// All that the flows say about one endpoint on one server.
struct Reachers {
    std::vector<Reached> reached;      ///< one an audience
    std::vector<Problem> problems;     ///< a condition that decides could not be told
    std::vector<std::string> refused;  ///< why a network does not get in here, in words
};

/// Looks flows up by endpoint and remembers the clients of each.
class Flows {
public:
    explicit Flows(const Evaluator& evaluator);

    /// Clients of a URL-attribute endpoint count only where their URL names the socket's port.
    [[nodiscard]] Reachers reachers(const Endpoint& endpoint, std::size_t listener, const Socket& socket) const;
    [[nodiscard]] bool reaches(const Endpoint& endpoint) const { return m_by_endpoint.contains(endpoint.id); }

private:
    struct Entry {
        const Flow* flow;
        const Flow::Reach* reach;
        const Role* from;
        const Role* to;
    };
    void add(Reachers& into, const Entry& entry, const Endpoint& endpoint, std::size_t listener,
             const Socket& socket) const;
    void add_network(Reachers& into, const Entry& entry, const Truth& listener) const;
    bool add_servers(Reachers& into, const Entry& entry, const Endpoint& endpoint, std::size_t listener,
                     const Socket& socket, const Truth& about_listener) const;
    [[nodiscard]] const std::vector<Client>& clients(const Entry& entry) const;

    const Evaluator& m_evaluator;
    const FactsView& m_view;
    std::map<std::string, std::vector<Entry>, std::less<>> m_by_endpoint;
    mutable std::map<const Flow::Reach*, std::vector<Client>> m_clients;
};

}  // namespace zmfw
