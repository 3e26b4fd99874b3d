#include <gtest/gtest.h>
#include <plugin/verify/asks.hpp>

#include "deployment.hpp"

namespace zmfw::test {
namespace {

zmi::IpAddress address(const std::string& text) {
    return *zmi::parse_address(text);
}

Deployment cluster() {
    Deployment deployment;
    deployment.proxy("proxy1.example.com", "10.0.0.1").mailstore("mbox1.example.com", "10.0.0.2");
    deployment.server("mta1.example.com", "mta", "10.0.0.3");
    return deployment;
}

std::vector<Ask> asks_from(const Deployment& deployment, const std::string& from, const std::string& own) {
    return asks_of(deployment.plan(), catalogue(), {{address(own)}, true, from, {}});
}

const Ask* find(const std::vector<Ask>& asks, const std::string& peer, std::uint16_t port,
                const std::string& protocol = "tcp") {
    for (const auto& ask : asks) {
        if (ask.peer == peer && ask.port == port && ask.protocol == protocol) return &ask;
    }
    return nullptr;
}

TEST(Asks, AreNeededWhereThePeersPlanLetsThisNodeIn) {
    const auto asks = asks_from(cluster(), "proxy1.example.com", "10.0.0.1");
    const auto* https = find(asks, "mbox1.example.com", 8443);
    ASSERT_NE(https, nullptr);
    EXPECT_TRUE(https->needed);
    EXPECT_EQ(https->endpoints, std::vector<std::string>{"mailboxd-https"});
    EXPECT_EQ(https->reason.front(), 'r');
    const auto* lmtp = find(asks, "mbox1.example.com", 7025);
    ASSERT_NE(lmtp, nullptr);
    EXPECT_FALSE(lmtp->needed);
    EXPECT_EQ(lmtp->reason, "it is open to others only");
}

TEST(Asks, AreOfWhatIsClosedAsWell) {
    const auto asks = asks_from(cluster(), "mta1.example.com", "10.0.0.3");
    const auto* memcached = find(asks, "proxy1.example.com", 11211);
    ASSERT_NE(memcached, nullptr);
    EXPECT_FALSE(memcached->needed);
}

TEST(Asks, GoToNobodyButTheOtherServersOfTheInventory) {
    auto deployment = cluster();
    deployment.addresses("mbox1.example.com", {"127.0.1.1", "10.0.0.2", "10.0.0.1"});
    for (const auto& ask : asks_from(deployment, "proxy1.example.com", "10.0.0.1")) {
        EXPECT_NE(ask.peer, "proxy1.example.com");
        EXPECT_TRUE(ask.destination == address("10.0.0.2") || ask.destination == address("10.0.0.3"))
            << ask.destination.to_string();
        EXPECT_EQ(ask.source, address("10.0.0.1"));
    }
}

TEST(Asks, StayInTheFamilyOfOurOwnAddress) {
    auto deployment = cluster();
    deployment.global("zimbraIPMode", "both");
    deployment.addresses("mbox1.example.com", {"10.0.0.2", "2001:db8::2"});
    for (const auto& ask : asks_from(deployment, "proxy1.example.com", "10.0.0.1"))
        EXPECT_EQ(ask.destination.family, zmi::Family::ipv4);
}

TEST(Asks, GoToOneServerAloneWhereThatIsWanted) {
    const auto asks =
        asks_of(cluster().plan(), catalogue(), {{address("10.0.0.1")}, true, "proxy1.example.com", "mta1.example.com"});
    ASSERT_FALSE(asks.empty());
    for (const auto& ask : asks) EXPECT_EQ(ask.peer, "mta1.example.com");
}

TEST(Asks, LeaveAPeerOutThatHasNoPlan) {
    auto deployment = cluster();
    deployment.set("mbox1.example.com", "zimbraMailSSLPort", "nonsense");
    ASSERT_FALSE(deployment.plan("mbox1.example.com").complete());
    EXPECT_EQ(find(asks_from(deployment, "proxy1.example.com", "10.0.0.1"), "mbox1.example.com", 7025), nullptr);
}

TEST(Asks, HaveAQuestionForMemcachedAndDnsAndNoneForSyslog) {
    const auto asks = asks_from(cluster(), "mta1.example.com", "10.0.0.3");
    const auto* memcached = find(asks, "proxy1.example.com", 11211, "udp");
    ASSERT_NE(memcached, nullptr);
    EXPECT_EQ(memcached->question, std::string("\0\1\0\0\0\1\0\0version\r\n", 17));
    const auto* syslog = find(asks, "proxy1.example.com", 514, "udp");
    ASSERT_NE(syslog, nullptr);
    EXPECT_TRUE(syslog->question.empty());
    const auto* dns = find(asks, "proxy1.example.com", 53, "udp");
    ASSERT_NE(dns, nullptr);
    EXPECT_EQ(dns->question.size(), 17U);
}

TEST(Asks, TakeTheEndsAndTheMiddleOfARange) {
    auto deployment = cluster();
    deployment.policy(R"(<allow port="20000-20010" protocol="tcp" from="10.0.0.1" comment="backup"/>)");
    const auto asks = asks_from(deployment, "proxy1.example.com", "10.0.0.1");
    for (const auto port : {20000, 20005, 20010}) {
        const auto* ask = find(asks, "mta1.example.com", static_cast<std::uint16_t>(port));
        ASSERT_NE(ask, nullptr) << port;
        EXPECT_TRUE(ask->needed);
    }
    for (const std::uint16_t port : {std::uint16_t{20001}, std::uint16_t{20004}, std::uint16_t{20009}})
        EXPECT_EQ(find(asks, "mta1.example.com", port), nullptr) << port;
}

}  // namespace
}  // namespace zmfw::test
