#pragma once

#include <plugin/plan/plan.hpp>
#include <string>

namespace zmfw {

/// The public contract "zmfirewall/plan/1" (templates/schema/plan-1.schema.json); ends in a newline.
[[nodiscard]] std::string to_json(const Plan& plan);

}  // namespace zmfw
