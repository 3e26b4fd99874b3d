#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace zmfw {

/// Ports from `first` to `last`, both of them in it.
struct PortRange {
    std::uint16_t first = 0;
    std::uint16_t last = 0;
    auto operator<=>(const PortRange&) const = default;
    [[nodiscard]] bool is_single() const { return first == last; }
    [[nodiscard]] bool contains(std::uint16_t port) const { return first <= port && port <= last; }
    [[nodiscard]] std::string to_string() const;  ///< "25" or "20000-20010"
};

[[nodiscard]] constexpr PortRange one_port(std::uint16_t port) {
    return {port, port};
}

/// "25" or "20000-20010"; nullopt where it is neither, or runs backwards.
[[nodiscard]] std::optional<PortRange> parse_port_range(std::string_view text);

}  // namespace zmfw
