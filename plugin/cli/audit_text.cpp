#include <plugin/cli/audit_text.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <plugin/audit/audit_lines.hpp>
#include <vector>

namespace zmfw {
namespace {

std::string finding_lines(const AuditFinding& found, const Style& style) {
    const auto& finding = found.finding;
    std::string severity(audit_severity(finding.severity));
    if (finding.severity == Severity::blocker) severity = style.bad(severity);
    if (finding.severity == Severity::warning) severity = style.warn(severity);
    auto text = fmt::format("  {} {}{}{}\n", severity, style.heading(finding.id),
                            finding.accepted ? " (accepted by the policy)" : "",
                            found.guarded ? " (the loaded rules keep strangers out)" : "");
    text += wrapped(finding.text, 6);
    for (const auto& remedy : finding.remedy) text += fmt::format("      remedy: {}\n", remedy);
    return text;
}

std::string listener_table(const AuditReport& report) {
    std::vector<std::vector<std::string>> rows = {{"PORT", "STATE", "ENDPOINT", "ON", "CONFIGURED"}};
    for (const auto& listener : report.listeners) {
        std::vector<std::string> addresses;
        for (const auto& address : listener.addresses) addresses.push_back(address.to_string());
        const PortRange ports{listener.port, std::max(listener.port, listener.last_port)};
        rows.push_back({fmt::format("{}/{}", ports.to_string(), listener.protocol),
                        std::string(to_string(listener.state)),
                        listener.endpoint.empty() ? listener.process : listener.endpoint,
                        addresses.empty() ? "-" : fmt::format("{}", fmt::join(addresses, ", ")), listener.configured});
    }
    return table(rows, 2);
}

std::string rules_lines(const AuditReport& report, const Style& style) {
    auto text = std::string("loaded rules\n");
    if (!report.rules) return text + style.faint("  not looked at: ") + report.rules_unseen + "\n";
    const auto& rules = *report.rules;
    if (rules.format.empty()) return text + style.warn("  none of ours") + "\n";
    if (rules.same()) return text + style.good("  as planned") + fmt::format(" ({})\n", rules.format);
    text += style.warn("  not as planned") +
            fmt::format(" ({}): + is not loaded, - should not be, ! lets in past ours\n", rules.format);
    if (rules.reordered) text += "  the same rules in another order\n";
    for (const auto& line : rules.lines) text += fmt::format("    {}\n", line);
    return text;
}

}  // namespace

std::string audit_text(const AuditReport& report, const Style& style) {
    auto text = style.heading(report.server) + "\n";
    text += report.findings.empty() ? style.good("no findings") + "\n" : std::string("findings\n");
    for (const auto& found : report.findings) text += finding_lines(found, style);
    text += "listeners\n" + listener_table(report);
    if (report.clients > 0)
        text += style.faint(fmt::format("  {} UDP sockets of clients are left out\n", report.clients));
    text += rules_lines(report, style);
    if (!report.unreadable.empty()) text += style.warn("could not be read") + "\n";
    for (const auto& file : report.unreadable) text += wrapped(file, 2);
    return text;
}

}  // namespace zmfw
