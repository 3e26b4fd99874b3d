#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace zmi {

/// Base64 with padding, in chunks separated by CR and LF; nullopt for anything else.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

}  // namespace zmi
