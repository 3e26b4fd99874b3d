#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace zmi {

/// A program of the system below `system_root`, from usr/sbin, usr/bin, sbin or bin; empty where there is none.
[[nodiscard]] std::filesystem::path system_program(const std::filesystem::path& system_root, std::string_view name);

/// What such a program gets to know: a path, and no language but C.
[[nodiscard]] std::map<std::string, std::string> system_environment();

}  // namespace zmi
