#pragma once

#include <sys/wait.h>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

/// Programs that judge what we render. Only for tests: through a shell, on files of our own.
namespace sample {

struct Result {
    int status = -1;
    std::string output;  ///< stdout and stderr
};

inline Result run_shell(const std::string& command) {
    Result result;
    FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
    if (pipe == nullptr) return result;
    char buffer[4096];
    for (std::size_t size = 0; (size = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
        result.output.append(buffer, size);
    }
    const int status = ::pclose(pipe);
    result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return result;
}

inline std::filesystem::path scratch_file(const std::string& name, const std::string& text) {
    const auto folder = std::filesystem::path(ZMFIREWALL_BINARY_DIR) / "scratch";
    std::filesystem::create_directories(folder);
    auto path = folder / name;
    std::ofstream(path) << text;
    return path;
}

inline bool can_load_nft() {
    return run_shell("unshare -r -n -- /usr/sbin/nft list tables").status == 0;
}

}  // namespace sample
