#pragma once

#include <plugin/plan/server_state.hpp>
#include <set>
#include <string>

/// What findings ask of endpoints and conditions, apart from any deployment.
namespace zmfw {

/// The catalogue verified it, or the policy accepts it.
[[nodiscard]] bool is_vouched_for(const Endpoint& endpoint, const Policy& policy);

/// A listener that is really there, as far as anybody can tell.
[[nodiscard]] bool is_real(const EndpointState& state, const Policy& policy);

/// Two endpoints of the catalogue that cannot be in each other's way: fixed ports that the product itself runs side by
/// side, on addresses of the loopback network, or one listener that is told twice, for other peers.
[[nodiscard]] bool get_along(const Endpoint& a, const Endpoint& b);

/// Would one of two sockets on the same port keep the other from being bound?
[[nodiscard]] bool overlap(const Bound& a, const Bound& b);

/// Does the condition look for a server in the values of this fact?
[[nodiscard]] bool names_servers_by(const Condition& condition, FactKind kind, std::string_view name);

/// Ids of the components that the condition asks for.
[[nodiscard]] std::set<std::string> components_in(const Condition& condition);

}  // namespace zmfw
