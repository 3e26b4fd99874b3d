#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <plugin/plan/plan.hpp>
#include <string>
#include <vector>
#include <zmintegration/support/error.hpp>

/// Whether a plan may be loaded here and now. Pure.
namespace zmfw {

/// What this host is.
struct HostFacts {
    std::string name;  ///< as the kernel has it, lower case
    std::vector<zmi::IpAddress> addresses;
};

/// Neither the plan nor its facts may be older than `max_age`, or from more than five minutes in the future.
[[nodiscard]] zmi::Expected<void> check_age(const Plan& plan, std::chrono::sys_seconds now, std::chrono::hours max_age);

/// The one server of the plan that this host is: it has one of its addresses, or its name. `name` picks where several
/// fit, or says which one is meant; it must fit all the same.
[[nodiscard]] zmi::Expected<const ServerPlan*> choose_server(const Plan& plan, const HostFacts& host,
                                                             const std::string& name);

/// One end of an SSH connection, as SSH_CONNECTION has it: "CLIENT PORT SERVER PORT".
struct SshConnection {
    zmi::IpAddress client;
    zmi::IpAddress server;
    std::uint16_t port = 0;
    auto operator<=>(const SshConnection&) const = default;
};
[[nodiscard]] std::optional<SshConnection> parse_ssh_connection(std::string_view text);

struct SshFacts {
    std::vector<SshConnection> connections;  ///< that this command runs in
    std::vector<std::uint16_t> ports;        ///< where sshd listens, or will
};

/// Why the plan would lock somebody out; empty if it would not. What conntrack knows saves nobody: it may know nothing.
[[nodiscard]] std::string ssh_obstacle(const ServerPlan& plan, const SshFacts& ssh);

}  // namespace zmfw
