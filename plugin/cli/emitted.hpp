#pragma once

#include <cstddef>
#include <filesystem>
#include <plugin/cli/rendered.hpp>
#include <string>

namespace zmfw {

/// Writes the files as the new folder `name` ("20261124T061547Z-12") in `output`, whole or not at all, and points the
/// link `latest` to it. Of older folders of such names the newest `keep` stay. Nothing that is there is written over.
[[nodiscard]] zmi::Expected<std::filesystem::path> emit_new_folder(const Files& files,
                                                                   const std::filesystem::path& output,
                                                                   const std::string& name, std::size_t keep);

/// Whether `latest` leads to a folder.
[[nodiscard]] bool has_latest(const std::filesystem::path& output);

}  // namespace zmfw
