#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <plugin/host/gather.hpp>
#include <plugin/host/judge.hpp>

namespace zmfw {
namespace {

namespace fs = std::filesystem;

/// Answers by the program's name; what it does not know fails.
class FakePrograms final : public zmi::ProcessRunner {
public:
    std::map<std::string, std::pair<int, std::string>> answers;  ///< exit status, standard output

    zmi::Expected<zmi::Outcome> run(const zmi::Command& command) override {
        zmi::Outcome outcome;
        const auto found = answers.find(command.program.filename().string());
        outcome.code = found == answers.end() ? 1 : found->second.first;
        if (found != answers.end()) outcome.out = found->second.second;
        return outcome;
    }
};

/// A made-up system root whose proc shows every process.
class HostRoot : public testing::Test {
protected:
    void SetUp() override {
        const auto* test = testing::UnitTest::GetInstance()->current_test_info();
        m_root = fs::path(ZMFIREWALL_BINARY_DIR) / "roots" / test->name();
        fs::remove_all(m_root);
        write("proc/1/comm", "systemd\n");
        fs::create_directories(m_root / "proc/net");
    }
    void TearDown() override { fs::remove_all(m_root); }

    void write(const std::string& path, const std::string& text = {}) const {
        fs::create_directories((m_root / path).parent_path());
        std::ofstream(m_root / path, std::ios::binary) << text;
    }
    void enable(const std::string& unit) const {
        const auto link = m_root / "etc/systemd/system/multi-user.target.wants" / unit;
        fs::create_directories(link.parent_path());
        fs::create_symlink("/lib/systemd/system/" + unit, link);
    }
    [[nodiscard]] HostSigns files_only() const { return gather_signs(m_root, {}); }
    [[nodiscard]] HostSigns with_programs() {
        return gather_signs(m_root, {&m_programs, [](const std::string& name) { return fs::path("/usr/bin") / name; }});
    }
    static bool mentions(const std::vector<std::string>& lines, const std::string& word) {
        return std::any_of(lines.begin(), lines.end(),
                           [&](const auto& line) { return line.find(word) != std::string::npos; });
    }

    fs::path m_root;
    FakePrograms m_programs;
};

TEST_F(HostRoot, OfABareDebianGetsNftables) {
    write("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n");
    const auto signs = files_only();
    ASSERT_TRUE(signs.os) << signs.os_problem;
    EXPECT_EQ(signs.os->id, "debian");
    EXPECT_EQ(judge(signs).format, "nftables");
    EXPECT_EQ(signs.legacy_tables, false);
}

TEST_F(HostRoot, OfAnUbuntuWithUfwEnabledGetsUfw) {
    write("etc/ufw/ufw.conf", "# a comment: ENABLED=no\nENABLED=yes\nLOGLEVEL=low\n");
    write("etc/default/ufw", "IPV6=no\nDEFAULT_INPUT_POLICY=\"DROP\"\n");
    const auto signs = files_only();
    EXPECT_EQ(signs.ufw_enabled, true);
    EXPECT_EQ(signs.ufw_ipv6, false);
    EXPECT_EQ(signs.ufw_input, "drop");
    EXPECT_EQ(judge(signs).format, "ufw");
    EXPECT_FALSE(judge_format(signs, "nftables").empty());
}

TEST_F(HostRoot, WithAnUfwConfigurationThatSaysNothingIsNotGuessed) {
    for (const auto& text : {std::string("ENABLED=maybe\n"), std::string("\n"), std::string("XENABLED=yes\n"),
                             "ENABLED=yes\n" + std::string(300 * 1024, '#')}) {
        write("etc/ufw/ufw.conf", text);
        const auto signs = files_only();
        EXPECT_FALSE(signs.ufw_enabled.has_value()) << text.substr(0, 20);
        EXPECT_TRUE(mentions(signs.unknown, "ufw"));
        EXPECT_EQ(judge(signs).format, "");
    }
}

TEST_F(HostRoot, OfARhelWithFirewalldRunningGetsFirewalld) {
    write("usr/sbin/firewalld");
    enable("firewalld.service");
    write("proc/600/comm", "firewalld\n");
    const auto signs = files_only();
    EXPECT_EQ(signs.firewalld_running, true);
    EXPECT_TRUE(signs.firewalld_at_boot);
    EXPECT_EQ(judge(signs).format, "firewalld");
    EXPECT_FALSE(judge_format(signs, "iptables").empty());
}

TEST_F(HostRoot, WithAnInstalledFirewalldThatDoesNotRunGetsNftables) {
    write("usr/sbin/firewalld");
    EXPECT_EQ(files_only().firewalld_running, false);
    EXPECT_EQ(judge(files_only()).format, "nftables");
}

TEST_F(HostRoot, ThatHidesProcessesLeavesOpenWhatOnlyTheyTell) {
    fs::remove_all(m_root / "proc/1");
    write("usr/sbin/firewalld");
    const auto signs = files_only();
    EXPECT_FALSE(signs.firewalld_running.has_value());
    EXPECT_TRUE(mentions(signs.unknown, "firewalld"));
    EXPECT_EQ(judge(signs).format, "");
    m_programs.answers["systemctl"] = {3, "inactive\n"};
    EXPECT_EQ(with_programs().firewalld_running, false);
    m_programs.answers["systemctl"] = {0, "active\n"};
    EXPECT_EQ(with_programs().firewalld_running, true);
}

TEST_F(HostRoot, TakesNoProcessOfAnotherNetworkNamespaceForItsOwn) {
    write("usr/sbin/firewalld");
    write("proc/600/comm", "firewalld\n");
    for (const auto* pid : {"self", "600"}) fs::create_directories(m_root / "proc" / pid / "ns");
    fs::create_symlink("net:[1]", m_root / "proc/self/ns/net");
    fs::create_symlink("net:[2]", m_root / "proc/600/ns/net");
    EXPECT_EQ(files_only().firewalld_running, false);
    fs::remove(m_root / "proc/600/ns/net");
    fs::create_symlink("net:[1]", m_root / "proc/600/ns/net");
    EXPECT_EQ(files_only().firewalld_running, true);
}

TEST_F(HostRoot, BelievesSystemdMoreThanTheNameOfAProcess) {
    write("usr/sbin/firewalld");
    write("proc/600/comm", "firewalld\n");
    m_programs.answers["systemctl"] = {3, "inactive\n"};
    EXPECT_EQ(with_programs().firewalld_running, false);
}

TEST_F(HostRoot, WithIptablesRulesThatAreLoadedAtBootGetsIptables) {
    write("etc/iptables/rules.v4", "*filter\nCOMMIT\n");
    EXPECT_EQ(judge(files_only()).format, "nftables") << "nothing loads them";
    enable("netfilter-persistent.service");
    EXPECT_EQ(judge(files_only()).format, "iptables");
    fs::remove_all(m_root / "etc");
    write("etc/sysconfig/iptables");
    enable("iptables.service");
    EXPECT_EQ(judge(files_only()).format, "iptables");
}

TEST_F(HostRoot, WithUfwAndFirewalldTogetherIsWarnedOf) {
    write("etc/ufw/ufw.conf", "ENABLED=yes\n");
    write("usr/sbin/firewalld");
    write("proc/600/comm", "firewalld\n");
    const auto judgement = judge(files_only());
    ASSERT_FALSE(judgement.warnings.empty());
    EXPECT_EQ(judgement.warnings.front().id, "two-managers");
}

TEST_F(HostRoot, WithLegacyTablesSaysSo) {
    write("proc/net/ip_tables_names", "");
    EXPECT_EQ(files_only().legacy_tables, false);
    write("proc/net/ip6_tables_names", "filter\n");
    EXPECT_EQ(files_only().legacy_tables, true);
}

TEST_F(HostRoot, WithoutProcDoesNotKnowOfLegacyTables) {
    fs::remove_all(m_root / "proc");
    const auto signs = files_only();
    EXPECT_FALSE(signs.legacy_tables.has_value());
    EXPECT_FALSE(signs.nft_told);
    EXPECT_TRUE(mentions(signs.unknown, "iptables-legacy"));
}

TEST_F(HostRoot, TellsTheNftTablesWhereTheyMayBeListed) {
    m_programs.answers["nft"] = {0,
                                 "table ip filter {\n\tchain DOCKER-USER {\n\t}\n\tchain INPUT {\n\t\ttype filter hook "
                                 "input priority filter; policy accept;\n\t}\n}\ntable inet other {\n}\n"};
    const auto signs = with_programs();
    EXPECT_TRUE(signs.nft_told);
    EXPECT_EQ(signs.nft_tables, (std::vector<std::string>{"ip filter", "inet other"}));
    EXPECT_EQ(signs.nft_inputs, (std::vector<std::string>{"ip filter"}));
    EXPECT_EQ(signs.docker_chains, true);
    m_programs.answers["nft"] = {1, ""};
    EXPECT_FALSE(with_programs().nft_told);
    EXPECT_TRUE(mentions(with_programs().unknown, "nft tables"));
}

TEST_F(HostRoot, WithAnEnabledNftablesServiceThatFlushesSaysSo) {
    enable("nftables.service");
    write("etc/nftables.conf", "#!/usr/sbin/nft -f\n# flush ruleset\n");
    EXPECT_EQ(files_only().nftables_flushes, false);
    write("etc/nftables.conf", "#!/usr/sbin/nft -f\n\nflush ruleset\n");
    const auto signs = files_only();
    EXPECT_EQ(signs.nftables_flushes, true);
    EXPECT_EQ(signs.nftables_config, "/etc/nftables.conf");
    EXPECT_EQ(judge(signs).warnings.size(), 1U);
}

TEST_F(HostRoot, WithDockerTellsPublishedPortsFromItsProxies) {
    fs::create_directories(m_root / "sys/class/net/docker0");
    const std::string z(1, '\0');
    write("proc/700/comm", "docker-proxy\n");
    write("proc/700/cmdline", "/usr/bin/docker-proxy" + z + "-proto" + z + "tcp" + z + "-host-ip" + z + "0.0.0.0" + z +
                                  "-host-port" + z + "8080" + z + "-container-ip" + z + "172.17.0.2" + z +
                                  "-container-port" + z + "80" + z);
    const auto signs = files_only();
    ASSERT_EQ(signs.published.size(), 1U);
    EXPECT_FALSE(signs.containers_told);
    EXPECT_TRUE(mentions(signs.unknown, "without docker-proxy"));
    EXPECT_EQ(judge(signs).warnings.size(), 1U);

    m_programs.answers["docker"] = {0, R"({"Names":"web","Ports":"0.0.0.0:8080->80/tcp, 0.0.0.0:9->9/udp"})"};
    const auto told = with_programs();
    EXPECT_TRUE(told.containers_told);
    ASSERT_EQ(told.published.size(), 2U) << "the proxy's port once, with the container's name";
    EXPECT_EQ(told.published[1].container, "web");

    m_programs.answers["docker"] = {0, "nonsense"};
    EXPECT_EQ(with_programs().published.size(), 1U) << "what the proxies told is still true";
    EXPECT_TRUE(mentions(with_programs().unknown, "docker ps"));
}

TEST_F(HostRoot, WithPodmanNeverClaimsToKnowOtherUsersContainers) {
    fs::create_directories(m_root / "sys/class/net/podman0");
    m_programs.answers["podman"] = {0, R"([{"Names":["db"],"Ports":[{"host_port":5432}]}])"};
    const auto signs = with_programs();
    ASSERT_EQ(signs.published.size(), 1U);
    EXPECT_FALSE(signs.containers_told);
    EXPECT_TRUE(mentions(signs.unknown, "podman ps as root"));
}

TEST_F(HostRoot, WithFail2banSeesItRun) {
    write("etc/fail2ban/jail.conf");
    EXPECT_EQ(files_only().fail2ban_running, false);
    write("proc/800/comm", "fail2ban-server\n");
    EXPECT_EQ(files_only().fail2ban_running, true);
}

TEST_F(HostRoot, WithAnOddOsReleaseHasNone) {
    EXPECT_FALSE(files_only().os);
    write("etc/os-release", "ID=$(reboot)\n");
    EXPECT_FALSE(files_only().os);
    EXPECT_NE(files_only().os_problem.find("os-release:1:"), std::string::npos);
    write("etc/os-release", "ID=debian\n" + std::string(300 * 1024, '#'));
    EXPECT_FALSE(files_only().os);
}

}  // namespace
}  // namespace zmfw
