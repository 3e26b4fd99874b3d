#include <plugin/plan/filled.hpp>

#include <zmintegration/support/text.hpp>

namespace zmfw {

std::string filled(std::string_view pattern, const Words& words) {
    std::string result;
    while (!pattern.empty()) {
        const auto open = pattern.find('{');
        const auto close = pattern.find('}', open);
        result += pattern.substr(0, open);
        if (open == std::string_view::npos || close == std::string_view::npos) break;
        const auto word = words.find(pattern.substr(open + 1, close - open - 1));
        result += word == words.end() ? std::string(pattern.substr(open, close - open + 1)) : word->second;
        pattern.remove_prefix(close + 1);
    }
    return result;
}

std::string plain(std::string_view value) {
    return zmi::is_printable_ascii(value) && value.size() <= 200 ? std::string(value) : zmi::quoted(value);
}

}  // namespace zmfw
