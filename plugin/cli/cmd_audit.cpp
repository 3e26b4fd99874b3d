#include <fmt/format.h>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <plugin/audit/audit.hpp>
#include <plugin/audit/audit_json.hpp>
#include <plugin/audit/audit_lines.hpp>
#include <plugin/cli/audit_text.hpp>
#include <plugin/cli/audited.hpp>
#include <plugin/cli/commands.hpp>
#include <plugin/cli/planned.hpp>
#include <thread>
#include <zmintegration/local/localconfig.hpp>
#include <zmintegration/local/node_files.hpp>
#include <zmintegration/local/node_sources.hpp>
#include <zmintegration/support/clock.hpp>

namespace zmfw {
namespace {

using zmi::Expected;

/// A plugin of nagios has to answer in 5 seconds; so much is for asking Zimbra.
constexpr std::chrono::milliseconds k_patience{3'500};
constexpr int k_source_seconds = 3;

struct Facts {
    Planned planned;
    std::string note;        ///< where the facts are from, if not from Zimbra itself, now
    bool abandoned = false;  ///< somebody still waits for an answer, in a thread of its own
};

/// What else this node knows, now; but not its modules, which take longer to ask than there is time.
void read_sources_again(zmi::Wanted wanted, const zmi::Product& product, const std::filesystem::path& system_root,
                        const zmi::LocalFacts& last, zmi::LocalFacts& local) {
    wanted.modules.clear();
    const auto runner = zmi::make_process_runner();
    static_cast<void>(
        zmi::read_node_sources(wanted, {to_string(product.family), product.home, system_root}, *runner, local));
    local.modules = last.modules;
    if (const auto at = last.files.find("modules"); at != last.files.end()) local.files.insert(*at);
}

/// An error where the sockets here are not those of the node that the plan is of.
Expected<void> check_this_node(const Context& context, const Planned& planned) {
    const auto& name = planned.plan.servers.front().name;
    const auto why = why_not_this_node(context, planned.inventory, name);
    if (why.empty()) return {};
    return zmi::failure(zmi::ErrorKind::knowledge, fmt::format("the sockets of {} cannot be read here: {}", name, why),
                        "run it on that node, or without --inventory");
}

Expected<Planned> planned_from_last_inventory(const Context& context) {
    auto options = context.options();
    const auto product = context.product();
    if (!product) return tl::unexpected(product.error());
    options.zimbra_home = product->home;
    options.inventory = context.last_inventory();
    options.source.clear();
    // What was joined is in it.
    options.join.clear();
    const Context last(options);
    const auto config = zmi::read_localconfig(product->home, product->user);
    if (!config) return tl::unexpected(config.error());
    const auto name = config->get("zimbra_server_hostname");
    if (!name) return tl::unexpected(name.error());
    auto planned = gather_facts(last);
    if (!planned) return planned;
    const Selection here{name->value_or(""), false};
    const auto server = Context::selected(here, planned->inventory, planned->policy);
    if (!server) return tl::unexpected(server.error());
    // It may have been taken on another node, or before a file here changed.
    auto local = zmi::read_node_files(product->home, options.system_root);
    if (!local) return tl::unexpected(std::move(local.error()));
    auto selected = config->select(planned->catalogue.wanted());
    if (!selected) return tl::unexpected(std::move(selected.error()));
    local->localconfig = std::move(*selected);
    read_sources_again(planned->catalogue.wanted(), *product, options.system_root, planned->inventory.local[**server],
                       *local);
    planned->inventory.local[**server] = std::move(*local);
    if (auto derived = derive_from(*planned, here); !derived) return tl::unexpected(std::move(derived.error()));
    return planned;
}

/// From Zimbra where it answers in time, else from the inventory that was saved last.
Expected<Facts> hurried_facts(const Context& context) {
    Facts facts;
    const auto take = [&](Expected<Planned> planned) -> Expected<Facts> {
        if (!planned) return tl::unexpected(std::move(planned.error()));
        facts.planned = std::move(*planned);
        return std::move(facts);
    };
    if (!context.options().inventory.empty()) {
        auto planned = make_plan(context, {});
        if (!planned) return take(std::move(planned));
        if (auto here = check_this_node(context, *planned); !here) return tl::unexpected(std::move(here.error()));
        return take(std::move(planned));
    }
    auto options = context.options();
    if (options.source.empty()) options.source = "soap";
    options.timeout_seconds = std::min(options.timeout_seconds, k_source_seconds);
    auto asked = std::make_shared<std::promise<Expected<Planned>>>();
    auto answer = asked->get_future();
    std::thread([options, asked] { asked->set_value(make_plan(Context(options), {})); }).detach();
    std::string why = "Zimbra does not answer";
    if (answer.wait_for(k_patience) == std::future_status::ready) {
        auto planned = answer.get();
        if (planned || planned.error().kind != zmi::ErrorKind::knowledge) return take(std::move(planned));
        why = planned.error().what;
    } else {
        facts.abandoned = true;
    }
    auto last = planned_from_last_inventory(context);
    if (!last) {
        const auto what = fmt::format("{}; and the last inventory does not help: {}", why, last.error().what);
        // The thread must not outlive what it uses.
        if (facts.abandoned) {
            static_cast<void>(print(nagios_unknown(what).line));
            std::_Exit(3);
        }
        return zmi::failure(zmi::ErrorKind::knowledge, what);
    }
    facts.note = fmt::format("facts of {}, as Zimbra does not answer", last->inventory.source.taken_at);
    return take(std::move(last));
}

ExitStatus answer_nagios(const Context& context) {
    const auto facts = hurried_facts(context);
    auto answer = facts ? NagiosAnswer() : nagios_unknown(facts.error().what);
    if (facts) {
        const auto audited = audit_node(context, facts->planned, facts->planned.plan.servers.front(), false);
        answer = audited ? nagios_answer(*audited, facts->note) : nagios_unknown(audited.error().what);
    }
    const auto printed = print(answer.line);
    const auto status = printed == ExitStatus::done ? answer.status : 3;
    if (facts && facts->abandoned) std::_Exit(status);
    return static_cast<ExitStatus>(status);
}

}  // namespace

ExitStatus run_audit(const Context& context, const AuditOptions& options) {
    if (options.nagios) return answer_nagios(context);
    const auto planned = make_plan(context, {});
    if (!planned) return report(planned.error());
    const auto& plan = planned->plan.servers.front();
    if (const auto here = check_this_node(context, *planned); !here) return report(here.error());
    const auto audited = audit_node(context, *planned, plan, true);
    if (!audited) return report(audited.error());
    const auto known = tell_problems(planned->plan);
    const auto printed = print(options.json         ? to_json(*audited)
                               : options.prometheus ? prometheus_text(*audited)
                                                    : audit_text(*audited, Style::of_stdout()));
    if (printed != ExitStatus::done) return printed;
    const auto found = audited->count(Severity::blocker) + audited->count(Severity::warning);
    return found > 0 ? ExitStatus::findings : known;
}

}  // namespace zmfw
