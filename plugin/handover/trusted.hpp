#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <zmintegration/support/error.hpp>

/// What root reads: data of others with care, instructions from nobody but root.
namespace zmfw {

/// The whole of a regular file that anybody may have written, read once and through no symbolic link. Nothing that is
/// not a regular file is waited for.
[[nodiscard]] zmi::Expected<std::string> read_untrusted_file(const std::filesystem::path& path, std::size_t limit);

/// Whether nobody but root, or whoever runs this, can put something else in the place of the path: the folders above
/// it, as far as they are there. The last step of the path itself is not looked at.
[[nodiscard]] zmi::Expected<void> check_way_to(const std::filesystem::path& path);

/// Whether nobody but root can change what the path leads to: all folders up to / belong to root and are writable by
/// nobody else (a sticky folder such as /tmp is fine above, as a folder of root in it stays), symbolic links followed;
/// of a folder, all that is in it as well. The error names what somebody else could change.
[[nodiscard]] zmi::Expected<void> check_trusted(const std::filesystem::path& path);

}  // namespace zmfw
