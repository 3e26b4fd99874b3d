#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <zmintegration/support/error.hpp>

/// What `.install_history` says of upgrades: lines "EPOCH: OPERATION STAGE", appended by install.sh, zmsetup and the
/// patches. (zm-build: rpmconf/Install/install.sh, Util/utilfunc.sh, zmsetup.pl.)
namespace zmi {

struct InstallEvent {
    std::chrono::sys_seconds time;  ///< the epoch of a history that was made up for an older install is 0
    std::string operation;          ///< "INSTALL SESSION", "CONFIG SESSION", "CONFIGURED", "UPGRADED", ...
    std::string stage;              ///< "START", "COMPLETE", a package's file, a step
    bool operator==(const InstallEvent&) const = default;
};

/// Where an installation stands.
struct InstallState {
    bool running = false;                            ///< a session has a START and no end yet
    std::string what;                                ///< "INSTALL SESSION", "CONFIG SESSION", "CONFIGURED"
    std::optional<std::chrono::sys_seconds> since;   ///< of that START
    std::optional<std::chrono::sys_seconds> latest;  ///< of the latest line that has a time; nullopt: none
};

/// Strict and bounded: at most 8 MiB and 200000 lines of the form above. A last line without its end is being written
/// and does not count. Errors of kind knowledge name the line.
[[nodiscard]] Expected<std::vector<InstallEvent>> parse_install_history(std::string_view text,
                                                                        std::string_view name = ".install_history");

/// A START that no COMPLETE (or of zmsetup's steps, BEGIN that no END) follows means: still running, or died.
[[nodiscard]] InstallState install_state(const std::vector<InstallEvent>& events);

}  // namespace zmi
