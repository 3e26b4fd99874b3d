#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <plugin/host/judge.hpp>

namespace zmfw {
namespace {

bool is_firewalld_on(const HostSigns& signs) {
    return signs.firewalld_running == true || (!signs.firewalld_running && signs.firewalld_at_boot);
}

bool keeps_iptables(const HostSigns& signs) {
    return (signs.iptables_at_boot || signs.ip6tables_at_boot) && !signs.iptables_files.empty();
}

void recommend(HostJudgement& result, const HostSigns& signs) {
    if (signs.ufw_enabled == true) {
        result.format = "ufw";
        result.why = "ufw is enabled here: what it does not accept is not accepted";
    } else if (is_firewalld_on(signs)) {
        result.format = "firewalld";
        result.why = signs.firewalld_running == true ? "firewalld runs here: what it does not accept is not accepted"
                                                     : "firewalld is started at boot here";
    } else if (!signs.ufw_enabled || !signs.firewalld_running) {
        result.why = fmt::format("{} is installed, and whether it filters cannot be told: ask as root",
                                 signs.ufw_enabled ? "firewalld" : "ufw");
    } else if (keeps_iptables(signs)) {
        result.format = "iptables";
        result.why =
            fmt::format("iptables rules are loaded at boot here, from {}", fmt::join(signs.iptables_files, ", "));
    } else {
        result.format = "nftables";
        result.why = "no other firewall manager was found here";
    }
}

void warn_of_managers(std::vector<HostWarning>& warnings, const HostSigns& signs) {
    std::vector<std::string> managers;
    if (signs.ufw_enabled == true) managers.emplace_back("ufw");
    if (is_firewalld_on(signs)) managers.emplace_back("firewalld");
    if (keeps_iptables(signs)) managers.emplace_back("iptables rules of the boot");
    if (managers.size() > 1) {
        warnings.push_back({"two-managers",
                            fmt::format("{} filter side by side: a port is open only where each accepts it",
                                        fmt::join(managers, " and ")),
                            "keep one and turn the others off before you load rules"});
    }
    if (signs.ufw_enabled == true && signs.ufw_ipv6 == false) {
        warnings.push_back({"ufw-without-ipv6", "ufw leaves IPv6 alone (IPV6=no in /etc/default/ufw): it stays open",
                            "set IPV6=yes, then ufw disable and ufw enable"});
    }
    if (signs.ufw_enabled == true && signs.ufw_input == "accept") {
        warnings.push_back({"ufw-accepts", "ufw accepts by default what comes in: its rules close nothing",
                            "ufw default deny incoming, after the rules are in"});
    }
}

void warn_of_tables(std::vector<HostWarning>& warnings, const HostSigns& signs) {
    if (signs.legacy_tables == true && !signs.nft_tables.empty()) {
        warnings.push_back({"legacy-and-nft",
                            "iptables-legacy and nft both have tables in the kernel: both filter, and neither lists "
                            "the rules of the other",
                            "look at iptables-legacy -S and at nft list ruleset"});
    }
    if (signs.nftables_at_boot && signs.nftables_flushes == true) {
        warnings.push_back({"nftables-flushes",
                            fmt::format("{} begins with flush ruleset: each start or reload of nftables.service takes "
                                        "all tables away, ours and those of Docker and fail2ban as well",
                                        signs.nftables_config),
                            "load ours after it (zmfirewall confirm makes such a unit), and do not reload it alone"});
    }
}

/// Tables of unknown owners: of the known ones the managers above tell.
void warn_of_other_inputs(std::vector<HostWarning>& warnings, const HostSigns& signs) {
    for (const auto& table : signs.nft_inputs) {
        const auto name = table.substr(table.find(' ') + 1);
        if (name == "zmfirewall" || name == "firewalld" || name == "filter" || name.starts_with("f2b-")) continue;
        warnings.push_back({"other-input-chain",
                            fmt::format("the nft table {} has a chain on the input hook: what it drops stays dropped, "
                                        "whatever we accept",
                                        table),
                            fmt::format("look at nft list table {}", table)});
    }
}

std::string remedy_of(const PublishedPort& port) {
    if (port.engine != "docker") {
        return fmt::format(
            "publish it on one address only (-p ADDRESS:{}:...), or filter it in a table of your own on "
            "the forward hook, by ct original proto-dst {}",
            port.first, port.first);
    }
    const auto ports =
        port.first == port.last ? fmt::format("{}", port.first) : fmt::format("{}:{}", port.first, port.last);
    const bool ipv6 = port.address.find(':') != std::string::npos;
    return fmt::format(
        "{} -I DOCKER-USER -i IFACE ! -s NETWORK -p {} -m conntrack --ctorigdstport {} "
        "--ctdir ORIGINAL -j DROP; or publish it on 127.0.0.1 only",
        ipv6 ? "ip6tables" : "iptables", port.protocol, ports);
}

void warn_of_containers(std::vector<HostWarning>& warnings, const HostSigns& signs) {
    for (const auto& port : signs.published) {
        if (port.is_local()) continue;
        const auto ports =
            port.first == port.last ? fmt::format("{}", port.first) : fmt::format("{}-{}", port.first, port.last);
        warnings.push_back({"published-port",
                            fmt::format("{} publishes {}/{} on {} for {}: it is forwarded, so no input chain and no "
                                        "plan of ours covers it",
                                        port.engine, ports, port.protocol, port.address, port.container),
                            remedy_of(port)});
    }
}

bool is_for_a_host(std::string_view format) {
    constexpr std::array<std::string_view, 4> k_formats = {"nftables", "iptables", "ufw", "firewalld"};
    return std::find(k_formats.begin(), k_formats.end(), format) != k_formats.end();
}

HostWarning must_both_accept(std::string_view manager, std::string_view format) {
    std::string text = fmt::format(
        "{} filters here as well: a port is open only where both it and the format {} "
        "accept it",
        manager, format);
    if (format == "iptables") text += fmt::format(", and our chain hangs behind what {} rejects", manager);
    return {"both-must-accept", std::move(text), fmt::format("emit {}, or turn {} off first", manager, manager)};
}

}  // namespace

HostJudgement judge(const HostSigns& signs) {
    HostJudgement result;
    recommend(result, signs);
    warn_of_managers(result.warnings, signs);
    warn_of_tables(result.warnings, signs);
    warn_of_other_inputs(result.warnings, signs);
    warn_of_containers(result.warnings, signs);
    return result;
}

std::vector<HostWarning> judge_format(const HostSigns& signs, std::string_view format) {
    std::vector<HostWarning> warnings;
    if (!is_for_a_host(format)) return warnings;
    if (signs.ufw_enabled == true && format != "ufw") warnings.push_back(must_both_accept("ufw", format));
    if (is_firewalld_on(signs) && format != "firewalld") warnings.push_back(must_both_accept("firewalld", format));
    if (keeps_iptables(signs) && format != "iptables") {
        warnings.push_back({"both-must-accept",
                            fmt::format("iptables rules are loaded at boot from {}: a port is open only where they "
                                        "accept it as well",
                                        fmt::join(signs.iptables_files, ", ")),
                            "emit iptables, or take those rules away"});
    }
    if (format == "ufw" && signs.ufw_enabled == false)
        warnings.push_back(
            {"not-active", "ufw is not enabled here: its rules filter nothing until it is", "ufw enable"});
    if (format == "firewalld" && signs.firewalld_running == false) {
        warnings.push_back({"not-active", "firewalld does not run here: its rules filter nothing until it does",
                            "systemctl enable --now firewalld"});
    }
    return warnings;
}

}  // namespace zmfw
