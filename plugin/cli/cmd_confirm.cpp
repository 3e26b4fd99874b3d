#include <fmt/format.h>
#include <plugin/cli/handed.hpp>
#include <plugin/handover/persist.hpp>
#include <plugin/handover/watch.hpp>
#include <zmintegration/support/file_lock.hpp>

namespace zmfw {
namespace {

constexpr int k_lock_seconds = 10;

ExitStatus tell_busy() {
    return report({zmi::ErrorKind::program, "another zmfirewall is changing rules here", "wait, and see its status"});
}

}  // namespace

ExitStatus run_confirm(const Context& context) {
    if (const auto status = need_root(); status != ExitStatus::done) return status;
    const Places places(context.options().system_root);
    if (auto made = make_state_folder(places); !made) return report(made.error());
    const zmi::FileLock lock(places.lock(), k_lock_seconds);
    if (!lock.held()) return tell_busy();
    const auto runner = zmi::make_process_runner();
    const auto confirmed = confirm_pending(places, *runner);
    if (!confirmed) return report(confirmed.error());
    const bool has_unit = confirmed->format == "nftables" || confirmed->format == "iptables";
    if (has_unit && !has_systemd(places))
        tell(
            "note: systemd does not run this system: see that something starts "
            "what the unit zmfirewall.service says at boot");
    return print(fmt::format("{}: {} rules of plan {} stay\n", confirmed->server, confirmed->format,
                             confirmed->digest.substr(0, 12)));
}

ExitStatus run_rollback(const Context& context) {
    if (const auto status = need_root(); status != ExitStatus::done) return status;
    const Places places(context.options().system_root);
    if (auto made = make_state_folder(places); !made) return report(made.error());
    const zmi::FileLock lock(places.lock(), k_lock_seconds);
    if (!lock.held()) return tell_busy();
    const auto pending = read_pending(places);
    if (!pending) return report(pending.error());
    if (!*pending) return report({zmi::ErrorKind::usage, "no rules wait for confirm", ""});
    const auto runner = zmi::make_process_runner();
    if (const auto done = roll_back(places, **pending, "taken back by hand", *runner); !done)
        return report(done.error());
    return print(fmt::format("{}: the {} rules are taken back\n", (*pending)->server, (*pending)->format));
}

ExitStatus run_watch_inside(const Context& context, const std::string& token, int pid) {
    const auto runner = zmi::make_process_runner();
    watch(Places(context.options().system_root), token, pid, *runner);
    return ExitStatus::done;
}

}  // namespace zmfw
