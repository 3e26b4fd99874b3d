#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <plugin/diff/diff_text.hpp>
#include <tests/unit/plan/deployment.hpp>
#include <tests/unit/plan/parts.hpp>

namespace zmfw {
namespace {

using test::Deployment;
using What = PortChange::What;

Deployment cluster() {
    Deployment made;
    made.mailstore("mbox1.example.com", "10.0.0.11").server("mta1.example.com", "mta", "10.0.0.21");
    made.proxy("proxy1.example.com", "10.0.0.31");
    return made.policy("<network name=\"admin\"><cidr>192.168.1.0/24</cidr></network>");
}

Side side_of(Deployment& deployment, const std::string& name = "one") {
    auto& inventory = deployment.inventory();
    std::sort(inventory.servers.begin(), inventory.servers.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    return {name, inventory, deployment.plan(), {"0.1.0", std::string(64, 'a'), "none", {}}};
}

const PortChange* find(const Diff& diff, What what, const std::string& server, const std::string& endpoint) {
    for (const auto& change : diff.ports) {
        if (change.what == what && change.server == server && change.endpoint == endpoint) return &change;
    }
    return nullptr;
}

/// "kind fact of server: old -> new" of every cause.
std::vector<std::string> causes(const PortChange& change) {
    std::vector<std::string> texts;
    for (const auto& cause : change.because) texts.push_back(cause_text(cause));
    return texts;
}

using Texts = std::vector<std::string>;

TEST(Diff, ThatOfTheSameFactsIsEmpty) {
    auto deployment = cluster();
    const auto result = diff(side_of(deployment), side_of(deployment, "two"));
    EXPECT_FALSE(result.is_change());
    EXPECT_FALSE(result.is_news());
    EXPECT_NE(diff_text(result).find("no change of any port"), std::string::npos);
}

TEST(Diff, APortThatMovesClosesAndOpensBecauseOfItsAttribute) {
    auto before = cluster();
    before.global("zimbraLmtpBindPort", "7025");
    auto after = cluster();
    after.global("zimbraLmtpBindPort", "7025").set("mbox1.example.com", "zimbraLmtpBindPort", "7026");
    const auto result = diff(side_of(before), side_of(after));
    ASSERT_EQ(result.ports.size(), 2U) << diff_text(result);
    const auto* opens = find(result, What::opens, "mbox1.example.com", "lmtp");
    const auto* closes = find(result, What::closes, "mbox1.example.com", "lmtp");
    ASSERT_TRUE(opens != nullptr && closes != nullptr) << diff_text(result);
    EXPECT_EQ(opens->port.first, 7026);
    EXPECT_EQ(closes->port.first, 7025);
    EXPECT_EQ(opens->peers_gained, Texts{"mta1.example.com"});
    const Texts why = {"zimbraLmtpBindPort of mbox1.example.com: 7025 -> 7026"};
    EXPECT_EQ(causes(*opens), why);
    EXPECT_EQ(causes(*closes), why);
}

TEST(Diff, AChangeOfGlobalConfigIsNamedAsThat) {
    auto before = cluster();
    before.global("zimbraLmtpBindPort", "7025");
    auto after = cluster();
    after.global("zimbraLmtpBindPort", "7026");
    const auto result = diff(side_of(before), side_of(after));
    const auto* opens = find(result, What::opens, "mbox1.example.com", "lmtp");
    ASSERT_NE(opens, nullptr);
    EXPECT_EQ(causes(*opens), Texts{"zimbraLmtpBindPort of global config: 7025 -> 7026"});
}

TEST(Diff, AnAttributeThatIsNowSetWhereItWasInheritedChangesNothing) {
    auto before = cluster();
    before.global("zimbraLmtpBindPort", "7025");
    auto after = cluster();
    after.global("zimbraLmtpBindPort", "7025").set("mbox1.example.com", "zimbraLmtpBindPort", "7025");
    const auto result = diff(side_of(before), side_of(after));
    EXPECT_FALSE(result.is_news()) << diff_text(result);
}

TEST(Diff, ANodeThatJoinedIsTheReasonForItsPortsAndForThoseThatLetItIn) {
    auto before = cluster();
    auto after = cluster();
    after.server("mta2.example.com", "mta", "10.0.0.22");
    const auto result = diff(side_of(before), side_of(after));
    EXPECT_EQ(result.joined, Texts{"mta2.example.com"});
    const auto* own = find(result, What::opens, "mta2.example.com", "smtp");
    ASSERT_NE(own, nullptr) << diff_text(result);
    EXPECT_EQ(causes(*own), Texts{"node joined: mta2.example.com"});
    const auto* lmtp = find(result, What::differs, "mbox1.example.com", "lmtp");
    ASSERT_NE(lmtp, nullptr) << diff_text(result);
    EXPECT_EQ(lmtp->peers_gained, Texts{"mta2.example.com"});
    EXPECT_EQ(causes(*lmtp), Texts{"node joined: mta2.example.com"});
    EXPECT_EQ(change_text(*lmtp), "differs 7025/tcp lmtp (LMTP delivery): also to mta2.example.com (10.0.0.22)");
}

TEST(Diff, ANodeThatLeftClosesWhatWasOpenForIt) {
    auto before = cluster();
    before.server("mta2.example.com", "mta", "10.0.0.22");
    auto after = cluster();
    const auto result = diff(side_of(before), side_of(after));
    EXPECT_EQ(result.left, Texts{"mta2.example.com"});
    const auto* lmtp = find(result, What::differs, "mbox1.example.com", "lmtp");
    ASSERT_NE(lmtp, nullptr);
    EXPECT_EQ(lmtp->peers_lost, Texts{"mta2.example.com"});
    EXPECT_EQ(causes(*lmtp), Texts{"node left: mta2.example.com"});
    ASSERT_NE(find(result, What::closes, "mta2.example.com", "smtp"), nullptr);
}

TEST(Diff, AServiceThatIsAddedIsTheReasonThatItsPortOpens) {
    auto before = cluster();
    auto after = cluster();
    after.set("mta1.example.com", "zimbraServiceEnabled", std::vector<std::string>{"mta", "memcached"});
    const auto result = diff(side_of(before), side_of(after));
    const auto* opens = find(result, What::opens, "mta1.example.com", "memcached");
    ASSERT_NE(opens, nullptr) << diff_text(result);
    EXPECT_EQ(causes(*opens), Texts{"service added on mta1.example.com: memcached"});
    const auto back = diff(side_of(after), side_of(before));
    const auto* closes = find(back, What::closes, "mta1.example.com", "memcached");
    ASSERT_NE(closes, nullptr);
    EXPECT_EQ(causes(*closes), Texts{"service removed on mta1.example.com: memcached"});
}

TEST(Diff, WhatIsOnANodeIsNewsAndAListenerOfASidecarIsNot) {
    const auto with = [](const char* package, std::uint16_t port) {
        auto deployment = cluster();
        auto& local = deployment.inventory().local["mbox1.example.com"];
        local.files["packages"] = {"/var/lib/dpkg/status", "", {}};
        local.files["sockets"] = {"/proc/net", "", {}};
        local.packages = {package};
        local.live = {{"tcp", port, "0.0.0.0"}};
        return side_of(deployment);
    };
    EXPECT_FALSE(diff(with("a", 21003), with("a", 21007)).is_news());
    const auto result = diff(with("a", 21003), with("b", 21003));
    ASSERT_EQ(result.other_facts.size(), 2U);
    EXPECT_EQ(cause_text(result.other_facts[0]), "package a of mbox1.example.com: installed -> not installed");
}

TEST(Diff, AnAddressThatMovedIsToldOldAndNew) {
    auto before = cluster();
    auto after = cluster();
    after.addresses("mta1.example.com", {"10.0.0.99"});
    const auto result = diff(side_of(before), side_of(after));
    const auto* lmtp = find(result, What::differs, "mbox1.example.com", "lmtp");
    ASSERT_NE(lmtp, nullptr) << diff_text(result);
    EXPECT_EQ(causes(*lmtp), Texts{"addresses of mta1.example.com: 10.0.0.21 -> 10.0.0.99"});
    EXPECT_TRUE(result.joined.empty() && result.left.empty());
}

TEST(Diff, AnotherPolicyIsTheReasonForWhomItNames) {
    auto before = cluster();
    auto after = cluster();
    after.policy("<network name=\"admin\"><cidr>192.168.2.0/24</cidr></network>");
    auto old_side = side_of(before);
    auto new_side = side_of(after);
    new_side.digests.policy = std::string(64, 'b');
    const auto result = diff(old_side, new_side);
    ASSERT_FALSE(result.ports.empty());
    for (const auto& change : result.ports) {
        EXPECT_EQ(change.audience, "admin");
        ASSERT_EQ(change.because.size(), 1U) << change_text(change);
        EXPECT_EQ(change.because.front().kind, "policy");
    }
}

TEST(Diff, AnotherCatalogueIsTheReasonWhereNoFactIs) {
    auto deployment = cluster();
    auto old_side = side_of(deployment);
    auto new_side = side_of(deployment);
    new_side.digests.catalogue = std::string(64, 'c');
    new_side.plan.servers.front().open.erase(new_side.plan.servers.front().open.begin());
    const auto result = diff(old_side, new_side);
    ASSERT_EQ(result.ports.size(), 1U);
    ASSERT_EQ(result.ports.front().because.size(), 1U);
    EXPECT_EQ(result.ports.front().because.front().kind, "catalogue");
    EXPECT_TRUE(result.other_facts.empty());
}

TEST(Diff, AnUpgradeIsNamedWithBothVersions) {
    auto before = cluster();
    auto after = cluster();
    after.set("mbox1.example.com", "zimbraServerVersion", "10.1.2_GA_4652");
    const auto result = diff(side_of(before), side_of(after));
    Texts told;
    for (const auto& cause : result.other_facts) told.push_back(cause_text(cause));
    for (const auto& change : result.ports) {
        for (const auto& cause : change.because) told.push_back(cause_text(cause));
    }
    EXPECT_NE(std::find(told.begin(), told.end(), "product of mbox1.example.com: 10.0.8_GA_4655 -> 10.1.2_GA_4652"),
              told.end());
}

TEST(Diff, APatchOfTemplatesIsNewsThoughNoPortMoves) {
    auto deployment = cluster();
    auto old_side = side_of(deployment);
    auto new_side = side_of(deployment);
    old_side.digests.shipped["conf/zmconfigd.cf"] = std::string(64, '1');
    new_side.digests.shipped["conf/zmconfigd.cf"] = std::string(64, '2');
    const auto result = diff(old_side, new_side);
    EXPECT_FALSE(result.is_change());
    EXPECT_TRUE(result.is_news());
    EXPECT_NE(diff_text(result).find("conf/zmconfigd.cf, which packages bring, is another"), std::string::npos);
}

TEST(Diff, PlansWithoutInventoriesAreToldByTheFactsThatTheyName) {
    auto before = cluster();
    before.global("zimbraLmtpBindPort", "7025");
    auto after = cluster();
    after.global("zimbraLmtpBindPort", "7026");
    auto old_side = side_of(before);
    auto new_side = side_of(after);
    old_side.inventory.reset();
    new_side.inventory.reset();
    const auto result = diff(old_side, new_side);
    const auto* opens = find(result, What::opens, "mbox1.example.com", "lmtp");
    ASSERT_NE(opens, nullptr);
    EXPECT_EQ(causes(*opens), Texts{"zimbraLmtpBindPort of mbox1.example.com: 7025 -> 7026"});
    EXPECT_FALSE(result.notes.empty());
}

TEST(Diff, EverythingOpensWhereNothingWasAccepted) {
    auto deployment = cluster();
    const auto result = diff({"nothing", zmi::Inventory{}, Plan{}, {}}, side_of(deployment));
    EXPECT_EQ(result.joined.size(), 3U);
    EXPECT_TRUE(std::all_of(result.ports.begin(), result.ports.end(),
                            [](const PortChange& change) { return change.what == What::opens; }));
}

TEST(Diff, AValueCannotWriteToTheTerminalOrAddMarkdown) {
    auto before = cluster();
    auto after = cluster();
    after.global("zimbraLogHostname", "\x1b[2Jevil `x` <b>");
    const auto result = diff(side_of(before), side_of(after));
    EXPECT_EQ(diff_text(result).find('\x1b'), std::string::npos);
    EXPECT_EQ(diff_markdown(result).find("<b>"), std::string::npos);
}

TEST(Diff, TheJsonHasEveryChangeWithItsCauses) {
    auto before = cluster();
    auto after = cluster();
    after.set("mbox1.example.com", "zimbraLmtpBindPort", "7026");
    const auto json = nlohmann::json::parse(to_json(diff(side_of(before), side_of(after))));
    EXPECT_EQ(json["schema"], "zmfirewall/diff/1");
    EXPECT_EQ(json["changed"], true);
    ASSERT_EQ(json["changes"].size(), 2U);
    EXPECT_EQ(json["changes"][0]["because"][0]["fact"], "zimbraLmtpBindPort");
    EXPECT_EQ(json["changes"][0]["because"][0]["new"], "7026");
}

test::Parts stores() {
    test::Parts made;
    made.server("store1", "10.0.0.1").server("store2", "10.0.0.2");
    for (const auto* name : {"store1", "store2"}) made.asked(name).present = {"bin/suite"};
    return made;
}

Side side_of(test::Parts& parts, const std::string& name = "one") {
    return {name, parts.inventory(), parts.plans(), {"0.1.0", std::string(64, 'a'), "none", {}}};
}

using Candidate = CandidateChange::What;

/// "appeared core on store1: cause", in the diff's order.
Texts candidates(const Diff& result) {
    Texts texts;
    for (const auto& change : result.candidates) {
        const auto* what = change.what == Candidate::appeared  ? "appeared"
                           : change.what == Candidate::settled ? "settled"
                                                               : "gone";
        texts.push_back(std::string(what) + " " + change.closed.endpoint + "/" + change.closed.port->to_string() +
                        " on " + change.server + ": " + cause_text(change.because.front()));
    }
    return texts;
}

TEST(Diff, TellsOfACandidateThatAppearsAndOfThePathThatBroughtIt) {
    auto before = stores();
    before.asked("store1").present.clear();
    auto after = stores();
    const auto result = diff(side_of(before), side_of(after, "two"));
    EXPECT_FALSE(result.is_change()) << diff_text(result);
    EXPECT_TRUE(result.is_news());
    const std::string cause = ": file present bin/suite of store1: not there -> there";
    EXPECT_EQ(candidates(result),
              (Texts{"appeared core/8735 on store1" + cause, "appeared chat/5222 on store1" + cause,
                     "appeared chat/5223 on store1" + cause, "appeared relay/49152-65535 on store1" + cause}));
    const auto gone = diff(side_of(after), side_of(before, "two"));
    EXPECT_EQ(gone.candidates.size(), 4U);
    EXPECT_EQ(gone.candidates.front().what, Candidate::gone);
    EXPECT_NE(diff_text(result).find("new candidate 8735/tcp core"), std::string::npos) << diff_text(result);
}

TEST(Diff, TellsOfACandidateThatAListenerSettled) {
    auto before = stores();
    auto after = stores();
    after.asked("store1").live = {{"tcp", 8735, "0.0.0.0"}};
    const auto result = diff(side_of(before), side_of(after, "two"));
    ASSERT_EQ(result.ports.size(), 1U) << diff_text(result);
    EXPECT_EQ(result.ports.front().what, What::opens);
    const Texts listener = {"live listener tcp/8735 of store1: does not listen -> on 0.0.0.0"};
    EXPECT_EQ(causes(result.ports.front()), listener);
    EXPECT_EQ(candidates(result), Texts{"settled core/8735 on store1: " + listener.front()});
    const auto json = nlohmann::json::parse(to_json(result));
    EXPECT_EQ(json["candidates"][0]["change"], "settled");
    EXPECT_EQ(json["candidates"][0]["port"], 8735);
}

TEST(Diff, NamesThePackageThatBroughtARange) {
    auto before = test::two_nodes();
    before.asked("video1").packages = {"files"};
    auto after = test::two_nodes();
    const auto result = diff(side_of(before), side_of(after, "two"));
    const auto* opens = find(result, What::opens, "video1", "rtp");
    ASSERT_NE(opens, nullptr) << diff_text(result);
    EXPECT_EQ(opens->port, (PortRange{20000, 40000}));
    EXPECT_EQ(causes(*opens), Texts{"package video-ce of video1: not installed -> installed"});
    EXPECT_NE(diff_text(result).find("opens 20000-40000/udp rtp"), std::string::npos) << diff_text(result);
}

TEST(Diff, IsSilentWhereSidecarsOnlyGotOtherPorts) {
    auto before = test::two_nodes();
    before.asked("video1").live = {{"tcp", 21001, "0.0.0.0"}};
    auto after = test::two_nodes();
    after.asked("video1").live = {{"tcp", 21002, "0.0.0.0"}, {"tcp", 21003, "0.0.0.0"}};
    const auto result = diff(side_of(before), side_of(after, "two"));
    EXPECT_FALSE(result.is_news()) << diff_text(result);
}

}  // namespace
}  // namespace zmfw
