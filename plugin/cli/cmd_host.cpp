#include <fmt/format.h>
#include <fmt/ranges.h>
#include <plugin/cli/commands.hpp>
#include <plugin/cli/here.hpp>
#include <plugin/cli/style.hpp>
#include <zmintegration/support/ordered_json.hpp>

namespace zmfw {
namespace {

using zmi::OrderedJson;

const char* word(Known known) {
    if (!known) return "not known";
    return *known ? "yes" : "no";
}

OrderedJson json_of(Known known) {
    return known ? OrderedJson(*known) : OrderedJson(nullptr);
}

std::string os_text(const HostSigns& signs, const ChosenTarget& target) {
    if (!signs.os) return fmt::format("not known: {}", signs.os_problem);
    const auto name = fmt::format("{} {}", signs.os->id, signs.os->version);
    return fmt::format("{} (target {})", name, target.known ? target.target.name : "unknown");
}

std::string presence(bool installed, Known active, std::string_view verb) {
    if (!installed && active != true) return "not installed";
    return fmt::format("{}: {}", verb, word(active));
}

std::string list_or_none(const std::vector<std::string>& items) {
    return items.empty() ? "none" : fmt::format("{}", fmt::join(items, ", "));
}

std::string signs_text(const HostSigns& signs, const ChosenTarget& target) {
    std::vector<std::vector<std::string>> rows = {
        {"system", os_text(signs, target)},
        {"ufw", presence(signs.ufw_installed, signs.ufw_enabled, "enabled")},
        {"firewalld", presence(signs.firewalld_installed, signs.firewalld_running, "running")},
        {"fail2ban", presence(signs.fail2ban_installed, signs.fail2ban_running, "running")},
        {"docker", signs.docker ? "there" : "not seen"},
        {"podman", signs.podman ? "there" : "not seen"},
        {"iptables-legacy", fmt::format("has tables: {}", word(signs.legacy_tables))},
        {"nft tables", signs.nft_told ? list_or_none(signs.nft_tables) : "not known"},
        {"nftables.service", signs.nftables_at_boot ? "enabled" : "not enabled"},
        {"iptables at boot",
         signs.iptables_at_boot || signs.ip6tables_at_boot ? list_or_none(signs.iptables_files) : "not enabled"}};
    return table(rows, 2);
}

std::string host_text(const HostSigns& signs, const ChosenTarget& target, const HostJudgement& judgement) {
    std::string text = "Seen here\n" + signs_text(signs, target);
    text += fmt::format("\nFormat that fits: {} ({})\n", judgement.format.empty() ? "cannot be told" : judgement.format,
                        judgement.why);
    if (!judgement.warnings.empty()) text += "\nWarnings\n";
    for (const auto& warning : judgement.warnings) {
        text += wrapped(warning.text, 2);
        if (!warning.remedy.empty()) text += wrapped("remedy: " + warning.remedy, 4);
    }
    if (!signs.unknown.empty()) text += "\nNot known to this user\n";
    for (const auto& line : signs.unknown) text += wrapped(line, 2);
    return text;
}

OrderedJson published_json(const HostSigns& signs) {
    auto list = OrderedJson::array();
    for (const auto& port : signs.published) {
        list.push_back({{"engine", port.engine},
                        {"container", port.container},
                        {"address", port.address},
                        {"first_port", port.first},
                        {"last_port", port.last},
                        {"protocol", port.protocol},
                        {"local_only", port.is_local()}});
    }
    return list;
}

OrderedJson warnings_json(const HostJudgement& judgement) {
    auto list = OrderedJson::array();
    for (const auto& warning : judgement.warnings)
        list.push_back({{"id", warning.id}, {"text", warning.text}, {"remedy", warning.remedy}});
    return list;
}

OrderedJson host_json(const HostSigns& signs, const ChosenTarget& target, const HostJudgement& judgement) {
    OrderedJson root;
    root["schema"] = "zmfirewall/host/1";
    root["target"] = target.known ? OrderedJson(target.target.name) : OrderedJson(nullptr);
    root["format"] = judgement.format.empty() ? OrderedJson(nullptr) : OrderedJson(judgement.format);
    root["why"] = judgement.why;
    root["ufw"] = {{"installed", signs.ufw_installed},
                   {"enabled", json_of(signs.ufw_enabled)},
                   {"ipv6", json_of(signs.ufw_ipv6)},
                   {"input", signs.ufw_input}};
    root["firewalld"] = {{"installed", signs.firewalld_installed},
                         {"running", json_of(signs.firewalld_running)},
                         {"at_boot", signs.firewalld_at_boot}};
    root["fail2ban"] = {{"installed", signs.fail2ban_installed}, {"running", json_of(signs.fail2ban_running)}};
    root["docker"] = {{"seen", signs.docker}, {"chains", json_of(signs.docker_chains)}};
    root["podman"] = {{"seen", signs.podman}};
    root["iptables_legacy"] = json_of(signs.legacy_tables);
    root["nft_tables"] = signs.nft_told ? OrderedJson(signs.nft_tables) : OrderedJson(nullptr);
    root["nftables_service"] = {{"at_boot", signs.nftables_at_boot}, {"flushes", json_of(signs.nftables_flushes)}};
    root["iptables_files"] = signs.iptables_files;
    root["iptables_at_boot"] = signs.iptables_at_boot || signs.ip6tables_at_boot;
    root["published"] = published_json(signs);
    root["published_complete"] = signs.containers_told;
    root["warnings"] = warnings_json(judgement);
    root["unknown"] = signs.unknown;
    return root;
}

}  // namespace

ExitStatus run_host(const Context& context, bool json) {
    const auto signs = signs_here(context);
    const auto target = target_here(context, signs);
    if (!target) return report(target.error());
    const auto judgement = judge(signs);
    if (!json) return print(host_text(signs, *target, judgement));
    return print(host_json(signs, *target, judgement).dump(2, ' ', true, OrderedJson::error_handler_t::replace) + "\n");
}

}  // namespace zmfw
