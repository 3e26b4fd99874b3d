#include <gtest/gtest.h>
#include <plugin/state/remembered.hpp>
#include <zmintegration/support/clock.hpp>

namespace {

using namespace std::chrono_literals;
using namespace zmfw;

constexpr std::chrono::sys_seconds k_now{1'800'000'000s};

Seen core_on(const std::string& server, std::uint16_t port = 8735) {
    return {server, {"tcp", port, "0.0.0.0"}};
}

zmi::Inventory with_local(const std::vector<std::string>& servers) {
    zmi::Inventory inventory;
    for (const auto& name : servers) inventory.local[name];
    return inventory;
}

/// A catalogue that knows 8735 from documents alone, and 443 for sure.
Catalogue catalogue() {
    Catalogue catalogue;
    catalogue.endpoints.resize(2);
    catalogue.endpoints[0].id = "core";
    catalogue.endpoints[0].verified = false;
    catalogue.endpoints[1].id = "https";
    catalogue.endpoints[1].verified = true;
    return catalogue;
}

Plan open(const std::string& endpoint, std::uint16_t port) {
    OpenPort open;
    open.endpoint = endpoint;
    open.protocol = "tcp";
    open.port = one_port(port);
    ServerPlan server;
    server.name = "mbox1";
    server.open = {open};
    Plan plan;
    plan.servers = {server};
    return plan;
}

TEST(RememberedListener, CountsForSevenDaysAfterItWasSeen) {
    const Remembered remembered = {{core_on("mbox1"), k_now}};
    for (const auto& [age, expected] : {std::pair{0h, 1U}, {167h, 1U}, {168h, 0U}, {10'000h, 0U}, {-1h, 0U}}) {
        auto inventory = with_local({"mbox1"});
        const auto added = add_remembered(remembered, k_now + age, inventory);
        EXPECT_EQ(added.size(), expected) << age.count();
        EXPECT_EQ(inventory.local["mbox1"].live.size(), expected) << age.count();
    }
}

TEST(RememberedListener, IsNotNeededWhereThePortListensOnAnyAddress) {
    auto inventory = with_local({"mbox1"});
    inventory.local["mbox1"].live = {{"tcp", 8735, "192.0.2.1"}};
    EXPECT_TRUE(add_remembered({{core_on("mbox1"), k_now}}, k_now, inventory).empty());
    EXPECT_EQ(inventory.local["mbox1"].live.size(), 1U);
    inventory.local["mbox1"].live = {{"udp", 8735, "0.0.0.0"}};
    EXPECT_EQ(add_remembered({{core_on("mbox1"), k_now}}, k_now, inventory).size(), 1U);
}

TEST(RememberedListener, IsAddedOnlyToServersWhoseOwnFactsAreHere) {
    auto inventory = with_local({"mbox1"});
    EXPECT_TRUE(add_remembered({{core_on("mbox2"), k_now}}, k_now, inventory).empty());
    EXPECT_EQ(inventory.local.size(), 1U);
}

TEST(RememberedListener, IsToldAsSuch) {
    const auto lines = in_words({{core_on("mbox1"), *zmi::parse_rfc3339("2026-11-20T10:00:00Z")}});
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0],
              "tcp/8735 on 0.0.0.0 of mbox1 does not listen now; it was last seen at 2026-11-20T10:00:00Z and counts "
              "until 2026-11-27T10:00:00Z");
}

TEST(RememberedListener, IsOneThatARuleOfACandidateStandsOn) {
    auto inventory = with_local({"mbox1"});
    inventory.local["mbox1"].live = {{"tcp", 443, "0.0.0.0"}, {"tcp", 8735, "0.0.0.0"}, {"udp", 8735, "::"}};
    EXPECT_EQ(listeners_in_use(open("core", 8735), inventory, catalogue()), std::vector{core_on("mbox1")});
    EXPECT_TRUE(listeners_in_use(open("https", 443), inventory, catalogue()).empty()) << "needs no listener";
    EXPECT_TRUE(listeners_in_use(open("policy", 8735), inventory, catalogue()).empty());
    EXPECT_TRUE(listeners_in_use(open("core", 8736), inventory, catalogue()).empty());
    EXPECT_TRUE(listeners_in_use(open("core", 8735), with_local({}), catalogue()).empty());
}

TEST(RememberedListener, DoesNotRenewItself) {
    const Remembered before = {{core_on("mbox1"), k_now - 48h}, {core_on("mbox2"), k_now - 200h}};
    const auto kept = remember(before, {core_on("mbox1")}, before, k_now);
    EXPECT_EQ(kept, (Remembered{{core_on("mbox1"), k_now - 48h}})) << "as it was, and the old one forgotten";
    EXPECT_EQ(remember(before, {core_on("mbox1")}, {}, k_now), (Remembered{{core_on("mbox1"), k_now}}));
}

TEST(RememberedListener, SurvivesInItsFile) {
    const Remembered remembered = {{core_on("mbox1"), k_now}, {{"mbox2", {"udp", 8735, "::"}}, k_now - 1h}};
    EXPECT_EQ(parse_remembered(to_text(remembered)), remembered);
    EXPECT_EQ(parse_remembered("garbage\n" + to_text(remembered) +
                               "2026-11-20T10:00:00Z mbox1 tcp 0 0.0.0.0\n2026-11-20T10:00:00Z mbox1 sctp 1 ::\n"
                               "2026-11-20T10:00:00Z mbox1 tcp 1 nowhere\n2026-11-20T10:00:00Z a;b tcp 1 ::\n"),
              remembered);
}

}  // namespace
