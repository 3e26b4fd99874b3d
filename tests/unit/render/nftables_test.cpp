#include <gtest/gtest.h>

#include "run_program.hpp"
#include "sample_plans.hpp"

namespace zmfw {
namespace {

std::string rules_of(const ServerPlan& plan) {
    return sample::rendered("nftables", plan).at(0).content;
}

bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// Loads the text twice in a namespace of its own and lists what the kernel made of it.
sample::Result load(const std::string& name, const std::string& text) {
    const auto path = sample::scratch_file(name, text).string();
    const auto nft = std::string("/usr/sbin/nft -f '") + path + "'";
    return sample::run_shell("unshare -r -n -- sh -c \"" + nft + " && " + nft + " && /usr/sbin/nft -s list ruleset\"");
}

#define SKIP_WITHOUT_NFT() \
    if (!sample::can_load_nft()) GTEST_SKIP() << "nft cannot be run in a user and network namespace here"

TEST(Nftables, IsOneFileNamedAfterTheServer) {
    const auto files = sample::rendered("nftables", sample::mixed_plan());
    ASSERT_EQ(files.size(), 1U);
    EXPECT_EQ(files[0].name, "mail.example.com/zmfirewall.nft");
    EXPECT_EQ(files[0].mode, 0644U);
}

TEST(Nftables, GivesTheSameBytesForTheSamePlan) {
    EXPECT_EQ(rules_of(sample::mixed_plan()), rules_of(sample::mixed_plan()));
}

TEST(Nftables, SaysWhatItIsAndHowToUndoIt) {
    const auto text = rules_of(sample::mixed_plan());
    for (const auto* part : {"mail.example.com", "1.2.3", "soap https://localhost:7071", "2026-11-24T06:15:47Z",
                             "# undo:   nft delete table inet zmfirewall", "# apply:  nft -c -f", "aaaaaaaa"}) {
        EXPECT_TRUE(holds(text, part)) << part;
    }
}

TEST(Nftables, ReplacesItsOwnTableAndNothingElse) {
    const auto text = rules_of(sample::mixed_plan());
    EXPECT_TRUE(holds(text, "add table inet zmfirewall\ndelete table inet zmfirewall\ntable inet zmfirewall {\n"));
    EXPECT_FALSE(holds(text, "flush"));
}

TEST(Nftables, EndsInAnExplicitDropBesideThePolicy) {
    const auto text = rules_of(sample::mixed_plan());
    EXPECT_TRUE(holds(text, "priority 0; policy drop;"));
    EXPECT_TRUE(holds(text, "counter drop comment \"everything else\"\n\t}\n}\n"));
}

TEST(Nftables, NamesEndpointAndReasonInEveryRule) {
    const auto text = rules_of(sample::mixed_plan());
    EXPECT_TRUE(holds(text, "counter accept comment \"smtp r0a1b2c3d\""));
    EXPECT_TRUE(holds(text, "comment \"policy r0a1b2c3d: backup (night); ask #42\""));
}

TEST(Nftables, LimitsARuleToItsAddress) {
    const auto text = rules_of(sample::mixed_plan());
    EXPECT_TRUE(holds(text, "ip saddr @tcp_11211_1_ipv4 ip daddr { 10.0.0.5 } counter accept"));
    EXPECT_FALSE(holds(text, "tcp_11211_1_ipv6"));
}

TEST(Nftables, KeepsSingleAddressesInSetsOfConstantSpeed) {
    const auto text = rules_of(sample::mixed_plan());
    EXPECT_TRUE(holds(text, "set tcp_11211_1_ipv4 {\n\t\ttype ipv4_addr\n\t\telements"));
    EXPECT_TRUE(holds(text, "set tcp_389_1_ipv6 {\n\t\ttype ipv6_addr\n\t\telements"));
    EXPECT_TRUE(holds(text, "set tcp_389_1_ipv4 {\n\t\ttype ipv4_addr\n\t\tflags interval\n\t\telements"));
}

TEST(Nftables, OpensAPortToOneFamilyWhereThePlanHasOne) {
    EXPECT_TRUE(holds(rules_of(sample::mixed_plan()), "\tchain tcp_80 {\n\t\tmeta nfproto ipv4 counter accept"));
}

TEST(Nftables, UsesNothingThatOldVersionsDoNotKnow) {
    const auto text = rules_of(sample::mixed_plan());
    for (const auto* part : {"typeof", "destroy", " . ", "priority filter", "auto-merge"}) {
        EXPECT_FALSE(holds(text, part)) << part;
    }
}

TEST(Nftables, LoadsTwiceIntoTheKernel) {
    SKIP_WITHOUT_NFT();
    const auto loaded = load("mixed.nft", rules_of(sample::mixed_plan()));
    EXPECT_EQ(loaded.status, 0) << loaded.output;
    for (const auto* part : {"389 : jump tcp_389", "tcp dport 20000-20010 jump tcp_20000_20010", "10.0.1.0/24",
                             "2001:db8:5::11", "udp dport vmap { 514 : jump udp_514 }"}) {
        EXPECT_TRUE(holds(loaded.output, part)) << part << "\n" << loaded.output;
    }
}

TEST(Nftables, LoadsWithNothingOpen) {
    SKIP_WITHOUT_NFT();
    const auto loaded = load("empty.nft", rules_of(sample::plan({})));
    EXPECT_EQ(loaded.status, 0) << loaded.output;
}

TEST(Nftables, LoadsWithAHundredPeersAndTheLongestComment) {
    SKIP_WITHOUT_NFT();
    std::vector<std::string> sources;
    for (int i = 1; i <= 100; ++i) sources.push_back("10.1.0." + std::to_string(i));
    auto port = sample::open_port("policy", "tcp", 389, "policy", sources);
    port.comment = std::string(110, '#');
    const auto loaded = load("peers.nft", rules_of(sample::plan({port})));
    EXPECT_EQ(loaded.status, 0) << loaded.output;
}

}  // namespace
}  // namespace zmfw
