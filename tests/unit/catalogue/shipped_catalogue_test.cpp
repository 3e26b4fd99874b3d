#include "shipped_catalogue.hpp"

#include <map>
#include <plugin/policy/policy.hpp>
#include <regex>

namespace zmfw::test {
namespace {

using Kind = Condition::Kind;

bool is_live(const Endpoint& endpoint) {
    return !endpoint.dead && endpoint.audience != Audience::loopback && endpoint.audience != Audience::nobody;
}

/// Those of both products.
const std::vector<const Catalogue*>& both() {
    static const std::vector<const Catalogue*> catalogues = {&shipped_catalogue(), &shipped_catalogue("carbonio")};
    return catalogues;
}

template <class T>
std::set<std::string> ids_of(const std::vector<T>& list) {
    std::set<std::string> ids;
    for (const auto& one : list) ids.insert(one.id);
    return ids;
}

TEST(ShippedCatalogue, HasEveryEndpointAndFlowOnce) {
    for (const auto* catalogue : both()) {
        EXPECT_EQ(ids_of(catalogue->endpoints).size(), catalogue->endpoints.size());
        EXPECT_EQ(ids_of(catalogue->flows).size(), catalogue->flows.size());
        EXPECT_EQ(ids_of(catalogue->findings).size(), catalogue->findings.size());
    }
    // 77 of Zimbra and 13 of Zextras Suite; 76 of Carbonio, less what leaves, and second protocols, services, numbers.
    EXPECT_EQ(both()[0]->endpoints.size(), 77U + 13U);
    EXPECT_EQ(both()[1]->endpoints.size(), 76U - 1U + 3U + 2U + 10U);
    const auto of_reference = [](const Catalogue& catalogue) {
        return std::count_if(catalogue.flows.begin(), catalogue.flows.end(),
                             [](const Flow& flow) { return !flow.own; });
    };
    EXPECT_EQ(of_reference(*both()[0]), 35 + 6);
    EXPECT_EQ(of_reference(*both()[1]), 27);
}

TEST(ShippedCatalogue, SaysOfEveryEndpointWhatItIsAndWhereThatWasRead) {
    for (const auto* catalogue : both()) {
        for (const auto& endpoint : catalogue->endpoints) {
            EXPECT_FALSE(endpoint.title.empty()) << endpoint.id;
            EXPECT_FALSE(endpoint.versions.empty()) << endpoint.id;
            EXPECT_FALSE(endpoint.confidence.empty()) << endpoint.id;
            EXPECT_FALSE(endpoint.sources.empty()) << endpoint.id;
            EXPECT_FALSE(endpoint.listens.kind == Kind::all_of && endpoint.listens.children.empty()) << endpoint.id;
        }
    }
}

TEST(ShippedCatalogue, SaysWhyTheDeadAreClosedAndNeverLetsThemListen) {
    std::size_t dead = 0;
    for (const auto* catalogue : both()) {
        for (const auto& endpoint : catalogue->endpoints) {
            if (!endpoint.dead) continue;
            ++dead;
            EXPECT_EQ(endpoint.audience, Audience::nobody) << endpoint.id;
            EXPECT_EQ(endpoint.listens.kind, Kind::never) << endpoint.id;
            EXPECT_FALSE(endpoint.closed_because.empty()) << endpoint.id;
        }
    }
    EXPECT_EQ(dead, 8U + 1U + 10U);
}

TEST(ShippedCatalogue, LeavesNoLiveEndpointWithoutAClient) {
    for (const auto* catalogue : both()) {
        for (const auto& endpoint : catalogue->endpoints) {
            if (is_live(endpoint)) {
                EXPECT_FALSE(flows_to(*catalogue, endpoint.id).empty()) << endpoint.id;
            }
        }
    }
}

TEST(ShippedCatalogue, LetsNoFlowReachALoopbackEndpoint) {
    for (const auto* catalogue : both()) {
        for (const auto& endpoint : catalogue->endpoints) {
            const bool closed = endpoint.audience == Audience::loopback || endpoint.audience == Audience::nobody;
            if (closed) {
                EXPECT_TRUE(flows_to(*catalogue, endpoint.id).empty()) << endpoint.id;
            }
        }
    }
}

TEST(ShippedCatalogue, OpensOnlyPublicEndpointsToTheInternet) {
    for (const auto* catalogue : both()) {
        for (const auto& flow : catalogue->flows) {
            const auto& network = catalogue->roles.at(flow.from).network;
            if (network.empty()) continue;
            for (const auto& reach : flow.reaches) {
                EXPECT_EQ(to_string(catalogue->find(reach.endpoint)->audience), network)
                    << flow.id << " " << reach.endpoint;
            }
        }
    }
}

TEST(ShippedCatalogue, KeepsThePublicOffMailstoresWhereAProxyExists) {
    for (const auto* catalogue : both()) {
        for (const auto& flow : catalogue->flows) {
            // Chat clients come to the mailstore itself: no proxy hands XMPP on.
            if (flow.from != "internet" || flow.to != "mailstore" || flow.id == "fz-chat") continue;
            for (const auto& reach : flow.reaches) {
                if (!catalogue->find(reach.endpoint)->verified) continue;
                ASSERT_EQ(reach.to_when.kind, Kind::none_of) << flow.id;
                EXPECT_TRUE(uses(*catalogue, reach.to_when, Kind::use, "proxy-exists")) << flow.id;
            }
        }
    }
}

TEST(ShippedCatalogue, AsksForMemcachedBeforeAnyPortOfTheProxy) {
    const auto& catalogue = shipped_catalogue();
    for (const auto& endpoint : catalogue.endpoints) {
        if (endpoint.process != "nginx") continue;
        EXPECT_TRUE(uses(catalogue, endpoint.listens, Kind::use, "memcached-available")) << endpoint.id;
    }
}

TEST(ShippedCatalogue, DialsEitherTheTlsOrThePlainUpstream) {
    const auto& catalogue = shipped_catalogue();
    const std::map<std::string, bool> tls = {
        {"f-proxy-web", true}, {"f-proxy-mail-tls", true}, {"f-proxy-web-plain", false}, {"f-proxy-mail-plain", false}};
    const auto is_switch = [](const Condition& one) {
        return one.kind == Kind::is_true && one.name == "zimbraReverseProxySSLToUpstreamEnabled";
    };
    std::size_t seen = 0;
    for (const auto& flow : catalogue.flows) {
        if (!tls.contains(flow.id)) continue;
        for (const auto& reach : flow.reaches) {
            const auto& all = reach.from_when.children;
            const bool plain = std::any_of(all.begin(), all.end(), [&](const Condition& one) {
                return one.kind == Kind::none_of && is_switch(one.children.front());
            });
            EXPECT_EQ(std::any_of(all.begin(), all.end(), is_switch), tls.at(flow.id)) << flow.id;
            EXPECT_EQ(plain, !tls.at(flow.id)) << flow.id;
            ++seen;
        }
    }
    EXPECT_EQ(seen, 6U);
}

TEST(ShippedCatalogue, NeverOpensAnythingUnverifiedByItself) {
    const std::set<std::string> unverified = {
        "chat-s2s",      "chat-xmpp",     "chat-xmpp-ssl", "license-daemon", "nalpeiron",     "rabbitmq-25672",
        "rabbitmq-4369", "rabbitmq-5672", "ssdb",          "zookeeper",      "zx-http",       "zx-https",
        "z-core-8735",   "z-core-8736",   "z-zx-8742",     "z-zx-8743",      "z-ldapab-8389", "z-video-8188",
        "z-video-rtp",   "z-docs-9980",   "z-docs-8443"};
    std::set<std::string> found;
    for (const auto& endpoint : shipped_catalogue().endpoints) {
        if (!endpoint.verified) found.insert(endpoint.id);
        if (!endpoint.verified) {
            EXPECT_FALSE(endpoint.closed_because.empty()) << endpoint.id;
        }
    }
    EXPECT_EQ(found, unverified);
}

/// What audit finds in live sockets; no plan has it, so it stops no rules.
bool is_of_audit(const FindingSpec& finding) {
    return finding.kind.starts_with("live-") || finding.kind.starts_with("listener-") ||
           finding.kind == "dual-stack-gap" || finding.kind.starts_with("rules-");
}

TEST(ShippedCatalogue, StopsRulesForFiveFindingsAlone) {
    const std::set<std::string> expected = {"only-loopback-address", "port-conflict", "ports-swapped",
                                            "sshd-unreadable", "upstream-port-indirection"};
    for (const auto* catalogue : both()) {
        std::set<std::string> blockers;
        for (const auto& finding : catalogue->findings) {
            if (finding.severity == Severity::blocker && !is_of_audit(finding)) blockers.insert(finding.id);
        }
        EXPECT_EQ(blockers, expected);
    }
}

/// Of a database that is for its own node; and of memcached where the node has no other proxy and no internal address,
/// and then only where no mailstore is told of it.
TEST(ShippedCatalogue, AdvisesTheLoopbackOnlyWhereNobodyElseConnects) {
    for (const auto& finding : shipped_catalogue().findings) {
        for (const auto& remedy : finding.remedy) {
            EXPECT_EQ(remedy.text.find("127.0.0.1"), std::string::npos) << finding.id;
            for (const auto& change : remedy.changes) {
                if (change.value != "127.0.0.1" || finding.id == "live-database") continue;
                EXPECT_EQ(finding.id, "live-memcached-public-alone");
                EXPECT_EQ(finding.when.kind, Condition::Kind::none_of);
                EXPECT_EQ(finding.when.children.at(0).kind, Condition::Kind::other_server);
                EXPECT_EQ(remedy.without, "internal");
                EXPECT_EQ(remedy.safe_when.kind, Condition::Kind::none_of);
            }
        }
    }
}

TEST(ShippedCatalogue, ComparesWithTheFourteenWellKnownPorts) {
    const std::vector<std::uint16_t> ports = {25, 80, 110, 143, 443, 465, 587, 993, 995, 3443, 5222, 5223, 7071, 9071};
    const auto& findings = shipped_catalogue().findings;
    const auto found = std::find_if(findings.begin(), findings.end(),
                                    [](const FindingSpec& finding) { return finding.kind == "static-list"; });
    ASSERT_NE(found, findings.end());
    EXPECT_EQ(found->ports, ports);
}

/// What plan/findings.cpp fills in, beside {server} and {address}.
const std::map<std::string, std::set<std::string>>& words_by_kind() {
    static const std::map<std::string, std::set<std::string>> words = {
        {"condition", {"attribute", "value", "each-port"}},
        {"bind-any", {"endpoint", "port", "title"}},
        {"public-address", {"endpoint", "port", "title"}},
        {"loopback-but-needed", {"endpoint", "port", "title", "peers"}},
        {"static-list", {"spared", "ports", "count"}},
        {"admin-network-missing", {"endpoint", "port", "title"}},
        {"port-conflict", {"endpoint", "port", "title", "other"}},
        {"ports-swapped",
         {"endpoint", "port", "title", "backend-server", "front", "front-port", "front-server", "attribute",
          "front-attribute"}},
        {"only-loopback-address", {"host"}},
        {"name-resolves-to-loopback", {"host", "value"}},
        {"unresolvable-name", {"host", "problem"}},
        {"installed-not-enabled", {"services"}},
        {"invalid-value", {"attribute", "problem", "endpoint", "command"}},
        {"remote-facts-assumed", {"facts"}},
        {"file-unreadable", {"file", "problem"}},
        {"master-cf-extra", {"port", "value", "file", "address"}},
        {"sshd-unknown", {"file", "problem"}},
        {"sshd-unreadable", {"file", "problem"}},
        {"admin-network-any", {"endpoint", "port", "title"}},
        {"unverified-endpoint", {"endpoint", "port", "title", "reason"}},
        {"closed-but-needed", {"endpoint", "port", "title", "peers"}},
        {"mesh-port-wrong", {"endpoint", "port", "title", "file", "value", "registered"}},
        {"unknown-host", {"attribute", "value", "host"}}};
    return words;
}

std::set<std::string> words_in(const std::string& text) {
    static const std::regex word("\\{([a-z-]+)\\}");
    std::set<std::string> found;
    for (std::sregex_iterator at(text.begin(), text.end(), word), end; at != end; ++at) found.insert((*at)[1]);
    return found;
}

void uses_only_known_words(const Catalogue& catalogue) {
    for (const auto& finding : catalogue.findings) {
        // What plugin/audit/exposures.cpp fills in.
        static const std::set<std::string> audit = {
            "endpoint", "title",    "protocol", "port",  "addresses", "public", "expected", "configured",   "program",
            "comment",  "internal", "missing",  "extra", "format",    "past",   "cause",    "internal-name"};
        ASSERT_TRUE(is_of_audit(finding) || words_by_kind().contains(finding.kind)) << finding.id << finding.kind;
        const auto& known = is_of_audit(finding) ? audit : words_by_kind().at(finding.kind);
        auto used = words_in(finding.text);
        for (const auto& remedy : finding.remedy) {
            used.merge(words_in(remedy.text));
            for (const auto& word : {remedy.needs, remedy.without}) {
                if (!word.empty()) used.insert(word);
            }
            for (const auto& change : remedy.changes)
                used.merge(words_in(change.server + change.name + change.value + change.value_of));
        }
        for (const auto& word : used) {
            EXPECT_TRUE(word == "server" || word == "address" || known.contains(word)) << finding.id << " " << word;
        }
    }
}

TEST(ShippedCatalogue, UsesOnlyWordsThatTheFindingsFillIn) {
    for (const auto* catalogue : both()) uses_only_known_words(*catalogue);
}

std::string filled(std::string remedy) {
    static const std::map<std::string, std::string> words = {{"server", "mail.example.com"},
                                                             {"endpoint", "smtp"},
                                                             {"port", "25"},
                                                             {"each-port", "25"},
                                                             {"protocol", "tcp"},
                                                             {"comment", "agent"},
                                                             {"internal", "10.0.0.5"},
                                                             {"command", "zmprov gs mail.example.com"},
                                                             {"attribute", "zimbraMailPort"}};
    for (const auto& [word, value] : words) {
        remedy = std::regex_replace(remedy, std::regex("\\{" + word + "\\}"), value);
    }
    return remedy;
}

TEST(ShippedCatalogue, AdvisesCommandsOfZimbraOrLinesThatThePolicyTakes) {
    static const std::regex command("(zmprov|carbonio prov|zmlocalconfig|zm[a-z]+ctl|ldap|mysql\\.server|zmfirewall|sed -i) .+");
    for (const auto* catalogue : both()) {
        for (const auto& finding : catalogue->findings) {
            for (const auto& remedy : finding.remedy) {
                if (!remedy.changes.empty()) continue;
                if (!remedy.text.starts_with("<")) {
                    EXPECT_TRUE(std::regex_match(filled(remedy.text), command)) << finding.id << ": " << remedy.text;
                    continue;
                }
                const auto policy = parse_policy("<policy>" + filled(remedy.text) + "</policy>", "policy");
                EXPECT_TRUE(policy.has_value()) << finding.id << ": " << (policy ? "" : policy.error().what);
            }
        }
    }
}

}  // namespace
}  // namespace zmfw::test
