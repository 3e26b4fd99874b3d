#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace zmi {

/// One logical line of a postfix file: the physical lines it is made of, joined with a blank.
struct PostfixLine {
    int line = 0;           ///< where it begins, 1-based
    bool indented = false;  ///< it begins with a blank, but there is nothing that it could continue
    std::string text;
};

/// As postfix reads main.cf and master.cf: empty lines and lines whose first character is '#' after blanks do not
/// count, not even between the parts of one logical line; a line that begins with a blank continues the one before.
[[nodiscard]] std::vector<PostfixLine> postfix_lines(std::string_view text);

}  // namespace zmi
