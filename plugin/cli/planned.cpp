#include <fmt/format.h>
#include <plugin/cli/planned.hpp>
#include <zmintegration/support/clock.hpp>

namespace zmfw {

zmi::Expected<Planned> gather_facts(const Context& context) {
    Planned planned;
    auto catalogue = context.catalogue();
    if (!catalogue) return tl::unexpected(std::move(catalogue.error()));
    planned.catalogue = std::move(*catalogue);
    auto policy = context.policy(planned.catalogue);
    if (!policy) return tl::unexpected(std::move(policy.error()));
    planned.policy = std::move(*policy);
    auto inventory = context.inventory(planned.catalogue, planned.policy);
    if (!inventory) return tl::unexpected(std::move(inventory.error()));
    planned.inventory = std::move(*inventory);
    return planned;
}

zmi::Expected<void> derive_from(Planned& planned, const Selection& selection, bool outbound) {
    const auto only = Context::selected(selection, planned.inventory, planned.policy);
    if (!only) return tl::unexpected(only.error());
    planned.plan = derive_plan(planned.inventory, planned.catalogue, planned.policy, *only, outbound);
    planned.plan.made_at = zmi::to_rfc3339(zmi::SystemClock().now());
    return {};
}

zmi::Expected<Planned> make_plan(const Context& context, const Selection& selection, bool outbound,
                                 const std::function<void(zmi::Inventory&)>& before) {
    auto planned = gather_facts(context);
    if (!planned) return planned;
    if (before) before(planned->inventory);
    if (auto derived = derive_from(*planned, selection, outbound); !derived)
        return tl::unexpected(std::move(derived.error()));
    return planned;
}

ExitStatus tell_problems(const Plan& plan) {
    ExitStatus status = ExitStatus::done;
    for (const auto& server : plan.servers) {
        for (const auto& problem : server.problems) {
            tell(fmt::format("no plan for {}: {}", server.name, problem.text));
            status = ExitStatus::knowledge;
        }
    }
    return status;
}

}  // namespace zmfw
