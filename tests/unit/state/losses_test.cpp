#include <gtest/gtest.h>
#include <plugin/state/losses.hpp>

namespace zmfw {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

constexpr std::chrono::sys_seconds k_now{1'800'000'000s};
const Texts k_three = {"a.example.com", "b.example.com", "c.example.com"};
const Texts k_two = {"a.example.com", "b.example.com"};

TEST(Losses, AServerThatOneAnswerLacksIsDoubted) {
    const auto losses = judge_losses(k_three, k_two, {}, k_now, {});
    EXPECT_EQ(losses.doubted, Texts{"c.example.com"});
    EXPECT_TRUE(losses.left.empty());
    EXPECT_EQ(losses.next.at("c.example.com"), k_now);
}

TEST(Losses, AServerThatAnswersLackForAnHourHasLeft) {
    const auto soon = judge_losses(k_three, k_two, {{"c.example.com", k_now}}, k_now + 59min, {});
    EXPECT_EQ(soon.doubted, Texts{"c.example.com"});
    EXPECT_EQ(soon.next.at("c.example.com"), k_now);
    const auto later = judge_losses(k_three, k_two, {{"c.example.com", k_now}}, k_now + 1h, {});
    EXPECT_TRUE(later.doubted.empty());
    EXPECT_EQ(later.left, Texts{"c.example.com"});
    EXPECT_TRUE(later.next.empty());
}

TEST(Losses, AServerThatFlapsNeverLeaves) {
    Missing seen;
    for (int day = 0; day < 10; ++day) {
        const auto losses = judge_losses(k_three, day % 2 == 0 ? k_two : k_three, seen, k_now + day * 24h, {});
        EXPECT_TRUE(losses.left.empty()) << day;
        seen = losses.next;
    }
}

TEST(Losses, AServerLeavesAtOnceWhereSomebodySaysSo) {
    const auto losses = judge_losses(k_three, k_two, {}, k_now, {"c.example.com"});
    EXPECT_EQ(losses.left, Texts{"c.example.com"});
    EXPECT_TRUE(losses.doubted.empty());
}

TEST(Losses, OneThatIsDoubtedHoldsTheWholePlan) {
    const auto losses = judge_losses(k_three, {"a.example.com"}, {}, k_now, {"c.example.com"});
    EXPECT_EQ(losses.doubted, Texts{"b.example.com"});
}

TEST(Losses, ATimeToComeIsNoTime) {
    const auto losses = judge_losses(k_three, k_two, {{"c.example.com", k_now + 24h}}, k_now, {});
    EXPECT_EQ(losses.doubted, Texts{"c.example.com"});
    EXPECT_EQ(losses.next.at("c.example.com"), k_now);
}

TEST(Losses, TheirTextComesBack) {
    const Missing missing = {{"a.example.com", k_now}, {"b.example.com", k_now + 1s}};
    EXPECT_EQ(parse_missing(to_text(missing)), missing);
    EXPECT_TRUE(parse_missing("yesterday a.example.com\n").empty());
}

}  // namespace
}  // namespace zmfw
