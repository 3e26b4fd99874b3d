#pragma once

#include <plugin/cli/style.hpp>
#include <plugin/plan/plan.hpp>
#include <string>

namespace zmfw {

/// One server's plan as a person likes to read it.
[[nodiscard]] std::string plan_text(const ServerPlan& plan, const Style& style);

/// "any", "10.0.0.0/8, 192.0.2.1", or for peers "mta1, mta2 (10.0.0.5, 10.0.0.6)", cut after a few.
[[nodiscard]] std::string sources_text(const OpenPort& open);

/// The same of an outgoing connection; a name that stands for any address is told with it.
[[nodiscard]] std::string destinations_text(const OpenPort& out);

[[nodiscard]] std::string because_text(const Because& because);
[[nodiscard]] std::string finding_text(const Finding& finding, const Style& style);

}  // namespace zmfw
