#include <fmt/format.h>
#include <algorithm>
#include <plugin/plan/remedy_text.hpp>
#include <zmintegration/support/network.hpp>

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

bool is_safe(const Change& change, const zmi::Inventory& inventory, const Catalogue& catalogue) {
    if (change.fact == FactKind::localconfig) return catalogue.localconfig.contains(change.name);
    const auto spec = catalogue.attributes.find(change.name);
    if (spec == catalogue.attributes.end()) return false;
    if (spec->second.type == ValueType::address || spec->second.type == ValueType::host) {
        const auto address = zmi::parse_address(change.value);
        return change.value.empty() || (address && address->is_of_a_host() && !address->is_loopback());
    }
    if (change.kind != Change::Kind::add || change.name != catalogue.services_enabled) return true;
    // A service that is not installed cannot be enabled.
    const auto* server = inventory.find(change.server);
    if (server == nullptr) return false;
    const auto installed = server->own.find(catalogue.services_installed);
    return installed != server->own.end() &&
           std::find(installed->second.begin(), installed->second.end(), change.value) != installed->second.end();
}

}  // namespace zmfw
