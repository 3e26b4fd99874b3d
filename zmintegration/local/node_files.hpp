#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <zmintegration/facts/inventory.hpp>
#include <zmintegration/support/error.hpp>

namespace zmi {

/// The TCP port of a service's name; nullopt where the name is not known.
using ServicePort = std::function<std::optional<std::uint16_t>(const std::string& name)>;

/// What this system knows (/etc/services).
[[nodiscard]] std::optional<std::uint16_t> system_service_port(const std::string& name);

/// The inet services of a postfix master.cf: continuation lines, comments, "[::1]:10025 inet", "smtp inet",
/// "10.0.0.5:smtp inet". The names that postfix itself uses (smtp, smtps, submissions, submission, lmtp, qmqp) have
/// their ports; others are asked of `service_port`, and where it knows nothing, the listener has port 0. Errors name
/// the line.
[[nodiscard]] Expected<std::vector<FileListener>> parse_master_cf(
    std::string_view text, const std::string& path, const ServicePort& service_port = system_service_port);

/// One setting of a postfix main.cf, continuation lines joined, the last one wins; nullopt where it is not set.
[[nodiscard]] std::optional<std::string> main_cf_setting(std::string_view text, std::string_view name);

/// The addresses of the `nameserver` lines of a resolv.conf, separated by blanks; a zone ("fe80::1%eth0") is left out.
/// An error names the line whose address is none.
[[nodiscard]] Expected<std::string> resolv_conf_nameservers(std::string_view text);

/// Reads all files of this node. A file that is absent (k_no_such_file) or unreadable is told in FileState::problem,
/// not guessed; a file that is there and malformed is an error. Keys: "master.cf", "main.cf" (setting inet_interfaces),
/// "sshd_config", "resolv.conf" (setting nameserver; a malformed one is told in its problem).
[[nodiscard]] Expected<LocalFacts> read_node_files(const std::filesystem::path& zimbra_home,
                                                   const std::filesystem::path& system_root);

}  // namespace zmi
