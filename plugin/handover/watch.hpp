#pragma once

#include <plugin/handover/state.hpp>
#include <string>
#include <zmintegration/process/process_runner.hpp>
#include <zmintegration/support/error.hpp>

/// The clock that takes rules back, and what it does then.
namespace zmfw {

/// Starts a watcher for the pending rules, outside of the caller's session: as a unit of its own where systemd runs
/// the system, else as a process in a session of its own. Returns when it is watching; how it runs, for people.
[[nodiscard]] zmi::Expected<std::string> start_watcher(const Places& places, const Pending& pending,
                                                       zmi::ProcessRunner& runner);

/// The watcher of the rules that the process `pid` is about to load: returns when they are confirmed or taken back.
/// They are taken back when their time is over, and at once when apply dies while it loads them.
void watch(const Places& places, const std::string& token, int pid, zmi::ProcessRunner& runner);

/// Ends programs that a dead apply has left loading these rules: they would go on where we take things away. Each leads
/// a process group of its own.
void end_left_programs(const Places& places, const Pending& pending);

/// Brings back what was there before the pending rules, and forgets them. The caller holds the lock.
[[nodiscard]] zmi::Expected<void> roll_back(const Places& places, const Pending& pending, const std::string& why,
                                            zmi::ProcessRunner& runner);

}  // namespace zmfw
