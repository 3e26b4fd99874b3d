#include <zmintegration/mesh/consul.hpp>

#include <gtest/gtest.h>
#include <map>
#include <random>
#include <tests/unit/support/temporary_tree.hpp>

namespace zmi {
namespace {

using Reply = tl::expected<HttpResponse, HttpFailure>;

/// Consul's API, by path.
class FakeConsul final : public HttpTransport {
public:
    std::map<std::string, HttpResponse> answers;
    std::vector<HttpHeader> headers;
    std::vector<std::string> urls;

    Reply post(const HttpEndpoint&, const std::string&, const std::string&, const HttpLimits&) override {
        return tl::unexpected(HttpFailure{HttpFailure::Kind::other, "nobody posts to Consul"});
    }
    Reply get(const HttpEndpoint& endpoint, const std::vector<HttpHeader>& sent, const HttpLimits&) override {
        urls.push_back(endpoint.url);
        headers = sent;
        const auto at = answers.find(endpoint.url.substr(std::string("http://127.0.0.1:8500").size()));
        if (at == answers.end()) return tl::unexpected(HttpFailure{HttpFailure::Kind::connect, "connection refused"});
        return at->second;
    }
};

// Made up after the pages of Consul's HTTP API, with the node names of service-discover (ConsulNodeName).
constexpr const char* k_nodes = R"([
  {"ID":"1","Node":"server-mail-example-com","Address":"10.0.0.1","Datacenter":"dc1","Meta":null},
  {"ID":"2","Node":"agent-video-example-com","Address":"10.0.0.5","Datacenter":"dc1"}])";
constexpr const char* k_mail = R"({"Node":{"Node":"server-mail-example-com","Address":"10.0.0.1"},"Services":[
  {"ID":"consul","Service":"consul","Port":8300},
  {"ID":"carbonio-proxy","Service":"carbonio-proxy","Port":443,"Kind":""},
  {"ID":"p","Kind":"connect-proxy","Service":"carbonio-proxy-sidecar-proxy","Port":21000}]})";
constexpr const char* k_video = R"({"Node":{"Node":"agent-video-example-com"},"Services":[
  {"ID":"v","Service":"carbonio-videoserver","Port":10000}]})";
constexpr const char* k_own = R"({
  "carbonio-proxy":{"Kind":"","ID":"carbonio-proxy","Service":"carbonio-proxy","Port":443},
  "p":{"Kind":"connect-proxy","ID":"p","Service":"carbonio-proxy-sidecar-proxy","Port":21000,
       "Proxy":{"DestinationServiceName":"carbonio-proxy","LocalServicePort":443}}})";

class Consul : public ::testing::Test {
protected:
    Consul() {
        choice.token_file = tree.write("token", "5b1d-secret\n");
        http.answers["/v1/catalog/nodes"] = {200, k_nodes};
        http.answers["/v1/catalog/node-services/server-mail-example-com"] = {200, k_mail};
        http.answers["/v1/catalog/node-services/agent-video-example-com"] = {200, k_video};
        http.answers["/v1/agent/services"] = {200, k_own};
    }
    std::string problem() {
        const auto found = ask_consul(choice, http, std::chrono::seconds(10));
        EXPECT_FALSE(found);
        if (found) return "";
        EXPECT_EQ((found.error().what + found.error().hint).find("5b1d"), std::string::npos);
        return found.error().what;
    }
    TemporaryTree tree;
    ConsulChoice choice;
    FakeConsul http;
};

TEST_F(Consul, TellsItsNodesTheirServicesAndTheSidecarsOfThisOne) {
    const auto found = ask_consul(choice, http, std::chrono::seconds(10));
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_EQ(found->nodes,
              (std::vector<ConsulNode>{{"agent-video-example-com", "10.0.0.5", {"carbonio-videoserver"}},
                                       {"server-mail-example-com", "10.0.0.1", {"carbonio-proxy", "consul"}}}));
    EXPECT_EQ(found->of_this_node,
              (std::vector<AgentService>{{"carbonio-proxy", 443, ""},
                                         {"carbonio-proxy-sidecar-proxy", 21000, "carbonio-proxy"}}));
}

TEST_F(Consul, GetsTheTokenInAHeaderAndNowhereElse) {
    ASSERT_TRUE(ask_consul(choice, http, std::chrono::seconds(10)));
    ASSERT_EQ(http.headers.size(), 1U);
    EXPECT_EQ(http.headers[0].name, "X-Consul-Token");
    EXPECT_EQ(http.headers[0].value, "5b1d-secret");
    for (const auto& url : http.urls) EXPECT_EQ(url.find("5b1d"), std::string::npos);
}

TEST_F(Consul, ATokenThatMayNotSeeAllIsRefused) {
    http.answers["/v1/catalog/node-services/agent-video-example-com"].headers["x-consul-results-filtered-by-acls"] =
        "true";
    EXPECT_EQ(problem(),
              "http://127.0.0.1:8500/v1/catalog/node-services/agent-video-example-com: Consul left out what "
              "the token may not see");
    http.answers["/v1/catalog/nodes"] = {403, "Permission denied"};
    EXPECT_EQ(problem(), "http://127.0.0.1:8500/v1/catalog/nodes: status 403: the token is not valid or has no right");
    http.answers["/v1/catalog/nodes"] = {200, "[]"};
    EXPECT_NE(problem().find("has no server of Consul in it"), std::string::npos);
}

TEST_F(Consul, APartThatDoesNotAnswerIsNoSmallerAnswer) {
    for (const auto* path : {"/v1/agent/services", "/v1/catalog/node-services/agent-video-example-com"}) {
        auto saved = http.answers.extract(path);
        EXPECT_NE(problem().find("connection refused"), std::string::npos);
        http.answers.insert(std::move(saved));
    }
    http.answers["/v1/agent/services"].status = 500;
    EXPECT_EQ(problem(), "http://127.0.0.1:8500/v1/agent/services: status 500");
}

TEST_F(Consul, ATokenFileThatHoldsNoTokenIsRefused) {
    for (const auto* text : {"", "\n", "a b", "a\nb\n", "\x01"}) {
        tree.write("token", text);
        EXPECT_NE(problem().find("does not hold one line with one word"), std::string::npos) << text;
    }
    choice.token_file = tree.root() / "none";
    EXPECT_NE(problem().find("the token of Consul: cannot read"), std::string::npos);
    EXPECT_TRUE(http.urls.empty());
}

TEST(ConsulEndpoint, IsPlainOnlyOnThisHost) {
    const auto url = [](const std::string& text) {
        ConsulChoice choice;
        choice.url = text;
        const auto endpoint = consul_endpoint(choice);
        return endpoint ? endpoint->url + (endpoint->dial ? " " + endpoint->dial->to_string() : "")
                        : endpoint.error().what.substr(endpoint.error().what.rfind(": ") + 2);
    };
    EXPECT_EQ(url("http://127.0.0.1:8500"), "http://127.0.0.1:8500 127.0.0.1");
    EXPECT_EQ(url("http://localhost"), "http://localhost:8500 127.0.0.1");
    EXPECT_EQ(url("http://[::1]:8501/"), "http://[::1]:8501 ::1");
    EXPECT_EQ(url("https://consul.example.com:8501"), "https://consul.example.com:8501");
    EXPECT_EQ(url("http://consul.example.com:8500"), "the token would go over the network in clear text");
    EXPECT_EQ(url("http://10.0.0.1:8500"), "the token would go over the network in clear text");
    EXPECT_EQ(url("ftp://127.0.0.1"), "neither http nor https");
    EXPECT_EQ(url("http://127.0.0.1:8500/v1"), "more than a host and a port");
    EXPECT_EQ(url("http://u:p@127.0.0.1:8500"), "more than a host and a port");
    EXPECT_EQ(url("http://127.0.0.1:99999"), "no host and port");
    EXPECT_EQ(url(""), "no host and port");
}

TEST(ConsulAnswers, WhatIsNoneIsRefused) {
    for (const auto* text : {"", "{}", "null", "[1]", "[{}]", R"([{"Node":"a/b","Address":"10.0.0.1"}])",
                             R"([{"Node":"a","Address":"10.0.0.1 x"}])", R"([{"Node":"..","Address":"10.0.0.1"}])",
                             R"([{"Node":"a","Address":"10.0.0.1"},{"Node":"a","Address":"10.0.0.2"}])"}) {
        EXPECT_FALSE(parse_consul_nodes(text, "x")) << text;
    }
    for (const auto* text : {"", "[]", "{}", R"({"Node":{"Node":"b"},"Services":[]})",
                             R"({"Node":{"Node":"a"},"Services":{}})", R"({"Node":{"Node":"a"},"Services":[{}]})"}) {
        EXPECT_FALSE(parse_consul_services(text, "a", "x")) << text;
    }
    EXPECT_TRUE(parse_consul_services(R"({"Node":{"Node":"a"},"Services":null})", "a", "x")->empty());
    for (const auto* text : {"[]", R"({"a":1})", R"({"a":{"Service":"a"}})", R"({"a":{"Service":"a","Port":65536}})",
                             R"({"a":{"Service":"a","Port":1,"Kind":"connect-proxy"}})"}) {
        EXPECT_FALSE(parse_agent_services(text, "x")) << text;
    }
}

TEST(ConsulAnswers, SpoiltOnesEndInAnAnswerOrAnError) {
    std::mt19937 random(3);
    for (int round = 0; round < 2'000; ++round) {
        std::string spoilt = k_own;
        for (int i = 0; i < 3; ++i) spoilt[random() % spoilt.size()] = static_cast<char>(random() % 256);
        static_cast<void>(parse_agent_services(spoilt, "x"));
        static_cast<void>(parse_consul_services(spoilt, "a", "x"));
    }
}

}  // namespace
}  // namespace zmi
