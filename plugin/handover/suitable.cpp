#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <plugin/handover/suitable.hpp>
#include <zmintegration/support/clock.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

using zmi::Expected;

constexpr std::chrono::minutes k_clock_difference{5};

Expected<void> check_time(std::string_view what, const std::string& text, std::chrono::sys_seconds now,
                          std::chrono::hours max_age) {
    const auto time = zmi::parse_rfc3339(text);
    if (!time) return zmi::failure(zmi::ErrorKind::data, fmt::format("{}: no time", what));
    if (*time > now + k_clock_difference) {
        return zmi::failure(zmi::ErrorKind::knowledge, fmt::format("{} {}, which is in the future", what, text),
                            "set the clocks of both hosts");
    }
    if (*time < now - max_age) {
        return zmi::failure(zmi::ErrorKind::knowledge,
                            fmt::format("{} {}, more than {} hours ago", what, text, max_age.count()),
                            "make a new plan, or say --max-age HOURS if nothing has changed since");
    }
    return {};
}

bool fits(const ServerPlan& server, const HostFacts& host) {
    if (server.name == host.name) return true;
    return std::any_of(server.addresses.begin(), server.addresses.end(), [&](const auto& address) {
        return !address.is_loopback() &&
               std::find(host.addresses.begin(), host.addresses.end(), address) != host.addresses.end();
    });
}

bool opens(const OpenPort& open, std::uint16_t port) {
    return open.protocol == "tcp" && open.port.contains(port);
}

bool admits(const ServerPlan& plan, const SshConnection& connection) {
    return std::any_of(plan.open.begin(), plan.open.end(), [&](const OpenPort& open) {
        const auto& to = open.destinations;
        return opens(open, connection.port) &&
               (to.empty() || std::find(to.begin(), to.end(), connection.server) != to.end()) &&
               std::any_of(open.sources.begin(), open.sources.end(),
                           [&](const auto& source) { return source.contains(connection.client); });
    });
}

}  // namespace

Expected<void> check_age(const Plan& plan, std::chrono::sys_seconds now, std::chrono::hours max_age) {
    if (auto made = check_time("the plan was made at", plan.made_at, now, max_age); !made) return made;
    return check_time("the facts of the plan were gathered at", plan.source.taken_at, now, max_age);
}

Expected<const ServerPlan*> choose_server(const Plan& plan, const HostFacts& host, const std::string& name) {
    std::vector<const ServerPlan*> fitting;
    std::vector<std::string> names, all;
    for (const auto& server : plan.servers) {
        all.push_back(server.name);
        if (!fits(server, host)) continue;
        fitting.push_back(&server);
        names.push_back(server.name);
    }
    if (!name.empty()) {
        const auto at = std::find(names.begin(), names.end(), zmi::to_lower(name));
        if (at != names.end()) return fitting[static_cast<std::size_t>(at - names.begin())];
        const bool known = std::find(all.begin(), all.end(), zmi::to_lower(name)) != all.end();
        return zmi::failure(zmi::ErrorKind::knowledge,
                            known ? fmt::format("this host has neither the name nor an address of {}", name)
                                  : fmt::format("the plan has no server {}", zmi::quoted(name)));
    }
    if (fitting.size() == 1) return fitting.front();
    if (fitting.empty()) {
        return zmi::failure(zmi::ErrorKind::knowledge,
                            fmt::format("the plan is for another host: {} has neither the name nor an address of a "
                                        "server in it",
                                        zmi::quoted(host.name)));
    }
    return zmi::failure(zmi::ErrorKind::usage, fmt::format("this host could be {}", fmt::join(names, " or ")),
                        "say which with --server NAME");
}

std::optional<SshConnection> parse_ssh_connection(std::string_view text) {
    const auto words = zmi::split_words(text);
    if (words.size() != 4) return std::nullopt;
    const auto address = [](std::string_view word) {
        // sshd on :: writes an IPv4 client so; a zone is of no use to a rule.
        if (word.starts_with("::ffff:") && word.find('.') != std::string_view::npos) word.remove_prefix(7);
        return zmi::parse_address(word.substr(0, word.find('%')));
    };
    const auto client = address(words[0]);
    const auto server = address(words[2]);
    const auto port = zmi::parse_port(words[3]);
    if (!client || !server || !port) return std::nullopt;
    return SshConnection{*client, *server, *port};
}

std::string ssh_obstacle(const ServerPlan& plan, const SshFacts& ssh) {
    for (const auto& connection : ssh.connections) {
        if (connection.client.is_loopback() || admits(plan, connection)) continue;
        return fmt::format(
            "the plan would cut the SSH connection that this runs in: nobody at {} may reach {}/tcp on {}",
            connection.client.to_string(), connection.port, connection.server.to_string());
    }
    for (const auto port : ssh.ports) {
        if (std::any_of(plan.open.begin(), plan.open.end(), [&](const auto& open) { return opens(open, port); }))
            continue;
        return fmt::format("sshd listens on {}/tcp, which the plan opens to nobody", port);
    }
    return {};
}

}  // namespace zmfw
