#include <nlohmann/json.hpp>
#include <plugin/plan/plan_json.hpp>
#include <plugin/plan/read_plan.hpp>
#include <random>

#include "parts.hpp"

namespace zmfw::test {
namespace {

using Texts = std::vector<std::string>;

/// Two stores with the suite; this node is store1.
Parts stores() {
    Parts made;
    made.server("store1", "10.0.0.1").server("store2", "10.0.0.2");
    for (const auto* name : {"store1", "store2"}) made.asked(name).present = {"bin/suite"};
    return made;
}

const ClosedPort* closed(const ServerPlan& plan, const std::string& endpoint, const std::string& port) {
    for (const auto& one : plan.closed) {
        if (one.endpoint == endpoint && one.port && one.port->to_string() == port) return &one;
    }
    return nullptr;
}

TEST(Candidate, IsClosedAndSaysWhatWouldSettleIt) {
    const auto plan = stores().plan("store1");
    EXPECT_TRUE(plan.complete());
    EXPECT_TRUE(plan.open.empty());
    EXPECT_EQ(candidates(plan), (Texts{"core/8735", "chat/5222", "chat/5223", "relay/49152-65535"}));
    const auto* core = closed(plan, "core", "8735");
    ASSERT_NE(core, nullptr);
    EXPECT_EQ(core->reason, "nobody saw it");
    EXPECT_EQ(core->settled_by,
              "ss -lnt on a node with the suite; a listener on tcp/8735 seen on the server itself, or "
              "<accept endpoint=\"core\"/> in the policy");
    EXPECT_EQ(closed(plan, "relay", "49152-65535")->settled_by, "<accept endpoint=\"relay\"/> in the policy");
}

TEST(Candidate, IsNoneWhereWhatWouldListenIsNotThere) {
    Parts made;
    made.server("store1", "10.0.0.1");
    made.asked("store1").packages = {"files"};
    EXPECT_TRUE(candidates(made.plan("store1")).empty());
}

TEST(Candidate, DoesNotStopAPlanWhereItsConditionIsUnknown) {
    auto made = stores();
    made.asked("store1").present.clear();
    made.asked("store1").files["present"].problem = "permission denied";
    const auto plan = made.plan("store1");
    EXPECT_TRUE(plan.complete());
    EXPECT_EQ(candidates(plan).size(), 4U);
    EXPECT_TRUE(plan.open.empty());
}

TEST(Candidate, IsSettledByAListenerOffLoopbackOnItsPort) {
    auto made = stores();
    made.asked("store1").live = {{"tcp", 8735, "0.0.0.0"}, {"tcp", 5222, "::"}};
    const auto plan = made.plan("store1");
    EXPECT_EQ(opened(plan), (Texts{"chat/tcp/5222 public", "core/tcp/8735 cluster"}));
    const auto& because = plan.open.back().because;
    EXPECT_TRUE(std::any_of(because.begin(), because.end(), [](const Because& one) {
        return one == Because{"listener", "tcp/8735 on 0.0.0.0", "live", {}};
    }));
    EXPECT_EQ(candidates(plan), (Texts{"chat/5223", "relay/49152-65535"})) << "the rest stays as it was";
    EXPECT_TRUE(made.plan("store2").open.empty()) << "what was seen here says nothing of another server";
}

TEST(Candidate, IsNotSettledByWhatIsSeenElsewhere) {
    auto made = stores();
    made.asked("store1").live = {{"udp", 8735, "0.0.0.0"},  {"tcp", 8735, "127.0.0.1"},  {"tcp", 8735, "::1"},
                                 {"tcp", 8735, "bogus"},    {"tcp", 8735, "127.78.0.7"}, {"tcp", 8736, "0.0.0.0"},
                                 {"tcp", 50000, "0.0.0.0"}, {"tcp", 49152, "192.0.2.1"}};
    EXPECT_TRUE(made.plan("store1").open.empty());
    EXPECT_EQ(candidates(made.plan("store1")).size(), 4U);
}

TEST(Candidate, IsOpenedWhereThePolicyAcceptsIt) {
    auto made = stores();
    made.policy("<accept endpoint='core'/><accept endpoint='relay'/>");
    EXPECT_EQ(opened(made.plan("store1")), (Texts{"core/tcp/8735 cluster", "relay/tcp/49152-65535 public"}));
    EXPECT_EQ(candidates(made.plan("store1")), (Texts{"chat/5222", "chat/5223"}));
}

TEST(Candidate, ThatThePolicyClosesIsNone) {
    auto made = stores();
    made.asked("store1").live = {{"tcp", 8735, "0.0.0.0"}};
    made.policy("<close endpoint='core'/>");
    EXPECT_TRUE(made.plan("store1").open.empty());
    EXPECT_EQ(candidates(made.plan("store1")), (Texts{"chat/5222", "chat/5223", "relay/49152-65535"}));
}

TEST(Candidate, IsInTheJsonAndReadFromIt) {
    auto made = stores();
    made.inventory().source = {"soap", "https://store1:7071", true, "2026-11-24T06:15:47Z"};
    auto plan = made.plans();
    plan.made_at = "2026-11-24T06:15:47Z";
    const auto json = to_json(plan);
    const auto parsed = nlohmann::json::parse(json);
    EXPECT_EQ(parsed["servers"][0]["closed"].back()["candidate"]["settled_by"],
              "<accept endpoint=\"relay\"/> in the policy");
    const auto read = read_plan(json);
    ASSERT_TRUE(read) << read.error().what;
    EXPECT_EQ(candidates(read->servers.front()), candidates(plan.servers.front()));
    EXPECT_EQ(to_json(*read), json);
}

TEST(Candidate, ChangesNoDigest) {
    auto made = stores();
    const auto before = made.plan("store1").digest;
    made.asked("store1").present.clear();
    EXPECT_NE(candidates(made.plan("store1")).size(), 4U);
    EXPECT_EQ(made.plan("store1").digest, before);
}

/// Whatever the facts are: an unverified endpoint is open only where its very port was seen, or the policy accepts it.
TEST(Property, NothingUnverifiedIsOpenWithoutAListenerOrThePolicysWord) {
    std::mt19937 random(1);
    const auto pick = [&](int below) { return std::uniform_int_distribution<int>(0, below - 1)(random); };
    static const std::vector<std::uint16_t> ports = {5222, 5223, 8735, 8736, 49152, 50000, 65535, 21001};
    static const std::vector<std::string> addresses = {"0.0.0.0",   "::",   "127.0.0.1", "::1",
                                                       "192.0.2.7", "junk", "127.78.0.3"};
    for (int round = 0; round < 300; ++round) {
        Parts made;
        for (int i = 0; i < 1 + pick(3); ++i) {
            const auto name = "node" + std::to_string(i);
            made.server(name, "10.0.0." + std::to_string(i + 1));
            if (pick(4) == 0) continue;
            auto& local = made.asked(name);
            if (pick(2) == 0) local.present = {"bin/suite"};
            if (pick(3) == 0) local.files["packages"].problem = "no";
            if (pick(3) == 0) local.packages = {"video-ce", "files"};
            for (int l = pick(6); l > 0; --l) {
                const auto port = ports[static_cast<std::size_t>(pick(static_cast<int>(ports.size())))];
                const auto address = addresses[static_cast<std::size_t>(pick(static_cast<int>(addresses.size())))];
                local.live.insert({pick(4) == 0 ? "udp" : "tcp", port, address});
            }
        }
        const bool accepted = pick(4) == 0;
        if (accepted) made.policy("<accept endpoint='core'/>");
        for (const auto& plan : made.plans(true).servers) {
            const auto& live = made.inventory().local[plan.name].live;
            for (const auto& open : plan.open) {
                if (parts().find(open.endpoint)->verified || (accepted && open.endpoint == "core")) continue;
                const bool seen = std::any_of(live.begin(), live.end(), [&](const zmi::LiveListener& one) {
                    const auto address = zmi::parse_address(one.address);
                    return one.protocol == open.protocol && open.port == one_port(one.port) && address &&
                           !address->is_loopback();
                });
                EXPECT_TRUE(seen) << round << ": " << open.endpoint << " on " << plan.name;
            }
        }
    }
}

}  // namespace
}  // namespace zmfw::test
