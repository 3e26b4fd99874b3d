#include <zmintegration/soap/soap_source.hpp>

#include <gtest/gtest.h>
#include <deque>
#include "soap_texts.hpp"

namespace zmi {
namespace {

using namespace testing;
using Reply = tl::expected<HttpResponse, HttpFailure>;

/// Answers posts from a list and keeps what was sent.
class ScriptedTransport final : public HttpTransport {
public:
    struct Post {
        HttpEndpoint endpoint;
        std::string content_type;
        std::string body;
        HttpLimits limits;
    };
    std::deque<Reply> replies;
    std::vector<Post> posts;

    Reply post(const HttpEndpoint& endpoint, const std::string& content_type, const std::string& body,
               const HttpLimits& limits) override {
        posts.push_back({endpoint, content_type, body, limits});
        if (replies.empty()) return tl::unexpected(HttpFailure{HttpFailure::Kind::other, "no more replies"});
        auto reply = std::move(replies.front());
        replies.pop_front();
        return reply;
    }
    Reply get(const HttpEndpoint& /*endpoint*/, const std::vector<HttpHeader>& /*headers*/,
              const HttpLimits& /*limits*/) override {
        return tl::unexpected(HttpFailure{HttpFailure::Kind::other, "nothing is to be got"});
    }
};

Reply ok(const std::string& body) {
    return HttpResponse{200, body};
}
Reply failed(HttpFailure::Kind kind, const std::string& what = "it failed") {
    return tl::unexpected(HttpFailure{kind, what});
}

class AskSoap : public ::testing::Test {
protected:
    AskSoap() {
        target.display = "https://mail.example.com:7071";
        target.user = "zimbra";
        target.password = "hunter2&co";
        for (const auto* warning : {"", "second", "third"}) {
            target.attempts.push_back(
                {{"https://mail.example.com:7071/service/admin/soap/", std::nullopt, {}}, warning});
        }
    }
    Expected<Answer> ask() {
        return ask_soap(target, wanted(), transport, std::chrono::seconds(60),
                        [this](const std::string& line) { told.push_back(line); });
    }
    std::string error() {
        const auto answer = ask();
        EXPECT_FALSE(answer.has_value());
        if (answer) return "";
        EXPECT_EQ(answer.error().kind, ErrorKind::knowledge);
        for (const auto& secret : {std::string("hunter2"), std::string("0_token")}) {
            EXPECT_EQ(answer.error().what.find(secret), std::string::npos) << answer.error().what;
            EXPECT_EQ(answer.error().hint.find(secret), std::string::npos) << answer.error().hint;
        }
        return answer.error().what;
    }

    SoapTarget target;
    ScriptedTransport transport;
    std::vector<std::string> told;
};

TEST_F(AskSoap, LogsInAndAsksOnce) {
    transport.replies = {ok(auth_answer()), ok(discovery_answer(one_server()))};
    const auto answer = ask();
    ASSERT_TRUE(answer) << answer.error().what;
    EXPECT_EQ(answer->server, "https://mail.example.com:7071");
    EXPECT_EQ(answer->version, "10.1.2_GA_4652.FOSS");
    EXPECT_EQ(answer->servers.size(), 1U);
    ASSERT_EQ(transport.posts.size(), 2U);
    EXPECT_EQ(transport.posts[0].content_type, "text/xml; charset=utf-8");
    EXPECT_NE(transport.posts[0].body.find("<password>hunter2&amp;co</password>"), std::string::npos);
    EXPECT_NE(transport.posts[1].body.find("<authToken>0_token</authToken>"), std::string::npos);
    EXPECT_EQ(transport.posts[1].body.find("hunter2"), std::string::npos);
    EXPECT_LE(transport.posts[0].limits.body_bytes, 1024U * 1024U);
    EXPECT_LE(transport.posts[1].limits.total, std::chrono::seconds(60));
    EXPECT_TRUE(told.empty());
}

TEST_F(AskSoap, GoesOnToTheNextTrustWhileTheCertificateFails) {
    transport.replies = {failed(HttpFailure::Kind::certificate), ok(auth_answer()), ok(discovery_answer(one_server()))};
    target.attempts[1].endpoint.url = "https://other:7071/";
    ASSERT_TRUE(ask());
    EXPECT_EQ(told, std::vector<std::string>{"second"});
    ASSERT_EQ(transport.posts.size(), 3U);
    EXPECT_EQ(transport.posts[2].endpoint.url, "https://other:7071/");  // the batch goes where the login went
}

TEST_F(AskSoap, StopsAtAnyOtherFailure) {
    for (const auto kind : {HttpFailure::Kind::timeout, HttpFailure::Kind::too_large, HttpFailure::Kind::other,
                            HttpFailure::Kind::connect}) {
        transport.posts.clear();
        transport.replies = {failed(kind)};
        EXPECT_EQ(error(), "admin SOAP at https://mail.example.com:7071: it failed");
        EXPECT_EQ(transport.posts.size(), 1U);
    }
}

TEST_F(AskSoap, AnAddressWhereNothingListensIsNotDialledAgain) {
    target.attempts[0].endpoint.dial = parse_address("127.0.0.1");
    target.attempts[1].endpoint.dial = parse_address("127.0.0.1");
    target.attempts[2].endpoint.dial = parse_address("::1");
    transport.replies = {failed(HttpFailure::Kind::connect), ok(auth_answer()), ok(discovery_answer(one_server()))};
    ASSERT_TRUE(ask());
    EXPECT_EQ(transport.posts[1].endpoint.dial, parse_address("::1"));
}

TEST_F(AskSoap, TellsWhyTheLastCertificateFailed) {
    transport.replies = {failed(HttpFailure::Kind::certificate, "one"), failed(HttpFailure::Kind::certificate, "two"),
                         failed(HttpFailure::Kind::certificate, "three")};
    EXPECT_EQ(error(), "admin SOAP at https://mail.example.com:7071: three");
    EXPECT_TRUE(told.empty());
}

TEST_F(AskSoap, AWrongPasswordIsTheServersWordAndAHint) {
    transport.replies = {Reply(HttpResponse{500, envelope(fault("account.AUTH_FAILED", "authentication failed"))})};
    const auto answer = ask();
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().what,
              "admin SOAP at https://mail.example.com:7071: authentication failed (account.AUTH_FAILED)");
    EXPECT_NE(answer.error().hint.find("zimbra_ldap_password"), std::string::npos);
}

TEST_F(AskSoap, ALoginThatWantsASecondFactorIsRefusedWithTheWayRoundIt) {
    const auto asks_for_it = R"(<AuthResponse xmlns="urn:zimbraAdmin"><authToken>0_token</authToken>)"
                             "<twoFactorAuthRequired>true</twoFactorAuthRequired></AuthResponse>";
    transport.replies = {ok(envelope(asks_for_it)),
                         Reply(HttpResponse{500, envelope(fault("account.TWO_FACTOR_AUTH_REQUIRED", "code, please"))})};
    for (const auto* what : {"second factor", "code, please"}) {
        const auto answer = ask();
        ASSERT_FALSE(answer);
        EXPECT_NE(answer.error().what.find(what), std::string::npos) << answer.error().what;
        EXPECT_NE(answer.error().hint.find("--source zmprov-ldap"), std::string::npos) << answer.error().hint;
    }
}

TEST_F(AskSoap, WhatIsNoSoapIsToldWithItsStatus) {
    transport.replies = {Reply(HttpResponse{403, "<html><head/></html>"})};
    EXPECT_EQ(error(),
              "admin SOAP at https://mail.example.com:7071: HTTP status 403: the answer is not SOAP: its root "
              "element is 'html'");
    transport.replies = {Reply(HttpResponse{302, ""})};
    EXPECT_EQ(error(), "admin SOAP at https://mail.example.com:7071: HTTP status 302: the answer is empty");
    transport.replies = {Reply(HttpResponse{500, auth_answer()})};
    EXPECT_EQ(error(), "admin SOAP at https://mail.example.com:7071: HTTP status 500");
}

TEST_F(AskSoap, ASecretThatTheServerRepeatsIsNotRepeatedByUs) {
    transport.replies = {Reply(HttpResponse{500, envelope(fault("x", "bad password hunter2&amp;co here"))})};
    EXPECT_EQ(error(), "admin SOAP at https://mail.example.com:7071: bad password *** here (x)");
    transport.replies = {ok(auth_answer()), ok(discovery_answer(server("0_token", attribute("cn", "x"))))};
    EXPECT_EQ(error(), "admin SOAP at https://mail.example.com:7071: discovery: server name '***' is not a host name");
    transport.replies = {ok(auth_answer()),
                         ok(batch(fault("x", "0_token") + servers(one_server()) + k_config + k_version))};
    ASSERT_TRUE(ask());
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].find("0_token"), std::string::npos);
}

TEST_F(AskSoap, ARefusedFlushIsTold) {
    transport.replies = {ok(auth_answer()), ok(batch(fault("service.PERM_DENIED", "permission denied") +
                                                     servers(one_server()) + k_config + k_version))};
    ASSERT_TRUE(ask());
    ASSERT_EQ(told.size(), 1U);
    EXPECT_NE(told[0].find("https://mail.example.com:7071 did not flush its cache"), std::string::npos) << told[0];
    EXPECT_NE(told[0].find("permission denied (service.PERM_DENIED)"), std::string::npos) << told[0];
}

TEST_F(AskSoap, AFailedBatchIsAFailure) {
    transport.replies = {ok(auth_answer()), failed(HttpFailure::Kind::timeout, "too slow")};
    EXPECT_EQ(error(), "admin SOAP at https://mail.example.com:7071: too slow");
    transport.replies = {ok(auth_answer()), ok(discovery_answer(""))};
    EXPECT_EQ(error(),
              "admin SOAP at https://mail.example.com:7071: discovery: GetAllServersResponse without a server");
}

TEST_F(AskSoap, APasswordThatXmlCannotCarryIsNotSent) {
    target.password = "a\x01";
    ask();
    EXPECT_TRUE(transport.posts.empty());
}

TEST_F(AskSoap, NoAttemptsMeansNoAnswer) {
    target.attempts.clear();
    EXPECT_NE(error(), "");
}

}  // namespace
}  // namespace zmi
