#pragma once

#include <plugin/plan/sources.hpp>
#include <string>
#include <vector>

namespace zmfw {

/// All that was found out about one endpoint on one server.
struct EndpointState {
    const Endpoint* endpoint = nullptr;
    Listening listening;
    std::vector<Reachers> reachers;  ///< one a socket
    std::vector<OpenPort> open;
    std::string closed_reason;       ///< where nothing is opened
    std::vector<Because> because;    ///< of the closed reason
    std::vector<Problem> problems;   ///< that stop the plan
    std::vector<Problem> harmless;   ///< odd values that decide nothing here
    bool held_back = false;          ///< would be opened, but rests on an unverified fact
    std::vector<Socket> candidates;  ///< of an unverified endpoint: what was not opened and nobody settled
    bool is_candidate = false;       ///< there are such, or there would be if its port were known

    [[nodiscard]] bool listens() const { return listening.truth.verdict == Verdict::yes; }
};

/// Decides one endpoint on one server.
class Decider {
public:
    explicit Decider(const Evaluator& evaluator)
        : m_evaluator(evaluator), m_view(evaluator.view()), m_flows(evaluator) {}

    [[nodiscard]] EndpointState decide(const Endpoint& endpoint, std::size_t server) const;
    [[nodiscard]] const Flows& flows() const { return m_flows; }
    [[nodiscard]] const Evaluator& evaluator() const { return m_evaluator; }

private:
    [[nodiscard]] bool is_settled(EndpointState& state, std::size_t server) const;
    void find_reachers(EndpointState& state, std::size_t server) const;
    void open_sockets(EndpointState& state, std::size_t server) const;
    void open_socket(EndpointState& state, std::size_t server, const Socket& socket, const Reachers& reachers) const;
    [[nodiscard]] std::vector<zmi::Cidr> network_sources(const std::string& audience, const Bound& bound) const;
    [[nodiscard]] OpenPort cluster_port(EndpointState& state, const Reached& reached, const Bound& bound,
                                        const std::vector<zmi::Cidr>& covered) const;
    void explain_closed(EndpointState& state, std::size_t server) const;
    [[nodiscard]] std::string why_nobody(const EndpointState& state, std::size_t server) const;

    const Evaluator& m_evaluator;
    const FactsView& m_view;
    Flows m_flows;
};

}  // namespace zmfw
