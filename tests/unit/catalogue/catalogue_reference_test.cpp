#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <regex>

#include "shipped_catalogue.hpp"

/// Compares the catalogue with the research it was written from, so that neither drifts. Runs where that is.
namespace zmfw::test {
namespace {

using Json = nlohmann::json;
using Kind = Condition::Kind;
using PortKind = PortSource::Kind;

constexpr const char* k_reference = ZMFIREWALL_SOURCE_DIR "/../shared/reference/zimbra-endpoints.json";

/// The XML wraps its texts.
std::string folded(const std::string& text) {
    return std::regex_replace(std::regex_replace(text, std::regex("\\s+"), " "), std::regex("^ | $"), "");
}

std::vector<std::string> texts(const Json& list) {
    std::vector<std::string> all;
    for (const auto& one : list) all.push_back(folded(one.get<std::string>()));
    return all;
}

std::string joined(const Json& list) {
    std::string all;
    for (const auto& one : list) all += one.get<std::string>() + "\n";
    return all;
}

std::vector<std::string> all_matches(const std::string& text, const std::string& pattern) {
    const std::regex regex(pattern);
    std::vector<std::string> found;
    for (std::sregex_iterator at(text.begin(), text.end(), regex), end; at != end; ++at) found.push_back((*at)[0]);
    return found;
}

std::set<std::string> attributes_named(const std::string& text) {
    const auto found = all_matches(text, "zimbra[A-Z]\\w+");
    return {found.begin(), found.end()};
}

std::string first_word(const std::string& text) {
    return text.substr(0, text.find_first_of(" ,/"));
}

std::vector<PortRange> numbers_in(const std::string& text) {
    std::vector<PortRange> numbers;
    for (const auto& word : all_matches(text, "[0-9]+"))
        numbers.push_back(one_port(static_cast<std::uint16_t>(std::stoi(word))));
    return numbers;
}

class CatalogueReference : public testing::Test {
protected:
    void SetUp() override {
        std::ifstream file(k_reference);
        if (!file) GTEST_SKIP() << "there is no " << k_reference << ": the catalogue is not compared with it";
        m_json = Json::parse(file, nullptr, false);
        ASSERT_FALSE(m_json.is_discarded()) << k_reference << " is not JSON";
    }

    [[nodiscard]] static const Catalogue& catalogue() { return shipped_catalogue(); }
    [[nodiscard]] const Json& flows() const { return m_json.at("flows"); }

    /// Calls `check` with every endpoint of the reference and ours of the same id.
    template <class Check>
    void for_each_endpoint(const Check& check) const {
        for (const auto& reference : m_json.at("endpoints")) {
            const auto id = reference.at("id").get<std::string>();
            SCOPED_TRACE(id);
            const auto* ours = catalogue().find(id);
            if (ours == nullptr) {
                ADD_FAILURE() << "the catalogue has no such endpoint";
            } else {
                check(reference, *ours);
            }
        }
    }

    [[nodiscard]] static const AttributeSpec& attribute(const std::string& name) {
        static const AttributeSpec none;
        const auto found = catalogue().attributes.find(name);
        EXPECT_NE(found, catalogue().attributes.end()) << name;
        return found == catalogue().attributes.end() ? none : found->second;
    }

    Json m_json;
};

TEST_F(CatalogueReference, HasTheSameEndpoints) {
    std::set<std::string> reference;
    std::set<std::string> ours;
    for (const auto& endpoint : m_json.at("endpoints")) reference.insert(endpoint.at("id").get<std::string>());
    for (const auto& endpoint : catalogue().endpoints) {
        // Zextras Suite has a reference of its own.
        if (!endpoint.id.starts_with("z-")) ours.insert(endpoint.id);
    }
    EXPECT_EQ(ours, reference);
}

TEST_F(CatalogueReference, SaysTheSameOfEveryEndpoint) {
    for_each_endpoint([](const Json& reference, const Endpoint& ours) {
        EXPECT_EQ(ours.protocol, reference.at("proto").get<std::string>());
        EXPECT_EQ(ours.title, folded(reference.at("title").get<std::string>()));
        EXPECT_EQ(ours.process, folded(reference.at("process").get<std::string>()));
        EXPECT_EQ(ours.versions, folded(reference.at("versions").get<std::string>()));
        EXPECT_EQ(ours.confidence, folded(reference.at("confidence").get<std::string>()));
        EXPECT_EQ(ours.security, folded(reference.at("security").get<std::string>()));
        EXPECT_EQ(ours.sources, texts(reference.at("evidence")));
    });
}

TEST_F(CatalogueReference, MeansEveryEndpointForTheSameAudience) {
    const std::map<std::string, Audience> audiences = {{"public", Audience::open_to_public},
                                                       {"internal (or public when no proxy)", Audience::open_to_public},
                                                       {"public or internal", Audience::open_to_public},
                                                       {"admin-workstation", Audience::admin},
                                                       {"admin-workstation + zimbra nodes", Audience::admin},
                                                       {"zimbra nodes + admin workstation", Audience::ssh},
                                                       {"zimbra nodes", Audience::cluster},
                                                       {"loopback (zimbra nodes when rebound)", Audience::cluster},
                                                       {"loopback", Audience::loopback},
                                                       {"loopback/dev", Audience::loopback},
                                                       {"loopback intended", Audience::loopback},
                                                       {"loopback presumed", Audience::loopback},
                                                       {"none", Audience::nobody},
                                                       {"none in stock", Audience::nobody},
                                                       {"none - must be closed", Audience::nobody},
                                                       {"none (dead upstream)", Audience::nobody},
                                                       {"outbound only", Audience::nobody}};
    for_each_endpoint([&](const Json& reference, const Endpoint& ours) {
        const auto text = reference.at("audience").get<std::string>();
        ASSERT_TRUE(audiences.contains(text)) << text;
        EXPECT_EQ(to_string(ours.audience), to_string(audiences.at(text)));
    });
}

TEST_F(CatalogueReference, OpensNothingThatItCallsUnverified) {
    // The port and the URL that names the host are verified; only the bind address is not.
    const std::set<std::string> good_enough = {"convertd", "amavis-snmp-legacy", "redis", "elasticsearch"};
    for_each_endpoint([&](const Json& reference, const Endpoint& ours) {
        const auto confidence = reference.at("confidence").get<std::string>();
        if (confidence != "verified" && !good_enough.contains(ours.id)) {
            EXPECT_FALSE(ours.verified) << confidence;
        }
    });
}

/// Ports that stand in an attribute: its name, whether it is inherited, and its default.
void compare_attribute_port(const Json& port, const Endpoint& ours, const AttributeSpec& spec) {
    EXPECT_TRUE(ours.port.kind == PortKind::attribute || ours.port.kind == PortKind::sshd);
    EXPECT_EQ(ours.port.name, port.at("name").get<std::string>());
    EXPECT_EQ(spec.type, ValueType::port);
    EXPECT_EQ(spec.inherited, port.at("server_inherited").get<bool>());
    EXPECT_EQ(spec.fallback.value_or(""), port.at("schema_default").get<std::string>());
}

TEST_F(CatalogueReference, ReadsPortsFromTheSameAttributes) {
    for_each_endpoint([](const Json& reference, const Endpoint& ours) {
        const auto& port = reference.at("port");
        if (port.at("kind") != "ldap-attr") return;
        // One entry for two attributes that nothing reads any more: its numbers are constants.
        if (ours.id == "notify-legacy") {
            EXPECT_EQ(ours.port.constants, numbers_in(port.at("schema_default").get<std::string>()));
            return;
        }
        compare_attribute_port(port, ours, attribute(ours.port.name));
    });
}

TEST_F(CatalogueReference, ReadsPortsFromTheSameUrls) {
    // A list without numbers in the reference: ZooKeeper's own default stands in.
    const std::vector<PortRange> zookeeper = {one_port(2181)};
    for_each_endpoint([&](const Json& reference, const Endpoint& ours) {
        const auto& port = reference.at("port");
        if (port.at("kind") != "url-attr" && port.at("kind") != "list-attr") return;
        EXPECT_EQ(ours.port.kind, PortKind::url_attribute);
        EXPECT_EQ(ours.port.name, port.at("name").get<std::string>());
        if (port.contains("server_inherited")) {
            EXPECT_EQ(attribute(ours.port.name).inherited, port.at("server_inherited").get<bool>());
        }
        const auto text = port.at("schema_default").get<std::string>() + " " + port.value("note", "");
        auto numbers = numbers_in(text);
        numbers.resize(std::min<std::size_t>(numbers.size(), 1));
        EXPECT_EQ(ours.port.constants, numbers.empty() ? zookeeper : numbers);
    });
}

/// A key that is a port, or a key that is a URL.
void compare_localconfig_port(const Json& port, const Endpoint& ours) {
    const auto name = port.at("name").get<std::string>();
    const bool url = ours.port.kind == PortKind::url_local;
    EXPECT_TRUE(url || ours.port.kind == PortKind::localconfig);
    EXPECT_EQ(url ? ours.port.names.front() : ours.port.name, name);
    const auto spec = shipped_catalogue().localconfig.find(name);
    ASSERT_NE(spec, shipped_catalogue().localconfig.end());
    EXPECT_EQ(spec->second.fallback.value_or(""), port.at("schema_default").get<std::string>());
}

TEST_F(CatalogueReference, ReadsPortsFromTheSameKeysOfLocalconfig) {
    for_each_endpoint([](const Json& reference, const Endpoint& ours) {
        const auto& port = reference.at("port");
        const auto name = port.at("name").get<std::string>();
        const auto numbers = numbers_in(port.at("schema_default").get<std::string>());
        if (port.at("kind") == "localconfig-url") {
            EXPECT_EQ(ours.port.kind, PortKind::url_local);
            EXPECT_EQ(ours.port.scheme, ours.id);
            for (const auto& key : ours.port.names) EXPECT_NE(name.find(key), std::string::npos) << key;
            EXPECT_EQ(ours.port.constants, std::vector{numbers.front()});
        } else if (port.at("kind") == "localconfig" && ours.id == "snmp-trap") {
            EXPECT_EQ(ours.port.constants, numbers);  // outgoing: the keys name a host and a switch, not a port
        } else if (port.at("kind") == "localconfig") {
            compare_localconfig_port(port, ours);
        }
    });
}

TEST_F(CatalogueReference, KnowsTheSameFixedPorts) {
    for_each_endpoint([](const Json& reference, const Endpoint& ours) {
        const auto& port = reference.at("port");
        const auto kind = port.at("kind").get<std::string>();
        const auto numbers = numbers_in(port.at("schema_default").get<std::string>());
        if (kind == "master.cf") {
            EXPECT_EQ(ours.port.kind, PortKind::file);
            EXPECT_EQ(ours.port.file, kind);
            EXPECT_EQ(ours.port.names.front(), first_word(port.at("name").get<std::string>()));
            EXPECT_EQ(ours.port.constants, numbers);
        } else if (kind == "fixed" || kind == "config") {
            EXPECT_EQ(ours.port.kind, numbers.empty() ? PortKind::none : PortKind::constant);
            EXPECT_EQ(ours.port.constants, numbers);
        } else if (kind == "unix") {
            EXPECT_EQ(ours.port.kind, PortKind::none);
        }
    });
}

/// The bind sources that the reference names, in its own words: "zimbraX (server, multi)", "localconfig key ...".
BindSource named_binds(const Json& bind) {
    BindSource named;
    for (const auto& text : texts(bind.at("attrs"))) {
        const auto second = text.find(' ') == std::string::npos ? "" : first_word(text.substr(text.find(' ') + 1));
        if (text.starts_with("zimbra")) named.attribute = first_word(text);
        // The path of a unix socket is no address.
        if (text.starts_with("localconfig ") && second != "ldap_ldapi_socket_file") named.localconfig = second;
        if (text.starts_with("postfix ")) named.setting = second;
    }
    return named;
}

TEST_F(CatalogueReference, ReadsBindAddressesFromTheSamePlaces) {
    for_each_endpoint([](const Json& reference, const Endpoint& ours) {
        const auto& bind = reference.at("bind");
        const auto named = named_binds(bind);
        EXPECT_EQ(ours.bind.attribute, named.attribute);
        EXPECT_EQ(ours.bind.localconfig, named.localconfig);
        EXPECT_EQ(ours.bind.setting, named.setting);
        if (!named.attribute.empty() && bind.at("inherited").is_boolean()) {
            EXPECT_EQ(attribute(named.attribute).inherited, bind.at("inherited").get<bool>());
        }
    });
}

/// What the reference says of an unset bind address; nullopt where it says neither.
std::optional<BindSource::Default> default_bind(const std::string& text) {
    const auto says = [&](const char* word) { return text.find(word) != std::string::npos; };
    if (text.starts_with("unverified")) return BindSource::Default::unknown;
    if (says("loopback") || says("localhost") || says("127.0.0.1")) return BindSource::Default::loopback;
    if (says("NOT the wildcard") || says("as ldap")) return BindSource::Default::url_host;
    if (says("0.0.0.0") || says("all interfaces") || says("ALL interfaces")) return BindSource::Default::any;
    return std::nullopt;
}

TEST_F(CatalogueReference, BindsToTheSameByDefault) {
    for_each_endpoint([](const Json& reference, const Endpoint& ours) {
        if (ours.dead || !ours.verified || ours.protocol == "unix") return;
        if (const auto expected = default_bind(reference.at("bind").at("default").get<std::string>())) {
            EXPECT_EQ(ours.bind.fallback, *expected);
        }
    });
}

TEST_F(CatalogueReference, AsksForTheServicesOfTheReferenceAndNoOthers) {
    // Named by zimbraLogHostname, not by a service; named by a URL or a list.
    const std::set<std::string> other_ways = {"syslog", "ssdb", "zookeeper"};
    for_each_endpoint([&](const Json& reference, const Endpoint& ours) {
        if (ours.dead || other_ways.contains(ours.id)) return;
        const auto text = reference.at("service_enabled").get<std::string>();
        const auto used = services_in(catalogue(), ours.listens);
        if (text.starts_with("(")) {
            EXPECT_TRUE(used.empty());
            return;
        }
        EXPECT_TRUE(used.contains(first_word(text))) << text;
        for (const auto& service : used) EXPECT_NE(text.find(service), std::string::npos) << service;
    });
}

/// Attributes that a text about an endpoint mentions and that decide nothing there.
const std::map<std::string, std::set<std::string>>& mentioned_only() {
    static const std::map<std::string, std::set<std::string>> exceptions = {
        {"mailboxd-http-local", {"zimbraMailBindAddress", "zimbraMailMode"}},      // what the product computes it from
        {"mailboxd-admin", {"zimbraAdmin"}},                                       // a web application
        {"mailboxd-admin-local", {"zimbraAdminBindAddress"}},                      // what the product computes it from
        {"mailboxd-mta-auth", {"zimbraAdminPort"}},                                // where MTAs called before 8.7
        {"lmtp", {"zimbraLmtpServerEnabled"}},                                     // does not switch LMTP off
        {"message-channel", {"zimbraMessageChannelEnabled"}},                      // nothing reads it
        {"submission", {"zimbraMtaSaslAuthEnable", "zimbraMtaTlsSecurityLevel"}},  // change options, not existence
        {"ssh", {"zimbraRemoteManagementUser", "zimbraRemoteManagementPrivateKeyPath"}}};
    return exceptions;
}

/// In every endpoint: the services are tested as such, and names are resolved outside the conditions.
const std::set<std::string>& never_tested() {
    static const std::set<std::string> names = {"zimbraServiceEnabled", "zimbraServiceHostname"};
    return names;
}

std::set<std::string> attributes_about(const Catalogue& catalogue, const Endpoint& endpoint) {
    auto names = attributes_in(catalogue, endpoint.listens);
    for (const auto* flow : flows_to(catalogue, endpoint.id)) {
        for (const auto& reach : flow->reaches) {
            if (reach.endpoint != endpoint.id) continue;
            for (const auto* condition : {&reach.from_when, &reach.to_when, &reach.pair})
                names.merge(attributes_in(catalogue, *condition));
        }
    }
    return names;
}

TEST_F(CatalogueReference, TestsEveryAttributeThatDecides) {
    // The lookup is restricted where it is dialled; a proxy's own ports do not depend on which targets it may ask.
    const std::set<std::string> elsewhere = {"zimbraReverseProxyAvailableLookupTargets"};
    for_each_endpoint([&](const Json& reference, const Endpoint& ours) {
        const auto used = attributes_about(catalogue(), ours);
        const auto exception = mentioned_only().find(ours.id);
        for (const auto& name : attributes_named(joined(reference.at("enable")))) {
            if (never_tested().contains(name) || elsewhere.contains(name)) continue;
            if (exception != mentioned_only().end() && exception->second.contains(name)) {
                EXPECT_FALSE(attributes_in(catalogue(), ours.listens).contains(name)) << name;
            } else {
                EXPECT_TRUE(used.contains(name)) << name;
            }
        }
    });
    EXPECT_TRUE(attributes_about(catalogue(), *catalogue().find("mailboxd-extension")).contains(*elsewhere.begin()));
}

TEST_F(CatalogueReference, LetsNoOtherAttributeDecideWhatListens) {
    // "as zx-http", "as chat-xmpp", "multi-mailstore Chat": the reference refers to another endpoint.
    const std::map<std::string, std::set<std::string>> as_another = {
        {"zx-https", {"zimbraNetworkModulesNGEnabled"}},
        {"chat-xmpp-ssl", {"zimbraChatServiceEnabled"}},
        {"chat-s2s", {"zimbraChatServiceEnabled"}},
        {"zookeeper", {"zimbraZookeeperClientServerList"}}};  // "list non-empty"
    for_each_endpoint([&](const Json& reference, const Endpoint& ours) {
        const auto named = attributes_named(joined(reference.at("enable")));
        const auto more = as_another.find(ours.id);
        for (const auto& name : attributes_in(catalogue(), ours.listens)) {
            EXPECT_TRUE(named.contains(name) || (more != as_another.end() && more->second.contains(name))) << name;
        }
    });
}

TEST_F(CatalogueReference, HasTheSameDefaultsOfSwitches) {
    const std::regex switch_text("(zimbra[A-Z]\\w+) TRUE \\((?:schema |global )?default (TRUE|FALSE)");
    std::size_t seen = 0;
    for_each_endpoint([&](const Json& reference, const Endpoint&) {
        const auto text = joined(reference.at("enable"));
        for (std::sregex_iterator at(text.begin(), text.end(), switch_text), end; at != end; ++at, ++seen) {
            EXPECT_EQ(attribute((*at)[1]).fallback.value_or(""), (*at)[2].str()) << (*at)[1];
            EXPECT_EQ(attribute((*at)[1]).type, ValueType::boolean) << (*at)[1];
        }
    });
    EXPECT_GT(seen, 15U);
}

TEST_F(CatalogueReference, ListsTheModesThatItNames) {
    const auto condition_of = [](const char* id) { return catalogue().find(id)->listens.children.back(); };
    EXPECT_EQ(condition_of("mailboxd-http").values, (std::vector<std::string>{"http", "redirect", "mixed", "both"}));
    EXPECT_TRUE(condition_of("mailboxd-http").if_unset);
    EXPECT_EQ(condition_of("mailboxd-https").values, (std::vector<std::string>{"https", "redirect", "mixed", "both"}));
    EXPECT_TRUE(condition_of("mailboxd-https").if_unset);
    for (const auto& [id, other] : {std::pair("proxy-http", "https"), std::pair("proxy-https", "http")}) {
        const auto mode = condition_of(id);
        ASSERT_EQ(mode.kind, Kind::none_of) << id;
        EXPECT_EQ(mode.children.front().values, std::vector<std::string>{other}) << id;
        EXPECT_FALSE(mode.children.front().if_unset) << id;  // unset counts as both
    }
}

/// "mta/antivirus", "every node", "internet (outbound 80, 443)" as our roles.
std::string role_of(const std::string& text) {
    static const std::map<std::string, std::string> roles = {{"every node", "every-node"},
                                                             {"logger host", "logger-host"},
                                                             {"mta/antivirus", "antivirus"},
                                                             {"internet (outbound 80, 443)", "outside"}};
    const auto found = roles.find(text);
    return found == roles.end() ? text : found->second;
}

TEST_F(CatalogueReference, HasTheSameFlowsAndMarksItsOwn) {
    std::set<std::string> reference;
    std::set<std::string> ours;
    for (const auto& flow : flows()) reference.insert(flow.at("id").get<std::string>());
    for (const auto& flow : catalogue().flows) {
        if (!flow.own && !flow.id.starts_with("fz-")) ours.insert(flow.id);
        if (flow.own) {
            EXPECT_FALSE(reference.contains(flow.id)) << flow.id;
        }
    }
    EXPECT_EQ(ours, reference);
}

TEST_F(CatalogueReference, LetsTheSameServersConnectToTheSameEndpoints) {
    for (const auto& reference : flows()) {
        const auto id = reference.at("id").get<std::string>();
        const auto flow = std::find_if(catalogue().flows.begin(), catalogue().flows.end(),
                                       [&](const Flow& one) { return one.id == id; });
        ASSERT_NE(flow, catalogue().flows.end()) << id;
        std::vector<std::string> endpoints;
        for (const auto& reach : flow->reaches) endpoints.push_back(reach.endpoint);
        EXPECT_EQ(endpoints, texts(reference.at("endpoints"))) << id;
        EXPECT_EQ(flow->from, role_of(reference.at("from").get<std::string>())) << id;
        EXPECT_EQ(flow->to, role_of(reference.at("to").get<std::string>())) << id;
        EXPECT_EQ(flow->why, folded(reference.at("why").get<std::string>())) << id;
    }
}

TEST_F(CatalogueReference, TestsEveryAttributeThatAFlowDependsOn) {
    // The port attribute is a finding (upstream-port-indirection); the other value decides nothing on its own.
    const std::set<std::string> elsewhere = {"zimbraReverseProxyAdminPortAttribute"};
    for (const auto& reference : flows()) {
        const auto id = reference.at("id").get<std::string>();
        const auto flow = std::find_if(catalogue().flows.begin(), catalogue().flows.end(),
                                       [&](const Flow& one) { return one.id == id; });
        ASSERT_NE(flow, catalogue().flows.end()) << id;
        if (flow->reaches.empty()) continue;
        std::set<std::string> used;
        for (const auto& reach : flow->reaches)
            used.merge(attributes_about(catalogue(), *catalogue().find(reach.endpoint)));
        for (const auto& name : attributes_named(reference.at("condition").get<std::string>())) {
            if (!elsewhere.contains(name)) {
                EXPECT_TRUE(used.contains(name)) << id << " " << name;
            }
        }
    }
}

}  // namespace
}  // namespace zmfw::test
