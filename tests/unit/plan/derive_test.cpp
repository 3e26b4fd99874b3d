#include "deployment.hpp"

namespace zmfw::test {
namespace {

Deployment single() {
    Deployment deployment;
    deployment.mailstore("mail.example.com", "192.0.2.10",
                         "proxy memcached mta amavis antispam antivirus opendkim ldap spell logger stats");
    deployment.set("mail.example.com", "zimbraReverseProxyMailMode", "https");
    deployment.set("mail.example.com", "zimbraMailMode", "https");
    deployment.global("zimbraLogHostname", "mail.example.com");
    return deployment.local("mail.example.com", "ldap_url", "ldap://mail.example.com:389");
}

/// The five-role cluster; every node's ldap_url names ldap1.
Deployment cluster() {
    Deployment deployment;
    deployment.server("ldap1", "ldap stats", "10.0.0.1");
    deployment.server("mta1", "mta amavis antispam antivirus opendkim", "10.0.0.2");
    deployment.proxy("proxy1", "10.0.0.3").proxy("proxy2", "10.0.0.4");
    deployment.mailstore("mbox1", "10.0.0.11", "logger").mailstore("mbox2", "10.0.0.12");
    deployment.global("zimbraLogHostname", "mbox1");
    return deployment.local("ldap1", "ldap_url", "ldap://ldap1:389");
}

using Words = std::vector<std::string>;

TEST(Derive, OneServerBehindItsOwnProxyOpensThePublicPortsOnly) {
    const auto plan = single().plan("mail.example.com");
    EXPECT_TRUE(plan.complete());
    EXPECT_EQ(open_in_words(plan), (Words{"proxy-https/443 public", "proxy-imap/143 public", "proxy-imaps/993 public",
                                          "proxy-pop3/110 public", "proxy-pop3s/995 public", "smtp/25 public",
                                          "smtps/465 public", "ssh/22 ssh", "submission/587 public"}));
}

TEST(Derive, PublicMeansAnyIPv4SourceWhereOnlyIPv4Listens) {
    const auto plan = single().plan("mail.example.com");
    EXPECT_EQ(find_open(plan, "smtp")->sources, std::vector{zmi::any_cidr(zmi::Family::ipv4)});
    EXPECT_EQ(find_open(plan, "ssh")->sources.size(), 2U) << "sshd is the system's and listens in both families";
}

TEST(Derive, DualStackOpensBothFamilies) {
    const auto plan = single().set("mail.example.com", "zimbraIPMode", "both").plan("mail.example.com");
    EXPECT_EQ(find_open(plan, "smtp")->sources.size(), 2U);
}

TEST(Derive, AMailstoreThatNoProxyFrontsServesThePublicItself) {
    Deployment deployment;
    deployment.mailstore("mail.example.com", "192.0.2.10", "mta ldap");
    deployment.local("mail.example.com", "ldap_url", "ldap://mail.example.com:389");
    for (const auto& [attribute, port] :
         std::map<std::string, std::string>{{"zimbraMailSSLPort", "443"}, {"zimbraImapBindPort", "143"}}) {
        deployment.set("mail.example.com", attribute, port);
    }
    const auto words = open_in_words(deployment.plan("mail.example.com"));
    EXPECT_EQ(words, (Words{"mailbox-imap/143 public", "mailbox-imaps/7993 public", "mailbox-pop3/7110 public",
                            "mailbox-pop3s/7995 public", "mailboxd-https/443 public", "smtp/25 public",
                            "smtps/465 public", "ssh/22 ssh", "submission/587 public"}));
}

TEST(Derive, AClusterOpensToExactlyTheServersThatConnect) {
    const auto deployment = cluster();
    EXPECT_EQ(open_in_words(deployment.plan("ldap1")),
              (Words{"ldap/389 cluster mbox1 mbox2 mta1 proxy1 proxy2", "ssh/22 ssh"}));
    EXPECT_EQ(open_in_words(deployment.plan("mta1")),
              (Words{"smtp/25 public", "smtps/465 public", "ssh/22 ssh", "submission/587 public"}));
    EXPECT_EQ(open_in_words(deployment.plan("proxy1")),
              (Words{"memcached/11211 cluster proxy2", "proxy-https/443 public", "proxy-imap/143 public",
                     "proxy-imaps/993 public", "proxy-pop3/110 public", "proxy-pop3s/995 public", "ssh/22 ssh"}));
    EXPECT_EQ(
        open_in_words(deployment.plan("mbox1")),
        (Words{"lmtp/7025 cluster mta1", "mailbox-imaps/7993 cluster proxy1 proxy2",
               "mailbox-pop3s/7995 cluster proxy1 proxy2", "mailboxd-admin/7071 cluster ldap1 mbox2 mta1 proxy1 proxy2",
               "mailboxd-extension/7072 cluster proxy1 proxy2", "mailboxd-https/8443 cluster mbox2 mta1 proxy1 proxy2",
               "mailboxd-mta-auth/7073 cluster mta1", "ssh/22 ssh",
               "syslog/514 cluster ldap1 mbox2 mta1 proxy1 proxy2"}));
}

TEST(Derive, PlainUpstreamUsesThePlainPairAndNeverBoth) {
    const auto plan = cluster()
                          .global("zimbraReverseProxySSLToUpstreamEnabled", "FALSE")
                          .set("mbox1", "zimbraMailMode", "both")
                          .plan("mbox1");
    EXPECT_NE(find_open(plan, "mailbox-imap"), nullptr);
    EXPECT_NE(find_open(plan, "mailboxd-http"), nullptr);
    EXPECT_EQ(find_open(plan, "mailbox-imaps"), nullptr);
}

TEST(Derive, PeersBecomeTheirAddresses) {
    const auto plan = cluster().plan("mbox1");
    EXPECT_EQ(find_open(plan, "lmtp")->sources, std::vector{*zmi::parse_cidr("10.0.0.2/32")});
}

TEST(Derive, EveryOpenPortCarriesTheFactsThatDecided) {
    const auto plan = cluster().plan("mta1");
    const auto& because = find_open(plan, "smtp")->because;
    EXPECT_TRUE(std::any_of(because.begin(), because.end(), [](const Because& one) {
        return one.fact == "zimbraServiceEnabled" && one.value == "mta" && one.origin == "server";
    }));
    for (const auto& server : cluster().plan().servers) {
        for (const auto& open : server.open) EXPECT_FALSE(open.because.empty()) << open.endpoint;
        for (const auto& closed : server.closed) EXPECT_FALSE(closed.reason.empty()) << closed.endpoint;
    }
}

TEST(Derive, EveryEndpointOfTheCatalogueIsEitherOpenOrClosedOnEveryServer) {
    for (const auto& server : cluster().plan().servers) {
        for (const auto& endpoint : catalogue().endpoints) {
            const bool open = find_open(server, endpoint.id) != nullptr;
            EXPECT_NE(open, closed_reason(server, endpoint.id) != "(not closed)") << server.name << " " << endpoint.id;
        }
    }
}

TEST(Derive, AServiceThatIsOnlyInstalledOpensNothing) {
    auto deployment = cluster();
    deployment.set("ldap1", "zimbraServiceInstalled", std::vector<std::string>{"ldap", "stats", "memcached"});
    const auto plan = deployment.plan("ldap1");
    EXPECT_EQ(find_open(plan, "memcached"), nullptr);
    EXPECT_TRUE(has_finding(plan, "installed-not-enabled"));
}

TEST(Derive, AnEndpointBoundToLoopbackIsClosedAndTheCutPeersAreTold) {
    const auto plan = cluster().set("proxy1", "zimbraMemcachedBindAddress", "127.0.0.1").plan("proxy1");
    EXPECT_EQ(find_open(plan, "memcached"), nullptr);
    EXPECT_EQ(closed_reason(plan, "memcached"), "bound to loopback: zimbraMemcachedBindAddress is 127.0.0.1");
    const auto finding = std::find_if(plan.findings.begin(), plan.findings.end(),
                                      [](const Finding& one) { return one.text.find("proxy2") != std::string::npos; });
    EXPECT_NE(finding, plan.findings.end());
}

TEST(Derive, AnEndpointBoundToOneAddressIsOpenedOnThatAddressOnly) {
    const auto plan = cluster().set("proxy1", "zimbraMemcachedBindAddress", "10.0.0.3").plan("proxy1");
    EXPECT_EQ(find_open(plan, "memcached")->destinations, std::vector{*zmi::parse_address("10.0.0.3")});
}

TEST(Derive, MemcachedTakesAllItsBindAddressesAndJavaOnlyTheFirst) {
    auto deployment = cluster();
    deployment.set("proxy1", "zimbraMemcachedBindAddress", std::vector<std::string>{"127.0.0.1", "10.0.0.3"});
    deployment.set("mbox1", "zimbraLmtpBindAddress", std::vector<std::string>{"127.0.0.1", "10.0.0.11"});
    EXPECT_NE(find_open(deployment.plan("proxy1"), "memcached"), nullptr);
    EXPECT_EQ(find_open(deployment.plan("mbox1"), "lmtp"), nullptr);
}

TEST(Derive, WithoutAdminNetworkNobodyOutsideReachesTheConsoleAndAFindingSaysSo) {
    const auto plan = cluster().plan("mbox1");
    EXPECT_EQ(find_open(plan, "mailboxd-admin", "admin"), nullptr);
    EXPECT_TRUE(has_finding(plan, "admin-network-missing"));
}

TEST(Derive, AnAdminNetworkOpensTheConsoleToItself) {
    const auto plan = cluster().policy("<network name='admin'><cidr>192.168.1.0/24</cidr></network>").plan("mbox1");
    EXPECT_EQ(find_open(plan, "mailboxd-admin", "admin")->sources, std::vector{*zmi::parse_cidr("192.168.1.0/24")});
    EXPECT_FALSE(has_finding(plan, "admin-network-missing"));
}

TEST(Derive, AnSshNetworkKeepsTheClustersOwnSsh) {
    const auto plan = cluster().policy("<network name='ssh'><cidr>192.168.1.0/24</cidr></network>").plan("ldap1");
    EXPECT_EQ(find_open(plan, "ssh", "ssh")->sources, std::vector{*zmi::parse_cidr("192.168.1.0/24")});
    EXPECT_EQ(find_open(plan, "ssh", "cluster")->peers.size(), 5U);
}

TEST(Derive, SshCountsSshdsOwnPortAndTheManagementPort) {
    auto deployment = cluster();
    deployment.inventory().local["ldap1"].listeners.push_back(
        {"sshd_config", "/etc/ssh/sshd_config", 3, "Port", "", 2222});
    const auto words = open_in_words(deployment.plan("ldap1"));
    EXPECT_EQ(std::count(words.begin(), words.end(), "ssh/22 ssh"), 1);
    EXPECT_EQ(std::count(words.begin(), words.end(), "ssh/2222 ssh"), 1);
}

TEST(Derive, ARestrictedPublicNetworkStillLetsTheClusterIn) {
    const auto plan = cluster().policy("<network name='public'><cidr>203.0.113.0/24</cidr></network>").plan("mta1");
    EXPECT_EQ(find_open(plan, "smtp", "public")->sources, std::vector{*zmi::parse_cidr("203.0.113.0/24")});
    EXPECT_EQ(find_open(plan, "smtp", "cluster")->peers,
              (std::vector<std::string>{"ldap1", "mbox1", "mbox2", "proxy1", "proxy2"}))
        << "every node mails its reports";
}

TEST(Derive, ThePolicyOpensAndCloses) {
    const auto plan = cluster()
                          .policy(
                              "<allow port='10050' protocol='tcp' from='10.0.9.9' comment='monitoring'/>"
                              "<close endpoint='proxy-pop3'/>")
                          .plan("proxy1");
    EXPECT_EQ(find_open(plan, "policy")->sources, std::vector{*zmi::parse_cidr("10.0.9.9")});
    EXPECT_EQ(closed_reason(plan, "proxy-pop3"), "the policy closes it");
}

TEST(Derive, AValueThatDecidesAndIsNoPortStopsThePlan) {
    for (const auto* value : {"0", "70000", "25; accept", "-1", "", " 7025"}) {
        const auto plan =
            cluster().set("mbox1", "zimbraLmtpBindPort", std::vector<std::string>{value, value}).plan("mbox1");
        EXPECT_EQ(plan.complete(), std::string(value).empty()) << value;
        if (!plan.complete()) {
            EXPECT_EQ(plan.problems.front().server, "mbox1");
            EXPECT_EQ(plan.problems.front().subject, "zimbraLmtpBindPort");
        }
    }
}

TEST(Derive, AnOddValueThatDecidesNothingStopsNothing) {
    const auto plan = cluster().set("ldap1", "zimbraLmtpBindPort", "nonsense").plan("ldap1");
    EXPECT_TRUE(plan.complete());
}

TEST(Derive, AnOddBooleanStopsThePlanOfTheServerThatItDecides) {
    const auto deployment = cluster().set("proxy1", "zimbraReverseProxyMailPop3Enabled", "perhaps");
    EXPECT_FALSE(deployment.plan("proxy1").complete());
    EXPECT_TRUE(deployment.plan("proxy2").complete());
    EXPECT_TRUE(deployment.plan("ldap1").complete());
}

TEST(Derive, APeerThatDoesNotResolveStopsTheServersThatNeedItByName) {
    auto deployment = cluster().addresses("mta1", {});
    const auto plan = deployment.plan("mbox1");
    ASSERT_FALSE(plan.complete());
    EXPECT_EQ(plan.problems.front().server, "mta1");
    EXPECT_TRUE(deployment.plan("proxy1").complete())
        << "no mta connects to a proxy but by ssh, which is open to anyone";
}

TEST(Derive, ThePolicysAddressesReplaceTheResolver) {
    auto deployment = cluster().addresses("mta1", {});
    deployment.policy("<server name='mta1'><address>10.0.0.99</address></server>");
    EXPECT_EQ(find_open(deployment.plan("mbox1"), "lmtp")->sources, std::vector{*zmi::parse_cidr("10.0.0.99")});
}

TEST(Derive, ALoopbackAddressOfAPeerIsNeverASource) {
    auto deployment = cluster().addresses("mta1", {"127.0.1.1"});
    EXPECT_FALSE(deployment.plan("mbox1").complete());
    deployment.addresses("mta1", {"127.0.1.1", "10.0.0.2"});
    EXPECT_EQ(find_open(deployment.plan("mbox1"), "lmtp")->sources, std::vector{*zmi::parse_cidr("10.0.0.2")});
}

TEST(Derive, AServerWithOnlyALoopbackAddressIsABlocker) {
    const auto plan = single().addresses("mail.example.com", {"127.0.1.1"}).plan("mail.example.com");
    ASSERT_EQ(plan.standing_blockers().size(), 1U);
    EXPECT_EQ(plan.standing_blockers().front()->id, "only-loopback-address");
}

TEST(Derive, TwoListenersOnOnePortAreABlocker) {
    const auto plan = single().set("mail.example.com", "zimbraImapProxyBindPort", "7143").plan("mail.example.com");
    EXPECT_TRUE(has_finding(plan, "port-conflict"));
    EXPECT_FALSE(plan.standing_blockers().empty());
}

TEST(Derive, PortsSwappedSoThatClientsReachMailboxdAreABlockerUntilAccepted) {
    auto deployment = single()
                          .set("mail.example.com", "zimbraImapProxyBindPort", "7143")
                          .set("mail.example.com", "zimbraImapBindPort", "143");
    auto plan = deployment.plan("mail.example.com");
    ASSERT_EQ(plan.standing_blockers().size(), 1U);
    EXPECT_EQ(plan.standing_blockers().front()->id, "ports-swapped");
    EXPECT_TRUE(
        deployment.policy("<accept finding='ports-swapped'/>").plan("mail.example.com").standing_blockers().empty());
}

TEST(Derive, AMovedLdapPortIsReadFromTheNodesOwnUrl) {
    const auto plan = cluster().local("ldap1", "ldap_bind_url", "ldaps://ldap1:1636").plan("ldap1");
    EXPECT_EQ(find_open(plan, "ldaps")->port.first, 1636);
    EXPECT_EQ(find_open(plan, "ldap"), nullptr);
}

TEST(Derive, AnLdapServerThatNoUrlNamesStopsItsPlan) {
    auto deployment = cluster();
    deployment.inventory().local.clear();
    EXPECT_FALSE(deployment.plan("ldap1").complete());
    EXPECT_TRUE(deployment.plan("mbox1").complete());
}

TEST(Derive, SpellOpensOnlyToTheStoresWhoseUrlNamesIt) {
    auto deployment = cluster();
    deployment.mailstore("mbox3", "10.0.0.13", "spell");
    deployment.set("mbox1", "zimbraSpellCheckURL", "http://mbox3:7780/aspell.php");
    deployment.set("mbox2", "zimbraSpellCheckURL", "http://mbox2:7780/aspell.php");
    const auto plan = deployment.plan("mbox3");
    ASSERT_NE(find_open(plan, "spell"), nullptr);
    EXPECT_EQ(find_open(plan, "spell")->peers, std::vector<std::string>{"mbox1"});
}

TEST(Derive, TheImapPoolReachesExactlyTheDaemonsItNames) {
    auto deployment = cluster();
    deployment.server("imap1", "imapd", "10.0.0.21").server("imap2", "imapd", "10.0.0.22");
    deployment.global("zimbraRemoteImapServerEnabled", "TRUE").global("zimbraRemoteImapSSLServerEnabled", "TRUE");
    EXPECT_EQ(find_open(deployment.plan("imap1"), "imapd-ssl"), nullptr) << "no pool, no upstream";
    deployment.set("mbox1", "zimbraReverseProxyUpstreamImapServers", "imap1");
    EXPECT_EQ(find_open(deployment.plan("imap1"), "imapd-ssl")->peers, (std::vector<std::string>{"proxy1", "proxy2"}));
    EXPECT_EQ(find_open(deployment.plan("imap1"), "imapd"), nullptr);
    EXPECT_EQ(find_open(deployment.plan("imap2"), "imapd-ssl"), nullptr);
    const auto peers = find_open(deployment.plan("mbox1"), "mailboxd-https")->peers;
    EXPECT_EQ(std::count(peers.begin(), peers.end(), "imap1"), 1) << "the daemon works on mailboxes over SOAP";
}

TEST(Derive, AUrlOverSeveralLinesStopsThePlanThatItWouldDecide) {
    auto deployment = cluster();
    deployment.mailstore("mbox3", "10.0.0.13", "spell");
    deployment.set("mbox1", "zimbraSpellCheckURL", "http://elsewhere:7780/\nhttp://mbox3:7780/");
    EXPECT_FALSE(deployment.plan("mbox3").complete());
    EXPECT_TRUE(deployment.plan("ldap1").complete());
    deployment.set("mbox1", "zimbraSpellCheckURL", "http://mbox3:port/aspell.php");
    EXPECT_FALSE(deployment.plan("mbox3").complete());
}

TEST(Derive, AnUnverifiedListenerOpensNothingUntilThePolicyVouchesForIt) {
    auto deployment = cluster();
    deployment.server("lic1", "license-daemon", "10.0.0.20").set("lic1", "zimbraServerVersion", "10.1.2_GA_4652");
    deployment.global("zimbraLicenseDaemonServerHost", "lic1");
    EXPECT_EQ(find_open(deployment.plan("lic1"), "license-daemon"), nullptr);
    EXPECT_TRUE(has_finding(deployment.plan("lic1"), "unverified-endpoint"));
    EXPECT_NE(find_open(deployment.policy("<accept endpoint='license-daemon'/>").plan("lic1"), "license-daemon"),
              nullptr);
}

TEST(Derive, AnLdapUrlThatIsNoneStopsThePlan) {
    for (const auto* url : {"junk", "http://ldap1:389", "ldap://ldap1:port", "ldap://a b"}) {
        EXPECT_FALSE(cluster().local("ldap1", "ldap_bind_url", url).plan("ldap1").complete()) << url;
    }
    EXPECT_TRUE(cluster().local("ldap1", "ldap_bind_url", "ldap://ldap1:389 ldapi:///").plan("ldap1").complete());
}

TEST(Derive, ABindAddressThatIsNoneStopsThePlan) {
    for (const auto* address :
         {" ", ",", "10.0.0.11,127.0.0.1", "10.0.0.999", "10.0.0.12", "mbox2", "other.example.net", "a;b"}) {
        EXPECT_FALSE(cluster().set("mbox1", "zimbraLmtpBindAddress", address).plan("mbox1").complete()) << address;
    }
    EXPECT_FALSE(cluster().set("proxy1", "zimbraMemcachedBindAddress", ",").plan("proxy1").complete());
}

TEST(Derive, ABindAddressMayBeTheServersOwnName) {
    const auto plan = cluster().set("proxy1", "zimbraMemcachedBindAddress", "proxy1").plan("proxy1");
    ASSERT_NE(find_open(plan, "memcached"), nullptr);
    EXPECT_FALSE(has_finding(plan, "memcached-exposed")) << "a name is not every address";
}

TEST(Derive, AnIpModeThatIsNoneStopsThePlan) {
    EXPECT_FALSE(cluster().set("mta1", "zimbraIPMode", "ipv5").plan("mta1").complete());
    EXPECT_FALSE(
        cluster().set("mta1", "zimbraIPMode", std::vector<std::string>{"both", "ipv4"}).plan("mta1").complete());
}

TEST(Derive, APeerWithoutAnAddressInTheListenersFamilyStopsThePlan) {
    const auto plan = cluster().addresses("mta1", {"2001:db8::2"}).plan("mbox1");
    ASSERT_FALSE(plan.complete());
    EXPECT_EQ(plan.problems.front().server, "mta1");
}

TEST(Derive, AProxyWhoseLookupTargetsNameNobodyServesNoMail) {
    const auto plan = cluster().set("proxy1", "zimbraReverseProxyAvailableLookupTargets", "elsewhere").plan("proxy1");
    EXPECT_EQ(find_open(plan, "proxy-imaps"), nullptr);
    EXPECT_NE(find_open(plan, "proxy-https"), nullptr);
    const auto named = cluster().set("proxy1", "zimbraReverseProxyAvailableLookupTargets", "mbox2");
    EXPECT_NE(find_open(named.plan("proxy1"), "proxy-imaps"), nullptr);
    EXPECT_EQ(find_open(named.plan("mbox1"), "mailboxd-extension")->peers, std::vector<std::string>{"proxy2"});
}

TEST(Derive, SwappedPortsBlockTheProxyAsWellAsTheMailstore) {
    auto deployment = cluster();
    deployment.set("mbox1", "zimbraMailSSLPort", "443").set("proxy1", "zimbraMailSSLProxyPort", "8443");
    EXPECT_TRUE(has_finding(deployment.plan("mbox1"), "ports-swapped"));
    EXPECT_TRUE(has_finding(deployment.plan("proxy1"), "ports-swapped"));
    EXPECT_FALSE(has_finding(deployment.plan("proxy2"), "ports-swapped"));
}

zmi::FileListener inet_service(const std::string& service, std::uint16_t port) {
    return {"master.cf", "/opt/zimbra/common/conf/master.cf", 20, service, "", port};
}

TEST(Derive, AServiceOfMasterCfThatNobodyKnowsIsToldAndStaysClosed) {
    auto deployment = single();
    auto& local = deployment.inventory().local["mail.example.com"];
    local.files["master.cf"].path = "/opt/zimbra/common/conf/master.cf";
    local.listeners = {inet_service("smtp", 25), inet_service("2525", 2525)};
    const auto plan = deployment.plan("mail.example.com");
    EXPECT_TRUE(has_finding(plan, "master-cf-extra"));
    EXPECT_NE(find_open(plan, "smtp"), nullptr);
    EXPECT_EQ(find_open(plan, "submission"), nullptr) << "the file has no such service";
    EXPECT_EQ(closed_reason(plan, "submission"), "/opt/zimbra/common/conf/master.cf has no inet service 'submission'");
}

TEST(Derive, AServiceOfMasterCfKeepsTheAddressItIsBoundTo) {
    auto deployment = single();
    auto& local = deployment.inventory().local["mail.example.com"];
    local.files["master.cf"].path = "/opt/zimbra/common/conf/master.cf";
    local.listeners = {inet_service("smtp", 25), inet_service("465", 465), inet_service("submission", 587)};
    local.listeners[0].address = "192.0.2.10";
    local.listeners[1].address = "127.0.0.1";
    local.listeners[2].address = "0.0.0.0";
    const auto plan = deployment.plan("mail.example.com");
    EXPECT_EQ(find_open(plan, "smtp")->destinations, std::vector{*zmi::parse_address("192.0.2.10")});
    EXPECT_EQ(find_open(plan, "smtps"), nullptr);
    EXPECT_EQ(find_open(plan, "submission")->sources, std::vector{zmi::any_cidr(zmi::Family::ipv4)});
    local.listeners[0].address = "elsewhere.example.net";
    EXPECT_FALSE(deployment.plan("mail.example.com").complete());
    local.listeners[0] = inet_service("smtp", 0);
    EXPECT_FALSE(deployment.plan("mail.example.com").complete());
}

TEST(Derive, AServiceOfMasterCfOnAnOccupiedPortIsAConflict) {
    auto deployment = single();
    auto& local = deployment.inventory().local["mail.example.com"];
    local.files["master.cf"].path = "/opt/zimbra/common/conf/master.cf";
    local.listeners = {inet_service("smtp", 25), inet_service("443", 443)};
    EXPECT_TRUE(has_finding(deployment.plan("mail.example.com"), "port-conflict"));
}

TEST(Derive, AnUnverifiedListenerIsNoPartyToAConflict) {
    auto deployment = single();
    deployment.set("mail.example.com", "zimbraServerVersion", "8.8.15_GA_3869")
        .global("zimbraRemoteManagementPort", "5222");
    EXPECT_FALSE(has_finding(deployment.plan("mail.example.com"), "port-conflict"));
}

TEST(Derive, AnUnreadableSshdConfigurationBlocksUntilThePolicyTellsThePorts) {
    auto deployment = single();
    deployment.inventory().local["mail.example.com"].files["sshd_config"] = {
        "/etc/ssh/sshd_config", "Permission denied", {}};
    EXPECT_TRUE(has_finding(deployment.plan("mail.example.com"), "sshd-unreadable"));
    deployment.policy("<server name='mail.example.com'><sshd port='2222'/></server>");
    const auto plan = deployment.plan("mail.example.com");
    EXPECT_TRUE(plan.standing_blockers().empty());
    const auto words = open_in_words(plan);
    EXPECT_EQ(std::count(words.begin(), words.end(), "ssh/2222 ssh"), 1);
}

TEST(Derive, AnAliasOfTheLoggerHostIsTold) {
    const auto deployment = cluster().global("zimbraLogHostname", "logs.example.com");
    EXPECT_TRUE(has_finding(deployment.plan("ldap1"), "unknown-host"));
}

TEST(Derive, ReasonsSayWhyThePublicIsKeptOut) {
    const auto plan = cluster().set("mbox1", "zimbraMailSSLClientCertMode", "NeedClientAuth").plan("mbox1");
    EXPECT_NE(closed_reason(plan, "mailboxd-client-cert").find("proxy"), std::string::npos);
    const auto mta = cluster().policy("<network name='public'><cidr>2001:db8::/32</cidr></network>").plan("mta1");
    EXPECT_NE(closed_reason(mta, "submission").find("families"), std::string::npos);
}

TEST(Derive, OpeningTheConsoleToAnyoneIsTold) {
    const auto deployment = cluster().policy("<network name='admin'><cidr>any</cidr></network>");
    EXPECT_TRUE(has_finding(deployment.plan("mbox1"), "admin-network-any"));
}

TEST(Derive, TheWellKnownStaticListIsComparedWithThePlanOfASingleServer) {
    EXPECT_TRUE(has_finding(single().plan("mail.example.com"), "static-list"));
    EXPECT_FALSE(has_finding(cluster().plan("mbox1"), "static-list"));
}

TEST(Derive, TheSameFactsGiveTheSamePlan) {
    const auto first = cluster().plan("mbox1");
    const auto second = cluster().plan("mbox1");
    EXPECT_EQ(first.digest, second.digest);
    EXPECT_EQ(first.open.front().reason, second.open.front().reason);
}

TEST(Derive, TheDigestFollowsWhatDecidesARule) {
    EXPECT_NE(cluster().plan("mbox1").digest, cluster().addresses("mta1", {"10.0.0.77"}).plan("mbox1").digest);
    EXPECT_EQ(cluster().plan("mbox1").digest, cluster().global("zimbraPop3BindPort", "9999").plan("mbox1").digest);
}

}  // namespace
}  // namespace zmfw::test
