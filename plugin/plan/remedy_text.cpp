#include <fmt/format.h>
#include <algorithm>
#include <plugin/plan/remedy_text.hpp>
#include <zmintegration/local/prov_command.hpp>
#include <zmintegration/support/network.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {

namespace {

/// The address is loopback, on purpose, or the only one of that server that is none.
bool is_dialled(const Change& change, const FactsView& view) {
    const auto address = zmi::parse_address(change.value);
    if (!address || !address->is_of_a_host()) return false;
    if (address->is_loopback()) return true;
    for (std::size_t i = 0; i < view.size(); ++i) {
        if (view.name(i) != change.server) continue;
        const auto& addresses = view.addresses(i).addresses;
        return std::all_of(addresses.begin(), addresses.end(),
                           [&](const auto& one) { return one.is_loopback() || one == *address; });
    }
    return false;
}

/// One command for each server; changes of localconfig one by one.
std::vector<std::vector<Change>> grouped(const RemedySpec& remedy, const Words& words) {
    std::vector<std::vector<Change>> groups;
    for (auto change : remedy.changes) {
        for (auto* text : {&change.server, &change.name, &change.value, &change.value_of}) *text = filled(*text, words);
        const auto same = [&](const std::vector<Change>& group) {
            return group.front().server == change.server && group.front().fact == change.fact &&
                   change.fact == FactKind::attribute;
        };
        auto group = std::find_if(groups.begin(), groups.end(), same);
        if (group == groups.end()) group = groups.insert(groups.end(), std::vector<Change>{});
        group->push_back(std::move(change));
    }
    return groups;
}

void add_changes(const RemedySpec& remedy, const Words& words, const Evaluator& evaluator, std::size_t server,
                 Finding& finding) {
    auto groups = grouped(remedy, words);
    const bool holds = evaluator.about(remedy.safe_when, server).verdict == Verdict::yes;
    const bool safe = holds && std::all_of(groups.begin(), groups.end(), [&](const auto& group) {
                          return std::all_of(group.begin(), group.end(),
                                             [&](const Change& change) { return is_safe(change, evaluator.view()); });
                      });
    for (auto& group : groups) {
        finding.remedy.push_back(command_text(group, evaluator.view().catalogue().product));
        finding.changes.push_back(safe ? group : std::vector<Change>{});
        finding.proposed.resize(finding.changes.size());
        if (!safe) finding.proposed.back() = std::move(group);
    }
}

/// One line, or one for each port in question.
void add_text(const RemedySpec& remedy, const Words& words, Finding& finding) {
    const bool each = remedy.text.find("{each-port}") != std::string::npos;
    const auto listed = words.find("each-port");
    auto one = words;
    for (const auto port : each&& listed != words.end() ? zmi::split_words(listed->second)
                                                        : std::vector<std::string_view>(each ? 0 : 1)) {
        one["each-port"] = std::string(port);
        finding.remedy.push_back(filled(remedy.text, one));
        finding.changes.emplace_back();
    }
}

}  // namespace

std::string shell_word(std::string_view word) {
    constexpr std::string_view k_plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:/@,+%=-";
    if (!word.empty() && word.find_first_not_of(k_plain) == std::string_view::npos) return std::string(word);
    std::string quoted = "'";
    for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return quoted + "'";
}

std::string command_text(const std::vector<Change>& changes, std::string_view product) {
    using Kind = Change::Kind;
    const auto& first = changes.front();
    if (first.fact == FactKind::localconfig && !first.value_of.empty())
        return fmt::format("zmlocalconfig -e {}=\"$({})\"", shell_word(first.name), first.value_of);
    if (first.fact == FactKind::localconfig) {
        return first.kind == Kind::unset
                   ? fmt::format("zmlocalconfig -u {}", shell_word(first.name))
                   : fmt::format("zmlocalconfig -e {}={}", shell_word(first.name), shell_word(first.value));
    }
    const auto provisioning = zmi::prov_command(product);
    auto text = first.server.empty() ? fmt::format("{} mcf", provisioning)
                                     : fmt::format("{} ms {}", provisioning, shell_word(first.server));
    for (const auto& change : changes) {
        const auto* sign = change.kind == Kind::add ? "+" : change.kind == Kind::remove ? "-" : "";
        text += fmt::format(" {}{} {}", sign, shell_word(change.name),
                            change.kind == Kind::unset ? std::string("''") : shell_word(change.value));
    }
    return text;
}

bool is_safe(const Change& change, const FactsView& view) {
    const auto& catalogue = view.catalogue();
    if (change.fact == FactKind::localconfig) return catalogue.localconfig.contains(change.name);
    const auto spec = catalogue.attributes.find(change.name);
    if (spec == catalogue.attributes.end()) return false;
    if (spec->second.type == ValueType::address || spec->second.type == ValueType::host)
        return change.value.empty() || is_dialled(change, view);
    if (change.kind != Change::Kind::add || change.name != catalogue.services_enabled) return true;
    // A service that is not installed cannot be enabled.
    const auto* server = view.inventory().find(change.server);
    if (server == nullptr) return false;
    const auto installed = server->own.find(catalogue.services_installed);
    return installed != server->own.end() &&
           std::find(installed->second.begin(), installed->second.end(), change.value) != installed->second.end();
}

void add_remedies(const std::vector<RemedySpec>& remedies, const Words& words, const Evaluator& evaluator,
                  std::size_t server, Finding& finding) {
    for (const auto& remedy : remedies) {
        if (!remedy.needs.empty() && !words.contains(remedy.needs)) continue;
        if (!remedy.without.empty() && words.contains(remedy.without)) continue;
        if (!remedy.changes.empty()) {
            add_changes(remedy, words, evaluator, server, finding);
        } else {
            add_text(remedy, words, finding);
        }
    }
}

}  // namespace zmfw
