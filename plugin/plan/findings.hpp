#pragma once

#include <plugin/plan/server_state.hpp>
#include <vector>

namespace zmfw {

/// All findings of the catalogue about one server; sorted, most severe first. `states` are its endpoints.
[[nodiscard]] std::vector<Finding> find_findings(const Decider& decider, const std::vector<EndpointState>& states,
                                                 std::size_t server);

}  // namespace zmfw
