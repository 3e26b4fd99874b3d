#include <zmintegration/discovery/discovery.hpp>

#include <gtest/gtest.h>
#include <zmintegration/facts/inventory_json.hpp>
#include "../soap/soap_texts.hpp"
#include "discovery_fakes.hpp"

namespace zmi {
namespace {

using testing::Reply;
using Kind = HttpFailure::Kind;

Reply ok(const std::string& body) {
    return HttpResponse{200, body};
}
Reply failed(Kind kind, const std::string& what) {
    return tl::unexpected(HttpFailure{kind, what});
}

class Discover : public ::testing::Test {
protected:
    Discover() {
        options.product.home = home.path;
        options.system_root = home.path / "root";
        options.last_inventory = home.path / "last.json";
        configure({});
        resolver.known = {{"mail.example.com", {"192.0.2.10", "2001:db8::10"}}, {"mta.example.com", {"192.0.2.20"}}};
        wanted.localconfig = {{"ldap_url", {}}};
    }
    void configure(std::map<std::string, std::string> keys) const {
        keys.emplace("zimbra_server_hostname", "Mail.example.com");
        keys.emplace("zimbra_ldap_password", "hunter2");
        keys.emplace("ldap_url", "ldap://mail.example.com:389");
        home.write("conf/localconfig.xml", testing::localconfig(keys));
    }
    /// A SOAP engine at `host` (any, where empty) that knows these servers.
    void serve(const std::string& servers, const std::string& host = "") {
        transport.answer = [servers, host](const HttpEndpoint& endpoint, const std::string& body) {
            if (endpoint.url.find(host) == std::string::npos) return failed(Kind::connect, "connection refused");
            return ok(body.find("AuthRequest") != std::string::npos ? testing::auth_answer()
                                                                    : testing::discovery_answer(servers));
        };
    }
    static std::string entry(const std::string& name, const std::string& host) {
        return testing::server(name, testing::attribute("zimbraServiceHostname", host));
    }
    Expected<Inventory> run() {
        return discover(options, wanted, {zmprov, transport, resolver, clock},
                        [this](const std::string& line) { told.push_back(line); });
    }
    std::string error() {
        const auto result = run();
        EXPECT_FALSE(result.has_value());
        if (result) return "";
        EXPECT_EQ(result.error().kind, ErrorKind::knowledge);
        EXPECT_NE(result.error().hint, "");
        return result.error().what;
    }
    /// An inventory of an earlier run, with this node in the given roles.
    void remember(const std::string& own_services) const {
        Inventory last;
        last.source = {"soap", "https://localhost:7071", true, "2026-11-24T06:15:47Z"};
        last.this_node = "mail.example.com";
        last.servers = {{"box1.example.com", {{"zimbraServiceEnabled", {"mailbox"}}, {"zimbraAdminPort", {"9071"}}}},
                        {"box2.example.com", {{"zimbraServiceEnabled", {"mailbox"}}}},
                        {"mail.example.com", {{"zimbraServiceEnabled", {own_services}}}}};
        home.write("last.json", to_json(last));
    }

    testing::TemporaryFolder home;
    DiscoveryOptions options;
    Wanted wanted;
    testing::FakeTransport transport;
    testing::FakeResolver resolver;
    testing::FakeZmprov zmprov;
    testing::FixedClock clock;
    std::vector<std::string> told;
};

TEST_F(Discover, MakesAnInventoryOfTheFirstCompleteAnswer) {
    serve(entry("mail.example.com", "mail.example.com") + entry("mta.example.com", "MTA.example.com"));
    const auto inventory = run();
    ASSERT_TRUE(inventory) << inventory.error().what;
    EXPECT_EQ(inventory->source, (Source{"soap", "https://localhost:7071", true, "1970-01-01T00:00:00Z"}));
    EXPECT_EQ(inventory->version, "10.1.2_GA_4652.FOSS");
    EXPECT_EQ(inventory->this_node, "mail.example.com");
    EXPECT_EQ(inventory->servers.size(), 2U);
    EXPECT_EQ(inventory->local.at("mail.example.com").localconfig.at("ldap_url"), "ldap://mail.example.com:389");
    EXPECT_NE(inventory->local.at("mail.example.com").files.at("master.cf").problem, "");
    EXPECT_EQ(inventory->resolved.at("mail.example.com").addresses.size(), 2U);
    EXPECT_EQ(inventory->resolved.at("mta.example.com").addresses, std::vector{*parse_address("192.0.2.20")});
    EXPECT_TRUE(zmprov.commands.empty());
    EXPECT_TRUE(told.empty());
    EXPECT_EQ(to_json(*inventory).find("hunter2"), std::string::npos);
    EXPECT_EQ(parse_inventory(to_json(*inventory), "x"), *inventory);
}

TEST_F(Discover, FallsBackToZmprovAndSaysWhy) {
    transport.answer = [](const auto&, const auto&) { return failed(Kind::timeout, "no answer in 60 s"); };
    zmprov.servers = {"mail.example.com"};
    const auto inventory = run();
    ASSERT_TRUE(inventory) << inventory.error().what;
    EXPECT_EQ(inventory->source.kind, "zmprov");
    EXPECT_EQ(inventory->source.server, "zmprov");
    EXPECT_EQ(told,
              std::vector<std::string>{"soap: admin SOAP at https://localhost:7071: no answer in 60 s; trying zmprov"});
    EXPECT_EQ(zmprov.commands.size(), 2U);
}

TEST_F(Discover, FallsBackToZmprovOverLdapLast) {
    zmprov.servers_of_ldap = {"mail.example.com"};
    const auto inventory = run();
    ASSERT_TRUE(inventory) << inventory.error().what;
    EXPECT_EQ(inventory->source.kind, "zmprov-ldap");
    ASSERT_EQ(told.size(), 2U);
    EXPECT_NE(told[1].find("zmprov: "), std::string::npos);
    EXPECT_NE(told[1].find("trying zmprov-ldap"), std::string::npos);
}

TEST_F(Discover, WhenNoSourceAnswersEachReasonIsInTheError) {
    const auto what = error();
    EXPECT_EQ(what.find("no source answered: soap: admin SOAP at https://localhost:7071: connection refused; zmprov: "),
              0U)
        << what;
    EXPECT_NE(what.find("; zmprov-ldap: "), std::string::npos) << what;
    EXPECT_NE(what.find("ERROR: zclient.IO_ERROR"), std::string::npos) << what;
}

TEST_F(Discover, OneNamedSourceIsAskedAlone) {
    zmprov.servers = {"mail.example.com"};
    options.only = SourceKind::soap;
    error();
    EXPECT_TRUE(zmprov.commands.empty());
    options.only = SourceKind::zmprov_ldap;
    transport.posts.clear();
    const auto inventory = run();
    ASSERT_TRUE(inventory);
    EXPECT_EQ(inventory->source.kind, "zmprov-ldap");
    EXPECT_TRUE(transport.posts.empty());
}

TEST_F(Discover, AnAnswerWithoutThisNodeIsNotComplete) {
    serve(entry("mta.example.com", "mta.example.com"));
    zmprov.servers = {"mail.example.com", "mta.example.com"};
    const auto inventory = run();
    ASSERT_TRUE(inventory);
    EXPECT_EQ(inventory->source.kind, "zmprov");
    ASSERT_EQ(told.size(), 1U);
    EXPECT_NE(told[0].find("does not list this node, mail.example.com"), std::string::npos) << told[0];
}

TEST_F(Discover, WithoutLocalconfigNothingIsAsked) {
    std::filesystem::remove(home.path / "conf/localconfig.xml");
    EXPECT_NE(error().find("localconfig.xml"), std::string::npos);
    EXPECT_TRUE(transport.posts.empty());
    EXPECT_TRUE(zmprov.commands.empty());
}

TEST_F(Discover, AMalformedMasterCfStopsIt) {
    home.write("common/conf/master.cf", "999999 inet n - n - - smtpd\n");
    serve(entry("mail.example.com", "mail.example.com"));
    const auto result = run();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::knowledge);
    EXPECT_NE(result.error().what.find("master.cf"), std::string::npos);
}

TEST_F(Discover, ANodeWithoutAHostNameIsNamed) {
    configure({{"zimbra_server_hostname", "not a host"}});
    EXPECT_EQ(error(), "localconfig key zimbra_server_hostname: 'not a host' is not a host name");
}

TEST_F(Discover, WithoutAPasswordTheNextSourceIsTried) {
    configure({{"zimbra_ldap_password", ""}});
    zmprov.servers = {"mail.example.com"};
    ASSERT_TRUE(run());
    EXPECT_EQ(told,
              std::vector<std::string>{"soap: localconfig has no zimbra_ldap_password to log in with; trying zmprov"});
}

TEST_F(Discover, AnInventoryDoesNotDependOnThePolicyThatKnowsAddresses) {
    serve(entry("mail.example.com", "mail.example.com") + entry("mta.example.com", "mta.example.com"));
    const auto without = run();
    ASSERT_TRUE(without);
    resolver.asked.clear();
    options.known_addresses = {"mta.example.com"};
    const auto inventory = run();
    ASSERT_TRUE(inventory);
    EXPECT_EQ(to_json(*inventory), to_json(*without));
    EXPECT_EQ(resolver.asked, std::vector<std::string>{"mail.example.com"});
    EXPECT_EQ(resolver.welcome, std::vector<std::string>{"mta.example.com"});
}

TEST_F(Discover, AKnownServerThatDoesNotResolveIsSaidToBeKnownToThePolicy) {
    serve(entry("mail.example.com", "mail.example.com") + entry("a.example.com", "gone.example.com"));
    options.known_addresses = {"a.example.com"};
    const auto inventory = run();
    ASSERT_TRUE(inventory);
    EXPECT_TRUE(told.empty());
    EXPECT_EQ(inventory->resolved.at("gone.example.com"),
              (Resolution{{}, "its address was given by the policy of mail.example.com"}));
    EXPECT_EQ(parse_inventory(to_json(*inventory), "x"), *inventory);
}

TEST_F(Discover, AHostThatAKnownServerSharesIsStillNeeded) {
    serve(entry("mail.example.com", "mail.example.com") + entry("a.example.com", "gone.example.com") +
          entry("b.example.com", "gone.example.com"));
    options.known_addresses = {"a.example.com"};
    const auto inventory = run();
    ASSERT_TRUE(inventory);
    EXPECT_EQ(inventory->resolved.at("gone.example.com").problem, "does not resolve: unknown");
}

TEST_F(Discover, ManyKnownServersAreNotAskedForInVain) {
    std::string servers = entry("mail.example.com", "mail.example.com");
    for (int i = 0; i < 51; ++i) {
        const auto name = "mta" + std::to_string(i) + ".example.com";
        servers += entry(name, name);
        options.known_addresses.insert(name);
    }
    serve(servers);
    const auto inventory = run();
    ASSERT_TRUE(inventory);
    EXPECT_TRUE(resolver.welcome.empty());
    EXPECT_EQ(inventory->resolved.size(), 52U);
    EXPECT_EQ(inventory->resolved.at("mta0.example.com").problem,
              "its address was given by the policy of mail.example.com");
    options.known_addresses.erase("mta0.example.com");
    ASSERT_TRUE(run());
    EXPECT_EQ(resolver.welcome.size(), 50U);
}

TEST_F(Discover, HostNamesThatAreNoneOrDoNotResolveAreKeptWithTheirProblem) {
    serve(entry("mail.example.com", "mail.example.com") + entry("a.example.com", "Not A Host") +
          entry("b.example.com", "gone.example.com") + testing::server("c.example.com", testing::attribute("cn", "c")));
    const auto inventory = run();
    ASSERT_TRUE(inventory);
    EXPECT_EQ(inventory->resolved.at("not a host").problem, "'not a host' is not a valid host name");
    EXPECT_EQ(inventory->resolved.at("gone.example.com").problem, "does not resolve: unknown");
    EXPECT_EQ(inventory->resolved.count("c.example.com"), 1U);  // no service host name: the server's own
}

TEST_F(Discover, WhereNothingListensHereTheMailboxesOfTheLastInventoryAreAsked) {
    remember("mta");
    serve(entry("mail.example.com", "mail.example.com"), "box2.example.com");
    const auto inventory = run();
    ASSERT_TRUE(inventory) << inventory.error().what;
    EXPECT_EQ(inventory->source.server, "https://box2.example.com:7071");
    ASSERT_EQ(told.size(), 2U);
    EXPECT_NE(told[0].find("trying https://box1.example.com:9071 of the last inventory"), std::string::npos) << told[0];
    for (const auto& post : transport.posts) {
        if (post.url.find("box") == std::string::npos) continue;
        EXPECT_NE(post.trust.authority, TlsTrust::Authority::anyone) << post.url;
        EXPECT_EQ(post.dial, std::nullopt);
    }
}

TEST_F(Discover, PlainZmprovIsSkippedOnANodeWithoutMailbox) {
    remember("mta");
    configure({{"ssl_allow_untrusted_certs", "true"}});
    zmprov.servers = {"mail.example.com"};
    const auto inventory = run();
    ASSERT_TRUE(inventory) << inventory.error().what;
    EXPECT_EQ(inventory->source.kind, "zmprov-ldap");
    EXPECT_NE(told.back().find("zmprov: skipped"), std::string::npos) << told.back();
    EXPECT_EQ(zmprov.commands.front().arguments.front(), "-l");
}

TEST_F(Discover, ANodeWithMailboxStillTriesZmprov) {
    remember("mailbox");
    zmprov.servers = {"mail.example.com"};
    const auto inventory = run();
    ASSERT_TRUE(inventory);
    EXPECT_EQ(inventory->source.kind, "zmprov");
}

TEST_F(Discover, TheLastInventoryIsNotAskedWhenAnythingElseFails) {
    remember("mta");
    transport.answer = [](const auto&, const auto&) { return failed(Kind::certificate, "unknown authority"); };
    error();
    for (const auto& post : transport.posts) EXPECT_EQ(post.url.find("box"), std::string::npos) << post.url;
}

TEST_F(Discover, ABrokenLastInventoryIsToldAndPassedOver) {
    home.write("last.json", "{}");
    zmprov.servers = {"mail.example.com"};
    ASSERT_TRUE(run());
    EXPECT_NE(told[0].find("the last inventory is of no use"), std::string::npos) << told[0];
}

TEST_F(Discover, WithoutVerificationEveryRunWarns) {
    options.tls_verify = false;
    serve(entry("mail.example.com", "mail.example.com"));
    for (int i = 0; i < 2; ++i) {
        told.clear();
        ASSERT_TRUE(run());
        ASSERT_EQ(told.size(), 1U);
        EXPECT_NE(told[0].find("not verified"), std::string::npos);
    }
}

TEST_F(Discover, AnAuthorityFileThatIsNotThereIsAnErrorOfUse) {
    options.tls_ca = home.path / "absent.pem";
    const auto result = run();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::usage);
    EXPECT_NE(result.error().what.find("absent.pem"), std::string::npos);
    EXPECT_TRUE(transport.posts.empty());
}

/// A node of Carbonio with these packages.
class DiscoverCarbonio : public Discover {
protected:
    DiscoverCarbonio() {
        options.product.family = ProductFamily::carbonio;
        wanted.packages = {"carbonio-videoserver-ce"};
        wanted.mesh = true;
        serve(entry("mta.example.com", "mta.example.com"));
    }
    void install(const std::vector<std::string>& packages) const {
        std::string status;
        for (const auto& name : packages) status += "Package: " + name + "\nStatus: install ok installed\n\n";
        home.write("root/var/lib/dpkg/status", status);
    }
};

TEST_F(DiscoverCarbonio, ANodeThatLdapNeedNotKnowIsAServerAllTheSame) {
    install({"carbonio-core", "carbonio-videoserver-ce"});
    const auto inventory = run();
    ASSERT_TRUE(inventory) << inventory.error().what;
    ASSERT_EQ(inventory->servers.size(), 2U);
    EXPECT_EQ(inventory->servers[0].name, "mail.example.com");
    EXPECT_EQ(inventory->servers[0].known_from, "node");
    const auto& local = inventory->local.at("mail.example.com");
    EXPECT_TRUE(local.packages.contains("carbonio-videoserver-ce"));
    EXPECT_EQ(local.files.at("packages").problem, "");
    EXPECT_EQ(local.files.at("mesh").problem, "");
    EXPECT_EQ(inventory->resolved.at("mail.example.com").addresses.size(), 2U);
}

TEST_F(DiscoverCarbonio, ANodeWithAServiceOfLdapMustBeListed) {
    install({"carbonio-core", "carbonio-mta"});
    EXPECT_NE(error().find("does not list this node"), std::string::npos);
    std::filesystem::remove_all(home.path / "root/var");
    EXPECT_NE(error().find("does not list this node"), std::string::npos);
}

TEST_F(DiscoverCarbonio, ANodeThatIsNotListedNamesThePackagesThatCouldNotBeRead) {
    home.write("root/var/lib/dpkg/status", "Package: carbonio-core\nStatus: install ok inst");
    const auto text = error();
    EXPECT_NE(text.find("does not list this node"), std::string::npos) << text;
    EXPECT_NE(text.find("could not be read: "), std::string::npos) << text;
    EXPECT_NE(text.find("var/lib/dpkg/status:1: the last line is cut off"), std::string::npos) << text;
    install({"carbonio-core", "carbonio-mta"});
    EXPECT_EQ(error().find("could not be read"), std::string::npos) << error();
}

TEST_F(DiscoverCarbonio, TheMeshIsAskedWhereThereIsAToken) {
    install({"carbonio-core"});
    home.write("token", "secret-token\n");
    const auto without = run();
    ASSERT_TRUE(without) << without.error().what;
    EXPECT_TRUE(transport.gets.empty());
    EXPECT_EQ(without->servers[0].mesh_services, std::nullopt);
    options.consul.token_file = home.path / "token";
    transport.answer_get = [](const HttpEndpoint& endpoint, const auto&) {
        if (endpoint.url.ends_with("/nodes"))
            return ok(R"([{"Node":"server-mail-example-com","Address":"192.0.2.10"}])");
        if (endpoint.url.ends_with("/agent/services")) return ok("{}");
        return ok(R"({"Node":{"Node":"server-mail-example-com"},"Services":[{"Service":"consul"}]})");
    };
    const auto with = run();
    ASSERT_TRUE(with) << with.error().what;
    EXPECT_EQ(with->servers[0].mesh_services, (std::set<std::string, std::less<>>{"consul"}));
    EXPECT_EQ(to_json(*with).find("secret-token"), std::string::npos);
    transport.answer_get = [](const auto&, const auto&) { return failed(Kind::connect, "connection refused"); };
    EXPECT_NE(error().find("/v1/catalog/nodes: connection refused"), std::string::npos);
}

TEST_F(Discover, AZimbraWithoutAMeshDoesNotAskForOne) {
    serve(entry("mail.example.com", "mail.example.com"));
    options.consul.token_file = home.path / "token";
    ASSERT_TRUE(run());
    EXPECT_TRUE(transport.gets.empty());
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0], "Consul is not asked: zimbra has no mesh");
}

}  // namespace
}  // namespace zmi
