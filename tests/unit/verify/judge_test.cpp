#include <gtest/gtest.h>
#include <plugin/verify/verified.hpp>

namespace zmfw::test {
namespace {

Ask ask(bool needed, const std::string& peer = "mail.example.com", const std::string& address = "10.0.0.1") {
    Ask one;
    one.peer = peer;
    one.destination = *zmi::parse_address(address);
    one.protocol = "tcp";
    one.port = 25;
    one.needed = needed;
    one.endpoints = {"smtp"};
    return one;
}

TEST(Judge, ComparesAnAnswerWithWhatThePlanNeeds) {
    EXPECT_EQ(outcome_of(ask(true), Answer::answers), Outcome::as_planned);
    EXPECT_EQ(outcome_of(ask(true), Answer::silent), Outcome::closed_but_needed);
    EXPECT_EQ(outcome_of(ask(true), Answer::unreachable), Outcome::closed_but_needed);
    EXPECT_EQ(outcome_of(ask(true), Answer::blocked_here), Outcome::closed_but_needed);
    EXPECT_EQ(outcome_of(ask(true), Answer::refused), Outcome::refused_but_needed);
    EXPECT_EQ(outcome_of(ask(false), Answer::answers), Outcome::open_but_unneeded);
    EXPECT_EQ(outcome_of(ask(false), Answer::refused), Outcome::as_planned);
    EXPECT_EQ(outcome_of(ask(false), Answer::silent), Outcome::as_planned);
    EXPECT_EQ(outcome_of(ask(false), Answer::blocked_here), Outcome::cannot_tell);
}

TEST(Judge, NeverTakesWhatItCouldNotAskForPlanned) {
    for (const bool needed : {true, false}) {
        EXPECT_EQ(outcome_of(ask(needed), Answer::not_asked), Outcome::not_asked);
        EXPECT_EQ(outcome_of(ask(needed), Answer::cannot_tell), Outcome::cannot_tell);
    }
    const auto verified = judge({ask(true)}, {Answer::not_asked});
    EXPECT_FALSE(verified.differs());
    ASSERT_EQ(verified.unknown.size(), 1U);
    EXPECT_NE(verified.unknown.front().find("mail.example.com"), std::string::npos);
}

TEST(Judge, CallsAnAddressSilentWhereNothingComesBackAtAll) {
    const std::vector<Ask> asks = {ask(true), ask(false), ask(true, "mail.example.com", "10.0.0.2"),
                                   ask(false, "mail.example.com", "10.0.0.2")};
    const auto verified = judge(asks, {Answer::silent, Answer::silent, Answer::silent, Answer::refused});
    ASSERT_EQ(verified.peers.size(), 1U);
    EXPECT_EQ(verified.peers.front().silent_at, std::vector{*zmi::parse_address("10.0.0.1")});
    EXPECT_TRUE(verified.differs());
}

TEST(Judge, GroupsByPeerAndCounts) {
    const auto verified = judge({ask(true, "b.example.com"), ask(true, "a.example.com"), ask(false, "b.example.com")},
                                {Answer::answers, Answer::answers, Answer::answers});
    ASSERT_EQ(verified.peers.size(), 2U);
    EXPECT_EQ(verified.peers[0].name, "a.example.com");
    EXPECT_EQ(verified.peers[1].count(Outcome::open_but_unneeded), 1U);
    EXPECT_EQ(verified.peers[1].count(Outcome::as_planned), 1U);
}

TEST(VerifyJson, SaysWhetherItIsComplete) {
    EXPECT_NE(to_json(judge({ask(true)}, {Answer::answers})).find("\"complete\": true"), std::string::npos);
    EXPECT_NE(to_json(judge({ask(true)}, {Answer::not_asked})).find("\"complete\": false"), std::string::npos);
}

}  // namespace
}  // namespace zmfw::test
