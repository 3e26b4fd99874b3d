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

TEST(Clock, ReadsTheTimesThatItWritesAndNoOthers) {
    for (const auto* text :
         {"2026-11-24T06:15:47Z", "1970-01-01T00:00:00Z", "2024-02-29T23:59:59Z", "2261-12-31T23:59:59Z"}) {
        const auto time = zmi::parse_rfc3339(text);
        ASSERT_TRUE(time) << text;
        EXPECT_EQ(zmi::to_rfc3339(*time), text);
    }
    for (const auto* text :
         {"", "2026-11-24", "2026-11-24T06:15:47", "2026-11-24T06:15:47+01:00", "2026-02-29T00:00:00Z",
          "2026-13-01T00:00:00Z", "2026-11-24T24:00:00Z", "2026-11-24T06:60:00Z", "2026-11-24T06:15:60Z",
          "-026-11-24T06:15:47Z", " 2026-11-24T06:15:47Z", "1969-12-31T23:59:59Z", "2262-01-01T00:00:00Z",
          "3026-11-24T06:15:47Z"}) {
        EXPECT_FALSE(zmi::parse_rfc3339(text)) << text;
    }
}

}  // namespace
