#pragma once

#include <string>
#include <string_view>

namespace zmfw {

/// How a template's file writes texts, by the manifest's escape="...". Texts that no format gives a meaning to come
/// through all of them unchanged.
enum class Escape {
    none,
    csv,       ///< inside of "...": quotes doubled, what a spreadsheet takes for a formula gets an apostrophe in front
    markdown,  ///< in running text and table cells
    json,      ///< inside of "..." of JSON, and of a double-quoted YAML scalar
    xml,       ///< in text and in attributes with either quote
    shell,     ///< inside of '...'
};

/// Appends `text` to `out`. Control characters become \u00xx in JSON and a blank elsewhere; bytes that are not UTF-8
/// must have been replaced before.
void append_escaped(std::string& out, std::string_view text, Escape escape);

/// Free text for any file: bytes that are not UTF-8 become "?".
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace zmfw
