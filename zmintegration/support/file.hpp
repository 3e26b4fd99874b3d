#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>
#include <zmintegration/support/error.hpp>

namespace zmi {

/// The whole of a regular file. A directory, a device or a file over `limit` bytes is refused.
[[nodiscard]] Expected<std::string> read_file(const std::filesystem::path& path, std::size_t limit);

/// Replaces `path` in one step: temporary beside it, fsync, rename, fsync of the folder. On failure the old
/// file is untouched and the temporary is gone.
[[nodiscard]] Expected<void> write_file_atomically(const std::filesystem::path& path, std::string_view content,
                                                   unsigned mode = 0644);

struct FileToWrite {
    std::filesystem::path path;
    std::string content;
    unsigned mode = 0644;
};

/// Several files as one: all are written and synced beside their places before the first is renamed, so that a full
/// disk leaves every old file as it was. Missing folders are made.
[[nodiscard]] Expected<void> write_files_atomically(const std::vector<FileToWrite>& files);

}  // namespace zmi
