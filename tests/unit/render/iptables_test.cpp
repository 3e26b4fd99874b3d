#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "run_program.hpp"
#include "sample_plans.hpp"

namespace zmfw {
namespace {

/// Peers enough for a set, in both families, and few peers on another port.
ServerPlan plan_with_sets() {
    auto plan = sample::mixed_plan();
    std::vector<std::string> sources;
    for (int i = 1; i <= 20; ++i) {
        sources.push_back("10.1.0." + std::to_string(2 * i));
        sources.push_back("2001:db8::" + std::to_string(2 * i));
    }
    plan.open.push_back(sample::open_port("lmtp", "tcp", 7025, "cluster", sources));
    plan.open.back().comment = std::string(100, '#');
    return plan;
}

std::string file_of(const ServerPlan& plan, const std::string& source) {
    for (const auto& file : sample::rendered("iptables", plan)) {
        if (file.source == source) return file.content;
    }
    return {};
}

bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// Writes all files of the plan below a scratch folder; the folder of the server.
std::string written(const std::string& name, const ServerPlan& plan) {
    const auto folder = std::filesystem::path(ZMFIREWALL_BINARY_DIR) / "scratch" / name;
    std::filesystem::remove_all(folder);
    for (const auto& file : sample::rendered("iptables", plan)) {
        std::filesystem::create_directories((folder / file.name).parent_path());
        std::ofstream(folder / file.name) << file.content;
    }
    return (folder / plan.name).string();
}

sample::Result in_namespace(const std::string& commands) {
    return sample::run_shell(
        "PATH=/usr/sbin:/usr/bin:/sbin:/bin XTABLES_LOCKFILE=" + sample::scratch_file("xtables.lock", "").string() +
        " unshare -r -n -- sh -c '" + commands + "'");
}

class Iptables : public testing::Test {
protected:
    void SetUp() override {
        for (const auto* program : {"iptables", "ip6tables-restore", "ipset", "unshare"}) {
            if (in_path(program)) continue;
            GTEST_SKIP() << program << " is not installed";
        }
        const auto tried = in_namespace("iptables -S && ipset list -n");
        if (tried.status != 0)
            GTEST_SKIP() << "iptables cannot be run in a user and network namespace: " << tried.output;
    }
    static bool in_path(const std::string& program) {
        return sample::run_shell("PATH=/usr/sbin:/usr/bin:/sbin:/bin command -v " + program).status == 0;
    }
};

TEST(IptablesFiles, EmptyOwnChainsOnlyAndEndInADrop) {
    for (const auto* source : {"rules4.mustache", "rules6.mustache"}) {
        const auto text = file_of(sample::mixed_plan(), source);
        EXPECT_TRUE(holds(text, "\n*filter\n:ZMFIREWALL-IN - [0:0]\n:ZMFW-tcp_22 - [0:0]\n")) << text;
        EXPECT_TRUE(holds(text, "-A ZMFIREWALL-IN -m comment --comment \"everything else\" -j DROP\n"));
        EXPECT_TRUE(text.ends_with("COMMIT\n"));
        EXPECT_FALSE(holds(text, "-F"));
        EXPECT_FALSE(holds(text, ":INPUT"));
    }
}

TEST(IptablesFiles, KeepTheFamiliesApart) {
    const auto rules4 = file_of(plan_with_sets(), "rules4.mustache");
    const auto rules6 = file_of(plan_with_sets(), "rules6.mustache");
    EXPECT_TRUE(holds(rules4, "-A ZMFW-tcp_389 -s 10.0.1.0/24 -m comment --comment \"ldap r0a1b2c3d\" -j ACCEPT"));
    EXPECT_TRUE(holds(rules6, "-A ZMFW-tcp_389 -s 2001:db8:5::11 -m comment"));
    EXPECT_FALSE(holds(rules4, "2001:db8"));
    EXPECT_FALSE(holds(rules6, "10.0."));
    EXPECT_FALSE(holds(rules6, "tcp_11211"));
    EXPECT_FALSE(holds(rules6, "tcp_80"));
}

TEST(IptablesFiles, LimitARuleToItsAddress) {
    EXPECT_TRUE(
        holds(file_of(sample::mixed_plan(), "rules4.mustache"), "-A ZMFW-tcp_11211 -s 10.0.0.11 -d 10.0.0.5 -m"));
}

TEST(IptablesFiles, UseASetWherePeersAreMany) {
    const auto sets = file_of(plan_with_sets(), "sets.mustache");
    EXPECT_TRUE(holds(sets, "hash:net family inet -exist"));
    EXPECT_TRUE(holds(sets, "hash:net family inet6 -exist"));
    EXPECT_TRUE(
        holds(file_of(plan_with_sets(), "rules4.mustache"), "-A ZMFW-tcp_7025 -m set --match-set zmfirewall4-"));
    EXPECT_FALSE(holds(file_of(sample::mixed_plan(), "apply.sh.mustache"), "ipset restore"));
}

TEST(IptablesFiles, NeverPutEverywhereIntoASet) {
    auto sources = sample::anyone();
    for (int i = 1; i <= 20; ++i) sources.push_back("10.1.0." + std::to_string(2 * i));
    const auto plan = sample::plan({sample::open_port("smtp", "tcp", 25, "public", sources)});
    EXPECT_FALSE(holds(file_of(plan, "sets.mustache"), "add "));
    EXPECT_FALSE(holds(file_of(plan, "rules4.mustache"), "--match-set"));
    EXPECT_TRUE(holds(file_of(plan, "rules4.mustache"), "-A ZMFW-tcp_25 -m comment"));
}

TEST(IptablesFiles, UseNamesThatIpsetAndIptablesTake) {
    auto plan = plan_with_sets();
    plan.open.push_back(sample::open_port("most", "udp", 60000, "cluster", {"10.0.0.1"}, 65535));
    std::size_t names = 0;
    for (const auto* source : {"rules4.mustache", "rules6.mustache", "sets.mustache"}) {
        std::istringstream lines(file_of(plan, source));
        for (std::string word, name; lines >> word;) {
            const bool chain = word.front() == ':';
            if (!chain && word != "create") continue;
            if (chain)
                name = word.substr(1);
            else
                lines >> name;
            EXPECT_LE(name.size(), chain ? 28U : 31U) << name;
            ++names;
        }
    }
    EXPECT_GE(names, 20U);
}

TEST_F(Iptables, ReadsBothFilesAndTheSets) {
    const auto folder = written("iptables-check", plan_with_sets());
    const auto checked = in_namespace("sh " + folder + "/zmfirewall-apply.sh check && iptables -S");
    EXPECT_EQ(checked.status, 0) << checked.output;
    EXPECT_EQ(checked.output, "-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n");
}

TEST_F(Iptables, LoadsTwiceBesideOtherChainsAndGoesAwayWhole) {
    const auto folder = written("iptables-load", plan_with_sets());
    const auto before = in_namespace("iptables -N f2b-sshd; iptables -A INPUT -j f2b-sshd; iptables -S");
    const auto apply = "sh " + folder + "/zmfirewall-apply.sh";
    const auto loaded = in_namespace("iptables -N f2b-sshd; iptables -A INPUT -j f2b-sshd; " + apply + " && " + apply +
                                     " && iptables -S && ip6tables -S && ipset list -n");
    ASSERT_EQ(loaded.status, 0) << loaded.output;
    EXPECT_TRUE(holds(loaded.output, "-A INPUT -j f2b-sshd\n-A INPUT -j ZMFIREWALL-IN\n-A ZMFIREWALL-IN"))
        << loaded.output;
    EXPECT_TRUE(holds(loaded.output, "--dport 20000:20010 -j ZMFW-tcp_20000_20010"));
    EXPECT_TRUE(holds(loaded.output, "zmfirewall6-"));
    const auto gone = in_namespace("iptables -N f2b-sshd; iptables -A INPUT -j f2b-sshd; " + apply + " && sh " +
                                   folder + "/zmfirewall-undo.sh && iptables -S && ipset list -n");
    EXPECT_EQ(gone.output, before.output);
}

TEST_F(Iptables, RemovesWhatAnEarlierPlanLeft) {
    const auto first = written("iptables-first", plan_with_sets());
    const auto second =
        written("iptables-second", sample::plan({sample::open_port("smtp", "tcp", 25, "public", sample::anyone())}));
    const auto loaded =
        in_namespace("sh " + first + "/zmfirewall-apply.sh && sh " + second +
                     "/zmfirewall-apply.sh 2>/dev/null && iptables -S && ip6tables -S && ipset list -n");
    ASSERT_EQ(loaded.status, 0) << loaded.output;
    EXPECT_TRUE(holds(loaded.output, "-N ZMFW-tcp_25\n"));
    EXPECT_FALSE(holds(loaded.output, "tcp_389"));
    EXPECT_FALSE(holds(loaded.output, "zmfirewall4-"));
}

TEST_F(Iptables, FiltersWhatLeavesUntilAPlanDoesNotAskForIt) {
    auto plan = plan_with_sets();
    plan.outbound = {
        sample::open_port("smtp-out", "tcp", 25, "outside", sample::anyone()),
        sample::open_port("ldap", "tcp", 389, "cluster", {"10.2.0.1", "10.2.0.3", "10.2.0.5", "10.2.0.7", "10.2.0.9"})};
    const auto with = written("iptables-outbound", plan);
    const auto without = written("iptables-no-outbound", plan_with_sets());
    const auto apply = "sh " + with + "/zmfirewall-apply.sh && sh " + with + "/zmfirewall-apply.sh";
    const auto loaded = in_namespace(apply + " && iptables -S && ip6tables -S");
    ASSERT_EQ(loaded.status, 0) << loaded.output;
    EXPECT_TRUE(holds(loaded.output, "-A OUTPUT -j ZMFIREWALL-OUT\n"));
    EXPECT_TRUE(holds(loaded.output, "-A ZMFW-out_tcp_389 -m set --match-set zmfirewall4-"));
    EXPECT_TRUE(holds(loaded.output, " dst "));
    const auto back =
        in_namespace(apply + " && sh " + without + "/zmfirewall-apply.sh 2>/dev/null && iptables -S && ip6tables -S");
    ASSERT_EQ(back.status, 0) << back.output;
    EXPECT_FALSE(holds(back.output, "-OUT"));
    EXPECT_FALSE(holds(back.output, "ZMFW-out"));
    const auto gone = in_namespace(apply + " && sh " + with + "/zmfirewall-undo.sh && iptables -S && ip6tables -S");
    EXPECT_FALSE(holds(gone.output, "ZMF")) << gone.output;
}

TEST_F(Iptables, LoadsWithNothingOpen) {
    const auto folder = written("iptables-empty", sample::plan({}));
    const auto loaded = in_namespace("sh " + folder + "/zmfirewall-apply.sh");
    EXPECT_EQ(loaded.status, 0) << loaded.output;
}

}  // namespace
}  // namespace zmfw
