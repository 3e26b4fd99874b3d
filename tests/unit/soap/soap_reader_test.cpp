#include <zmintegration/soap/soap_reader.hpp>

#include <gtest/gtest.h>
#include <chrono>
#include "soap_texts.hpp"

namespace zmi {
namespace {

using namespace testing;

SoapResult<DiscoveryAnswer> read(const std::string& text) {
    const auto document = SoapDocument::parse(text);
    if (!document) return tl::unexpected(document.error());
    static const Wanted asked = wanted();
    return read_discovery_response(*document, WantedAttributes(asked));
}

std::string problem_of(const std::string& text) {
    const auto result = read(text);
    EXPECT_FALSE(result.has_value()) << text;
    return result ? "" : result.error().what;
}

TEST(SoapReader, KeepsWhatIsWantedOfAllServersAndTheGlobalConfig) {
    const auto answer = read(discovery_answer(one_server()));
    ASSERT_TRUE(answer) << answer.error().what;
    EXPECT_EQ(answer->version, "10.1.2_GA_4652.FOSS");
    EXPECT_EQ(answer->global, (Attributes{{"zimbraMailPort", {"80"}}}));
    ASSERT_EQ(answer->servers.size(), 1U);
    EXPECT_EQ(answer->servers[0].name, "mail.example.com");
    EXPECT_EQ(answer->servers[0].own, (Attributes{{"zimbraServiceEnabled", {"mta", "mailbox"}}}));
    EXPECT_EQ(answer->refused_flush, "");
}

TEST(SoapReader, ServersComeSortedAndInLowerCase) {
    const auto answer = read(discovery_answer(server("B.example.com", attribute("cn", "b")) +
                                              server("a.example.com", attribute("cn", "a"))));
    ASSERT_TRUE(answer) << answer.error().what;
    EXPECT_EQ(answer->servers[0].name, "a.example.com");
    EXPECT_EQ(answer->servers[1].name, "b.example.com");
}

TEST(SoapReader, ValuesAreTakenAsTheyAre) {
    const auto answer = read(discovery_answer(
        server("a.example.com", attribute("zimbraMailPort", " ") + attribute("zimbraMailPort", "a&lt;b&#10;c\nd") +
                                    attribute("zimbraMailPort", "") + attribute("zimbraMailURL", "http://u:p@h/x"))));
    ASSERT_TRUE(answer) << answer.error().what;
    EXPECT_EQ(answer->servers[0].own.at("zimbraMailPort"), (Values{" ", "a<b\nc\nd", ""}));
    EXPECT_EQ(answer->servers[0].own.at("zimbraMailURL"), Values{"http://h/x"});
}

TEST(SoapReader, ARefusedFlushIsNoFailure) {
    const auto answer =
        read(batch(fault("service.PERM_DENIED", "permission denied") + servers(one_server()) + k_config + k_version));
    ASSERT_TRUE(answer) << answer.error().what;
    EXPECT_EQ(answer->refused_flush, "permission denied (service.PERM_DENIED)");
}

TEST(SoapReader, AnyOtherFaultFailsItAll) {
    const auto denied = fault("service.FAILURE", "unable to list all servers");
    EXPECT_EQ(problem_of(batch(k_flushed + denied + k_config + k_version)),
              "instead of GetAllServersResponse: unable to list all servers (service.FAILURE)");
    EXPECT_NE(problem_of(batch(k_flushed + servers(one_server()) + denied + k_version)), "");
    EXPECT_NE(problem_of(batch(k_flushed + servers(one_server()) + k_config + denied)), "");
}

TEST(SoapReader, TheBatchHasExactlyTheAnswersInOrder) {
    const auto all = servers(one_server());
    EXPECT_EQ(problem_of(batch("")), "the batch lacks FlushCacheResponse");
    EXPECT_EQ(problem_of(batch(k_flushed + all + k_config)), "the batch lacks GetVersionInfoResponse");
    EXPECT_EQ(problem_of(batch(k_flushed + k_config + all + k_version)),
              "expected GetAllServersResponse, found 'GetAllConfigResponse'");
    EXPECT_EQ(problem_of(batch(k_flushed + all + k_config + k_version + k_version)),
              "the batch has more answers than requests");
    EXPECT_EQ(problem_of(batch(k_flushed + all + k_config + k_version + "text")),
              "the batch has more answers than requests");
    EXPECT_EQ(problem_of(envelope(all)), "expected BatchResponse, found 'GetAllServersResponse'");
    EXPECT_NE(problem_of(batch(k_flushed + "<GetAllServersResponse>" + one_server() + "</GetAllServersResponse>" +
                               k_config + k_version)),
              "");  // another namespace
}

TEST(SoapReader, HiddenAttributesFailByServerAndName) {
    const std::string hidden = R"(<a n="zimbraMailPort" pd="1"/>)";
    EXPECT_EQ(problem_of(discovery_answer(server("a.example.com", hidden))),
              "server a.example.com: this account may not read zimbraMailPort");
    EXPECT_EQ(problem_of(batch(k_flushed + servers(one_server()) + R"(<GetAllConfigResponse xmlns="urn:zimbraAdmin">)" +
                               hidden + "</GetAllConfigResponse>" + k_version)),
              "global config: this account may not read zimbraMailPort");
    EXPECT_NE(problem_of(discovery_answer(server("a.example.com", attribute("zimbraMailPort", "VALUE-BLOCKED")))), "");
    // What nobody asked for may be hidden.
    EXPECT_TRUE(read(discovery_answer(server("a.example.com", R"(<a n="zimbraOther" pd="1"/>)"))));
}

TEST(SoapReader, AnAnswerWithoutServersOrConfigIsPartial) {
    EXPECT_EQ(problem_of(discovery_answer("")), "GetAllServersResponse without a server");
    EXPECT_EQ(problem_of(batch(k_flushed + servers(one_server()) +
                               R"(<GetAllConfigResponse xmlns="urn:zimbraAdmin"/>)" + k_version)),
              "GetAllConfigResponse without an attribute");
    EXPECT_EQ(problem_of(discovery_answer(server("a.example.com", ""))), "server a.example.com has no attributes");
}

TEST(SoapReader, ServerNamesAreHostNamesAndStandOnce) {
    const auto a = attribute("cn", "x");
    EXPECT_EQ(problem_of(discovery_answer(server("a;rm -rf", a))), "server name 'a;rm -rf' is not a host name");
    EXPECT_EQ(problem_of(discovery_answer(server("", a))), "server name '' is not a host name");
    EXPECT_EQ(problem_of(discovery_answer("<server id='1'>" + a + "</server>")), "a server without exactly one name");
    EXPECT_EQ(problem_of(discovery_answer("<server name='a' name='b'>" + a + "</server>")),
              "a server without exactly one name");
    EXPECT_EQ(problem_of(discovery_answer(server("a.example.com", a) + server("A.EXAMPLE.COM", a))),
              "server a.example.com stands twice");
}

TEST(SoapReader, RefusesWhatDoesNotBelongThere) {
    EXPECT_NE(problem_of(discovery_answer("<x/>")), "");
    EXPECT_NE(problem_of(discovery_answer(server("a.example.com", "<x/>"))), "");
    EXPECT_NE(problem_of(discovery_answer(server("a.example.com", "text"))), "");
    EXPECT_NE(problem_of(discovery_answer(server("a.example.com", "<a>1</a>"))), "");
    EXPECT_NE(problem_of(discovery_answer(server("a.example.com", "<a n='zimbraMailPort'><b/></a>"))), "");
    EXPECT_NE(problem_of(discovery_answer(server("a.example.com", "<a n='zimbraMailPort' xmlns='urn:x'>1</a>"))), "");
    EXPECT_NE(problem_of(discovery_answer(server("a.example.com", attribute("zimbraMailPort", "1&#1;")))), "");
}

TEST(SoapReader, AVersionThatMakesNoSenseIsRefused) {
    const auto with = [](const std::string& info) {
        return batch(k_flushed + servers(one_server()) + k_config +
                     "<GetVersionInfoResponse xmlns=\"urn:zimbraAdmin\">" + info + "</GetVersionInfoResponse>");
    };
    EXPECT_TRUE(read(with("<info version='8.8.15'/>")));
    for (const auto* info : {"", "<info/>", "<info version=''/>", "<info version='a b'/>", "<x version='1'/>"}) {
        EXPECT_NE(problem_of(with(info)), "") << info;
    }
}

SoapResult<Secret> token_of(const std::string& content) {
    const auto document = SoapDocument::parse(envelope(content));
    if (!document) return tl::unexpected(document.error());
    return read_auth_response(*document);
}

TEST(SoapReader, TheTokenIsTheTextOfOneAuthToken) {
    const auto answer = SoapDocument::parse(auth_answer("0_abc"));
    ASSERT_TRUE(answer);
    EXPECT_EQ(read_auth_response(*answer)->text, "0_abc");
    const std::string start = R"(<AuthResponse xmlns="urn:zimbraAdmin">)";
    for (const auto* content :
         {"", "<authToken/>", "<authToken>a</authToken><authToken>b</authToken>", "<authToken>a b</authToken>",
          "<authToken><x/></authToken>", "<authToken xmlns='urn:other'>a</authToken>"}) {
        EXPECT_FALSE(token_of(start + content + "</AuthResponse>")) << content;
    }
    EXPECT_FALSE(token_of(R"(<AuthResponse xmlns="urn:zimbra"><authToken>a</authToken></AuthResponse>)"));
}

TEST(SoapReader, ATokenForTheSecondFactorIsNoLogin) {
    const auto result = token_of(
        R"(<AuthResponse xmlns="urn:zimbraAdmin"><authToken>a</authToken><twoFactorAuthRequired>true</twoFactorAuthRequired>)"
        "</AuthResponse>");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().what, "the account needs a second factor, which a program cannot give");
}

TEST(SoapReader, FiveHundredServersAreQuick) {
    std::string all;
    for (int i = 0; i < 500; ++i) {
        std::string attributes;
        for (int k = 0; k < 60; ++k)
            attributes += attribute("zimbraSomeAttribute" + std::to_string(k), "some value 7110");
        all += server("mbox" + std::to_string(i) + ".example.com", attributes);
    }
    auto text = discovery_answer(all);
    Wanted asked;
    for (int k = 0; k < 60; ++k) asked.attributes.insert("zimbraSomeAttribute" + std::to_string(k));
    const auto start = std::chrono::steady_clock::now();
    const auto document = SoapDocument::parse(std::move(text));
    ASSERT_TRUE(document);
    const auto answer = read_discovery_response(*document, WantedAttributes(asked));
    const auto took = std::chrono::steady_clock::now() - start;
    ASSERT_TRUE(answer) << answer.error().what;
    EXPECT_EQ(answer->servers.size(), 500U);
    RecordProperty("parse_us", std::to_string(std::chrono::duration<double, std::micro>(took).count()));
    // Wide of the 10 ms that it takes, so that only a quadratic mistake or worse fails.
    EXPECT_LT(took, std::chrono::seconds(2));
}

}  // namespace
}  // namespace zmi
