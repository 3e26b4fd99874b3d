#pragma once

#include <filesystem>
#include <string>
#include <zmintegration/support/error.hpp>

namespace zmi {

/// The text of one configuration file of this node, of at most 1 MiB. Where nothing has that name, the error's text is
/// exactly k_no_such_file, because a file that is absent means something else than one that may not be read.
[[nodiscard]] Expected<std::string> read_node_file(const std::filesystem::path& path);

}  // namespace zmi
