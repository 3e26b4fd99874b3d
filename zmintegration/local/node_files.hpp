#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <zmintegration/facts/inventory.hpp>
#include <zmintegration/support/error.hpp>

namespace zmi {

/// The inet services of a postfix master.cf: continuation lines, comments, "[::1]:10025 inet", "smtp inet",
/// "10.0.0.5:smtp inet". Named services are looked up in the well-known list that postfix's own names need
/// (smtp, smtps, submissions, submission, lmtp, qmqp). Errors name the line.
[[nodiscard]] Expected<std::vector<FileListener>> parse_master_cf(std::string_view text, const std::string& path);

/// One setting of a postfix main.cf, continuation lines joined, the last one wins; nullopt where it is not set.
[[nodiscard]] std::optional<std::string> main_cf_setting(std::string_view text, std::string_view name);

/// Reads all files of this node. A file that is absent (k_no_such_file) or unreadable is told in FileState::problem,
/// not guessed; a file that is there and malformed is an error. Keys: "master.cf", "main.cf" (setting inet_interfaces),
/// "sshd_config".
[[nodiscard]] Expected<LocalFacts> read_node_files(const std::filesystem::path& zimbra_home,
                                                   const std::filesystem::path& system_root);

}  // namespace zmi
