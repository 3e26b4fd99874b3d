#include <plugin/handover/past_rules.hpp>

#include <fmt/format.h>
#include <algorithm>
#include <map>
#include <optional>
#include <plugin/helper/helper.hpp>
#include <set>
#include <string>
#include <vector>
#include <zmintegration/support/network.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

using Words = std::vector<std::string_view>;

std::optional<std::string_view> after(const Words& words, std::string_view name) {
    const auto at = std::find(words.begin(), words.end(), name);
    return at == words.end() || at + 1 == words.end() ? std::nullopt : std::optional(*(at + 1));
}

/// "22", "25,80", "8000:8010": every port of it is open to all anyway.
bool all_open(std::string_view protocol, std::string_view ports, const OpenToAll& open_to_all) {
    for (const auto part : zmi::split(ports, ',')) {
        const auto port = zmi::parse_port(part);
        if (!port || !open_to_all(protocol, *port)) return false;
    }
    return !ports.empty();
}

/// The filter table of one family, as iptables-save has it.
class InputChain {
public:
    explicit InputChain(const OpenToAll& open_to_all) : m_open_to_all(open_to_all) {}

    void add(std::string_view line) {
        const auto words = zmi::split_words(line);
        if (words.size() > 2 && words[0] == "-A") m_rules[std::string(words[1])].push_back(line);
    }

    /// The rules of INPUT in front of our jump that let in what ours may not.
    [[nodiscard]] std::vector<std::string_view> in_front(std::string_view jump) const {
        std::vector<std::string_view> found;
        const auto input = m_rules.find("INPUT");
        if (input == m_rules.end()) return found;
        for (const auto rule : input->second) {
            if (rule == jump) break;
            if (lets_in(rule, 0)) found.push_back(rule);
        }
        return found;
    }

private:
    static constexpr int k_deepest = 16;

    [[nodiscard]] bool lets_in(std::string_view rule, int depth) const {
        const auto words = zmi::split_words(rule);
        if (is_harmless(words)) return false;
        auto target = after(words, "-j");
        if (!target) target = after(words, "-g");
        if (!target) return false;
        if (*target == "ACCEPT") return true;
        const auto chain = m_rules.find(std::string(*target));
        if (chain == m_rules.end()) return false;
        // A chain that leads into itself is none that the kernel takes.
        return depth < k_deepest && std::any_of(chain->second.begin(), chain->second.end(),
                                                [&](const auto one) { return lets_in(one, depth + 1); });
    }

    /// Ours let that in as well.
    [[nodiscard]] bool is_harmless(const Words& words) const {
        if (std::find(words.begin(), words.end(), "!") != words.end()) return false;
        if (after(words, "-i") == "lo") return true;
        for (const auto* option : {"--ctstate", "--state"}) {
            const auto states = after(words, option);
            if (states && (*states == "RELATED,ESTABLISHED" || *states == "ESTABLISHED")) return true;
        }
        const auto protocol = after(words, "-p").value_or("");
        if (protocol == "icmp" || protocol == "ipv6-icmp") return true;
        auto ports = after(words, "--dport");
        if (!ports) ports = after(words, "--dports");
        return ports && all_open(protocol, *ports, m_open_to_all);
    }

    const OpenToAll& m_open_to_all;
    std::map<std::string, std::vector<std::string_view>> m_rules;
};

/// The columns of a line of "ufw status", which two blanks or more part.
std::vector<std::string> columns_of(std::string_view line) {
    std::vector<std::string> columns;
    while (!line.empty()) {
        const auto end = line.find("  ");
        columns.emplace_back(zmi::trim(line.substr(0, end)));
        line = end == std::string_view::npos ? std::string_view() : zmi::trim(line.substr(end));
    }
    return columns;
}

/// "22/tcp (OpenSSH)", "10.0.0.5 22/tcp", "22", "Anywhere on eth0"
bool is_open_anyway(std::string_view to, const OpenToAll& open_to_all) {
    for (const auto word : zmi::split_words(to)) {
        const auto slash = word.find('/');
        const auto ports = word.substr(0, slash);
        if (ports.empty() || ports.find_first_not_of("0123456789,:") != std::string_view::npos) continue;
        if (slash != std::string_view::npos) return all_open(word.substr(slash + 1), ports, open_to_all);
        return all_open("tcp", ports, open_to_all) && all_open("udp", ports, open_to_all);
    }
    return false;
}

zmi::Expected<std::string> ask(const std::string& program, std::vector<std::string> arguments,
                               zmi::ProcessRunner& runner) {
    const auto command = helper_command(program, std::move(arguments), std::chrono::seconds(30));
    if (command.program.empty()) return zmi::failure(zmi::ErrorKind::program, program + " is not installed");
    const auto outcome = runner.run(command);
    if (!outcome) return tl::unexpected(outcome.error());
    if (outcome->ok()) return outcome->out;
    return zmi::failure(zmi::ErrorKind::program,
                        fmt::format("{}: {}: {}", program, outcome->describe(command), complaint(*outcome)));
}

}  // namespace

RuleLines past_iptables(std::string_view saved, const OpenToAll& open_to_all) {
    RuleLines lines;
    std::map<std::string, InputChain> families;
    std::string part;
    for (const auto line : zmi::split_lines(saved)) {
        if (line == "# 4" || line == "# 6") part = line.substr(2);
        families.try_emplace(part, open_to_all).first->second.add(line);
    }
    for (const auto& [family, chain] : families) {
        for (const auto rule : chain.in_front("-A INPUT -j ZMFIREWALL-IN"))
            lines.push_back(fmt::format("ipv{} {}", family, rule));
    }
    return lines;
}

RuleLines past_ufw(std::string_view status, const OpenToAll& open_to_all) {
    RuleLines lines;
    bool active = false, dropping = false;
    for (const auto raw : zmi::split_lines(status)) {
        const auto line = zmi::trim(raw);
        active = active || line == "Status: active";
        const bool closed =
            line.starts_with("Default: deny (incoming)") || line.starts_with("Default: reject (incoming)");
        dropping = dropping || closed;
        if (line.starts_with("Default: ") && !closed) lines.emplace_back(line);
        const auto columns = columns_of(line);
        if (columns.size() < 3 || (columns[1] != "ALLOW IN" && columns[1] != "LIMIT IN")) continue;
        if (columns[0].find("(zmfirewall-") != std::string::npos || is_open_anyway(columns[0], open_to_all)) continue;
        lines.push_back(fmt::format("{} {} from {}", columns[1], columns[0], columns[2]));
    }
    if (!active) return {"ufw is not active: none of its rules is in force"};
    if (!dropping && lines.empty()) lines.emplace_back("ufw does not say that it drops what no rule lets in");
    return lines;
}

RuleLines past_firewalld(std::string_view running, std::string_view permanent, std::string_view zones) {
    const auto settings = [](std::string_view listing) {
        std::set<std::string> lines;
        for (const auto raw : zmi::split_lines(listing)) {
            const auto line = zmi::trim(raw);
            // What runs has the interfaces that nobody named.
            const bool beside = line.starts_with("interfaces:") || line.starts_with("zmfirewall") || line.empty();
            if (!beside && !line.starts_with("icmp-block-inversion")) lines.emplace(line);
        }
        return lines;
    };
    RuleLines lines;
    const auto kept = settings(permanent);
    for (const auto& line : settings(running)) {
        if (!kept.contains(line)) lines.push_back("our zone runs with " + line);
    }
    std::string zone;
    for (const auto line : zmi::split_lines(zones)) {
        if (!line.starts_with(' ')) zone = line.substr(0, line.find(' '));
        if (line.starts_with(' ') && zone != "zmfirewall")
            lines.push_back(fmt::format("zone {} has {}", zone, zmi::trim(line)));
    }
    return lines;
}

zmi::Expected<RuleLines> rules_past_ours(const std::string& format, const OpenToAll& open_to_all,
                                         zmi::ProcessRunner& runner) {
    if (format == "ufw") {
        const auto status = ask("ufw", {"status", "verbose"}, runner);
        if (!status) return tl::unexpected(status.error());
        return past_ufw(*status, open_to_all);
    }
    if (format == "iptables") {
        const auto saved4 = ask("iptables-save", {"-t", "filter"}, runner);
        const auto saved6 = ask("ip6tables-save", {"-t", "filter"}, runner);
        if (!saved4 || !saved6) return tl::unexpected(saved4 ? saved6.error() : saved4.error());
        return past_iptables("# 4\n" + *saved4 + "# 6\n" + *saved6, open_to_all);
    }
    if (format != "firewalld") return RuleLines();
    const auto running = ask("firewall-cmd", {"--zone=zmfirewall", "--list-all"}, runner);
    const auto permanent = ask("firewall-cmd", {"--permanent", "--zone=zmfirewall", "--list-all"}, runner);
    const auto zones = ask("firewall-cmd", {"--get-active-zones"}, runner);
    for (const auto* answer : {&running, &permanent, &zones}) {
        if (!*answer) return tl::unexpected(answer->error());
    }
    return past_firewalld(*running, *permanent, *zones);
}

}  // namespace zmfw
