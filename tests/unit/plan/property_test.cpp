#include <plugin/plan/plan_json.hpp>
#include <random>
#include <set>

#include "deployment.hpp"

namespace zmfw::test {
namespace {

const std::vector<std::string> k_services = {
    "ldap",   "mailbox", "service",  "zimbra",    "zimbraAdmin", "memcached",  "proxy",
    "mta",    "amavis",  "antispam", "antivirus", "opendkim",    "cbpolicyd",  "dnscache",
    "logger", "snmp",    "spell",    "convertd",  "imapd",       "onlyoffice", "docs"};

/// Deployments that nobody would build, the same ones at every run.
class RandomDeployment {
public:
    explicit RandomDeployment(unsigned seed) : m_random(seed) {
        const auto size = 1 + pick(6);
        for (std::size_t i = 0; i < size; ++i)
            add_server("node" + std::to_string(i), "10.0.0." + std::to_string(i + 1));
        deployment.local("node0", "ldap_url", "ldap://node0:389 ldap://node1:389 ldap://node2:389");
        deployment.inventory().local["node0"].localconfig["ldap_master_url"] = "ldap://node3 ldap://node4 ldap://node5";
        deployment.global("zimbraReverseProxySSLToUpstreamEnabled", flag()).global("zimbraLogHostname", "node0");
        deployment.global("zimbraMailProxyPort", "80").global("zimbraMailSSLProxyPort", "443");
    }

    Deployment deployment;

    std::size_t pick(std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(m_random); }

private:
    std::string flag() { return pick(2) == 0 ? "TRUE" : "FALSE"; }

    void add_server(const std::string& name, const std::string& address) {
        std::string services;
        for (const auto& service : k_services) {
            if (pick(3) == 0) services += service + " ";
        }
        deployment.server(name, services, address);
        static const std::vector<std::string> modes = {"http", "https", "both", "mixed", "redirect"};
        deployment.set(name, "zimbraMailMode", modes[pick(modes.size())]);
        deployment.set(name, "zimbraReverseProxyMailMode", modes[pick(modes.size())]);
        deployment.set(name, "zimbraMailPort", "8080").set(name, "zimbraMailSSLPort", "8443");
        for (const auto* attribute :
             {"zimbraReverseProxyLookupTarget", "zimbraMtaAuthTarget", "zimbraReverseProxyHttpEnabled",
              "zimbraReverseProxyMailEnabled", "zimbraReverseProxyAdminEnabled", "zimbraImapServerEnabled"}) {
            deployment.set(name, attribute, flag());
        }
        static const std::vector<std::string> ip_modes = {"ipv4", "ipv6", "both"};
        deployment.set(name, "zimbraIPMode", ip_modes[pick(ip_modes.size())]);
        deployment.addresses(name, {address, "2001:db8::" + std::to_string(pick(999) + 1)});
    }

    std::mt19937 m_random;
};

TEST(Property, TheSameInventoryGivesTheSameBytes) {
    for (unsigned seed = 0; seed < 40; ++seed) {
        EXPECT_EQ(to_json(RandomDeployment(seed).deployment.plan()), to_json(RandomDeployment(seed).deployment.plan()))
            << seed;
    }
}

TEST(Property, NothingIsOpenWithoutACatalogueEntryAndAReason) {
    for (unsigned seed = 0; seed < 60; ++seed) {
        for (const auto& server : RandomDeployment(seed).deployment.plan().servers) {
            for (const auto& open : server.open) {
                const auto* endpoint = catalogue().find(open.endpoint);
                ASSERT_NE(endpoint, nullptr) << open.endpoint;
                EXPECT_TRUE(endpoint->verified && !endpoint->dead) << open.endpoint;
                EXPECT_NE(endpoint->audience, Audience::loopback) << open.endpoint;
                EXPECT_NE(endpoint->audience, Audience::nobody) << open.endpoint;
                EXPECT_FALSE(open.because.empty()) << open.endpoint;
                EXPECT_FALSE(open.sources.empty()) << open.endpoint;
            }
        }
    }
}

TEST(Property, NoServerIsItsOwnPeerAndNoSourceIsLoopback) {
    for (unsigned seed = 0; seed < 60; ++seed) {
        for (const auto& server : RandomDeployment(seed).deployment.plan().servers) {
            for (const auto& open : server.open) {
                EXPECT_EQ(std::count(open.peers.begin(), open.peers.end(), server.name), 0) << open.endpoint;
                for (const auto& source : open.sources) EXPECT_FALSE(source.network.is_loopback()) << open.endpoint;
            }
        }
    }
}

/// (endpoint, port, audience, source) of a server.
std::set<std::string> accepted(const ServerPlan& plan) {
    std::set<std::string> all;
    for (const auto& open : plan.open) {
        for (const auto& source : open.sources) {
            all.insert(open.protocol + " " + open.port.to_string() + " " + source.to_string());
        }
    }
    return all;
}

/// The one service that does close ports by being enabled, as it must: a proxy takes over what the mailstores served.
TEST(Property, EnablingAServiceNeverClosesAPortButAProxyTakesOverFromTheMailstores) {
    for (unsigned seed = 0; seed < 40; ++seed) {
        RandomDeployment before(seed);
        const auto& service = k_services[before.pick(k_services.size())];
        if (service == "proxy") continue;
        RandomDeployment after(seed);
        auto& server = after.deployment.inventory().servers.front();
        server.own["zimbraServiceEnabled"].push_back(service);
        const auto plans_before = before.deployment.plan();
        const auto plans_after = after.deployment.plan();
        for (std::size_t i = 0; i < plans_before.servers.size(); ++i) {
            if (!plans_before.servers[i].complete() || !plans_after.servers[i].complete()) continue;
            const auto had = accepted(plans_before.servers[i]);
            const auto has = accepted(plans_after.servers[i]);
            EXPECT_TRUE(std::includes(has.begin(), has.end(), had.begin(), had.end()))
                << "seed " << seed << ": " << service << " closed a port of " << plans_before.servers[i].name;
        }
    }
}

TEST(Property, WhatThePolicyClosesIsClosedAndNothingElseChanges) {
    for (unsigned seed = 0; seed < 20; ++seed) {
        RandomDeployment open(seed);
        RandomDeployment closed(seed);
        closed.deployment.policy("<close endpoint='smtp'/>");
        const auto plans_open = open.deployment.plan();
        const auto plans_closed = closed.deployment.plan();
        for (std::size_t i = 0; i < plans_open.servers.size(); ++i) {
            EXPECT_EQ(find_open(plans_closed.servers[i], "smtp"), nullptr);
            auto without = plans_open.servers[i].open;
            std::erase_if(without, [](const OpenPort& port) { return port.endpoint == "smtp"; });
            EXPECT_EQ(without.size(), plans_closed.servers[i].open.size());
        }
    }
}

}  // namespace
}  // namespace zmfw::test
