#include <plugin/plan/plan_json.hpp>
#include <plugin/plan/read_plan.hpp>
#include "deployment.hpp"

namespace zmfw::test {
namespace {

using Words = std::vector<std::string>;

Deployment cluster() {
    Deployment deployment;
    deployment.server("ldap1", "ldap stats", "10.0.0.1");
    deployment.server("mta1", "mta amavis antispam antivirus opendkim", "10.0.0.2");
    deployment.proxy("proxy1", "10.0.0.3");
    deployment.mailstore("mbox1", "10.0.0.11", "logger").mailstore("mbox2", "10.0.0.12");
    deployment.global("zimbraLogHostname", "mbox1");
    return deployment.local("ldap1", "ldap_url", "ldap://ldap1:389");
}

ServerPlan outbound_of(Deployment& deployment, const std::string& server) {
    auto sorted = deployment.inventory();
    std::sort(sorted.servers.begin(), sorted.servers.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    return derive_plan(sorted, catalogue(), deployment.policy_value(), server, true).servers.at(0);
}

std::vector<const OpenPort*> all_of(const ServerPlan& plan, std::string_view endpoint) {
    std::vector<const OpenPort*> found;
    for (const auto& out : *plan.outbound) {
        if (out.endpoint == endpoint) found.push_back(&out);
    }
    return found;
}

Words destinations(const OpenPort& out) {
    Words words;
    for (const auto& cidr : out.sources) words.push_back(cidr.to_string());
    return words;
}

const Words k_anybody = {"0.0.0.0/0", "::/0"};

/// With a resolv.conf that names these servers.
void name_servers(Deployment& deployment, const std::string& server, const std::string& addresses) {
    auto& file = deployment.inventory().local[server].files["resolv.conf"];
    file.path = "/etc/resolv.conf";
    file.settings["nameserver"] = addresses;
}

TEST(Outbound, IsNotInAPlanThatDidNotAskForIt) {
    auto deployment = cluster();
    const auto without = deployment.plan("mta1");
    EXPECT_FALSE(without.outbound);
    const auto with = outbound_of(deployment, "mta1");
    EXPECT_NE(with.digest, without.digest);
    EXPECT_EQ(open_in_words(with), open_in_words(without));
}

TEST(Outbound, IsTheOtherEndOfWhatThePeersLetIn) {
    auto deployment = cluster();
    const auto plan = deployment.plan();
    for (const auto& client : plan.servers) {
        const auto outbound = outbound_of(deployment, client.name);
        ASSERT_TRUE(outbound.complete()) << client.name;
        std::set<std::string> wanted;
        for (const auto& listener : plan.servers) {
            for (const auto& open : listener.open) {
                if (std::find(open.peers.begin(), open.peers.end(), client.name) == open.peers.end()) continue;
                for (const auto& address : listener.addresses)
                    wanted.insert(open.endpoint + " " + open.port.to_string() + " " + address.to_string());
            }
        }
        std::set<std::string> found;
        for (const auto& out : *outbound.outbound) {
            if (out.audience != "cluster") continue;
            for (const auto& cidr : out.sources)
                found.insert(out.endpoint + " " + out.port.to_string() + " " + cidr.network.to_string());
        }
        for (const auto& way : wanted) EXPECT_TRUE(found.contains(way)) << client.name << " cannot reach " << way;
        // What is open to the public names no peers, and is reached all the same.
        std::erase_if(found, [&](const auto& way) {
            return wanted.contains(way) || way.starts_with("smtp 25 ") || way.starts_with("ssh 22 ");
        });
        EXPECT_TRUE(found.empty()) << client.name << " reaches " << (found.empty() ? "" : *found.begin());
    }
}

TEST(Outbound, ReachesAPortOfAPeerThatIsOpenToThePublic) {
    auto deployment = cluster();
    const auto plan = outbound_of(deployment, "mbox1");
    ASSERT_EQ(all_of(plan, "smtp").size(), 1U);
    EXPECT_EQ(destinations(*all_of(plan, "smtp").front()), Words{"10.0.0.2/32"});
    EXPECT_EQ(all_of(plan, "smtp").front()->peers, Words{"mta1"});
}

TEST(Outbound, DoesNotReachWhatThePolicyClosesOnThePeer) {
    auto deployment = cluster();
    deployment.policy("<close endpoint=\"lmtp\"/>");
    EXPECT_TRUE(all_of(outbound_of(deployment, "mta1"), "lmtp").empty());
}

TEST(Outbound, LetsAnMtaDeliverToAnybodyUnlessItHasARelay) {
    auto deployment = cluster();
    auto plan = outbound_of(deployment, "mta1");
    ASSERT_EQ(all_of(plan, "smtp-out").size(), 1U);
    EXPECT_EQ(destinations(*all_of(plan, "smtp-out").front()), k_anybody);
    EXPECT_TRUE(all_of(outbound_of(deployment, "proxy1"), "smtp-out").empty());
    deployment.global("zimbraMtaRelayHost", "203.0.113.25:587");
    plan = outbound_of(deployment, "mta1");
    EXPECT_TRUE(all_of(plan, "smtp-out").empty());
    ASSERT_EQ(all_of(plan, "smtp-relay").size(), 1U);
    EXPECT_EQ(all_of(plan, "smtp-relay").front()->port.first, 587);
    EXPECT_EQ(destinations(*all_of(plan, "smtp-relay").front()), Words{"203.0.113.25/32"});
}

TEST(Outbound, LetsARelayThatOnlyHasANameBeAnyAddressAndTellsTheName) {
    auto deployment = cluster();
    deployment.global("zimbraMtaRelayHost", "[relay.example.net]:2525");
    const auto plan = outbound_of(deployment, "mta1");
    ASSERT_TRUE(plan.complete());
    const auto& relay = *all_of(plan, "smtp-relay").front();
    EXPECT_EQ(destinations(relay), k_anybody);
    EXPECT_EQ(relay.peers, Words{"relay.example.net"});
    EXPECT_EQ(relay.port.first, 2525);
}

TEST(Outbound, FindsARelayAmongTheServers) {
    auto deployment = cluster();
    deployment.set("mta1", "zimbraMtaFallbackRelayHost", "mbox2");
    const auto plan = outbound_of(deployment, "mta1");
    EXPECT_EQ(destinations(*all_of(plan, "smtp-fallback-relay").front()), Words{"10.0.0.12/32"});
}

TEST(Outbound, MakesNoPlanFromARelayThatIsNoHost) {
    auto deployment = cluster();
    deployment.global("zimbraMtaRelayHost", "relay example;net");
    const auto plan = outbound_of(deployment, "mta1");
    ASSERT_FALSE(plan.complete());
    EXPECT_NE(plan.problems.front().text.find("zimbraMtaRelayHost"), std::string::npos) << plan.problems.front().text;
    EXPECT_TRUE(deployment.plan("mta1").complete()) << "it decides nothing that comes in";
}

TEST(Outbound, AsksTheNameServersOfResolvConfAndNobodyElse) {
    auto deployment = cluster();
    name_servers(deployment, "ldap1", "10.0.0.53 2001:db8::53");
    const auto plan = outbound_of(deployment, "ldap1");
    for (const auto* id : {"dns-udp", "dns-tcp"})
        EXPECT_EQ(destinations(*all_of(plan, id).front()), (Words{"10.0.0.53/32", "2001:db8::53/128"}));
    EXPECT_EQ(destinations(*all_of(outbound_of(deployment, "mta1"), "dns-udp").front()), k_anybody)
        << "what another node asks is not known";
}

TEST(Outbound, LetsALocalResolverAskAnybodyAndADnsCacheItsMasters) {
    auto deployment = cluster();
    name_servers(deployment, "ldap1", "127.0.0.53");
    EXPECT_EQ(destinations(*all_of(outbound_of(deployment, "ldap1"), "dns-udp").front()), k_anybody);
    deployment.inventory().servers[0].own["zimbraServiceEnabled"].emplace_back("dnscache");
    deployment.set("ldap1", "zimbraDNSMasterIP", std::vector<std::string>{"10.0.0.53", "10.0.0.54"});
    const auto plan = outbound_of(deployment, "ldap1");
    EXPECT_TRUE(all_of(plan, "dns-udp").empty());
    EXPECT_EQ(destinations(*all_of(plan, "dns-upstream-udp").front()), (Words{"10.0.0.53/32", "10.0.0.54/32"}));
}

TEST(Outbound, MakesNoPlanFromAResolvConfThatCannotBeRead) {
    auto deployment = cluster();
    auto& file = deployment.inventory().local["ldap1"].files["resolv.conf"];
    file = {"/etc/resolv.conf", "line 2: nameserver needs an address", {}};
    EXPECT_FALSE(outbound_of(deployment, "ldap1").complete());
    file.problem = zmi::k_no_such_file;
    EXPECT_TRUE(outbound_of(deployment, "ldap1").complete());
}

TEST(Outbound, OpensNothingOnAnUnverifiedFactUnlessThePolicyAcceptsIt) {
    auto deployment = cluster();
    const auto closed = [](const ServerPlan& plan, std::string_view id) {
        return std::any_of(plan.outbound_closed.begin(), plan.outbound_closed.end(),
                           [&](const auto& one) { return one.endpoint == id; });
    };
    auto plan = outbound_of(deployment, "mbox1");
    EXPECT_TRUE(all_of(plan, "external-directory").empty());
    EXPECT_TRUE(closed(plan, "external-directory"));
    deployment.policy("<accept endpoint=\"external-directory\"/><close endpoint=\"package-updates\"/>");
    plan = outbound_of(deployment, "mbox1");
    EXPECT_EQ(all_of(plan, "external-directory").size(), 4U);
    EXPECT_FALSE(closed(plan, "external-directory"));
    EXPECT_TRUE(all_of(plan, "package-updates").empty());
    EXPECT_TRUE(closed(plan, "package-updates"));
}

TEST(Outbound, AddsWhatThePolicyLetsOut) {
    auto deployment = cluster();
    deployment.policy(
        "<network name=\"proxies\"><cidr>192.0.2.8/31</cidr></network>"
        "<egress to=\"proxies\" port=\"3128\" protocol=\"tcp\" server=\"mbox1\" comment=\"updates\"/>");
    const auto plan = outbound_of(deployment, "mbox1");
    ASSERT_EQ(all_of(plan, "policy").size(), 1U);
    EXPECT_EQ(destinations(*all_of(plan, "policy").front()), Words{"192.0.2.8/31"});
    EXPECT_TRUE(all_of(outbound_of(deployment, "mbox2"), "policy").empty());
}

TEST(Outbound, NeedsTheAddressesOfThePeers) {
    auto deployment = cluster();
    deployment.addresses("mbox2", {});
    const auto plan = outbound_of(deployment, "mta1");
    ASSERT_FALSE(plan.complete());
    EXPECT_EQ(plan.problems.front().server, "mbox2");
    const auto other = outbound_of(deployment, "mbox1");
    EXPECT_FALSE(other.complete()) << "it connects to mbox2 as well";
}

TEST(Outbound, StandsInTheJsonOnlyWhereItWasAskedFor) {
    auto deployment = cluster();
    EXPECT_EQ(to_json(deployment.plan()).find("\"outbound"), std::string::npos);
    Plan plan;
    plan.servers.push_back(outbound_of(deployment, "mta1"));
    const auto json = to_json(plan);
    EXPECT_NE(json.find("\"outbound\": ["), std::string::npos);
    EXPECT_NE(json.find("\"outbound_closed\": ["), std::string::npos);
}

TEST(Outbound, IsReadBackAsItWasWritten) {
    auto deployment = cluster();
    Plan plan;
    plan.source = deployment.inventory().source;
    plan.made_at = "2026-11-24T06:15:48Z";
    plan.this_node = "ldap1";
    plan.servers.push_back(outbound_of(deployment, "mta1"));
    const auto written = to_json(plan);
    const auto read = read_plan(written);
    ASSERT_TRUE(read) << read.error().what;
    EXPECT_EQ(to_json(*read), written);
    auto changed = written;
    const auto at = changed.find("\"destinations\": [", changed.find("\"outbound\": ["));
    changed.replace(changed.find("10.0.0.1/32", at), 11, "10.0.9.9/32");
    EXPECT_FALSE(read_plan(changed)) << "the digest is of what leaves as well";
}

TEST(Outbound, GivesEveryEntryAReasonOfItsOwn) {
    auto deployment = cluster();
    for (const auto& server : deployment.plan().servers) {
        std::set<std::string> reasons;
        const auto plan = outbound_of(deployment, server.name);
        for (const auto& out : *plan.outbound) {
            EXPECT_TRUE(reasons.insert(out.reason).second) << out.endpoint;
            EXPECT_FALSE(out.because.empty()) << out.endpoint;
            EXPECT_FALSE(out.sources.empty()) << out.endpoint;
        }
    }
}

}  // namespace
}  // namespace zmfw::test
