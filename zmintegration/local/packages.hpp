#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <zmintegration/process/process_runner.hpp>
#include <zmintegration/support/error.hpp>

namespace zmi {

using PackageNames = std::set<std::string, std::less<>>;

/// What is installed according to a status file of dpkg (/var/lib/dpkg/status), whatever is selected for it: also a
/// package on hold, or one whose configuration or triggers still wait, because its files are there and run. What is
/// removed with its configuration left ("config-files") is not. Errors name the line.
[[nodiscard]] Expected<PackageNames> parse_dpkg_status(std::string_view text, const std::string& path);

/// One name a line, as `rpm -qa --qf '%{NAME}\n'` prints.
[[nodiscard]] Expected<PackageNames> parse_rpm_names(std::string_view text);

struct InstalledPackages {
    PackageNames names;
    std::string path;     ///< of the database that was read, or of the program that was asked
    std::string problem;  ///< why nothing can be said of what is not among `names`; empty otherwise
};

/// All packages of this system: dpkg's status file below `system_root`; where it is not there, or does not have
/// `core` (the package without which the product is not installed), rpm of that system is asked as well.
[[nodiscard]] InstalledPackages read_packages(const std::filesystem::path& system_root, std::string_view core,
                                              ProcessRunner& processes);

}  // namespace zmi
