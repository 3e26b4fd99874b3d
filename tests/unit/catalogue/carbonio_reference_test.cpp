#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>

#include "shipped_catalogue.hpp"

/// Compares what the catalogue says of Carbonio and Zextras Suite with the research it was written from. Runs where
/// that is.
namespace zmfw::test {
namespace {

using Json = nlohmann::json;

constexpr const char* k_reference = ZMFIREWALL_SOURCE_DIR "/../shared/reference/carbonio-endpoints.json";

const Catalogue& catalogue_of(const std::string& id) {
    return id.starts_with("z-") ? shipped_catalogue() : shipped_catalogue("carbonio");
}

std::string text_of(const Json& json, const char* key) {
    const auto& value = json.at(key);
    const auto text = value.is_string() ? value.get<std::string>() : value.dump();
    return std::regex_replace(std::regex_replace(text, std::regex("\\s+"), " "), std::regex("^ | $"), "");
}

/// "21500 files, 21501 storages", "20000-40000", "tcp 443 (as announced)": the ports and ranges in it.
std::vector<PortRange> ranges_in(const std::string& text) {
    static const std::regex range("\\b([0-9]{2,5})(-([0-9]{2,5}))?\\b");
    std::vector<PortRange> found;
    for (std::sregex_iterator at(text.begin(), text.end(), range), end; at != end; ++at) {
        const auto first = static_cast<std::uint16_t>(std::stoi((*at)[1]));
        found.push_back({first, (*at)[3].matched ? static_cast<std::uint16_t>(std::stoi((*at)[3])) : first});
    }
    return found;
}

class CarbonioReference : public testing::Test {
protected:
    void SetUp() override {
        std::ifstream file(k_reference);
        if (!file) GTEST_SKIP() << "there is no " << k_reference << ": the catalogue is not compared with it";
        m_json = Json::parse(file, nullptr, false);
        ASSERT_FALSE(m_json.is_discarded()) << k_reference << " is not JSON";
    }

    /// Calls `check` with every endpoint of the reference that has a listener, and ours of the same id.
    template <class Check>
    void for_each_endpoint(const Check& check) const {
        for (const auto& reference : m_json.at("endpoints")) {
            const auto id = reference.at("id").get<std::string>();
            SCOPED_TRACE(id);
            if (id == "c-out" || id == "z-out") continue;  // what leaves: egress
            const auto* ours = catalogue_of(id).find(id);
            if (ours == nullptr) {
                ADD_FAILURE() << "the catalogue has no such endpoint";
            } else {
                check(reference, *ours);
            }
        }
    }

    Json m_json;
};

TEST_F(CarbonioReference, HasEveryIdOfTheReference) {
    std::size_t seen = 0;
    for (const auto& reference : m_json.at("endpoints")) {
        const auto id = reference.at("id").get<std::string>();
        const auto& catalogue = catalogue_of(id);
        EXPECT_TRUE(catalogue.find(id) != nullptr || catalogue.find_egress(id) != nullptr) << id;
        ++seen;
    }
    EXPECT_EQ(seen, 90U);
}

TEST_F(CarbonioReference, AddsOnlySecondProtocolsSecondServicesAndDeadNumbers) {
    std::set<std::string> reference;
    for (const auto& endpoint : m_json.at("endpoints")) reference.insert(endpoint.at("id").get<std::string>());
    for (const auto& endpoint : shipped_catalogue("carbonio").endpoints) {
        if (reference.contains(endpoint.id) || endpoint.dead) continue;
        const bool second = endpoint.protocol == "udp" && endpoint.id.ends_with("-udp");
        EXPECT_TRUE(second || endpoint.id.starts_with("c-expose-")) << endpoint.id;
        EXPECT_TRUE(!second || reference.contains(endpoint.id.substr(0, endpoint.id.size() - 4))) << endpoint.id;
    }
}

TEST_F(CarbonioReference, SaysTheSameOfEveryEndpoint) {
    for_each_endpoint([](const Json& reference, const Endpoint& ours) {
        if (ours.id != "c-expose") {
            EXPECT_EQ(ours.title, text_of(reference, "title"));
        }
        EXPECT_EQ(ours.process, text_of(reference, "process"));
        EXPECT_EQ(ours.versions, text_of(reference, "versions"));
        EXPECT_EQ(ours.confidence, text_of(reference, "confidence"));
        EXPECT_EQ(ours.security, text_of(reference, "security"));
        EXPECT_EQ(ours.sources, reference.at("sources").get<std::vector<std::string>>());
    });
}

TEST_F(CarbonioReference, SpeaksTheSameProtocols) {
    for_each_endpoint([](const Json& reference, const Endpoint& ours) {
        const auto protocols = reference.at("proto").get<std::string>();
        EXPECT_TRUE(protocols.starts_with(ours.protocol)) << protocols;
        // "udp (tcp optional)" is an input that senders do not use.
        if (protocols.find("+udp") != std::string::npos) {
            const auto* udp = catalogue_of(ours.id).find(ours.id + "-udp");
            ASSERT_NE(udp, nullptr);
            EXPECT_EQ(udp->protocol, "udp");
        }
    });
}

TEST_F(CarbonioReference, KnowsTheSamePorts) {
    for_each_endpoint([](const Json& reference, const Endpoint& ours) {
        // Attributes and keys: their defaults are those of a bare global config, before set-up has written the entry.
        using Kind = PortSource::Kind;
        std::set<std::string> written = {"zimbraMailPort", "zimbraMailSSLPort", "zimbraMailProxyPort",
                                         "zimbraMailSSLProxyPort"};
        auto wanted = ranges_in(text_of(reference, "port"));
        ASSERT_FALSE(wanted.empty());
        std::vector<PortRange> have = ours.port.constants;
        const auto& catalogue = catalogue_of(ours.id);
        std::string fallback;
        if (ours.port.kind == Kind::attribute || ours.port.kind == Kind::sshd) {
            EXPECT_NE(text_of(reference, "port_source").find(ours.port.name), std::string::npos) << ours.port.name;
            if (written.contains(ours.port.name)) return;
            fallback = catalogue.attributes.at(ours.port.name).fallback.value_or("");
        } else if (ours.port.kind == Kind::localconfig) {
            EXPECT_NE(text_of(reference, "port_source").find(ours.port.name), std::string::npos) << ours.port.name;
            fallback = catalogue.localconfig.at(ours.port.name).fallback.value_or("");
        }
        if (!fallback.empty()) have = ranges_in(fallback);
        ASSERT_FALSE(have.empty());
        const auto number = [&](const PortRange& range) {
            return std::find(have.begin(), have.end(), range) != have.end();
        };
        // The first number is the port; the rest are others of the same program, or addresses.
        EXPECT_TRUE(number(wanted.front()) || number(wanted.back()));
    });
}

TEST_F(CarbonioReference, OpensNothingThatItCallsUnverified) {
    // What is missing there is a bind address (rules name none), or the endpoint is closed in any case.
    const std::set<std::string> good_enough = {"verified", "port verified; bind from upstream default",
                                               "docs + upstream Consul behaviour",
                                               "range verified by docs/Consul defaults; bind from upstream Consul"};
    const std::set<std::string> closed = {"c-janus-ws", "c-epmd", "c-erldist", "z-not-zextras"};
    std::size_t unverified = 0;
    for_each_endpoint([&](const Json& reference, const Endpoint& ours) {
        const auto confidence = text_of(reference, "confidence");
        if (good_enough.contains(confidence)) {
            EXPECT_TRUE(ours.verified);
        } else if (closed.contains(ours.id)) {
            EXPECT_EQ(ours.audience, Audience::nobody);
        } else {
            ++unverified;
            EXPECT_FALSE(ours.verified) << confidence;
            EXPECT_FALSE(ours.settled_by.empty());
        }
    });
    EXPECT_EQ(unverified, 21U);
}

TEST_F(CarbonioReference, MeansEveryEndpointForTheSameAudience) {
    // Where the text begins with something else than the widest audience that an installation may want.
    const std::map<std::string, Audience> other = {
        {"c-pg", Audience::cluster},                // "loopback if ... else cluster"
        {"c-antispam-db", Audience::cluster},       // "loopback (or mta cluster)"
        {"c-ldap", Audience::cluster},              // "every cluster node"
        {"c-ssh", Audience::ssh},                   // "admin + cluster"
        {"c-alertmanager", Audience::admin},        // "cluster: prometheus; admin"
        {"c-mbox-imap", Audience::open_to_public},  // "without a proxy in the deployment these become 143/993/110/995"
        {"c-mbox-imaps", Audience::open_to_public},
        {"c-mbox-pop3", Audience::open_to_public},
        {"c-mbox-pop3s", Audience::open_to_public},
        {"z-chat-5223", Audience::open_to_public},  // "as 5222"
        {"z-not-zextras", Audience::nobody}};
    const std::vector<std::pair<std::string, Audience>> beginnings = {{"public", Audience::open_to_public},
                                                                      {"admin", Audience::admin},
                                                                      {"cluster", Audience::cluster},
                                                                      {"loopback", Audience::loopback},
                                                                      {"none", Audience::nobody}};
    for_each_endpoint([&](const Json& reference, const Endpoint& ours) {
        if (other.contains(ours.id)) {
            EXPECT_EQ(to_string(ours.audience), to_string(other.at(ours.id)));
            return;
        }
        const auto text = text_of(reference, "audience");
        const auto found = std::find_if(beginnings.begin(), beginnings.end(),
                                        [&](const auto& one) { return text.starts_with(one.first); });
        ASSERT_NE(found, beginnings.end()) << text;
        EXPECT_EQ(to_string(ours.audience), to_string(found->second)) << text;
    });
}

}  // namespace
}  // namespace zmfw::test
