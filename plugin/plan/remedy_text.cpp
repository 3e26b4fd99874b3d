#include <fmt/format.h>
#include <plugin/plan/remedy_text.hpp>

namespace zmfw {

std::string shell_word(std::string_view word) {
    constexpr std::string_view k_plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:/@,+%=-";
    if (!word.empty() && word.find_first_not_of(k_plain) == std::string_view::npos) return std::string(word);
    std::string quoted = "'";
    for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return quoted + "'";
}

std::string command_text(const std::vector<Change>& changes) {
    using Kind = Change::Kind;
    const auto& first = changes.front();
    if (first.fact == FactKind::localconfig) {
        return first.kind == Kind::unset
                   ? fmt::format("zmlocalconfig -u {}", shell_word(first.name))
                   : fmt::format("zmlocalconfig -e {}={}", shell_word(first.name), shell_word(first.value));
    }
    auto text =
        first.server.empty() ? std::string("zmprov mcf") : fmt::format("zmprov ms {}", shell_word(first.server));
    for (const auto& change : changes) {
        const auto* sign = change.kind == Kind::add ? "+" : change.kind == Kind::remove ? "-" : "";
        text += fmt::format(" {}{} {}", sign, shell_word(change.name),
                            change.kind == Kind::unset ? std::string("''") : shell_word(change.value));
    }
    return text;
}

}  // namespace zmfw
