#pragma once

#include <filesystem>
#include <plugin/handover/suitable.hpp>
#include <string>
#include <string_view>
#include <zmintegration/process/process_runner.hpp>

/// What this host tells about itself.
namespace zmfw {

[[nodiscard]] HostFacts read_host_facts();

/// The ports from `sshd -T`, from sshd_config and its includes under `system_root`, and from the sockets that an sshd,
/// or systemd for it, listens on; the connections from SSH_CONNECTION of this process and of its parents, as sudo does
/// not pass it on.
[[nodiscard]] zmi::Expected<SshFacts> read_ssh_facts(const std::filesystem::path& system_root,
                                                     zmi::ProcessRunner& runner);

/// Pure parts: the ports in the output of `sshd -T`, in that of `systemctl show --property=Listen`, and in that of
/// `ss -Htlnp` those of sshd.
[[nodiscard]] std::vector<std::uint16_t> ports_of_sshd_test(std::string_view output);
[[nodiscard]] std::vector<std::uint16_t> ports_of_unit(std::string_view output);
[[nodiscard]] std::vector<std::uint16_t> ports_of_sockets(std::string_view output);

}  // namespace zmfw
