#include <gtest/gtest.h>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <zmintegration/soap/soap_reader.hpp>
#include "soap_texts.hpp"

// Genuine answers of Zimbra's own admin SOAP engine, where they are at hand.

namespace zmi {
namespace {

namespace fs = std::filesystem;

std::string content_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

fs::path records() {
    return fs::path(ZMFIREWALL_SOURCE_DIR) / "../shared/reference/records/soap";
}

std::vector<fs::path> answers() {
    std::vector<fs::path> result;
    const std::string suffix = ".response.body";
    for (const auto& entry : fs::recursive_directory_iterator(records())) {
        const auto name = entry.path().filename().string();
        if (name.size() > suffix.size() && name.substr(name.size() - suffix.size()) == suffix) result.push_back(entry);
    }
    std::sort(result.begin(), result.end());
    return result;
}

/// The code that Zimbra put into the fault, found without our parser.
std::string code_in(const std::string& text) {
    for (const auto* start : {"<Code>", "\"Error\":{\"Code\":\""}) {
        const auto at = text.find(start);
        if (at == std::string::npos) continue;
        const auto value = text.substr(at + std::string(start).size());
        return value.substr(0, value.find_first_of("<\""));
    }
    return "";
}

class SoapRecords : public ::testing::Test {
protected:
    void SetUp() override {
        if (!fs::exists(records())) GTEST_SKIP() << "the records of Zimbra's own answers are not beside this tree";
    }
};

TEST_F(SoapRecords, EveryGoodAnswerParsesAndEveryFaultHasItsCode) {
    int good = 0;
    int faults = 0;
    for (const auto& path : answers()) {
        const auto text = content_of(path);
        const bool envelope = text.rfind("<soap:Envelope", 0) == 0;
        const bool whole_fault = text.find("<soap:Body><soap:Fault>") != std::string::npos ||
                                 text.find("\"Body\":{\"Fault\":") != std::string::npos;
        const auto document = SoapDocument::parse(text);
        if (whole_fault) {
            ASSERT_FALSE(document) << path;
            EXPECT_EQ(document.error().code, code_in(text)) << path;
            EXPECT_NE(document.error().code, "") << path;
            ++faults;
        } else if (envelope) {
            EXPECT_TRUE(document) << path << ": " << document.error().what;
            ++good;
        } else {  // empty, HTML, gzip or JSON
            ASSERT_FALSE(document) << path;
            EXPECT_EQ(document.error().code, "") << path;
        }
    }
    EXPECT_GT(good, 80);
    EXPECT_GT(faults, 60);
}

TEST_F(SoapRecords, EveryLoginGivesAToken) {
    int tokens = 0;
    for (const auto& path : answers()) {
        const auto document = SoapDocument::parse(content_of(path));
        if (!document || !is_element(document->content(), "AuthResponse", k_zimbra_admin_namespace)) continue;
        const auto token = read_auth_response(*document);
        EXPECT_TRUE(token) << path << ": " << token.error().what;
        ++tokens;
    }
    EXPECT_GT(tokens, 15);
}

TEST_F(SoapRecords, TheServersOfBothDeploymentsAreThere) {
    Wanted asked;
    asked.attributes = {"zimbraServiceEnabled", "zimbraServiceHostname", "zimbraSSLPrivateKey"};
    const std::map<std::string, std::vector<std::string>> expected{
        {"single", {"mail.example.test"}},
        {"multi",
         {"ldap1.example.test", "mbox1.example.test", "mbox2.example.test", "mta1.example.test",
          "proxy1.example.test"}}};
    for (const auto& [deployment, names] : expected) {
        const auto document =
            SoapDocument::parse(content_of(records() / deployment / "getallservers-applyconfig-0.response.body"));
        ASSERT_TRUE(document);
        const auto found = read_servers(document->content(), WantedAttributes(asked));
        ASSERT_TRUE(found) << found.error().what;
        std::vector<std::string> found_names;
        for (const auto& server : *found) {
            found_names.push_back(server.name);
            EXPECT_EQ(server.own.at("zimbraServiceHostname"), Values{server.name});
            EXPECT_FALSE(server.own.at("zimbraServiceEnabled").empty());
            EXPECT_EQ(server.own.count("zimbraSSLPrivateKey"), 0U);
        }
        EXPECT_EQ(found_names, names);
    }
}

/// Body's content of a recorded answer, as it would stand in a batch.
std::string part(const std::string& name) {
    const auto text = content_of(records() / name);
    const std::string start = "<soap:Body>";
    const auto from = text.find(start) + start.size();
    return text.substr(from, text.find("</soap:Body>") - from);
}

TEST_F(SoapRecords, RecordedAnswersMakeAWholeDiscovery) {
    const auto document = SoapDocument::parse(testing::batch(
        part("cache/10-flushcache.response.body") + part("multi/getallservers-applyconfig-0.response.body") +
        part("multi/getallconfig.response.body") + part("multi/getversioninfo.response.body")));
    ASSERT_TRUE(document) << document.error().what;
    Wanted asked;
    asked.attributes = {"zimbraMailPort", "zimbraAuthTokenKey", "zimbraCsrfTokenKey"};
    const auto answer = read_discovery_response(*document, WantedAttributes(asked));
    ASSERT_TRUE(answer) << answer.error().what;
    EXPECT_EQ(answer->servers.size(), 5U);
    EXPECT_EQ(answer->global, (Attributes{{"zimbraMailPort", {"80"}}}));
    EXPECT_EQ(answer->version, "10.1.2_GA_4652.FOSS");
}

TEST_F(SoapRecords, AFaultInsideABatchIsRecognised) {
    const auto document = SoapDocument::parse(content_of(records() / "single/batch-error-continue.response.body"));
    ASSERT_TRUE(document);
    const auto first = document->content().first_child();
    ASSERT_TRUE(SoapDocument::is_fault(first));
    EXPECT_EQ(SoapDocument::problem_of_fault(first).code, "account.NO_SUCH_SERVER");
}

}  // namespace
}  // namespace zmi
