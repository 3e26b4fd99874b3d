#include <plugin/catalogue/port_range.hpp>

#include <fmt/format.h>
#include <zmintegration/support/network.hpp>

namespace zmfw {

std::string PortRange::to_string() const {
    return is_single() ? std::to_string(first) : fmt::format("{}-{}", first, last);
}

std::optional<PortRange> parse_port_range(std::string_view text) {
    const auto dash = text.find('-');
    const auto first = zmi::parse_port(text.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : zmi::parse_port(text.substr(dash + 1));
    if (!first || !last || *first > *last) return std::nullopt;
    return PortRange{*first, *last};
}

}  // namespace zmfw
