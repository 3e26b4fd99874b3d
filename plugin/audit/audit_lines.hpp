#pragma once

#include <plugin/audit/audit.hpp>
#include <string>
#include <string_view>

/// The report for programs that watch many hosts.
namespace zmfw {

/// As monitoring says it: "critical" for a blocker.
[[nodiscard]] std::string_view audit_severity(Severity severity);

/// What a plugin of nagios says and exits with: 0 ok, 1 warning, 2 critical, 3 unknown.
struct NagiosAnswer {
    int status = 3;
    std::string line;  ///< one line with performance data; ends in a newline
};
/// `note` is said beside it ("facts of 2026-11-24T06:15:47Z"); empty: nothing. A node of whose facts some are not known
/// is unknown unless something worse than that is known.
[[nodiscard]] NagiosAnswer nagios_answer(const AuditReport& report, std::string_view note);

/// Status 3, for a node that nothing can be told of.
[[nodiscard]] NagiosAnswer nagios_unknown(std::string_view why);

/// The text format of Prometheus, for the textfile collector of its node exporter.
[[nodiscard]] std::string prometheus_text(const AuditReport& report);

}  // namespace zmfw
