#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace zmi {

[[nodiscard]] std::string_view trim(std::string_view text);                      ///< ASCII blanks at both ends
[[nodiscard]] std::vector<std::string_view> split_lines(std::string_view text);  ///< at LF; a trailing CR is kept
[[nodiscard]] std::vector<std::string_view> split_words(std::string_view text);  ///< at runs of ASCII blanks
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
[[nodiscard]] std::string to_lower(std::string_view text);                       ///< ASCII only
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b);  ///< ASCII only
[[nodiscard]] bool is_valid_utf8(std::string_view text);

/// Nothing but ASCII from blank to tilde: safe to show on a terminal as it is.
[[nodiscard]] bool is_printable_ascii(std::string_view text);

/// For error messages: control characters and bytes beyond ASCII as \xNN, cut after `limit` characters, in quotes.
[[nodiscard]] std::string quoted(std::string_view text, std::size_t limit = 80);

/// The name of `candidates` that is nearest to `name`, for "did you mean"; empty when none is near.
[[nodiscard]] std::string nearest(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace zmi
