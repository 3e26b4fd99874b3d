#pragma once

#include <functional>
#include <plugin/cli/context.hpp>

namespace zmfw {

/// The whole way from the options to a plan, for the commands that need one.
struct Planned {
    Catalogue catalogue;
    Policy policy;
    zmi::Inventory inventory;
    Plan plan;
};
/// All but the plan.
[[nodiscard]] zmi::Expected<Planned> gather_facts(const Context& context);
/// From all that is there; the time when it was made included.
[[nodiscard]] zmi::Expected<void> derive_from(Planned& planned, const Selection& selection, bool outbound = false);
/// Both. `before` may change what was learnt before the plan is derived from it.
[[nodiscard]] zmi::Expected<Planned> make_plan(const Context& context, const Selection& selection,
                                               bool outbound = false,
                                               const std::function<void(zmi::Inventory&)>& before = {});

/// Tells the problems of servers that have no plan; done, or ExitStatus::knowledge if there are any.
[[nodiscard]] ExitStatus tell_problems(const Plan& plan);

}  // namespace zmfw
