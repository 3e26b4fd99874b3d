#include "carbonio_deployment.hpp"

namespace zmfw::test {
namespace {

using Words = std::vector<std::string>;

std::vector<std::string> problems_of(const ServerPlan& plan) {
    std::vector<std::string> texts;
    for (const auto& problem : plan.problems) texts.push_back(problem.text);
    return texts;
}

bool is_candidate(const ServerPlan& plan, std::string_view endpoint) {
    return std::any_of(plan.closed.begin(), plan.closed.end(), [&](const ClosedPort& closed) {
        return closed.endpoint == endpoint && !closed.settled_by.empty();
    });
}

/// The entry of `open_in_words` for one endpoint; empty where it is closed.
std::string open_word(const ServerPlan& plan, const std::string& endpoint) {
    for (const auto& word : open_in_words(plan)) {
        if (word.starts_with(endpoint + "/")) return word;
    }
    return {};
}

TEST(Carbonio, OneServerOpensThePublicPortsOnly) {
    const auto plan = one_server().of("mail.example.com");
    EXPECT_EQ(problems_of(plan), Words{});
    EXPECT_EQ(open_in_words(plan),
              (Words{"c-imap/143 public", "c-imaps/993 public", "c-pop3/110 public", "c-pop3s/995 public",
                     "c-rtp/20000-40000 public", "c-smtp/25 public", "c-smtps/465 public", "c-ssh/22 ssh",
                     "c-submission/587 public", "c-web-https/443 public", "c-xmpp/5222 public"}));
}

TEST(Carbonio, AdministratorsReachTheAdminPanelAndPrometheus) {
    const auto plan =
        one_server().wish("<network name=\"admin\"><cidr>10.9.0.0/24</cidr></network>").of("mail.example.com");
    EXPECT_EQ(open_word(plan, "c-admin-ui"), "c-admin-ui/6071 admin");
    EXPECT_EQ(open_word(plan, "c-prometheus"), "c-prometheus/9090 admin");
}

TEST(Carbonio, FiveServersOpenToExactlyTheServersThatConnect) {
    auto carbonio = five_servers();
    for (const auto* name : {"srv1", "srv2", "srv3", "srv4", "srv5"})
        EXPECT_EQ(problems_of(carbonio.of(name)), Words{}) << name;
    EXPECT_EQ(open_in_words(carbonio.of("srv1")),
              (Words{"c-ldap/389 cluster srv2 srv3 srv4 srv5", "c-mesh-lan-udp/8301 cluster srv2 srv3 srv4 srv5",
                     "c-mesh-lan/8301 cluster srv2 srv3 srv4 srv5", "c-mesh-rpc/8300 cluster srv2 srv3 srv4 srv5",
                     "c-prom-ldap/9330 cluster srv5", "c-prom-node/9100 cluster srv5", "c-prom-pg/9187 cluster srv5",
                     "c-prom-process/9256 cluster srv5", "c-prom-rabbit/15692 cluster srv5",
                     "c-sidecar/21000-21255 cluster srv2 srv3 srv4 srv5", "c-ssh/22 ssh"}));
    EXPECT_EQ(open_in_words(carbonio.of("srv2")),
              (Words{"c-mesh-lan-udp/8301 cluster srv1 srv3 srv4 srv5", "c-mesh-lan/8301 cluster srv1 srv3 srv4 srv5",
                     "c-prom-node/9100 cluster srv5", "c-prom-process/9256 cluster srv5",
                     "c-sidecar/21000-21255 cluster srv1 srv3 srv4 srv5", "c-smtp/25 public", "c-smtps/465 public",
                     "c-ssh/22 ssh", "c-submission/587 public"}));
    EXPECT_EQ(open_in_words(carbonio.of("srv3")),
              (Words{"c-imap/143 public", "c-imaps/993 public", "c-mesh-lan-udp/8301 cluster srv1 srv2 srv4 srv5",
                     "c-mesh-lan/8301 cluster srv1 srv2 srv4 srv5", "c-pop3/110 public", "c-pop3s/995 public",
                     "c-prom-nginx/9113 cluster srv5", "c-prom-node/9100 cluster srv5",
                     "c-prom-process/9256 cluster srv5", "c-sidecar/21000-21255 cluster srv1 srv2 srv4 srv5",
                     "c-ssh/22 ssh", "c-web-https/443 public", "c-xmpp/5222 public"}));
    EXPECT_EQ(
        open_in_words(carbonio.of("srv4")),
        (Words{"c-expose/21500 cluster srv5", "c-lmtp/7025 cluster srv2", "c-lookup/7072 cluster srv3",
               "c-mbox-admin/7071 cluster srv3", "c-mbox-http/8080 cluster srv3 srv5", "c-mbox-imap/7143 cluster srv3",
               "c-mbox-pop3/7110 cluster srv3", "c-mesh-lan-udp/8301 cluster srv1 srv2 srv3 srv5",
               "c-mesh-lan/8301 cluster srv1 srv2 srv3 srv5", "c-mtaauth/7073 cluster srv2",
               "c-prom-mysql/9104 cluster srv5", "c-prom-node/9100 cluster srv5", "c-prom-process/9256 cluster srv5",
               "c-sidecar/21000-21255 cluster srv1 srv2 srv3 srv5", "c-ssh/22 ssh"}));
    EXPECT_EQ(open_in_words(carbonio.of("srv5")),
              (Words{"c-mesh-lan-udp/8301 cluster srv1 srv2 srv3 srv4", "c-mesh-lan/8301 cluster srv1 srv2 srv3 srv4",
                     "c-rtp/20000-40000 public", "c-sidecar/21000-21255 cluster srv1 srv2 srv3 srv4", "c-ssh/22 ssh"}));
}

TEST(Carbonio, EveryEndpointIsEitherOpenOrClosedOnEveryServer) {
    auto carbonio = five_servers();
    for (const auto* name : {"srv1", "srv2", "srv3", "srv4", "srv5"}) {
        const auto plan = carbonio.of(name);
        for (const auto& endpoint : carbonio_catalogue().endpoints) {
            const bool open = find_open(plan, endpoint.id) != nullptr;
            EXPECT_NE(open, closed_reason(plan, endpoint.id) != "(not closed)") << name << " " << endpoint.id;
        }
        for (const auto& closed : plan.closed) EXPECT_FALSE(closed.reason.empty()) << closed.endpoint;
    }
}

TEST(Carbonio, EachProxyPicksThePlainOrTheTlsPairByItsOwnSwitch) {
    auto carbonio = five_servers();
    carbonio.set("srv3", "zimbraReverseProxySSLToUpstreamEnabled", "TRUE");
    const auto plan = carbonio.of("srv4");
    EXPECT_EQ(open_word(plan, "c-mbox-https"), "c-mbox-https/8443 cluster srv3");
    EXPECT_EQ(open_word(plan, "c-mbox-imaps"), "c-mbox-imaps/7993 cluster srv3");
    EXPECT_EQ(open_word(plan, "c-mbox-pop3s"), "c-mbox-pop3s/7995 cluster srv3");
    EXPECT_EQ(open_word(plan, "c-mbox-http"), "c-mbox-http/8080 cluster srv5") << "Prometheus alone reads it now";
    EXPECT_EQ(open_word(plan, "c-mbox-imap"), "");
    EXPECT_EQ(open_word(plan, "c-mbox-admin"), "c-mbox-admin/7071 cluster srv3") << "always TLS";
}

TEST(Carbonio, WebModeHttpsLeavesPort80ClosedAndTheDefaultOpensIt) {
    auto carbonio = five_servers();
    EXPECT_EQ(open_word(carbonio.of("srv3"), "c-web-http"), "");
    carbonio.unset("srv3", "zimbraReverseProxyMailMode");
    EXPECT_EQ(open_word(carbonio.of("srv3"), "c-web-http"), "c-web-http/80 public");
}

TEST(Carbonio, StreamsOfTheProxyOpenOnlyWhereSomethingStandsBehindThem) {
    auto carbonio = five_servers();
    EXPECT_NE(closed_reason(carbonio.of("srv3"), "c-ldap-ab"), "(not closed)") << "CE has no address book";
    carbonio.inventory().local["srv5"].packages.erase("carbonio-message-dispatcher-ce");
    EXPECT_EQ(open_word(carbonio.of("srv3"), "c-xmpp"), "");
    carbonio.with("srv4", "carbonio-advanced");
    EXPECT_EQ(open_word(carbonio.of("srv3"), "c-ldap-ab"), "c-ldap-ab/8636 public");
}

TEST(Carbonio, MailstoresDialAnMtaDirectlyOnlyWhereTheyAreToldTo) {
    auto carbonio = five_servers();
    carbonio.wish("<network name=\"public\"><cidr>203.0.113.0/24</cidr></network>");
    EXPECT_EQ(find_open(carbonio.of("srv2"), "c-smtp", "cluster"), nullptr) << "they send by the mesh";
    carbonio.set("srv4", "zimbraSmtpHostname", "srv2");
    EXPECT_EQ(find_open(carbonio.of("srv2"), "c-smtp", "cluster"), nullptr) << "the port is still that of the mesh";
    carbonio.set("srv4", "zimbraSmtpPort", "25");
    ASSERT_NE(find_open(carbonio.of("srv2"), "c-smtp", "cluster"), nullptr);
    EXPECT_EQ(find_open(carbonio.of("srv2"), "c-smtp", "cluster")->peers, Words{"srv4"});
    carbonio.set("srv4", "zimbraSmtpHostname", "localhost");
    EXPECT_EQ(find_open(carbonio.of("srv2"), "c-smtp", "cluster"), nullptr);
}

TEST(Carbonio, NodesReachTheAdminApiOnlyAsTheirLocalconfigSays) {
    auto carbonio = five_servers();
    carbonio.local("srv1", "zimbra_zmprov_default_soap_server", "srv4");
    EXPECT_EQ(open_word(carbonio.of("srv4"), "c-mbox-admin"), "c-mbox-admin/7071 cluster srv1 srv3");
}

TEST(Carbonio, TheDatabaseOpensOnlyToConnectorsOnOtherServers) {
    auto carbonio = five_servers();
    EXPECT_EQ(open_word(carbonio.of("srv1"), "c-pg"), "") << "the connectors are beside it";
    EXPECT_TRUE(has_finding(carbonio.of("srv1"), "postgresql-open"));
    carbonio.with("srv4", "carbonio-tasks-db");
    EXPECT_EQ(open_word(carbonio.of("srv1"), "c-pg"), "c-pg/5432 cluster srv4");
}

TEST(Carbonio, ServersOfOneDatabaseClusterReachEachOther) {
    auto carbonio = five_servers();
    carbonio.with("srv1", "patroni").with("srv2", "postgresql-16").with("srv2", "patroni");
    EXPECT_EQ(open_word(carbonio.of("srv1"), "c-pg"), "c-pg/5432 cluster srv2");
    EXPECT_EQ(open_word(carbonio.of("srv2"), "c-pg"), "c-pg/5432 cluster srv1");
}

TEST(Carbonio, RemediesNameTheCommandOfTheProduct) {
    const auto plan = five_servers().of("srv3");
    const auto found = std::find_if(plan.findings.begin(), plan.findings.end(),
                                    [](const Finding& finding) { return finding.id == "clear-text-upstream"; });
    ASSERT_NE(found, plan.findings.end());
    EXPECT_EQ(found->remedy, Words{"carbonio prov ms srv3 zimbraReverseProxySSLToUpstreamEnabled TRUE"});
    EXPECT_FALSE(found->changes.front().empty()) << "the mailstore has its TLS ports on";
}

TEST(Carbonio, NoProxyIsSwitchedToTlsPortsThatAMailstoreHasOff) {
    auto carbonio = five_servers();
    carbonio.set("srv4", "zimbraImapSSLServerEnabled", "FALSE");
    const auto plan = carbonio.of("srv3");
    const auto found = std::find_if(plan.findings.begin(), plan.findings.end(),
                                    [](const Finding& finding) { return finding.id == "clear-text-upstream"; });
    ASSERT_NE(found, plan.findings.end());
    EXPECT_TRUE(found->changes.front().empty());
}

TEST(Carbonio, TheWanPortOfALoneServerOfTheMeshIsInUseAndClosed) {
    const auto plan = five_servers().of("srv1");
    const auto closed = std::find_if(plan.closed.begin(), plan.closed.end(),
                                     [](const ClosedPort& one) { return one.endpoint == "c-mesh-wan"; });
    ASSERT_NE(closed, plan.closed.end());
    EXPECT_TRUE(closed->listens);
}

TEST(Carbonio, TheWanGossipNeedsSeveralServersOfTheMesh) {
    auto carbonio = five_servers();
    EXPECT_EQ(open_word(carbonio.of("srv1"), "c-mesh-wan"), "");
    carbonio.set("srv2", "zimbraServiceEnabled", std::vector<std::string>{"mta", "service-discover"});
    EXPECT_EQ(open_word(carbonio.of("srv1"), "c-mesh-wan"), "c-mesh-wan/8302 cluster srv2");
    EXPECT_EQ(open_word(carbonio.of("srv1"), "c-mesh-wan-udp"), "c-mesh-wan-udp/8302 cluster srv2");
    EXPECT_EQ(open_word(carbonio.of("srv2"), "c-mesh-rpc"), "c-mesh-rpc/8300 cluster srv1 srv3 srv4 srv5");
}

TEST(Carbonio, MailstoresManageAllServersBySsh) {
    const auto plan = five_servers().wish("<network name=\"ssh\"><cidr>10.9.0.0/24</cidr></network>").of("srv5");
    ASSERT_NE(find_open(plan, "c-ssh", "cluster"), nullptr);
    EXPECT_EQ(find_open(plan, "c-ssh", "cluster")->peers, Words{"srv4"});
}

TEST(Carbonio, ADirectoryWithoutServicesHasNoSidecar) {
    auto carbonio = five_servers();
    carbonio.node("ldap2", "10.0.0.6", "directory-server", "carbonio-directory-server");
    EXPECT_EQ(open_word(carbonio.of("ldap2"), "c-sidecar"), "");
    EXPECT_EQ(open_word(carbonio.of("srv2"), "c-sidecar"), "c-sidecar/21000-21255 cluster srv1 srv3 srv4 srv5");
    EXPECT_EQ(open_word(carbonio.of("srv2"), "c-mesh-lan"), "c-mesh-lan/8301 cluster ldap2 srv1 srv3 srv4 srv5");
}

TEST(Carbonio, TheRtpRangeIsWhatTheFileOfJanusSays) {
    auto carbonio = five_servers();
    auto& file = carbonio.inventory().local["srv5"].files["janus.jcfg"];
    file.path = "/etc/janus/janus.jcfg";
    file.settings["media.rtp_port_range"] = "20000-21000";
    EXPECT_EQ(open_word(carbonio.of("srv5"), "c-rtp"), "c-rtp/20000-21000 public");
}

TEST(Carbonio, TheExposedMetricsAreThoseOfTheFilesOfTheMesh) {
    auto carbonio = five_servers();
    carbonio.inventory().local["srv4"].mesh = {
        {"carbonio-files", "/etc/zextras/service-discover/carbonio-files.hcl", 3, 10000, {21600}, true}};
    EXPECT_EQ(open_word(carbonio.of("srv4"), "c-expose"), "c-expose/21600 cluster srv5");
}

Carbonio advanced() {
    auto carbonio = five_servers();
    carbonio.inventory().edition = "advanced";
    carbonio.with("srv4", "carbonio-advanced");
    carbonio.node("srv6", "10.0.0.6", "mailbox service", "carbonio-appserver carbonio-advanced");
    return carbonio;
}

TEST(Carbonio, MailstoresOpenToEachOther) {
    const auto plan = advanced().of("srv4");
    EXPECT_EQ(open_word(plan, "c-mbox-admin"), "c-mbox-admin/7071 cluster srv3 srv6");
    EXPECT_EQ(open_word(plan, "c-mbox-https"), "c-mbox-https/8443 cluster srv6");
    EXPECT_EQ(open_word(plan, "c-mbox-imaps"), "c-mbox-imaps/7993 cluster srv6");
}

TEST(Carbonio, WhatOnlyTheDocumentationSaysOfAdvancedIsACandidate) {
    const auto plan = advanced().of("srv4");
    for (const auto* id : {"c-adv-http", "c-adv-https", "c-zxcore", "c-zxcore2"}) {
        EXPECT_EQ(open_word(plan, id), "") << id;
        EXPECT_TRUE(is_candidate(plan, id)) << id;
    }
    EXPECT_TRUE(has_finding(plan, "unverified-endpoint"));
    EXPECT_FALSE(is_candidate(five_servers().of("srv4"), "c-zxcore")) << "CE has none of it";
}

TEST(Carbonio, AListenerThatIsSeenSettlesACandidate) {
    const auto plan = advanced().live("srv4", "tcp", 8735).live("srv4", "tcp", 8742).of("srv4");
    EXPECT_EQ(open_word(plan, "c-zxcore"), "c-zxcore/8735 cluster srv6");
    EXPECT_EQ(open_word(plan, "c-adv-http"), "c-adv-http/8742 cluster srv3");
    EXPECT_EQ(open_word(plan, "c-adv-https"), "");
}

TEST(Carbonio, ThePolicyCanVouchForACandidate) {
    const auto plan = advanced().wish("<accept endpoint=\"c-zxcore\"/>").of("srv4");
    EXPECT_EQ(open_word(plan, "c-zxcore"), "c-zxcore/8735 cluster srv6");
}

TEST(Carbonio, TheOldSocketOfJanusStaysClosedThoughItListens) {
    const auto plan = advanced().live("srv5", "tcp", 8188).of("srv5");
    EXPECT_EQ(open_word(plan, "c-janus-ws"), "");
}

TEST(Carbonio, APlanStopsWhereNobodyKnowsWhatRunsBehindAPublicPort) {
    auto carbonio = five_servers();
    carbonio.unseen("srv5");
    const auto plan = carbonio.of("srv3");
    ASSERT_FALSE(plan.complete());
    const auto texts = problems_of(plan);
    EXPECT_TRUE(std::any_of(texts.begin(), texts.end(), [](const std::string& text) {
        return text.find("srv5") != std::string::npos && text.find("message-dispatcher") != std::string::npos;
    }));
    carbonio.wish("<server name=\"srv5\"><components>video-server sidecar-service</components></server>");
    EXPECT_EQ(problems_of(carbonio.of("srv3")), Words{});
    EXPECT_EQ(open_word(carbonio.of("srv3"), "c-xmpp"), "");
}

TEST(Carbonio, WhatConsulHasRegisteredTellsOfTheOtherServers) {
    auto carbonio = five_servers();
    for (auto& server : carbonio.inventory().servers) server.mesh_services.emplace();
    const auto registers = [&](std::size_t server, std::initializer_list<const char*> names) {
        carbonio.inventory().servers[server].mesh_services->insert(names.begin(), names.end());
    };
    registers(0, {"consul", "carbonio-files-db", "carbonio-message-broker", "carbonio-prometheus-rabbit-exporter"});
    registers(1, {"carbonio-mta", "carbonio-clamav"});
    registers(2, {"carbonio-proxy", "carbonio-memcached"});
    registers(3, {"carbonio-mailbox", "carbonio-files", "carbonio-prometheus-node-exporter"});
    registers(4, {"carbonio-videoserver", "carbonio-message-dispatcher-xmpp", "carbonio-prometheus"});
    for (const auto* name : {"srv1", "srv2", "srv4", "srv5"}) carbonio.unseen(name);
    EXPECT_EQ(problems_of(carbonio.of("srv3")), Words{});
    EXPECT_EQ(open_word(carbonio.of("srv3"), "c-xmpp"), "c-xmpp/5222 public");
    EXPECT_EQ(problems_of(carbonio.of("srv4")), Words{});
    EXPECT_EQ(open_word(carbonio.of("srv4"), "c-prom-node"), "c-prom-node/9100 cluster srv5");
    EXPECT_EQ(open_word(carbonio.of("srv4"), "c-prom-process"), "");
    EXPECT_EQ(open_word(carbonio.of("srv5"), "c-rtp"), "c-rtp/20000-40000 public");
    EXPECT_EQ(open_word(carbonio.of("srv1"), "c-pg"), "");
}

TEST(CarbonioFindings, TellWhatOnlyTheFirewallGuards) {
    const auto plan = one_server().of("mail.example.com");
    for (const auto* id : {"postgresql-open", "epmd-exposed", "rabbitmq-exposed", "prometheus-exposed",
                           "mesh-needs-loopback", "static-list"})
        EXPECT_TRUE(has_finding(plan, id)) << id;
    EXPECT_FALSE(has_finding(plan, "port-conflict")) << "10000 is taken on many addresses of the loopback network";
    EXPECT_FALSE(has_finding(plan, "mesh-dns-is-local")) << "nobody would open 8600 to nobody";
    EXPECT_TRUE(has_finding(five_servers().of("srv1"), "mesh-dns-is-local"));
    EXPECT_FALSE(has_finding(five_servers().of("srv2"), "mesh-dns-is-local"));
}

TEST(CarbonioFindings, TellThatThePolicyCutsTheMesh) {
    auto carbonio = five_servers();
    EXPECT_FALSE(has_finding(carbonio.of("srv2"), "mesh-gossip-blocked"));
    carbonio.wish("<close endpoint=\"c-mesh-lan-udp\"/>");
    const auto plan = carbonio.of("srv2");
    ASSERT_TRUE(has_finding(plan, "mesh-gossip-blocked"));
    const auto found = std::find_if(plan.findings.begin(), plan.findings.end(),
                                    [](const Finding& one) { return one.id == "mesh-gossip-blocked"; });
    EXPECT_NE(found->text.find("srv1, srv3, srv4, srv5 need it"), std::string::npos) << found->text;
}

TEST(CarbonioFindings, TellThatAServiceIsRegisteredWithAWrongPort) {
    auto carbonio = five_servers();
    const auto registered = [&](const char* server, const char* name, std::uint16_t port) {
        const auto path = std::string("/etc/zextras/service-discover/") + name + ".hcl";
        carbonio.inventory().local[server].mesh = {{name, path, 2, port, {}, false}};
        const auto plan = carbonio.of(server);
        const auto found = std::find_if(plan.findings.begin(), plan.findings.end(),
                                        [](const Finding& one) { return one.id == "mesh-port-wrong"; });
        return found == plan.findings.end() ? std::string() : found->text;
    };
    EXPECT_EQ(registered("srv4", "carbonio-prometheus-mysqld-exporter", 9104), "");
    const auto text = registered("srv4", "carbonio-prometheus-mysqld-exporter", 9330);
    EXPECT_NE(text.find("carbonio-prometheus-mysqld-exporter.hcl:2"), std::string::npos) << text;
    EXPECT_NE(text.find("9330"), std::string::npos) << text;
    EXPECT_NE(text.find("listens on 9104"), std::string::npos) << text;
    EXPECT_NE(registered("srv3", "carbonio-memcached", 443), "") << "as the package of memcached has it";
}

TEST(CarbonioFindings, TellThatFirewalldWasStopped) {
    auto carbonio = one_server();
    EXPECT_FALSE(has_finding(carbonio.of("mail.example.com"), "firewalld-stopped"));
    carbonio.with("mail.example.com", "firewalld");
    carbonio.inventory().local["mail.example.com"].units["firewalld.service"] = "inactive";
    EXPECT_TRUE(has_finding(carbonio.of("mail.example.com"), "firewalld-stopped"));
    carbonio.inventory().local["mail.example.com"].units["firewalld.service"] = "active";
    EXPECT_FALSE(has_finding(carbonio.of("mail.example.com"), "firewalld-stopped"));
}

Deployment zimbra_with(const std::string& version, const std::string& packages, const std::string& present = {}) {
    Deployment deployment;
    deployment.proxy("proxy1", "10.0.0.3");
    deployment.mailstore("mbox1", "10.0.0.11").mailstore("mbox2", "10.0.0.12");
    for (const auto* name : {"proxy1", "mbox1", "mbox2"}) deployment.set(name, "zimbraServerVersion", version);
    for (const auto* name : {"mbox1", "mbox2"}) {
        auto& local = deployment.inventory().local[name];
        for (const auto package : zmi::split_words(packages)) local.packages.emplace(package);
        for (const auto path : zmi::split_words(present)) local.present.emplace(path);
        local.localconfig["ldap_url"] = "ldap://mbox1:389";
    }
    return deployment;
}

std::vector<std::string> of_suite(const ServerPlan& plan) {
    auto words = open_in_words(plan);
    std::erase_if(words, [](const std::string& word) { return !word.starts_with("z-"); });
    return words;
}

TEST(Suite, APlainZimbraOpensNothingOfItAndTellsNothingOfIt) {
    for (const auto* version : {"8.8.15_GA_4179", "10.0.8_GA_4655"}) {
        const auto plan = zimbra_with(version, "zimbra-core zimbra-store").plan("mbox1");
        EXPECT_EQ(of_suite(plan), Words{});
        for (const auto* id : {"z-core-8735", "z-zx-8742", "z-docs-8443", "z-video-8188"})
            EXPECT_FALSE(is_candidate(plan, id)) << id;
    }
}

TEST(Suite, ItsPortsAreCandidatesWhereItIsInstalled) {
    auto deployment = zimbra_with("8.8.15_GA_4179", "zimbra-core", "bin/zxsuite");
    auto plan = deployment.plan("mbox1");
    EXPECT_EQ(of_suite(plan), Words{});
    EXPECT_TRUE(is_candidate(plan, "z-core-8735"));
    EXPECT_TRUE(is_candidate(plan, "z-core-8736"));
    deployment.inventory().local["mbox1"].live = {{"tcp", 8735, "0.0.0.0"}};
    plan = deployment.plan("mbox1");
    EXPECT_EQ(of_suite(plan), Words{"z-core-8735/8735 cluster mbox2"});
    EXPECT_TRUE(is_candidate(plan, "z-core-8736"));
}

TEST(Suite, ChatOpensOnlyWhereTheExtensionIsReallyThere) {
    auto deployment = zimbra_with("8.8.15_GA_4179", "zimbra-core zimbra-chat");
    EXPECT_EQ(of_suite(deployment.plan("mbox1")), (Words{"z-chat-5222/5222 public", "z-chat-5269/5269 cluster mbox2"}));
    EXPECT_FALSE(has_finding(deployment.plan("mbox1"), "port-conflict"));
    deployment.global("zimbraChatServiceEnabled", "FALSE");
    EXPECT_EQ(of_suite(deployment.plan("mbox1")), Words{});
}

TEST(Suite, DocumentServersReachTheMailstoreOnceSomebodyVouchesForIt) {
    auto deployment = zimbra_with("8.8.15_GA_4179", "zimbra-core");
    deployment.server("docs1", "docs", "10.0.0.20").set("docs1", "zimbraServerVersion", "8.8.15_GA_4179");
    EXPECT_TRUE(is_candidate(deployment.plan("mbox1"), "z-docs-8443"));
    deployment.policy("<accept endpoint=\"z-docs-8443\"/>");
    const auto plan = deployment.plan("mbox1");
    EXPECT_EQ(of_suite(plan), Words{"z-docs-8443/8443 cluster docs1"});
    EXPECT_FALSE(has_finding(plan, "port-conflict")) << "it is the listener of mailboxd-https, told for another peer";
}

/// The ports that an administrator may ask of, external and internal ones.
const std::vector<std::uint16_t>& well_known() {
    static const std::vector<std::uint16_t> ports = {
        25,   80,   110,  143,   443,   587,   993,   995,   5222,  5223,  9071,  389,  636,  3310,
        5269, 7025, 7047, 7071,  7072,  7073,  7110,  7143,  7171,  7306,  7780,  7993, 7995, 8080,
        8443, 8735, 8736, 10024, 10025, 10026, 10028, 10029, 10032, 23232, 23233, 11211};
    return ports;
}

bool answers(const ServerPlan& plan, std::uint16_t port) {
    return std::any_of(plan.open.begin(), plan.open.end(),
                       [&](const OpenPort& one) { return one.port.contains(port); }) ||
           std::any_of(plan.closed.begin(), plan.closed.end(), [&](const ClosedPort& one) {
               return one.port && one.port->contains(port) && !one.reason.empty();
           });
}

/// The ports to which no server of the deployment has an answer: open to somebody, or closed with a reason.
std::string unanswered(const std::vector<ServerPlan>& plans) {
    std::string missing;
    for (const auto port : well_known()) {
        if (std::none_of(plans.begin(), plans.end(), [&](const ServerPlan& plan) { return answers(plan, port); }))
            missing += std::to_string(port) + " ";
    }
    return missing;
}

TEST(WellKnownPorts, HaveAnAnswerForEveryProduct) {
    EXPECT_EQ(well_known().size(), 40U);
    const auto zimbra = zimbra_with("10.0.8_GA_4655", "zimbra-core");
    EXPECT_EQ(unanswered({zimbra.plan("mbox1"), zimbra.plan("proxy1")}), "") << "zimbra";
    const auto suite = zimbra_with("8.8.15_GA_4179", "zimbra-core", "bin/zxsuite");
    EXPECT_EQ(unanswered({suite.plan("mbox1"), suite.plan("proxy1")}), "") << "zimbra with the suite";
    EXPECT_EQ(unanswered({one_server().of("mail.example.com")}), "") << "carbonio ce";
    EXPECT_EQ(unanswered({advanced().of("srv3"), advanced().of("srv4")}), "") << "carbonio";
}

TEST(WellKnownPorts, ThatNothingOfCarbonioUsesAreSaidNeverToListen) {
    const auto plan = one_server().of("mail.example.com");
    for (const auto port : std::vector<std::uint16_t>{5223, 5269, 7047, 7780, 23232, 23233}) {
        const auto found = std::find_if(plan.closed.begin(), plan.closed.end(), [&](const ClosedPort& one) {
            return one.port == one_port(port) && !one.listens;
        });
        ASSERT_NE(found, plan.closed.end()) << port;
        EXPECT_TRUE(carbonio_catalogue().find(found->endpoint)->dead) << port;
    }
}

}  // namespace
}  // namespace zmfw::test
