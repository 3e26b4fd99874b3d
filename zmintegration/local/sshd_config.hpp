#pragma once

#include <filesystem>
#include <string>
#include <vector>
#include <zmintegration/facts/inventory.hpp>
#include <zmintegration/support/error.hpp>

namespace zmi {

/// What sshd's configuration says. Where one of its files cannot be read, `problem` says so and nothing is listed.
struct SshdConfig {
    std::vector<FileListener> listeners;
    std::string problem;
};

/// Reads etc/ssh/sshd_config under `system_root` and the files that it includes. A malformed line is an error.
[[nodiscard]] Expected<SshdConfig> load_sshd_config(const std::filesystem::path& system_root);

}  // namespace zmi
