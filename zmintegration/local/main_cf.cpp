#include <zmintegration/local/node_files.hpp>
#include <zmintegration/local/postfix_lines.hpp>
#include <zmintegration/support/text.hpp>

namespace zmi {
namespace {

std::string with_single_blanks(std::string_view text) {
    std::string result;
    for (const auto word : split_words(text)) {
        if (!result.empty()) result += ' ';
        result += word;
    }
    return result;
}

}  // namespace

std::optional<std::string> main_cf_setting(std::string_view text, std::string_view name) {
    std::optional<std::string> value;
    for (const auto& line : postfix_lines(text)) {
        const auto equals = line.text.find('=');
        if (equals == std::string::npos || trim(std::string_view(line.text).substr(0, equals)) != name) continue;
        value = with_single_blanks(std::string_view(line.text).substr(equals + 1));
    }
    return value;
}

}  // namespace zmi
