#pragma once

#include <string>
#include <string_view>

namespace zmfw {

/// SHA-256 as 64 hex digits.
[[nodiscard]] std::string sha256_hex(std::string_view text);

}  // namespace zmfw
