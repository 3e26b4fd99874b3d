#include <fmt/format.h>
#include <algorithm>
#include <plugin/cli/commands.hpp>
#include <plugin/cli/plan_text.hpp>
#include <plugin/cli/planned.hpp>
#include <plugin/plan/plan_json.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

bool has_findings(const Plan& plan, const std::string& at_least) {
    const auto counts = [&](const Finding& finding) {
        if (finding.accepted) return false;
        if (at_least == to_string(Severity::info)) return true;
        if (at_least == to_string(Severity::warning)) return finding.severity != Severity::info;
        return finding.severity == Severity::blocker;
    };
    return std::any_of(plan.servers.begin(), plan.servers.end(), [&](const ServerPlan& server) {
        return std::any_of(server.findings.begin(), server.findings.end(), counts);
    });
}

std::string text_of(const Plan& plan) {
    const auto style = Style::of_stdout();
    std::string text;
    for (const auto& server : plan.servers) {
        if (!text.empty()) text += "\n";
        text += plan_text(server, style);
    }
    return text;
}

}  // namespace

ExitStatus run_plan(const Context& context, const PlanOptions& options) {
    const auto planned = make_plan(context, options.selection, options.outbound);
    if (!planned) return report(planned.error());
    const auto& plan = planned->plan;
    // One server that cannot be told is a failure; of many, those that can be told are still worth seeing.
    const auto known = tell_problems(plan);
    const bool any =
        std::any_of(plan.servers.begin(), plan.servers.end(), [](const auto& server) { return server.complete(); });
    if (!any) return known == ExitStatus::done ? print(options.json ? to_json(plan) : text_of(plan)) : known;
    const auto printed = print(options.json ? to_json(plan) : text_of(plan));
    if (printed != ExitStatus::done) return printed;
    if (known != ExitStatus::done) return known;
    return !options.fail_on.empty() && has_findings(plan, options.fail_on) ? ExitStatus::findings : ExitStatus::done;
}

}  // namespace zmfw
