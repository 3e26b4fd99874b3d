#pragma once

#include <filesystem>
#include <functional>
#include <plugin/host/signs.hpp>
#include <zmintegration/process/process_runner.hpp>

namespace zmfw {

/// Programs that may be asked; none may be needed, as we run as a plain user.
struct HostPrograms {
    zmi::ProcessRunner* runner = nullptr;                                 ///< none: files only
    std::function<std::filesystem::path(const std::string& name)> where;  ///< empty path: not there
};

/// Looks at the files below `system_root` (etc, proc, run, sys) and asks the programs. Never fails: what cannot be
/// told is in HostSigns::unknown.
[[nodiscard]] HostSigns gather_signs(const std::filesystem::path& system_root, const HostPrograms& programs);

/// The part of it that os-release tells: `os`, or `os_problem`.
void look_at_os(const std::filesystem::path& system_root, HostSigns& signs);

}  // namespace zmfw
