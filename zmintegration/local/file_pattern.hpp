#pragma once

#include <filesystem>
#include <string_view>
#include <vector>
#include <zmintegration/support/error.hpp>

namespace zmi {

/// What exists of `pattern` below `root`, sorted; a '*' stands for any part of one name, which does not begin with a
/// dot then. Nothing that exists is an empty list; a folder that may not be searched, and more than 1000 names, are
/// errors: nobody knows then what is there.
[[nodiscard]] Expected<std::vector<std::filesystem::path>> matching_paths(const std::filesystem::path& root,
                                                                          std::string_view pattern);

/// `path` below the system root where it is absolute, else below the product's home.
[[nodiscard]] Expected<std::vector<std::filesystem::path>> wanted_paths(const std::filesystem::path& home,
                                                                        const std::filesystem::path& system_root,
                                                                        std::string_view path);

}  // namespace zmi
