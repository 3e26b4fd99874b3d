#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <zmintegration/process/process_runner.hpp>
#include <zmintegration/support/error.hpp>

namespace zmi {

/// What `zxsuite --json MODULE getServices` says of each service of the module: does it run. The shape around them is
/// not documented, so every member counts whose value is an object with a boolean "running".
[[nodiscard]] Expected<std::map<std::string, bool, std::less<>>> parse_module_services(std::string_view text);

struct SuiteModules {
    /// Of the wanted ones: "mobile" (its service "module", or any, runs), "mobile/activesync" (that service): "running"
    /// or "stopped"; those that are not told of are not in here.
    std::map<std::string, std::string, std::less<>> states;
    std::string path;     ///< of the program that was asked, or that is not there
    std::string problem;  ///< why nothing is known of what is not in `states`; empty otherwise
};

/// Asks zxsuite below `home` (product zimbra), or carbonio where the command line of the advanced edition is installed.
/// Where the program is not there, there are no modules, which is no problem.
[[nodiscard]] SuiteModules read_modules(std::string_view product, const std::filesystem::path& home,
                                        const std::filesystem::path& system_root,
                                        const std::set<std::string, std::less<>>& wanted, ProcessRunner& processes);

}  // namespace zmi
