#include <gtest/gtest.h>
#include <plugin/plan/plan_json.hpp>
#include <tests/unit/state/sample_record.hpp>

namespace zmfw {
namespace {

using test::sample_record;

TEST(Record, ComesBackAsItWasWritten) {
    const auto record = sample_record();
    const auto again = parse_record(to_text(record), "it");
    ASSERT_TRUE(again) << again.error().what;
    EXPECT_EQ(again->id, 7U);
    EXPECT_EQ(again->digests, record.digests);
    EXPECT_EQ(again->inventory, record.inventory);
    EXPECT_EQ(to_json(again->plan), to_json(record.plan));
}

TEST(Record, CutAnywhereItIsRefused) {
    const auto text = to_text(sample_record());
    for (std::size_t length = 0; length < text.size(); length += 1 + length / 50)
        EXPECT_FALSE(parse_record(text.substr(0, length), "it")) << length;
    EXPECT_FALSE(parse_record(text.substr(0, text.size() - 1), "it"));
    EXPECT_FALSE(parse_record(text + "\n", "it"));
}

TEST(Record, WithAnyByteChangedItIsRefused) {
    const auto text = to_text(sample_record());
    for (std::size_t at = 0; at < text.size(); at += at < 600 ? 1 : 97) {
        auto other = text;
        other[at] = static_cast<char>(other[at] ^ 1);
        EXPECT_FALSE(parse_record(other, "it")) << at;
    }
}

TEST(Record, ALengthBeyondAllBoundsIsRefused) {
    auto text = to_text(sample_record());
    const auto at = text.find("\ninventory ") + 11;
    EXPECT_FALSE(parse_record(text.replace(at, text.find(' ', at) - at, "18446744073709551615"), "it"));
}

}  // namespace
}  // namespace zmfw
