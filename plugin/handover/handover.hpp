#pragma once

#include <plugin/handover/kernel_rules.hpp>
#include <plugin/handover/state.hpp>
#include <plugin/render/render.hpp>
#include <string>
#include <vector>

/// The steps of apply, confirm, status and remove, each with the lock held by the caller.
namespace zmfw {

/// What apply is to load.
struct Handed {
    std::string format;
    std::string server;
    std::string digest;
    std::vector<RenderedFile> files;
    int timeout = 60;  ///< seconds
};

/// Writes the files of the rules to a folder as KernelRules wants them.
[[nodiscard]] zmi::Expected<void> write_rules(const std::filesystem::path& folder, const Handed& handed);

/// Where rules are pending that nobody looks after any more (another boot, a watcher that was killed), takes them back;
/// pending rules that are in time are an error.
[[nodiscard]] zmi::Expected<void> settle_pending(const Places& places, zmi::ProcessRunner& runner);

/// The files of the rules, and what is loaded now. Nothing is left behind where it fails.
[[nodiscard]] zmi::Expected<Pending> prepare(const Places& places, const Handed& handed, zmi::ProcessRunner& runner);

/// Watcher first, then the rules; where they do not load, the earlier ones are back. The pending rules as they are now.
[[nodiscard]] zmi::Expected<Pending> load_pending(const Places& places, Pending pending, zmi::ProcessRunner& runner);

/// Makes the pending rules stay, over reboots as well; takes them back where nobody has looked after them in time.
[[nodiscard]] zmi::Expected<Pending> confirm_pending(const Places& places, zmi::ProcessRunner& runner);

/// Takes our rules away, and what would bring them back; true where there was anything.
[[nodiscard]] zmi::Expected<bool> remove_all(const Places& places, zmi::ProcessRunner& runner);

}  // namespace zmfw
