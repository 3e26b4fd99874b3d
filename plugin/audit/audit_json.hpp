#pragma once

#include <plugin/audit/audit.hpp>
#include <string>

namespace zmfw {

/// The public contract "zmfirewall/audit/1" (templates/schema/audit-1.schema.json); ends in a newline.
[[nodiscard]] std::string to_json(const AuditReport& report);

}  // namespace zmfw
