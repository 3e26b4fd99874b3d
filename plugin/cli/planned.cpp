#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <plugin/cli/planned.hpp>
#include <plugin/plan/component.hpp>
#include <set>
#include <string>
#include <utility>
#include <zmintegration/support/clock.hpp>

namespace zmfw {
namespace {

/// Servers of which nobody tells what runs there: each has many components, and the way out is the same for all.
class UnknownServers {
public:
    /// Is the problem of that kind? `planned` has no plan because of it.
    bool take(const std::string& planned, const Problem& problem) {
        const auto unknown = unknown_component(problem);
        if (!unknown) return false;
        m_planned.insert(planned);
        m_components[{problem.server, unknown->why}].insert(unknown->id);
        return true;
    }
    void tell_all() const {
        if (m_components.empty()) return;
        for (const auto& [about, ids] : m_components)
            tell(fmt::format("not known is whether {} runs {}: {}", about.first, fmt::join(ids, ", "), about.second));
        tell(
            fmt::format("no plan for {} without that: run zmfirewall discover on those servers and join their "
                        "inventories (--join FILE), or say in the policy all components that run on such a server, "
                        "not one alone (<server name=\"{}\"><components>...</components></server>, no id where it "
                        "runs none), or give a token with which Consul tells of them (--consul-token-file FILE)",
                        fmt::join(m_planned, ", "), m_components.begin()->first.first));
    }

private:
    std::set<std::string> m_planned;
    std::map<std::pair<std::string, std::string>, std::set<std::string>> m_components;  ///< by server and why
};

}  // namespace

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
    UnknownServers unknown;
    for (const auto& server : plan.servers) {
        for (const auto& problem : server.problems) {
            status = ExitStatus::knowledge;
            if (!unknown.take(server.name, problem)) tell(fmt::format("no plan for {}: {}", server.name, problem.text));
        }
    }
    unknown.tell_all();
    return status;
}

}  // namespace zmfw
