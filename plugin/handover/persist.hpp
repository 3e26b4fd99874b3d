#pragma once

#include <plugin/handover/state.hpp>
#include <string>
#include <string_view>
#include <zmintegration/process/process_runner.hpp>
#include <zmintegration/support/error.hpp>

/// The confirmed rules after a reboot. ufw and firewalld keep their own; for nftables and iptables a unit of ours loads
/// them in front of the network, on every distribution the same.
namespace zmfw {

[[nodiscard]] std::string unit_text(std::string_view format, const std::filesystem::path& confirmed);

/// Writes and enables the unit, or removes it where the format needs none.
[[nodiscard]] zmi::Expected<void> make_persistent(const Places& places, const std::string& format,
                                                  zmi::ProcessRunner& runner);
/// Before rules are loaded that survive a reboot by themselves (ufw, firewalld): a unit that takes them back at boot if
/// they are still pending. make_persistent() and make_transient() remove it.
[[nodiscard]] zmi::Expected<void> guard_reboot(const Places& places, const std::string& format,
                                               zmi::ProcessRunner& runner);

[[nodiscard]] zmi::Expected<void> make_transient(const Places& places, zmi::ProcessRunner& runner);

/// Whether systemd is what runs this system, as far as `root` is this system at all.
[[nodiscard]] bool has_systemd(const Places& places);

}  // namespace zmfw
