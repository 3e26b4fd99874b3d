#pragma once

#include <cstdint>
#include <functional>
#include <plugin/handover/kernel_rules.hpp>
#include <string_view>

/// What keeps our rules from deciding although they are loaded: rules of others that let somebody in before ours are
/// asked, or beside them. They are theirs, and only told.
namespace zmfw {

/// Whether our own rules let anybody in on this port ("tcp", 25): then a rule of others opens nothing.
using OpenToAll = std::function<bool(std::string_view protocol, std::uint16_t port)>;

/// Of iptables-save, "# 4" and "# 6" before each family: rules of INPUT before the jump to ours that accept, or lead
/// to a chain that does. What our own rules let in as well is left out: loopback, answers, ICMP, ports that are open to all.
[[nodiscard]] RuleLines past_iptables(std::string_view saved, const OpenToAll& open_to_all);

/// Of "ufw status verbose": that it is not active, a default that lets in, and rules that are not ours and let in.
[[nodiscard]] RuleLines past_ufw(std::string_view status, const OpenToAll& open_to_all);

/// Of firewall-cmd: "--list-all" of our zone as it runs against "--permanent", and other zones that have something.
[[nodiscard]] RuleLines past_firewalld(std::string_view running, std::string_view permanent, std::string_view zones);

/// Asks the programs of the format, as root. In nftables nothing gets past a table that drops.
[[nodiscard]] zmi::Expected<RuleLines> rules_past_ours(const std::string& format, const OpenToAll& open_to_all,
                                                       zmi::ProcessRunner& runner);

}  // namespace zmfw
