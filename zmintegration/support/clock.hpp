#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace zmi {

/// Wall clock, as a seam.
class Clock {
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual std::chrono::sys_seconds now() const = 0;
};

class SystemClock final : public Clock {
public:
    [[nodiscard]] std::chrono::sys_seconds now() const override {
        return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    }
};

/// "2026-11-24T06:15:47Z"
[[nodiscard]] std::string to_rfc3339(std::chrono::sys_seconds time);

/// Exactly that form, and a day and a second that exist, from 1970 to 2261 as the system clock knows them; nullopt for
/// anything else.
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_rfc3339(std::string_view text);

}  // namespace zmi
