#pragma once

#include <plugin/render/view.hpp>
#include <vector>

namespace zmfw {

/// Sets the fields of one server in `view`. The plan is valid and outlives the view, which borrows from it.
[[nodiscard]] zmi::Expected<void> set_rules(Record& view, const ServerPlan& plan, const std::vector<ViewRule>& rules,
                                            const Wanted& wanted);

}  // namespace zmfw
