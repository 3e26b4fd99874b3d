#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <zmintegration/local/setting_syntax.hpp>

/// What readers of the syntaxes have in common.
namespace zmi {

using FileSettings = Expected<std::vector<FileSetting>>;

[[nodiscard]] FileSettings parse_line_settings(std::string_view text, const std::string& path, SettingSyntax syntax);
[[nodiscard]] FileSettings parse_toml_settings(std::string_view text, const std::string& path);
[[nodiscard]] FileSettings parse_shell_settings(std::string_view text, const std::string& path);
[[nodiscard]] FileSettings parse_libconfig_settings(std::string_view text, const std::string& path);
[[nodiscard]] FileSettings parse_yaml_settings(std::string_view text, const std::string& path);
[[nodiscard]] FileSettings parse_rsyslog_settings(std::string_view text, const std::string& path);

[[nodiscard]] tl::unexpected<Error> odd_setting(const std::string& path, int line, std::string_view what);

/// A letter, a digit, or one of "_.$-".
[[nodiscard]] bool is_in_setting_name(char c);

/// What stands for a value at the end of a line: quotes ('it''s' and "a \" b") are taken off, else what follows a blank
/// and one of `comment_signs`. nullopt where a quote has no end, or something follows it.
[[nodiscard]] std::optional<std::string> line_value(std::string_view text, std::string_view comment_signs);

/// Whether variables or commands are in it.
[[nodiscard]] bool is_computed(std::string_view value);

}  // namespace zmi
