#include <plugin/catalogue/port_range.hpp>

#include <fmt/format.h>

namespace zmfw {

std::string PortRange::to_string() const {
    return is_single() ? std::to_string(first) : fmt::format("{}-{}", first, last);
}

}  // namespace zmfw
