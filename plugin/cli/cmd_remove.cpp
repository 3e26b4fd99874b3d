#include <plugin/cli/handed.hpp>
#include <zmintegration/support/file_lock.hpp>

namespace zmfw {

ExitStatus run_remove(const Context& context) {
    if (const auto status = need_root(); status != ExitStatus::done) return status;
    const Places places(context.options().system_root);
    if (auto made = make_state_folder(places); !made) return report(made.error());
    const zmi::FileLock lock(places.lock(), 10);
    if (!lock.held())
        return report(
            {zmi::ErrorKind::program, "another zmfirewall is changing rules here", "wait, and see its status"});
    const auto runner = zmi::make_process_runner();
    const auto any = remove_all(places, *runner);
    if (!any) return report(any.error());
    return print(*any ? "our rules are gone, and nothing loads them at boot\n" : "none of our rules were loaded\n");
}

}  // namespace zmfw
