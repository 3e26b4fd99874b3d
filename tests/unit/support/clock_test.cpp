#include <gtest/gtest.h>
#include <zmintegration/support/clock.hpp>

namespace {

TEST(Clock, WritesTimeAsRfc3339) {
    EXPECT_EQ(zmi::to_rfc3339(std::chrono::sys_seconds(std::chrono::seconds(1'795'500'947))), "2026-11-24T06:15:47Z");
    EXPECT_EQ(zmi::to_rfc3339(std::chrono::sys_seconds{}), "1970-01-01T00:00:00Z");
}

TEST(Clock, OfTheSystemGoesForward) {
    const zmi::SystemClock clock;
    const auto first = clock.now();
    EXPECT_GE(clock.now(), first);
    EXPECT_GT(first.time_since_epoch().count(), 1'700'000'000);
}

}  // namespace
