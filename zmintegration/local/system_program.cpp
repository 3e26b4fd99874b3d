#include <zmintegration/local/system_program.hpp>

#include <unistd.h>

namespace zmi {

std::filesystem::path system_program(const std::filesystem::path& system_root, std::string_view name) {
    for (const auto* folder : {"usr/sbin", "usr/bin", "sbin", "bin"}) {
        auto path = system_root / folder / name;
        if (::access(path.c_str(), X_OK) == 0) return path;
    }
    return {};
}

std::map<std::string, std::string> system_environment() {
    return {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}, {"LC_ALL", "C"}};
}

}  // namespace zmi
