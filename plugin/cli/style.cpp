#include <fmt/format.h>
#include <unistd.h>
#include <algorithm>
#include <cstdlib>
#include <plugin/cli/style.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {

bool is_terminal(int descriptor) {
    const char* terminal = std::getenv("TERM");
    return terminal != nullptr && *terminal != '\0' && std::string_view(terminal) != "dumb" &&
           ::isatty(descriptor) == 1;
}

bool wants_no_colour() {
    const char* no_colour = std::getenv("NO_COLOR");
    return no_colour != nullptr && *no_colour != '\0';
}

Style Style::of_stdout() {
    return Style(!wants_no_colour() && is_terminal(STDOUT_FILENO));
}

std::string Style::wrap(std::string_view code, std::string_view text) const {
    return m_colour ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

std::string table(const std::vector<std::vector<std::string>>& rows, std::size_t indent) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i + 1 < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    std::string text;
    for (const auto& row : rows) {
        std::string line(indent, ' ');
        for (std::size_t i = 0; i < row.size(); ++i) {
            line += i + 1 < row.size() ? fmt::format("{:<{}}  ", row[i], widths[i]) : row[i];
        }
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
    const std::string margin(indent, ' ');
    std::string result;
    std::string line;
    for (const auto word : zmi::split_words(text)) {
        if (!line.empty() && indent + line.size() + 1 + word.size() > width) {
            result += margin + line + "\n";
            line.clear();
        }
        line += (line.empty() ? "" : " ") + std::string(word);
    }
    return line.empty() ? result : result + margin + line + "\n";
}

}  // namespace zmfw
