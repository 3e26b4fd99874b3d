#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>
#include <zmintegration/facts/inventory.hpp>
#include <zmintegration/local/setting_syntax.hpp>

namespace zmi {

using WantedSettings = std::set<std::string, std::less<>>;
using SettingValues = std::map<std::string, std::string>;

/// The wanted ones: the last of each name wins; of what counts each time (a listener's table, an argument) all values,
/// without repetition, separated by blanks. A name without its sections means the one setting that has it; where
/// several sections say different things, or a value is computed or no plain text of 1024 bytes at most, that is an
/// error.
[[nodiscard]] Expected<SettingValues> select_settings(const std::vector<FileSetting>& settings,
                                                      const WantedSettings& wanted);

/// Reads the wanted settings of a file and of what it includes. FileState::problem tells what could not be read, and is
/// k_no_such_file where there is no such file; where a pattern matches several files, they must agree. A
/// postgresql.conf goes with the postgresql.auto.conf of its data_directory. Secrets are never kept, whoever wants
/// them.
[[nodiscard]] FileState read_settings(const WantedFile& file, const std::filesystem::path& home,
                                      const std::filesystem::path& system_root);

}  // namespace zmi
