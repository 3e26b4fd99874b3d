#pragma once

#include <plugin/plan/plan.hpp>
#include <string_view>

namespace zmfw {

/// What an <allow> of the policy opens on a server.
[[nodiscard]] OpenPort allowed_port(const Policy& policy, const Policy::Allow& allow, std::string_view server);

/// What an <egress> of the policy lets a server reach: `sources` is where to.
[[nodiscard]] OpenPort egress_port(const Policy& policy, const Policy::Allow& egress, std::string_view server);

}  // namespace zmfw
