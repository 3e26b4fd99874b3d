#pragma once

#include <filesystem>
#include <string>
#include <vector>
#include <zmintegration/facts/inventory.hpp>
#include <zmintegration/support/error.hpp>

namespace zmi {

/// Where sshd listens, outside of Match blocks. Without any Port, port 22 (line 0); an AddressFamily of one family
/// turns the empty address of "everywhere" into 0.0.0.0 or ::. `problem` names the files that could not be read: what
/// the others say is listed all the same, for sshd listens there in any case. Without sshd_config itself nothing is
/// listed, and where it does not exist, the problem is exactly k_no_such_file.
struct SshdConfig {
    std::vector<FileListener> listeners;
    std::string problem;
};

/// Reads etc/ssh/sshd_config under `system_root` and the files that it includes. A malformed line is an error.
[[nodiscard]] Expected<SshdConfig> load_sshd_config(const std::filesystem::path& system_root);

}  // namespace zmi
