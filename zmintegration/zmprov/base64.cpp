#include <zmintegration/zmprov/base64.hpp>

#include <cstdint>

namespace zmi {
namespace {

constexpr std::string_view k_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::optional<std::string> decode_base64(std::string_view text) {
    std::string decoded;
    std::uint32_t bits = 0;
    std::size_t digits = 0;
    std::size_t padding = 0;
    for (const char c : text) {
        if (c == '\r' || c == '\n') continue;
        const auto digit = k_digits.find(c);
        if (c == '=' && digits % 4 >= 2 && padding < 2) {
            ++padding;
        } else if (digit == std::string_view::npos || padding > 0) {
            return std::nullopt;
        } else {
            bits = (bits << 6 | static_cast<std::uint32_t>(digit)) & 0xffffff;
            if (++digits % 4 != 1) decoded += static_cast<char>(bits >> (6 - 2 * ((digits - 1) % 4)) & 0xff);
        }
    }
    if ((digits + padding) % 4 != 0) return std::nullopt;
    return decoded;
}

}  // namespace zmi
