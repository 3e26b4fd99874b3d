#pragma once

#include <plugin/audit/audit.hpp>
#include <plugin/cli/style.hpp>
#include <string>

namespace zmfw {

/// The report as a person likes to read it: what deviates first, then all listeners.
[[nodiscard]] std::string audit_text(const AuditReport& report, const Style& style);

}  // namespace zmfw
