#include <zmintegration/support/clock.hpp>

#include <fmt/chrono.h>

namespace zmi {

std::string to_rfc3339(std::chrono::sys_seconds time) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

}  // namespace zmi
