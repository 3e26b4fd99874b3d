#include <fmt/format.h>
#include <algorithm>
#include <plugin/cli/commands.hpp>
#include <plugin/cli/planned.hpp>
#include <plugin/cli/verify_text.hpp>
#include <plugin/verify/verified.hpp>

namespace zmfw {
namespace {

const ServerPlan* find(const Plan& plan, const std::string& name) {
    const auto found =
        std::find_if(plan.servers.begin(), plan.servers.end(), [&](const auto& server) { return server.name == name; });
    return found == plan.servers.end() ? nullptr : &*found;
}

zmi::Expected<std::string> named(const std::string& name, const Planned& planned) {
    auto selected = Context::selected({name, false}, planned.inventory, planned.policy);
    if (!selected && name.empty()) selected.error().hint = "name the server that this host is with --from NAME";
    if (!selected) return tl::unexpected(std::move(selected.error()));
    return **selected;
}

/// Who the plans take us for. Without an address of it here the answers are of another host: refused, unless it was
/// asked for by name (behind address translation, say).
zmi::Expected<AskScope> scope_of(const VerifyOptions& options, const Planned& planned) {
    auto from = named(options.from, planned);
    if (!from) return tl::unexpected(std::move(from.error()));
    AskScope scope;
    scope.from = *from;
    if (!options.to.empty()) {
        auto to = named(options.to, planned);
        if (!to) return tl::unexpected(std::move(to.error()));
        if (*to == *from) return zmi::failure(zmi::ErrorKind::usage, fmt::format("{} is this node itself", *to));
        scope.to = *to;
    }
    for (const auto& address : find(planned.plan, *from)->addresses) {
        if (!address.is_loopback() && is_own_address(address)) scope.sources.push_back(address);
    }
    if (!scope.sources.empty()) return scope;
    if (options.from.empty()) {
        return zmi::failure(zmi::ErrorKind::knowledge,
                            fmt::format("none of the addresses of {} is one of this host", *from),
                            "run it on that server, or name the server that this host is with --from");
    }
    tell(fmt::format(
        "warning: none of the addresses of {} is one of this host; what is refused here may be let in there", *from));
    scope.sources = find(planned.plan, *from)->addresses;
    std::erase_if(scope.sources, [](const auto& address) { return address.is_loopback(); });
    scope.bind = false;
    if (!scope.sources.empty()) return scope;
    return zmi::failure(zmi::ErrorKind::knowledge, fmt::format("no address of {} is known", *from),
                        "name its addresses in the policy");
}

void add_unplanned(const Plan& plan, const AskScope& scope, Verified& verified) {
    for (const auto& server : plan.servers) {
        if (server.complete() || server.name == scope.from || (!scope.to.empty() && server.name != scope.to)) continue;
        verified.unknown.push_back(
            fmt::format("{} has no plan to compare with: {}", server.name, server.problems.front().text));
    }
}

}  // namespace

ExitStatus run_verify(const Context& context, const VerifyOptions& options) {
    const auto planned = make_plan(context, {{}, true});
    if (!planned) return report(planned.error());
    const auto scope = scope_of(options, *planned);
    if (!scope) return report(scope.error());
    const auto asks = asks_of(planned->plan, planned->catalogue, *scope);
    AskBounds bounds;
    bounds.rate = options.rate;
    bounds.total = std::chrono::seconds(options.total_seconds);
    std::vector<Answer> answers;
    {
        ProgressBar bar;
        answers = ask_all(asks, bounds, [&](std::size_t done, std::size_t all) { bar.show(done, all); });
    }
    auto verified = judge(asks, answers);
    verified.from = scope->from;
    verified.made_at = planned->plan.made_at;
    add_unplanned(planned->plan, *scope, verified);
    const auto printed = print(options.json ? to_json(verified) : verified_text(verified, Style::of_stdout()));
    for (const auto& why : verified.unknown) tell(why);
    if (printed != ExitStatus::done) return printed;
    if (!verified.unknown.empty()) return ExitStatus::knowledge;
    return verified.differs() ? ExitStatus::findings : ExitStatus::done;
}

}  // namespace zmfw
