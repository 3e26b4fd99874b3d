#include <fmt/format.h>
#include <zmintegration/support/text.hpp>
#include <zmintegration/zmprov/batch_word.hpp>

namespace zmi {

Expected<std::string> batch_word(std::string_view text) {
    constexpr std::size_t k_longest = 4096;
    constexpr std::string_view k_plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:/@,+%=-";
    if (text.size() > k_longest || !is_printable_ascii(text)) {
        return failure(ErrorKind::data, fmt::format("{} cannot be written safely into a batch of zmprov", quoted(text)),
                       "only up to 4096 printable ASCII characters can: change it by hand");
    }
    if (!text.empty() && text.find_first_not_of(k_plain) == std::string_view::npos) return std::string(text);
    std::string word = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') word += '\\';
        word += c;
    }
    return word + '"';
}

}  // namespace zmi
