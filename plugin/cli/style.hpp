#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace zmfw {

/// Whether a person sees what is written there, on a terminal that can do more than print. `descriptor`: STDERR_FILENO,
/// ...
[[nodiscard]] bool is_terminal(int descriptor);

/// Whether NO_COLOR is set.
[[nodiscard]] bool wants_no_colour();

/// Colours for a person at a terminal, nothing in a pipe (or with NO_COLOR).
class Style {
public:
    explicit Style(bool colour) : m_colour(colour) {}
    [[nodiscard]] static Style of_stdout();

    [[nodiscard]] std::string heading(std::string_view text) const { return wrap("1", text); }
    [[nodiscard]] std::string good(std::string_view text) const { return wrap("32", text); }
    [[nodiscard]] std::string warn(std::string_view text) const { return wrap("33", text); }
    [[nodiscard]] std::string bad(std::string_view text) const { return wrap("1;31", text); }
    [[nodiscard]] std::string faint(std::string_view text) const { return wrap("2", text); }

private:
    [[nodiscard]] std::string wrap(std::string_view code, std::string_view text) const;
    bool m_colour;
};

/// Columns padded to their widest cell (the last one is not), two blanks between, `indent` blanks before.
[[nodiscard]] std::string table(const std::vector<std::vector<std::string>>& rows, std::size_t indent);

/// Words wrapped to `width` columns, later lines indented like the first.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t indent, std::size_t width = 110);

}  // namespace zmfw
