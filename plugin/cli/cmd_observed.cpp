#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <plugin/cli/commands.hpp>
#include <plugin/cli/planned.hpp>
#include <plugin/cli/style.hpp>
#include <plugin/observe/gather.hpp>
#include <plugin/observe/judge.hpp>
#include <zmintegration/process/process_runner.hpp>
#include <zmintegration/support/ordered_json.hpp>

namespace zmfw {
namespace {

std::string port_of(const Attempt& attempt) {
    return attempt.port == 0 ? attempt.protocol : fmt::format("{}/{}", attempt.port, attempt.protocol);
}

std::string json_text(const Gathered& gathered, const std::vector<Observed>& all, const ServerPlan& server) {
    zmi::OrderedJson document = {{"schema", "zmfirewall/observed/1"},
                                 {"server", server.name},
                                 {"read", gathered.read},
                                 {"not_understood", gathered.seen.not_understood},
                                 {"left_out", gathered.seen.left_out},
                                 {"set_is_full", gathered.seen.set_is_full},
                                 {"observed", zmi::OrderedJson::array()}};
    for (const auto& one : all) {
        zmi::OrderedJson entry = {{"source", one.attempt.source.to_string()}, {"protocol", one.attempt.protocol}};
        if (one.attempt.port != 0) entry["port"] = one.attempt.port;
        entry["counted"] = one.tally.counted;
        entry["logged"] = one.tally.logged;
        if (!one.peer.empty()) entry["peer"] = one.peer;
        if (!one.endpoint.empty()) entry["endpoint"] = one.endpoint;
        entry["likely"] = to_string(one.likely);
        entry["why"] = one.why;
        if (!one.policy_line.empty()) entry["policy"] = one.policy_line;
        document["observed"].push_back(std::move(entry));
    }
    return document.dump(2, ' ', false, zmi::OrderedJson::error_handler_t::replace) + "\n";
}

std::string people_text(const Gathered& gathered, const std::vector<Observed>& all, const ServerPlan& server) {
    auto text =
        fmt::format("{}: what the plan would have dropped, by {}\n", server.name, fmt::join(gathered.read, ", "));
    if (all.empty()) return text + "  nothing\n";
    std::vector<std::vector<std::string>> rows = {{"counted", "logged", "from", "port", "likely"}};
    std::string lines;
    for (const auto& one : all) {
        const auto from = one.attempt.source.to_string() + (one.peer.empty() ? "" : " (" + one.peer + ")");
        rows.push_back({fmt::format("{}", one.tally.counted), fmt::format("{}", one.tally.logged), from,
                        port_of(one.attempt), one.why});
        if (!one.policy_line.empty()) lines += "  " + one.policy_line + "\n";
    }
    text += table(rows, 2);
    if (!lines.empty()) text += "\nTo keep one, add its line to the policy:\n" + lines;
    return text;
}

void tell_gaps(const Gathered& gathered) {
    for (const auto& missing : gathered.missing) tell("not read: " + missing);
    if (gathered.seen.not_understood > 0) tell(fmt::format("{} lines not understood", gathered.seen.not_understood));
    if (gathered.seen.left_out > 0)
        tell(fmt::format("{} entries left out: there are more than {}", gathered.seen.left_out, Sightings::k_most));
    if (gathered.seen.set_is_full) tell("a set of the kernel is full: newcomers were not counted, only logged");
}

}  // namespace

ExitStatus run_observed(const Context& context, const ObservedOptions& options) {
    const auto runner = zmi::make_process_runner();
    // All servers: the others' addresses tell who is a peer.
    const auto planned = make_plan(context, {"", true});
    if (!planned) return report(planned.error());
    const auto chosen = Context::selected({options.server, false}, planned->inventory, planned->policy);
    if (!chosen) return report(chosen.error());
    const auto& servers = planned->plan.servers;
    const auto server = std::find_if(servers.begin(), servers.end(),
                                     [&](const ServerPlan& one) { return one.name == chosen->value_or(""); });
    if (server == servers.end())
        return report({zmi::ErrorKind::usage, "which server was observed?", "name it with --server"});
    if (!server->complete()) {
        Plan only = planned->plan;
        std::erase_if(only.servers, [&](const ServerPlan& one) { return one.name != server->name; });
        return tell_problems(only);
    }
    const auto gathered =
        options.log.empty() ? gather_here(context.options().system_root, *runner) : gather_file(options.log);
    if (!gathered) return report(gathered.error());
    const auto all = judge(gathered->seen, planned->plan, *server, planned->policy);
    tell_gaps(*gathered);
    return print(options.json ? json_text(*gathered, all, *server) : people_text(*gathered, all, *server));
}

}  // namespace zmfw
