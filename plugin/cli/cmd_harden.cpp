#include <fmt/format.h>
#include <plugin/cli/audited.hpp>
#include <plugin/cli/commands.hpp>
#include <plugin/cli/planned.hpp>
#include <plugin/harden/harden.hpp>
#include <zmintegration/support/file.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

std::vector<Finding> findings_of(const Plan& plan) {
    std::vector<Finding> findings;
    for (const auto& server : plan.servers) {
        findings.insert(findings.end(), server.findings.begin(), server.findings.end());
    }
    return findings;
}

/// What the live sockets of this node add, where it is among the servers and they can be read; tells where not.
std::vector<Finding> live_findings(const Context& context, const Planned& planned) {
    std::vector<Finding> findings;
    std::string unread;
    for (const auto& plan : planned.plan.servers) {
        auto why = why_not_this_node(context, planned.inventory, plan.name);
        const auto audited = why.empty() ? audit_node(context, planned, plan, true)
                                         : zmi::Expected<AuditReport>(zmi::failure(zmi::ErrorKind::knowledge, why));
        if (!audited) {
            if (plan.name == planned.inventory.this_node)
                tell(fmt::format("the sockets of {} could not be read: {}", plan.name, audited.error().what));
            unread += (unread.empty() ? "" : ", ") + plan.name;
            continue;
        }
        for (const auto& found : audited->findings) findings.push_back(found.finding);
        for (const auto& file : audited->unreadable) tell("could not be read: " + file);
    }
    if (!unread.empty())
        tell(
            fmt::format("of {} the batch has only what the configuration tells; what listens there is added by harden "
                        "on the server itself",
                        unread));
    return findings;
}

/// With the undo as comments, so that a batch on standard output does not come without it.
std::string with_undo(const Hardening& made) {
    std::string text = made.batch + "# undo:\n";
    for (const auto line : zmi::split_lines(made.undo)) {
        if (!line.empty() && !line.starts_with('#')) text += fmt::format("#   {}\n", line);
    }
    return text;
}

ExitStatus write(const Hardening& made, const std::filesystem::path& output) {
    auto undo = output;
    undo += ".undo";
    const auto written = zmi::write_files_atomically({{output, made.batch, 0644}, {undo, made.undo, 0644}});
    if (!written) return report(written.error());
    tell(fmt::format("{}: {} settings to change; {} takes them back; nothing was executed", output.string(),
                     made.changes, undo.string()));
    return ExitStatus::done;
}

}  // namespace

ExitStatus run_harden(const Context& context, const HardenOptions& options) {
    const auto planned = make_plan(context, options.selection);
    if (!planned) return report(planned.error());
    // What could not be told may hide a finding, or the value that an undo needs.
    if (const auto known = tell_problems(planned->plan); known != ExitStatus::done) return known;
    const auto made =
        harden(planned->inventory, planned->catalogue, findings_of(planned->plan), live_findings(context, *planned));
    for (const auto& why : made.refused) tell("left out: " + why);
    const auto status = options.output.empty() ? print(with_undo(made)) : write(made, options.output);
    return status == ExitStatus::done && !made.refused.empty() ? ExitStatus::findings : status;
}

}  // namespace zmfw
