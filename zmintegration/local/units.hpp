#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>
#include <zmintegration/process/process_runner.hpp>
#include <zmintegration/support/error.hpp>

namespace zmi {

using UnitStates = std::map<std::string, std::string, std::less<>>;

/// What `systemctl show -p Id,LoadState,ActiveState UNITS` prints: a block for each unit, in the order of the question
/// (an alias has another Id). States: "active" (also on its way there or back), "inactive", "failed", "absent".
[[nodiscard]] Expected<UnitStates> parse_unit_states(std::string_view text, const std::vector<std::string>& units);

struct SystemUnits {
    UnitStates states;
    std::string path;     ///< of systemctl
    std::string problem;  ///< why nothing is known of them; empty otherwise
};

/// Asks the systemctl below `system_root`. Names that are none of a unit are a problem.
[[nodiscard]] SystemUnits read_units(const std::filesystem::path& system_root,
                                     const std::set<std::string, std::less<>>& units, ProcessRunner& processes);

}  // namespace zmi
