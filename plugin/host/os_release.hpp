#pragma once

#include <string>
#include <string_view>
#include <vector>
#include <zmintegration/support/error.hpp>

namespace zmfw {

/// What a system calls itself in os-release.
struct Distribution {
    std::string id;                 ///< "ubuntu", "rocky"
    std::string version;            ///< "22.04", "8.10"; empty where releases have none
    std::vector<std::string> like;  ///< other ids that it is like: "rhel", "fedora"
};

/// The text of an os-release file: KEY=VALUE, values bare or quoted as in a shell, nothing that a shell would expand.
/// Errors of kind knowledge: "FILE:LINE: ...". A file without ID is an error as well.
[[nodiscard]] zmi::Expected<Distribution> parse_os_release(std::string_view text, const std::string& file);

}  // namespace zmfw
