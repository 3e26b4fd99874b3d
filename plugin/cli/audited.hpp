#pragma once

#include <plugin/audit/audit.hpp>
#include <plugin/cli/planned.hpp>

namespace zmfw {

/// Why the sockets of this host are not those of that server; empty where they are. A live source says on which node it
/// was asked; an inventory from a file may be of another, so localconfig.xml of this one is asked as well.
[[nodiscard]] std::string why_not_this_node(const Context& context, const zmi::Inventory& inventory,
                                            const std::string& server);

/// Reads the sockets and files of this node, and as root the loaded rules unless `look_at_rules` is false, and judges
/// them by the server's plan, which is among `planned`.
[[nodiscard]] zmi::Expected<AuditReport> audit_node(const Context& context, const Planned& planned,
                                                    const ServerPlan& plan, bool look_at_rules);

}  // namespace zmfw
