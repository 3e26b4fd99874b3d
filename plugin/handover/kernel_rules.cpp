#include <fmt/format.h>
#include <algorithm>
#include <iterator>
#include <plugin/handover/kernel_rules.hpp>
#include <plugin/helper/helper.hpp>
#include <plugin/plan/digest.hpp>
#include <zmintegration/support/file.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

namespace fs = std::filesystem;
using zmi::ErrorKind;
using zmi::Expected;

constexpr const char* k_no_table = "add table inet zmfirewall\ndelete table inet zmfirewall\n";
constexpr std::size_t k_file_limit = 64 * 1024 * 1024;

/// Reads our rules back. The family stands in front, as both print the same words.
constexpr const char* k_save_iptables =
    "set -e\n"
    "echo '# 4'; iptables-save -t filter\n"
    "echo '# 6'; ip6tables-save -t filter\n"
    "echo '# s'; if command -v ipset >/dev/null; then ipset save; fi\n";
constexpr const char* k_load_iptables_apart =
    "set -e\n"
    "if [ -s \"$1/zmfirewall.ipset\" ] && command -v ipset >/dev/null; then ipset restore <\"$1/zmfirewall.ipset\"; "
    "fi\n"
    "iptables-restore --noflush <\"$1/zmfirewall.rules4\"\n"
    "ip6tables-restore --noflush <\"$1/zmfirewall.rules6\"\n"
    "iptables -A INPUT -j ZMFIREWALL-IN; ip6tables -A INPUT -j ZMFIREWALL-IN\n"
    "if grep -q '^:ZMFIREWALL-OUT' \"$1/zmfirewall.rules4\"; then\n"
    "iptables -A OUTPUT -j ZMFIREWALL-OUT; ip6tables -A OUTPUT -j ZMFIREWALL-OUT; fi\n";
constexpr const char* k_load_nft_apart =
    "set -e\nnft -f \"$1/zmfirewall.nft\"\nexec nft -s list table inet zmfirewall\n";

bool is_ours(const std::string& name) {
    return name == "zones/zmfirewall.xml" || name.starts_with("services/zmfirewall-") ||
           name.starts_with("ipsets/zmfirewall4-") || name.starts_with("ipsets/zmfirewall6-");
}

Expected<RuleLines> firewalld_files(const fs::path& folder) {
    RuleLines lines;
    for (const auto* part : {"zones", "services", "ipsets"}) {
        std::error_code code;
        for (const auto& entry : fs::directory_iterator(folder / part, code)) {
            const auto name = part + ("/" + entry.path().filename().string());
            if (!is_ours(name) || !name.ends_with(".xml")) continue;
            const auto text = zmi::read_file(entry.path(), k_file_limit);
            if (!text) return tl::unexpected(text.error());
            lines.push_back(fmt::format("{} {}", name, sha256_hex(*text).substr(0, 16)));
        }
    }
    std::sort(lines.begin(), lines.end());
    return lines;
}

}  // namespace

Difference compare(const RuleLines& wanted, const RuleLines& loaded) {
    Difference difference;
    auto a = wanted, b = loaded;
    std::sort(a.begin(), a.end());
    std::sort(b.begin(), b.end());
    std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(difference.missing));
    std::set_difference(b.begin(), b.end(), a.begin(), a.end(), std::back_inserter(difference.extra));
    difference.reordered = difference.missing.empty() && difference.extra.empty() && wanted != loaded;
    return difference;
}

RuleLines lines_of_nft(std::string_view listing) {
    RuleLines lines;
    std::string where, elements;
    bool in_elements = false;
    const auto add_elements = [&] {
        elements.erase(std::remove_if(elements.begin(), elements.end(), [](char c) { return c == '{' || c == '}'; }),
                       elements.end());
        for (const auto element : zmi::split(elements, ','))
            lines.push_back(fmt::format("{}: {}", where, zmi::trim(element)));
        elements.clear();
    };
    for (const auto raw : zmi::split_lines(listing)) {
        const auto line = zmi::trim(raw);
        constexpr std::string_view k_elements = "elements = ";
        if (line.starts_with(k_elements) || in_elements) {
            elements += std::string(in_elements ? line : line.substr(k_elements.size())) + " ";
            in_elements = line.find('}') == std::string_view::npos;
            if (!in_elements) add_elements();
        } else if (line.ends_with(" {")) {
            where = line.substr(0, line.size() - 2);
            if (!where.starts_with("table ")) lines.push_back(where);
        } else if (!line.empty() && line != "}") {
            lines.push_back(fmt::format("{}: {}", where, line));
        }
    }
    return lines;
}

RuleLines lines_of_iptables(std::string_view saved) {
    RuleLines lines, sets;
    std::string part;
    for (const auto line : zmi::split_lines(saved)) {
        if (line == "# 4" || line == "# 6" || line == "# s") part = line.substr(2);
        if (part == "s") {
            const auto words = zmi::split_words(line);
            if (words.size() >= 3 && (words[0] == "create" || words[0] == "add") && words[1].starts_with("zmfirewall"))
                sets.push_back(fmt::format("ipset {} {} {}", words[0], words[1], words[2]));
        } else if (line.starts_with(":ZMF")) {
            lines.push_back(fmt::format("ipv{} {}", part, line.substr(0, line.find(' '))));
        } else if (line.starts_with("-A ZMF") || line == "-A INPUT -j ZMFIREWALL-IN" ||
                   line == "-A OUTPUT -j ZMFIREWALL-OUT") {
            lines.push_back(fmt::format("ipv{} {}", part, line));
        }
    }
    std::sort(sets.begin(), sets.end());
    lines.insert(lines.end(), sets.begin(), sets.end());
    return lines;
}

RuleLines lines_of_ufw(std::string_view commands) {
    RuleLines lines;
    for (auto line : zmi::split_lines(commands)) {
        if (!line.starts_with("ufw allow ")) continue;
        line = line.substr(0, line.find(" comment '"));
        const auto words = zmi::split_words(line.substr(10));
        if (words.empty() || !words.back().starts_with("zmfirewall-")) continue;
        // ufw leaves out what is not limited.
        std::string from = "any", to = "any";
        for (std::size_t i = 0; i + 1 < words.size(); ++i) {
            if (words[i] == "from") from = words[i + 1];
            if (words[i] == "to") to = words[i + 1];
        }
        for (auto* side : {&from, &to}) {
            if (*side == "0.0.0.0/0" || *side == "::/0") *side = "any";
        }
        lines.push_back(fmt::format("allow from {} to {} app {}", from, to, words.back()));
    }
    std::sort(lines.begin(), lines.end());
    lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
    return lines;
}

Expected<std::string> KernelRules::run(const std::string& program, std::vector<std::string> arguments, int seconds,
                                       std::string input) {
    auto command = helper_command(program, std::move(arguments), std::chrono::seconds(seconds));
    if (command.program.empty()) return zmi::failure(ErrorKind::program, program + " is not installed");
    command.stdin_text = std::move(input);
    auto outcome = m_runner.run(command);
    if (!outcome) return tl::unexpected(std::move(outcome.error()));
    if (outcome->ok()) return std::move(outcome->out);
    return zmi::failure(ErrorKind::program,
                        fmt::format("{}: {}: {}", program, outcome->describe(command), complaint(*outcome)));
}

Expected<std::string> KernelRules::run_shell(const char* script, const fs::path& rules, bool apart) {
    std::vector<std::string> arguments = {"-c", script, "sh", rules.string()};
    if (!apart) return run("sh", std::move(arguments));
    arguments.insert(arguments.begin(), {"-n", "--", "/bin/sh"});
    return run("unshare", std::move(arguments));
}

Expected<void> KernelRules::load(const fs::path& rules) {
    const auto done = m_format == "nftables" ? run("nft", {"-f", (rules / "zmfirewall.nft").string()}, load_limit())
                                             : run("sh", {(rules / "zmfirewall-apply.sh").string()}, load_limit());
    if (!done) return tl::unexpected(done.error());
    return {};
}

Expected<void> KernelRules::unload(const fs::path& rules, bool with_ssh) {
    std::vector<std::string> arguments = {(rules / "zmfirewall-undo.sh").string()};
    if (with_ssh) arguments.emplace_back("all");
    const auto done = m_format == "nftables" ? run("nft", {"-f", "-"}, load_limit(), k_no_table)
                                             : run("sh", std::move(arguments), load_limit());
    if (!done) return tl::unexpected(done.error());
    return {};
}

Expected<void> KernelRules::save(const fs::path& file) {
    const auto tables = run("nft", {"list", "tables"});
    if (!tables) return tl::unexpected(tables.error());
    std::string text = k_no_table;
    if (("\n" + *tables).find("\ntable inet zmfirewall\n") != std::string::npos) {
        const auto listing = run("nft", {"-s", "list", "table", "inet", "zmfirewall"});
        if (!listing) return tl::unexpected(listing.error());
        text += *listing;
    }
    if (auto written = zmi::write_file_atomically(file, text, 0600); !written)
        return zmi::failure(ErrorKind::program, written.error().what);
    const auto checked = run("nft", {"-c", "-f", file.string()});
    if (!checked) return tl::unexpected(zmi::Error(checked.error()).within("cannot keep what is loaded now"));
    return {};
}

Expected<void> KernelRules::bring_back(const fs::path& file) {
    const auto done = run("nft", {"-f", file.string()}, load_limit());
    if (!done) return tl::unexpected(done.error());
    return {};
}

Expected<RuleLines> KernelRules::loaded() {
    if (m_format == "firewalld") {
        auto lines = firewalld_files("/etc/firewalld");
        const auto zone = run("firewall-cmd", {"--get-default-zone"});
        if (lines && zone && zmi::trim(*zone) == "zmfirewall") lines->emplace_back("default zone zmfirewall");
        return lines;
    }
    if (m_format == "nftables") {
        const auto tables = run("nft", {"list", "tables"});
        if (!tables) return tl::unexpected(tables.error());
        if (("\n" + *tables).find("\ntable inet zmfirewall\n") == std::string::npos) return RuleLines();
    }
    const auto listing = m_format == "nftables"   ? run("nft", {"-s", "list", "table", "inet", "zmfirewall"})
                         : m_format == "iptables" ? run_shell(k_save_iptables, {}, false)
                                                  : run("ufw", {"show", "added"});
    if (!listing) return tl::unexpected(listing.error());
    return m_format == "nftables"   ? lines_of_nft(*listing)
           : m_format == "iptables" ? lines_of_iptables(*listing)
                                    : lines_of_ufw(*listing);
}

Expected<RuleLines> KernelRules::wanted(const fs::path& rules) {
    if (m_format == "firewalld") {
        auto lines = firewalld_files(rules);
        if (lines) lines->emplace_back("default zone zmfirewall");
        return lines;
    }
    if (m_format == "ufw") {
        const auto script = zmi::read_file(rules / "zmfirewall-apply.sh", k_file_limit);
        if (!script) return tl::unexpected(script.error());
        return lines_of_ufw(*script);
    }
    const bool nft = m_format == "nftables";
    const auto script = nft ? std::string(k_load_nft_apart) : std::string(k_load_iptables_apart) + k_save_iptables;
    const auto listing = run_shell(script.c_str(), rules, true);
    if (!listing) return tl::unexpected(zmi::Error(listing.error()).within("cannot load the rules apart"));
    return nft ? lines_of_nft(*listing) : lines_of_iptables(*listing);
}

}  // namespace zmfw
