#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>
#include <zmintegration/facts/inventory.hpp>
#include <zmintegration/support/error.hpp>

namespace zmi {

/// The services that one file of the mesh registers (`service` and `services`, as blocks or in a list); a file of
/// Consul that registers none is fine. What cannot be told (a port that is computed, an exposed path whose port Consul
/// chooses, a sidecar with a port of its own outside of 21000-21255) is an error: "PATH:LINE: ...".
[[nodiscard]] Expected<std::vector<MeshService>> parse_mesh_file(std::string_view text, const std::string& path);

struct MeshFiles {
    std::vector<MeshService> services;  ///< sorted by name, then by path and line; also where there is a problem
    std::string path;                   ///< of the folder
    std::string problem;                ///< why there may be others; empty otherwise
};

/// Reads /etc/zextras/service-discover/*.hcl below `system_root`; a folder that is not there registers nothing.
[[nodiscard]] MeshFiles read_mesh_files(const std::filesystem::path& system_root);

}  // namespace zmi
