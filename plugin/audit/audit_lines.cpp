#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <plugin/audit/audit_lines.hpp>
#include <zmintegration/support/clock.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

constexpr std::array k_states = {ListenerState::as_configured, ListenerState::missing,  ListenerState::elsewhere,
                                 ListenerState::wider,         ListenerState::narrower, ListenerState::disabled,
                                 ListenerState::undecided,     ListenerState::policy,   ListenerState::unknown};

/// Nothing that nagios or a terminal would take for more than text.
std::string one_line(std::string_view text) {
    std::string line;
    for (const char c : text) line += c < ' ' || c > '~' || c == '|' ? ' ' : c;
    return line;
}

std::string performance(const AuditReport& report) {
    return fmt::format("listeners={} critical={};;0 warning={};0 missing={} unknown={}",
                       report.listeners.size() - report.count(ListenerState::missing), report.count(Severity::blocker),
                       report.count(Severity::warning), report.count(ListenerState::missing),
                       report.count(ListenerState::unknown));
}

/// The worst three, by name and port.
std::string worst(const AuditReport& report) {
    constexpr std::size_t k_told = 3;
    std::string text;
    std::size_t told = 0;
    std::size_t more = 0;
    for (const auto& found : report.findings) {
        if (!found.counts()) continue;
        if (told == k_told) {
            ++more;
            continue;
        }
        ++told;
        text += (text.empty() ? "" : ", ") + found.finding.id;
        if (found.port != 0) text += fmt::format(" ({}/{})", found.port, found.protocol);
    }
    return more == 0 ? text : fmt::format("{} and {} more", text, more);
}

std::string label(std::string_view text) {
    std::string value;
    for (const char c : text) {
        if (c == '\\' || c == '"') value += '\\';
        value += c < ' ' || c > '~' ? '?' : c;
    }
    return value;
}

}  // namespace

std::string_view audit_severity(Severity severity) {
    return severity == Severity::blocker ? "critical" : to_string(severity);
}

NagiosAnswer nagios_answer(const AuditReport& report, std::string_view note) {
    const auto critical = report.count(Severity::blocker);
    const auto warning = report.count(Severity::warning);
    NagiosAnswer answer;
    std::string text;
    if (critical + warning > 0) {
        answer.status = critical > 0 ? 2 : 1;
        text = worst(report);
    } else if (!report.problems.empty()) {
        text = fmt::format("not all that decides is known: {}", report.problems.front().text);
    } else {
        answer.status = 0;
        text = fmt::format("{} listeners, none that should not be", report.listeners.size());
    }
    constexpr std::array<std::string_view, 4> k_names = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
    if (!note.empty()) text += fmt::format("; {}", note);
    answer.line = fmt::format("ZMFIREWALL {} - {} | {}\n", k_names[static_cast<std::size_t>(answer.status)],
                              one_line(text), performance(report));
    return answer;
}

NagiosAnswer nagios_unknown(std::string_view why) {
    return {3, fmt::format("ZMFIREWALL UNKNOWN - {}\n", one_line(why))};
}

std::string prometheus_text(const AuditReport& report) {
    const auto server = label(report.server);
    std::string text =
        "# HELP zmfirewall_listeners Ports of the node by what the audit says of them.\n"
        "# TYPE zmfirewall_listeners gauge\n";
    for (const auto state : k_states) {
        text += fmt::format("zmfirewall_listeners{{server=\"{}\",state=\"{}\"}} {}\n", server, to_string(state),
                            report.count(state));
    }
    text +=
        "# HELP zmfirewall_findings Findings that ask for something to be done.\n"
        "# TYPE zmfirewall_findings gauge\n";
    for (const auto severity : {Severity::blocker, Severity::warning}) {
        text += fmt::format("zmfirewall_findings{{server=\"{}\",severity=\"{}\"}} {}\n", server,
                            audit_severity(severity), report.count(severity));
    }
    text +=
        "# HELP zmfirewall_finding A finding of the audit; 0 where it is accepted or guarded.\n"
        "# TYPE zmfirewall_finding gauge\n";
    for (const auto& found : report.findings) {
        text += fmt::format(
            "zmfirewall_finding{{server=\"{}\",id=\"{}\",port=\"{}\",protocol=\"{}\",severity=\"{}\"}} {}\n", server,
            found.finding.id, found.port, found.protocol, audit_severity(found.finding.severity),
            found.counts() ? 1 : 0);
    }
    text +=
        "# HELP zmfirewall_incomplete Whether facts that decide are not known.\n"
        "# TYPE zmfirewall_incomplete gauge\n";
    text += fmt::format("zmfirewall_incomplete{{server=\"{}\"}} {}\n", server, report.problems.empty() ? 0 : 1);
    if (const auto taken = zmi::parse_rfc3339(report.facts_taken)) {
        text +=
            "# HELP zmfirewall_facts_timestamp_seconds When the facts were taken.\n"
            "# TYPE zmfirewall_facts_timestamp_seconds gauge\n";
        text += fmt::format("zmfirewall_facts_timestamp_seconds{{server=\"{}\"}} {}\n", server,
                            taken->time_since_epoch().count());
    }
    return text;
}

}  // namespace zmfw
