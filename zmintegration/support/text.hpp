#pragma once

#include <charconv>
#include <optional>
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

/// The whole of `text` as a number, in digits of `base` alone; a sign only where T has one. nullopt for anything else.
template <class T>
[[nodiscard]] std::optional<T> parse_number(std::string_view text, int base = 10) {
    T number{};
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number, base);
    return problem == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

/// For error messages: control characters and bytes beyond ASCII as \xNN, cut after `limit` characters, in quotes.
[[nodiscard]] std::string quoted(std::string_view text, std::size_t limit = 80);

/// The name of `candidates` that is nearest to `name`, for "did you mean"; empty when none is near.
[[nodiscard]] std::string nearest(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace zmi
