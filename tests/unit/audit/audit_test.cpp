#include <tests/unit/audit/audited.hpp>

namespace zmfw::test {
namespace {

using List = std::vector<std::string>;

/// A mailstore of a cluster on internal addresses, with a proxy, an MTA and a directory elsewhere.
Deployment mailstore_of_cluster() {
    Deployment deployment;
    deployment.mailstore("mbox1.example.com", "10.0.0.41").proxy("proxy1.example.com", "10.0.0.31");
    deployment.server("mta1.example.com", "mta amavis antivirus antispam opendkim", "10.0.0.20");
    deployment.server("ldap1.example.com", "ldap", "10.0.0.10");
    return deployment;
}

/// A proxy with memcached on an internal address.
Deployment proxy_of_cluster(const std::string& address = "10.0.0.31") {
    Deployment deployment;
    deployment.proxy("proxy1.example.com", address).proxy("proxy2.example.com", "10.0.0.32");
    deployment.mailstore("mbox1.example.com", "10.0.0.41");
    return deployment;
}

TEST(Audit, FindsNothingOnACleanNode) {
    auto deployment = mailstore_of_cluster();
    const auto report = Node(deployment).listens_as_configured().audit();
    EXPECT_EQ(findings_in_words(report), List{});
    EXPECT_GT(report.listeners.size(), 8U);
    EXPECT_EQ(report.count(ListenerState::as_configured), report.listeners.size());
}

TEST(Audit, FindsNothingOnACleanProxyWithMemcachedOnItsInternalAddress) {
    auto deployment = proxy_of_cluster();
    deployment.set("proxy1.example.com", "zimbraMemcachedBindAddress", "10.0.0.31");
    EXPECT_EQ(findings_in_words(Node(deployment).listens_as_configured().audit()), List{});
}

TEST(Audit, TellsWhatIsEnabledAndDoesNotListen) {
    auto deployment = mailstore_of_cluster();
    const auto report = Node(deployment).listens_as_configured().silent(7025).audit();
    EXPECT_EQ(findings_in_words(report), List{"listener-missing 7025/tcp"});
    EXPECT_EQ(state_of(report, 7025), "missing");
}

TEST(Audit, TellsAPortThatChangedWithoutARestart) {
    auto deployment = mailstore_of_cluster();
    deployment.set("mbox1.example.com", "zimbraLmtpBindPort", "7026");
    const auto report =
        Node(deployment).listens_as_configured().silent(7026).listens({"tcp 0.0.0.0 7025 java"}).audit();
    EXPECT_EQ(findings_in_words(report), List{"listener-elsewhere 7025/tcp"});
    EXPECT_EQ(state_of(report, 7025), "elsewhere");
}

TEST(Audit, TellsAnAddressThatChangedWithoutARestart) {
    auto deployment = proxy_of_cluster();
    deployment.set("proxy1.example.com", "zimbraMemcachedBindAddress", "127.0.0.1");
    const auto report =
        Node(deployment).listens_as_configured().silent(11211).listens({"tcp 10.0.0.31 11211 memcached"}).audit();
    EXPECT_EQ(findings_in_words(report), List{"listener-wider 11211/tcp"});
}

TEST(Audit, TellsTheNginxOfAnEarlierRun) {
    auto deployment = proxy_of_cluster();
    deployment.set("proxy1.example.com", "zimbraMemcachedBindAddress", "10.0.0.31");
    deployment.set("proxy1.example.com", "zimbraReverseProxyMailEnabled", "FALSE");
    const auto report = Node(deployment).listens_as_configured().listens({"tcp 0.0.0.0 993 nginx"}).audit();
    EXPECT_EQ(findings_in_words(report), List{"listener-disabled 993/tcp"});
    EXPECT_EQ(state_of(report, 993), "disabled");
}

TEST(Audit, TellsAnAddressThatIsTooNarrow) {
    auto deployment = mailstore_of_cluster();
    const auto report = Node(deployment).listens_as_configured().silent(7025).listens({"tcp 127.0.0.1 7025"}).audit();
    EXPECT_EQ(findings_in_words(report), List{"listener-narrower 7025/tcp"});
}

TEST(Audit, PutsMemcachedOverUdpFirst) {
    auto deployment = proxy_of_cluster();
    const auto report = Node(deployment)
                            .listens_as_configured()
                            .listens({"udp 0.0.0.0 11211 memcached", "tcp 0.0.0.0 8125 statsd"})
                            .audit();
    EXPECT_EQ(findings_in_words(report),
              (List{"live-memcached-udp 11211/udp", "live-memcached-wide 11211/tcp", "unknown-listener 8125/tcp"}));
    EXPECT_EQ(report.count(Severity::blocker), 1U);
}

TEST(Audit, NeverAdvisesLoopbackForMemcachedThatOtherProxiesUse) {
    auto deployment = proxy_of_cluster("192.0.2.31");
    deployment.addresses("proxy1.example.com", {"192.0.2.31", "10.0.0.31"});
    const auto report = Node(deployment).listens_as_configured().audit();
    const auto* found = find_finding(report, "live-memcached-public");
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->finding.remedy,
              (List{"zmprov ms proxy1.example.com zimbraMemcachedBindAddress 10.0.0.31", "zmmemcachedctl restart"}));
    EXPECT_EQ(find_finding(report, "live-memcached-wide"), nullptr);
}

TEST(Audit, AdvisesLoopbackWhereASingleServerHasPublicAddressesAloneAndNobodyElseUsesMemcached) {
    Deployment deployment;
    deployment.mailstore("mail.example.com", "192.0.2.10", "proxy memcached");
    deployment.set("mail.example.com", "zimbraReverseProxyMailMode", "https");
    const auto report = Node(deployment).listens_as_configured().audit();
    const auto* found = find_finding(report, "live-memcached-public-alone");
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->finding.remedy,
              (List{"zmprov ms mail.example.com zimbraMemcachedBindAddress 127.0.0.1", "zmmemcachedctl restart"}));
    EXPECT_EQ(found->finding.changes.front().size(), 1U);
    // Another server may be one of those that the list is for.
    deployment.server("mbox2.example.com", "mailbox", "192.0.2.11");
    deployment.set("mbox2.example.com", "zimbraMemcachedClientServerList", "mail.example.com:11211");
    const auto shared = Node(deployment).listens_as_configured().audit();
    const auto* again = find_finding(shared, "live-memcached-public-alone");
    ASSERT_NE(again, nullptr);
    EXPECT_TRUE(again->finding.changes.front().empty());
    EXPECT_EQ(again->finding.proposed.front().size(), 1U);
}

TEST(Audit, SeesPublicAddressesThatTheNameOfTheNodeDoesNotLeadTo) {
    auto deployment = mailstore_of_cluster();
    Node node(deployment);
    const auto report = node.listens_as_configured().has_address("203.0.113.7").audit();
    EXPECT_EQ(findings_in_words(report), (List{"live-admin-public 7071/tcp", "live-mta-auth-public 7073/tcp",
                                               "live-extension-public 7072/tcp", "live-lmtp-public 7025/tcp"}));
    // All peers dial the internal address, so the setting alone is right, on one node as in a cluster.
    for (const auto& found : report.findings) {
        ASSERT_EQ(found.finding.changes.size(), 2U) << found.finding.id;
        ASSERT_FALSE(found.finding.changes[0].empty()) << found.finding.id;
        EXPECT_EQ(found.finding.changes[0].front().value, "10.0.0.41") << found.finding.id;
        EXPECT_TRUE(found.finding.changes[1].empty()) << "a restart";
    }
}

TEST(Audit, OnlyProposesAnAddressWhereTheNameHasOthersAsWell) {
    auto deployment = mailstore_of_cluster();
    deployment.addresses("mbox1.example.com", {"10.0.0.41", "192.0.2.41"});
    const auto report = Node(deployment).listens_as_configured().audit();
    const auto* found = find_finding(report, "live-lmtp-public");
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->finding.remedy.front(), "zmprov ms mbox1.example.com zimbraLmtpBindAddress 10.0.0.41");
    EXPECT_TRUE(found->finding.changes.front().empty());
    EXPECT_EQ(found->finding.proposed.front().front().value, "10.0.0.41");
}

TEST(Audit, NamesTheInternalNameOfSlapdOnlyWhereItLeadsNowhereElse) {
    Deployment deployment;
    deployment.server("ldap1.example.com", "ldap", "10.0.0.10").mailstore("mbox1.example.com", "10.0.0.41");
    deployment.local("ldap1.example.com", "ldap_url", "ldap://ldap1.example.com:389");
    const List sockets = {"tcp 203.0.113.7 389 slapd", "tcp 0.0.0.0 22 sshd"};
    const auto report = Node(deployment).listens(sockets).audit();
    const auto* found = find_finding(report, "live-ldap-public");
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->finding.remedy.front(), "zmlocalconfig -e ldap_bind_url=ldap://ldap1.example.com:389");
    EXPECT_EQ(found->finding.changes.front().size(), 1U);
    deployment.addresses("ldap1.example.com", {"10.0.0.10", "192.0.2.10"});
    const auto other = Node(deployment).listens(sockets).audit();
    found = find_finding(other, "live-ldap-public");
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->finding.remedy.front(), "zmlocalconfig -e ldap_bind_url=ldap://INTERNAL-NAME:389");
    EXPECT_TRUE(found->finding.changes.front().empty());
}

TEST(Audit, TellsADnsCacheThatAnswersOthersWithWhoMayAskIt) {
    auto deployment = mailstore_of_cluster();
    deployment.server("mta2.example.com", "mta dnscache", "10.0.0.21").global("zimbraDNSUseUDP", "yes");
    deployment.inventory().this_node = "mta2.example.com";
    Node node(deployment);
    node.listens_as_configured().silent(53).listens({"udp 0.0.0.0 53 unbound"});
    node.file("unbound.conf", 4, 53, "0.0.0.0", "udp")
        .setting("unbound.conf", "access-control", "0.0.0.0/0 allow (F:7)");
    const auto report = node.audit();
    const auto* found = find_finding(report, "live-dnscache");
    ASSERT_NE(found, nullptr);
    EXPECT_NE(found->finding.text.find("/opt/zimbra/conf/unbound.conf:4; access-control 0.0.0.0/0 allow (F:7)"),
              std::string::npos)
        << found->finding.text;
    const auto* wider = find_finding(report, "listener-wider");
    ASSERT_NE(wider, nullptr);
    EXPECT_NE(wider->finding.text.find("unbound.conf:4 says so"), std::string::npos) << wider->finding.text;
}

TEST(Audit, TakesAFileThatNoSettingChangesForTheConfiguration) {
    Deployment deployment;
    deployment.server("mta1.example.com", "mta antispam", "10.0.0.20").mailstore("mbox1.example.com", "10.0.0.41");
    deployment.local("mta1.example.com", "antispam_mysql_enabled", "true");
    Node node(deployment);
    node.listens_as_configured().silent(7308).listens({"tcp 127.0.0.1 7308 mysqld"});
    EXPECT_NE(find_finding(node.audit(), "listener-narrower"), nullptr);
    // As live-antispam-database-wide advises.
    node.file("antispam-my.cnf", 3, 7308, "127.0.0.1");
    const auto report = node.audit();
    EXPECT_EQ(find_finding(report, "listener-narrower"), nullptr);
    EXPECT_EQ(state_of(report, 7308), "as-configured");
}

TEST(Audit, StillTellsWhatIsNarrowerThanItsSettingWhateverAnOldFileSays) {
    auto deployment = mailstore_of_cluster();
    Node node(deployment);
    node.listens_as_configured()
        .silent(7071)
        .listens({"tcp 127.0.0.1 7071 java"})
        .file("jetty.xml", 9, 7071, "127.0.0.1");
    EXPECT_EQ(findings_in_words(node.audit()), List{"listener-narrower 7071/tcp"});
}

TEST(Audit, LeavesOutACommandForAnAddressThatTheNodeDoesNotHave) {
    auto deployment = mailstore_of_cluster();
    deployment.addresses("mbox1.example.com", {"192.0.2.41"});
    const auto report = Node(deployment).listens_as_configured().audit();
    const auto* found = find_finding(report, "live-lmtp-public");
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->finding.remedy, List{});
}

TEST(Audit, RanksWhatStrangersReachOnAPublicMailstore) {
    auto deployment = mailstore_of_cluster();
    deployment.addresses("mbox1.example.com", {"192.0.2.41"});
    const auto report = Node(deployment).listens_as_configured().audit();
    EXPECT_EQ(findings_in_words(report), (List{"live-admin-public 7071/tcp", "live-mta-auth-public 7073/tcp",
                                               "live-extension-public 7072/tcp", "live-lmtp-public 7025/tcp"}));
}

TEST(Audit, TellsSlapdOnAPublicAddress) {
    Deployment deployment;
    deployment.server("ldap1.example.com", "ldap", "192.0.2.10").mailstore("mbox1.example.com", "10.0.0.41");
    deployment.local("ldap1.example.com", "ldap_url", "ldap://ldap1.example.com:389");
    const auto report = Node(deployment).listens({"tcp 192.0.2.10 389 slapd", "tcp 0.0.0.0 22 sshd"}).audit();
    EXPECT_EQ(findings_in_words(report).front(), "live-ldap-public 389/tcp");
}

TEST(Audit, TellsAnUnknownListenerWithThePolicyLineThatKeepsIt) {
    auto deployment = mailstore_of_cluster();
    Node node(deployment);
    node.listens_as_configured().listens({"tcp 0.0.0.0 10050 zabbix_agentd", "udp 10.0.0.41 161 snmpd"});
    const auto report = node.audit();
    EXPECT_EQ(findings_in_words(report), (List{"unknown-listener 10050/tcp", "unknown-listener 161/udp"}));
    std::string lines;
    for (const auto& found : report.findings) {
        ASSERT_EQ(found.finding.remedy.size(), 1U);
        lines += found.finding.remedy.front();
    }
    // Read back by the reader of policies, it does what it says.
    deployment.policy(lines);
    const auto again = node.audit();
    EXPECT_EQ(findings_in_words(again), List{});
    EXPECT_EQ(state_of(again, 10050), "policy");
    EXPECT_EQ(state_of(again, 161, "udp"), "policy");
}

TEST(Audit, MakesAPolicyLineThatCanBeReadWhateverAProcessCallsItself) {
    auto deployment = mailstore_of_cluster();
    Node node(deployment);
    node.listens_as_configured().listens({"tcp 0.0.0.0 10050 a@b:c/d+e_f-g?.h"});
    const auto report = node.audit();
    ASSERT_EQ(report.findings.size(), 1U);
    const auto parsed =
        parse_policy("<policy>" + report.findings.front().finding.remedy.front() + "</policy>", "policy.xml");
    EXPECT_TRUE(parsed) << parsed.error().what;
}

TEST(Audit, LeavesOutWhatOnlyTheNodeItselfReachesAndClientsOfUdp) {
    auto deployment = mailstore_of_cluster();
    const auto report = Node(deployment)
                            .listens_as_configured()
                            .listens({"tcp 127.0.0.1 9000", "tcp ::1 9001", "udp 0.0.0.0 40000", "udp 0.0.0.0 68"})
                            .audit();
    EXPECT_EQ(findings_in_words(report), List{});
    EXPECT_EQ(report.clients, 1U);
}

TEST(Audit, TellsWhatDockerPublishes) {
    auto deployment = mailstore_of_cluster();
    const auto report = Node(deployment).listens_as_configured().listens({"tcp 0.0.0.0 8088 docker-proxy"}).audit();
    EXPECT_EQ(findings_in_words(report), List{"docker-port 8088/tcp"});
}

TEST(Audit, TellsAProcessOnAPortThatIsNotItsOwn) {
    auto deployment = mailstore_of_cluster();
    const auto report =
        Node(deployment).listens_as_configured().silent(7025).listens({"tcp 0.0.0.0 7025 ncat"}).audit();
    EXPECT_EQ(findings_in_words(report), List{"foreign-on-mailboxd 7025/tcp"});
}

TEST(Audit, TellsWhatIsClosedOverIpv4AndOpenOverIpv6) {
    auto deployment = proxy_of_cluster();
    deployment.set("proxy1.example.com", "zimbraMemcachedBindAddress", "127.0.0.1");
    const auto report = Node(deployment).listens_as_configured().listens({"tcp :: 11211 memcached"}).audit();
    EXPECT_NE(find_finding(report, "dual-stack-gap"), nullptr);
    EXPECT_EQ(find_finding(report, "listener-wider"), nullptr);
}

TEST(Audit, TellsServicesOfMasterCfThatAreNotZimbras) {
    Deployment deployment;
    deployment.server("mta1.example.com", "mta", "10.0.0.20").mailstore("mbox1.example.com", "10.0.0.41");
    Node node(deployment);
    node.listens_as_configured().master_cf(12, "2525", 2525).listens({"tcp 0.0.0.0 2525 master"});
    const auto report = node.audit();
    const auto* found = find_finding(report, "master-cf-listener");
    ASSERT_NE(found, nullptr);
    EXPECT_NE(found->finding.text.find("/opt/zimbra/common/conf/master.cf:12"), std::string::npos);
    EXPECT_EQ(find_finding(report, "unknown-listener"), nullptr);
}

TEST(Audit, TellsADebuggingPortOfJava) {
    auto deployment = mailstore_of_cluster();
    deployment.local("mbox1.example.com", "mailboxd_java_options",
                     "-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=*:8000");
    const auto report = Node(deployment).listens_as_configured().listens({"tcp 0.0.0.0 8000 java"}).audit();
    EXPECT_EQ(findings_in_words(report), List{"live-debug-port 8000/tcp"});
}

TEST(Audit, SaysInWhichLineAListenerWasConfigured) {
    auto deployment = proxy_of_cluster();
    const auto report = Node(deployment).listens_as_configured().file("nginx.conf", 7, 443).audit();
    const auto at = std::find_if(report.listeners.begin(), report.listeners.end(),
                                 [](const auto& listener) { return listener.port == 443; });
    ASSERT_NE(at, report.listeners.end());
    EXPECT_EQ(at->configured, "/opt/zimbra/conf/nginx.conf:7");
}

TEST(Audit, CountsNoExposureThatTheLoadedRulesOfThePlanKeep) {
    auto deployment = mailstore_of_cluster();
    deployment.addresses("mbox1.example.com", {"192.0.2.41"});
    Node node(deployment);
    node.listens_as_configured();
    EXPECT_EQ(node.audit().count(Severity::warning), 4U);
    EXPECT_EQ(node.rules(0, 0).audit().count(Severity::warning), 0U);
    const auto drifted = node.rules(1, 2).audit();
    EXPECT_EQ(drifted.count(Severity::warning), 5U);
    EXPECT_NE(find_finding(drifted, "rules-drift"), nullptr);
}

TEST(Audit, GuardsNothingByRulesThatAreNotLoadedOrThatOthersGetPast) {
    auto deployment = mailstore_of_cluster();
    deployment.addresses("mbox1.example.com", {"192.0.2.41"});
    Node node(deployment);
    node.listens_as_configured();
    const auto absent = node.no_rules().audit();
    EXPECT_EQ(absent.count(Severity::warning), 5U);
    EXPECT_NE(find_finding(absent, "rules-absent"), nullptr);
    EXPECT_EQ(find_finding(absent, "rules-drift"), nullptr);
    const auto past = node.rules(0, 0, 1).audit();
    EXPECT_EQ(past.count(Severity::warning), 5U);
    EXPECT_NE(find_finding(past, "rules-drift")->finding.text.find("1 of others"), std::string::npos);
}

TEST(Audit, CountsNothingThatThePolicyAccepts) {
    auto deployment = mailstore_of_cluster();
    deployment.policy("<accept finding=\"listener-missing\"/>");
    const auto report = Node(deployment).listens_as_configured().silent(7025).audit();
    EXPECT_EQ(findings_in_words(report), List{"listener-missing 7025/tcp accepted"});
    EXPECT_EQ(report.count(Severity::warning), 0U);
}

/// Tables as a kernel wrote them, in tests/fixtures/sockets.
std::vector<std::string> findings_of_record(const std::string& name) {
    auto deployment = proxy_of_cluster();
    deployment.set("proxy1.example.com", "zimbraMemcachedBindAddress", "10.0.0.31");
    deployment.local("proxy1.example.com", "ldap_url", "ldap://ldap1.example.com:389");
    const auto root = std::filesystem::path(ZMFIREWALL_SOURCE_DIR) / "tests/fixtures/sockets" / name;
    const auto sockets = zmi::read_listening_sockets(root);
    if (!sockets) return {sockets.error().what};
    return findings_in_words(Node(deployment).has(*sockets).audit());
}

TEST(Audit, FindsNothingInTheRecordOfACleanProxy) {
    EXPECT_EQ(findings_of_record("proxy-clean"), List{});
}

TEST(Audit, FindsAllInTheRecordOfAnExposedProxyTheWorstFirst) {
    EXPECT_EQ(findings_of_record("proxy-exposed"),
              (List{"live-memcached-udp 11211/udp", "live-ldap-public 389/tcp", "live-memcached-wide 11211/tcp",
                    "listener-wider 11211/tcp", "listener-missing 110/tcp", "unknown-listener 10050/tcp"}));
}

TEST(Audit, FillsEveryWordOfEveryText) {
    auto deployment = proxy_of_cluster("192.0.2.31");
    deployment.addresses("proxy1.example.com", {"192.0.2.31", "10.0.0.31"});
    const auto report = Node(deployment)
                            .listens_as_configured()
                            .silent(443)
                            .listens({"udp 0.0.0.0 11211", "tcp 0.0.0.0 9999", "tcp 0.0.0.0 8088 docker-proxy"})
                            .rules(1, 1)
                            .audit();
    ASSERT_GE(report.findings.size(), 5U);
    for (const auto& found : report.findings) {
        EXPECT_EQ(found.finding.text.find('{'), std::string::npos) << found.finding.text;
        for (const auto& remedy : found.finding.remedy) EXPECT_EQ(remedy.find('{'), std::string::npos) << remedy;
    }
}

}  // namespace
}  // namespace zmfw::test
