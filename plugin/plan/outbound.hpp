#pragma once

#include <map>
#include <plugin/plan/server_state.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace zmfw {

/// What servers connect to: the other end of what their peers let them in by, the catalogue's <egress>, and the
/// policy's. Decides every server of the deployment once.
class OutboundFinder {
public:
    explicit OutboundFinder(const Decider& decider);

    [[nodiscard]] const std::vector<EndpointState>& states(std::size_t server) const { return m_states[server]; }

    /// Sets `outbound` and `outbound_closed`, and adds the problems of what could not be told.
    void add_to(ServerPlan& plan, std::size_t server) const;

private:
    /// Where one (server, endpoint, socket) lets peers in.
    struct Way {
        std::size_t listener = 0;
        const EndpointState* state = nullptr;
        std::size_t socket = 0;
        const Reached* reached = nullptr;
    };
    void add_problems(std::size_t client, const EndpointState& state);
    void add_peers(ServerPlan& plan, std::size_t server) const;
    /// By endpoint and port; the order does not show.
    using Entries = std::map<std::pair<const Endpoint*, PortRange>, OpenPort>;
    void add_way(ServerPlan& plan, std::size_t server, const Way& way, Entries& entries) const;
    [[nodiscard]] std::vector<zmi::Cidr> addresses_of(const Way& way, std::size_t server) const;
    void add_egress(ServerPlan& plan, std::size_t server, const Egress& egress) const;
    void add_policy(ServerPlan& plan) const;

    const FactsView& m_view;
    const Evaluator& m_evaluator;
    std::vector<std::vector<EndpointState>> m_states;  ///< by server
    std::vector<std::vector<Way>> m_ways;              ///< by client
    std::vector<std::set<Problem>> m_problems;         ///< by client
};

}  // namespace zmfw
