#include <zmintegration/support/clock.hpp>

#include <fmt/chrono.h>
#include <algorithm>
#include <ctime>

namespace zmi {

std::string to_rfc3339(std::chrono::sys_seconds time) {
    // Not by the system clock's to_time_t(), whose nanoseconds end in 2262.
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(time.time_since_epoch().count())));
}

std::optional<std::chrono::sys_seconds> parse_rfc3339(std::string_view text) {
    constexpr std::string_view k_shape = "0000-00-00T00:00:00Z";
    const auto fits = [](char c, char shape) { return shape == '0' ? c >= '0' && c <= '9' : c == shape; };
    if (text.size() != k_shape.size() || !std::equal(text.begin(), text.end(), k_shape.begin(), fits))
        return std::nullopt;
    const auto number = [&](std::size_t at, std::size_t count) {
        int value = 0;
        for (const char c : text.substr(at, count)) value = value * 10 + (c - '0');
        return value;
    };
    // What is compared with the system clock has to be within its nanoseconds.
    if (number(0, 4) < 1970 || number(0, 4) > 2261) return std::nullopt;
    std::tm parts{};
    parts.tm_year = number(0, 4) - 1900;
    parts.tm_mon = number(5, 2) - 1;
    parts.tm_mday = number(8, 2);
    parts.tm_hour = number(11, 2);
    parts.tm_min = number(14, 2);
    parts.tm_sec = number(17, 2);
    // The C library's calendar, as libstdc++ has one of its own only since 11; it takes the 30th of February for a day
    // in March, and what comes back is another text then.
    const std::chrono::sys_seconds time{std::chrono::seconds(::timegm(&parts))};
    if (to_rfc3339(time) != text) return std::nullopt;
    return time;
}

}  // namespace zmi
