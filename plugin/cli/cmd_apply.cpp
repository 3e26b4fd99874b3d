#include <fmt/format.h>
#include <plugin/cli/handed.hpp>
#include <plugin/handover/host_facts.hpp>
#include <plugin/handover/watch.hpp>
#include <zmintegration/support/clock.hpp>
#include <zmintegration/support/file_lock.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

/// What stands in the way of loading it, told; done where nothing does.
ExitStatus tell_obstacles(const Context& context, const ApplyOptions& options, const PlanOfHost& plan,
                          zmi::ProcessRunner& runner) {
    const zmi::SystemClock clock;
    if (const auto fresh = check_age(plan.plan, clock.now(), std::chrono::hours(options.max_age_hours)); !fresh)
        return report(fresh.error());
    auto status = ExitStatus::done;
    for (const auto* finding : plan.server->standing_blockers()) {
        tell(fmt::format("{}: blocker {}: {}", plan.server->name, finding->id, zmi::quoted(finding->text, 300)));
        status = ExitStatus::findings;
    }
    const auto ssh = read_ssh_facts(context.options().system_root, runner);
    if (!ssh) return report(ssh.error());
    if (const auto why = ssh_obstacle(*plan.server, *ssh); !why.empty()) {
        tell(why);
        status = ExitStatus::findings;
    }
    if (ssh->ports.empty()) tell("note: no sshd was found here, so nothing was checked for it");
    if (status != ExitStatus::done) tell("nothing was changed");
    return status;
}

ExitStatus show(const Handed& handed, zmi::ProcessRunner& runner) {
    const auto difference = compare_with(handed, runner);
    if (!difference) return report(difference.error());
    if (difference->none()) return print(fmt::format("{}: these rules are loaded already\n", handed.server));
    return print(fmt::format("{}: would load {} rules of plan {}, + new, - gone:\n{}", handed.server, handed.format,
                             handed.digest.substr(0, 12), text_of(*difference)));
}

ExitStatus load(const Places& places, const Handed& handed, zmi::ProcessRunner& runner) {
    if (auto made = make_state_folder(places); !made) return report(made.error());
    zmi::FileLock lock(places.lock(), 1);
    if (!lock.held())
        return report(
            {zmi::ErrorKind::program, "another zmfirewall is changing rules here", "wait, and see its status"});
    if (const auto settled = settle_pending(places, runner); !settled) {
        // Somebody's rules are in force on trial: not ours to touch.
        const auto status = report(settled.error());
        return settled.error().kind == zmi::ErrorKind::usage ? ExitStatus::findings : status;
    }
    const auto prepared = prepare(places, handed, runner);
    if (!prepared) return report(prepared.error());
    const auto loaded = load_pending(places, *prepared, runner);
    if (!loaded) return report(loaded.error());
    lock.release();
    return print(
        fmt::format("{}: {} rules of plan {} are loaded\n"
                    "run `zmfirewall confirm` within {} seconds, or they are taken back; try to log in anew first\n",
                    handed.server, handed.format, handed.digest.substr(0, 12), handed.timeout));
}

}  // namespace

ExitStatus run_apply(const Context& context, const ApplyOptions& options) {
    if (const auto status = need_root(); status != ExitStatus::done) return status;
    const auto plan = read_plan_of_host(options);
    if (!plan) return report(plan.error());
    const auto runner = zmi::make_process_runner();
    if (const auto status = tell_obstacles(context, options, *plan, *runner); status != ExitStatus::done) return status;
    const auto handed = render_trusted(context, options, *plan, *runner);
    if (!handed) return report(handed.error());
    if (options.dry_run) return show(*handed, *runner);
    return load(Places(context.options().system_root), *handed, *runner);
}

}  // namespace zmfw
