#include <zmintegration/local/postfix_lines.hpp>

#include <zmintegration/support/text.hpp>

namespace zmi {

std::vector<PostfixLine> postfix_lines(std::string_view text) {
    std::vector<PostfixLine> lines;
    int number = 0;
    for (const auto physical : split_lines(text)) {
        ++number;
        const auto content = trim(physical);
        if (content.empty() || content.front() == '#') continue;
        const bool indented = content.data() != physical.data();
        if (indented && !lines.empty()) {
            lines.back().text += ' ';
            lines.back().text += content;
        } else {
            lines.push_back({number, indented, std::string(content)});
        }
    }
    return lines;
}

}  // namespace zmi
