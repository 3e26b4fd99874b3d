#include <gtest/gtest.h>

#include <algorithm>
#include <plugin/host/judge.hpp>

namespace zmfw {
namespace {

/// A host where everything could be told, and nothing filters.
HostSigns quiet() {
    HostSigns signs;
    signs.ufw_enabled = false;
    signs.firewalld_running = false;
    signs.fail2ban_running = false;
    signs.legacy_tables = false;
    return signs;
}

bool has(const std::vector<HostWarning>& warnings, const std::string& id) {
    return std::any_of(warnings.begin(), warnings.end(), [&](const auto& warning) { return warning.id == id; });
}

TEST(Judge, RecommendsNftablesWhereNothingElseFilters) {
    EXPECT_EQ(judge(quiet()).format, "nftables");
    EXPECT_TRUE(judge(quiet()).warnings.empty());
    EXPECT_TRUE(judge_format(quiet(), "nftables").empty());
}

TEST(Judge, RecommendsTheManagerThatIsActive) {
    auto signs = quiet();
    signs.ufw_enabled = true;
    EXPECT_EQ(judge(signs).format, "ufw");
    signs = quiet();
    signs.firewalld_running = true;
    EXPECT_EQ(judge(signs).format, "firewalld");
    signs = quiet();
    signs.iptables_at_boot = true;
    EXPECT_EQ(judge(signs).format, "nftables") << "no rules are kept";
    signs.iptables_files = {"/etc/iptables/rules.v4"};
    EXPECT_EQ(judge(signs).format, "iptables");
}

TEST(Judge, RecommendsNothingWhereAManagerCannotBeTold) {
    auto signs = quiet();
    signs.ufw_enabled = std::nullopt;
    EXPECT_EQ(judge(signs).format, "");
    EXPECT_NE(judge(signs).why.find("ufw"), std::string::npos);
    signs = quiet();
    signs.firewalld_running = std::nullopt;
    EXPECT_EQ(judge(signs).format, "");
    signs.firewalld_at_boot = true;
    EXPECT_EQ(judge(signs).format, "firewalld");
}

TEST(Judge, SaysThatTwoManagersMustBothAccept) {
    auto signs = quiet();
    signs.ufw_enabled = true;
    EXPECT_FALSE(has(judge(signs).warnings, "two-managers"));
    signs.firewalld_running = true;
    EXPECT_TRUE(has(judge(signs).warnings, "two-managers"));
}

TEST(Judge, WarnsOfASecondManagerForEachFormatOfAHostOnly) {
    auto signs = quiet();
    signs.ufw_enabled = true;
    for (const auto* format : {"nftables", "iptables", "firewalld"})
        EXPECT_TRUE(has(judge_format(signs, format), "both-must-accept")) << format;
    EXPECT_TRUE(judge_format(signs, "ufw").empty());
    EXPECT_TRUE(judge_format(signs, "csv").empty());
    EXPECT_TRUE(has(judge_format(quiet(), "ufw"), "not-active"));
    EXPECT_TRUE(has(judge_format(quiet(), "firewalld"), "not-active"));
}

TEST(Judge, NamesEachPublishedPortAndTheWayToFilterIt) {
    auto signs = quiet();
    signs.docker = true;
    signs.published = {{"0.0.0.0", 8080, 8080, "tcp", "web", "docker"},
                       {"::", 9000, 9010, "udp", "six", "docker"},
                       {"127.0.0.1", 9090, 9090, "tcp", "local", "docker"},
                       {"0.0.0.0", 7070, 7070, "tcp", "db", "podman"}};
    const auto warnings = judge(signs).warnings;
    ASSERT_EQ(warnings.size(), 3U) << "nobody outside reaches the one on loopback";
    EXPECT_NE(warnings[0].text.find("8080/tcp on 0.0.0.0 for web"), std::string::npos) << warnings[0].text;
    EXPECT_TRUE(warnings[0].remedy.starts_with("iptables -I DOCKER-USER ")) << warnings[0].remedy;
    EXPECT_NE(warnings[0].remedy.find("--ctorigdstport 8080"), std::string::npos);
    EXPECT_TRUE(warnings[1].remedy.starts_with("ip6tables -I DOCKER-USER "));
    EXPECT_NE(warnings[1].remedy.find("--ctorigdstport 9000:9010"), std::string::npos);
    EXPECT_EQ(warnings[2].remedy.find("DOCKER-USER"), std::string::npos);
}

TEST(Judge, WarnsOfLegacyAndNftSideBySideAndOfForeignInputChains) {
    auto signs = quiet();
    signs.nft_told = true;
    signs.nft_tables = {"inet zmfirewall", "inet f2b-table", "inet site"};
    signs.nft_inputs = signs.nft_tables;
    EXPECT_FALSE(has(judge(signs).warnings, "legacy-and-nft"));
    EXPECT_EQ(judge(signs).warnings.size(), 1U);
    EXPECT_TRUE(has(judge(signs).warnings, "other-input-chain"));
    signs.legacy_tables = true;
    EXPECT_TRUE(has(judge(signs).warnings, "legacy-and-nft"));
}

TEST(Judge, WarnsOfAnNftablesServiceThatFlushesOnlyWhereItIsEnabled) {
    auto signs = quiet();
    signs.nftables_flushes = true;
    EXPECT_FALSE(has(judge(signs).warnings, "nftables-flushes"));
    signs.nftables_at_boot = true;
    EXPECT_TRUE(has(judge(signs).warnings, "nftables-flushes"));
}

TEST(Judge, WarnsOfAnUfwThatLeavesSomethingOpen) {
    auto signs = quiet();
    signs.ufw_enabled = true;
    signs.ufw_ipv6 = false;
    signs.ufw_input = "accept";
    EXPECT_TRUE(has(judge(signs).warnings, "ufw-without-ipv6"));
    EXPECT_TRUE(has(judge(signs).warnings, "ufw-accepts"));
}

}  // namespace
}  // namespace zmfw
