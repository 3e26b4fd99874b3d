#include <gtest/gtest.h>
#include <chrono>
#include <cstdlib>
#include <zmintegration/http/http_transport.hpp>
#include "loopback_server.hpp"

namespace zmi {
namespace {

using testing::Connection;
using testing::http_answer;
using testing::LoopbackServer;
using Kind = HttpFailure::Kind;

HttpEndpoint at(const std::string& url) {
    return HttpEndpoint{url, std::nullopt, {}};
}

tl::expected<HttpResponse, HttpFailure> post(const HttpEndpoint& endpoint, const HttpLimits& limits = {}) {
    return make_http_transport()->post(endpoint, "text/xml; charset=utf-8", "<request/>", limits);
}

/// Serves one connection at a time: the same answer for every request on it.
std::function<void(Connection&)> always(const std::string& answer) {
    return [answer](Connection& connection) {
        while (!connection.read_request().empty() && connection.send(answer)) {
        }
    };
}

/// A gzip stream of `blocks` times 258 bytes, written by hand: 13 bits for each (RFC 1951, fixed codes).
std::string gzip_bomb(std::size_t blocks) {
    std::string out("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
    unsigned bits = 0;
    int count = 0;
    const auto put = [&](unsigned value, int width) {
        for (int i = 0; i < width; ++i) {
            bits |= ((value >> i) & 1U) << count;
            if (++count == 8) {
                out += static_cast<char>(bits);
                bits = 0;
                count = 0;
            }
        }
    };
    put(0b011, 3);       // last block, fixed codes
    put(0b10001001, 8);  // literal 'a' (0x91), most significant bit first
    for (std::size_t i = 0; i < blocks; ++i) {
        put(0b10100011, 8);  // length 258 (0xc5), most significant bit first
        put(0, 5);           // distance 1
    }
    put(0, 15);
    return out;
}

TEST(CurlTransport, PostsTheBodyAndGivesStatusAndAnswer) {
    std::string request;
    LoopbackServer server([&](Connection& connection) {
        request = connection.read_request();
        connection.send(http_answer("200 OK", "<answer/>"));
    });
    const auto response = post(at(server.url()));
    ASSERT_TRUE(response) << response.error().what;
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "<answer/>");
    EXPECT_EQ(request.find("POST /service/admin/soap/ HTTP/1.1\r\n"), 0U) << request;
    EXPECT_NE(request.find("\r\nContent-Type: text/xml; charset=utf-8\r\n"), std::string::npos) << request;
    EXPECT_EQ(request.find("Expect:"), std::string::npos) << request;
    EXPECT_EQ(request.substr(request.size() - 10), "<request/>");
}

TEST(CurlTransport, AFaultWithStatus500IsAnAnswer) {
    LoopbackServer server(always(http_answer("500 Server Error", "<fault/>")));
    const auto response = post(at(server.url()));
    ASSERT_TRUE(response) << response.error().what;
    EXPECT_EQ(response->status, 500);
    EXPECT_EQ(response->body, "<fault/>");
}

TEST(CurlTransport, KeepsTheConnectionForTheNextPost) {
    LoopbackServer server(always(http_answer("200 OK", "x")));
    const auto transport = make_http_transport();
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(transport->post(at(server.url()), "text/xml", "<request/>", {}));
    }
    EXPECT_EQ(server.connections(), 1);
}

TEST(CurlTransport, DialsTheGivenAddressUnderTheNameOfTheUrl) {
    std::string request;
    LoopbackServer server([&](Connection& connection) {
        request = connection.read_request();
        connection.send(http_answer("200 OK", "x"));
    });
    auto endpoint = at(server.url("mail.example.invalid"));
    EXPECT_EQ(post(endpoint).error().kind, Kind::connect);  // the name itself leads nowhere
    endpoint.dial = parse_address("127.0.0.1");
    const auto response = post(endpoint);
    ASSERT_TRUE(response) << response.error().what;
    EXPECT_NE(request.find("Host: mail.example.invalid:"), std::string::npos) << request;
}

TEST(CurlTransport, UnderstandsGzip) {
    // gzip of "<answer>hello hello hello</answer>"
    constexpr unsigned char k_zipped[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xb3, 0x49, 0xcc,
                                          0x2b, 0x2e, 0x4f, 0x2d, 0xb2, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x57, 0x40, 0x22,
                                          0x6d, 0xf4, 0xa1, 0x32, 0x00, 0xef, 0x56, 0x8a, 0x9f, 0x22, 0x00, 0x00, 0x00};
    const std::string zipped(std::begin(k_zipped), std::end(k_zipped));
    std::string request;
    LoopbackServer server([&](Connection& connection) {
        request = connection.read_request();
        connection.send(http_answer("200 OK", zipped, "Content-Encoding: gzip\r\n"));
    });
    const auto response = post(at(server.url()));
    ASSERT_TRUE(response) << response.error().what;
    EXPECT_EQ(response->body, "<answer>hello hello hello</answer>");
    EXPECT_NE(request.find("Accept-Encoding: gzip\r\n"), std::string::npos) << request;
}

TEST(CurlTransport, CountsTheBytesThatComeOutOfGzip) {
    const auto bomb = gzip_bomb(100'000);  // 160 kB that become 25 MB
    ASSERT_LT(bomb.size(), 200'000U);
    LoopbackServer server(always(http_answer("200 OK", bomb, "Content-Encoding: gzip\r\n")));
    HttpLimits limits;
    limits.body_bytes = 1'000'000;
    const auto response = post(at(server.url()), limits);
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().kind, Kind::too_large);
    EXPECT_EQ(response.error().what, "the answer is larger than 1000000 bytes");
}

TEST(CurlTransport, TakesExactlyTheLimitAndNotOneByteMore) {
    LoopbackServer server(always(http_answer("200 OK", std::string(1000, 'x'))));
    HttpLimits limits;
    limits.body_bytes = 1000;
    EXPECT_TRUE(post(at(server.url()), limits));
    limits.body_bytes = 999;
    EXPECT_EQ(post(at(server.url()), limits).error().kind, Kind::too_large);
}

TEST(CurlTransport, StopsAnAnswerWithoutEnd) {
    LoopbackServer server([](Connection& connection) {
        connection.read_request();
        connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        const std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
        while (connection.send(chunk)) {
        }
    });
    EXPECT_EQ(post(at(server.url())).error().kind, Kind::too_large);
}

TEST(CurlTransport, StopsHeadersWithoutEnd) {
    LoopbackServer server([](Connection& connection) {
        connection.read_request();
        connection.send("HTTP/1.1 200 OK\r\n");
        const std::string header = "X-More: " + std::string(4000, 'x') + "\r\n";
        while (connection.send(header)) {
        }
    });
    EXPECT_FALSE(post(at(server.url())));
}

TEST(CurlTransport, TheTotalTimeEndsASlowDrip) {
    LoopbackServer server([](Connection& connection) {
        connection.read_request();
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
        while (connection.send("x") && !connection.client_leaves_within(20)) {
        }
    });
    HttpLimits limits;
    limits.total = std::chrono::milliseconds(200);
    const auto start = std::chrono::steady_clock::now();
    const auto response = post(at(server.url()), limits);
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().kind, Kind::timeout);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST(CurlTransport, ASilentServerIsATimeout) {
    LoopbackServer server([](Connection& connection) {
        connection.read_request();
        connection.client_leaves_within(10'000);
    });
    HttpLimits limits;
    limits.total = std::chrono::milliseconds(100);
    EXPECT_EQ(post(at(server.url()), limits).error().kind, Kind::timeout);
}

TEST(CurlTransport, ARedirectIsGivenBackAndNotFollowed) {
    LoopbackServer elsewhere(always(http_answer("200 OK", "stolen")));
    LoopbackServer server(always(http_answer("302 Found", "", "Location: " + elsewhere.url() + "\r\n")));
    const auto response = post(at(server.url()));
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 302);
    EXPECT_EQ(elsewhere.connections(), 0);
}

TEST(CurlTransport, ProxiesOfTheEnvironmentAreNotAsked) {
    LoopbackServer proxy(always(http_answer("200 OK", "stolen")));
    LoopbackServer server(always(http_answer("200 OK", "right")));
    ::setenv("http_proxy", proxy.url().c_str(), 1);
    ::setenv("all_proxy", proxy.url().c_str(), 1);
    const auto response = post(at(server.url()));
    ::unsetenv("http_proxy");
    ::unsetenv("all_proxy");
    ASSERT_TRUE(response);
    EXPECT_EQ(response->body, "right");
    EXPECT_EQ(proxy.connections(), 0);
}

TEST(CurlTransport, NothingListeningIsAConnectFailure) {
    std::string url;
    {
        LoopbackServer server(always(""));
        url = server.url();
    }
    EXPECT_EQ(post(at(url)).error().kind, Kind::connect);
}

TEST(CurlTransport, OtherProtocolsAreRefused) {
    EXPECT_EQ(post(at("file:///etc/hostname")).error().kind, Kind::other);
    EXPECT_EQ(post(at("not a url")).error().kind, Kind::other);
}

TEST(CurlTransport, WhatIsNotHttpIsAFailure) {
    LoopbackServer server(always("SSH-2.0-OpenSSH_9.2\r\n"));
    EXPECT_EQ(post(at(server.url())).error().kind, Kind::other);
}

TEST(CurlTransport, AnAnswerCutShortIsAFailure) {
    LoopbackServer server([](Connection& connection) {
        connection.read_request();
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    });
    EXPECT_EQ(post(at(server.url())).error().kind, Kind::other);
}

TEST(CurlTransport, AMissingAuthorityFileIsACertificateMatter) {
    LoopbackServer server(always(""));
    auto endpoint = at("https" + server.url().substr(4));
    endpoint.trust = {TlsTrust::Authority::ca_file, "/nonexistent/ca.pem"};
    EXPECT_EQ(post(endpoint).error().kind, Kind::certificate);
}

TEST(CurlTransport, GetsWithTheHeadersThatAreAskedForAndKeepsThoseOfTheAnswer) {
    std::string request;
    LoopbackServer server([&](Connection& connection) {
        request = connection.read_request();
        connection.send(http_answer("200 OK", "[]", "X-Filtered: true\r\n"));
    });
    const auto got = make_http_transport()->get(at("http://127.0.0.1:" + std::to_string(server.port()) + "/v1/x"),
                                                {{"X-Token", "abc"}}, {});
    ASSERT_TRUE(got) << got.error().what;
    EXPECT_EQ(got->body, "[]");
    EXPECT_EQ(got->headers.at("x-filtered"), "true");
    EXPECT_EQ(request.substr(0, request.find("\r\n")), "GET /v1/x HTTP/1.1");
    EXPECT_NE(request.find("X-Token: abc\r\n"), std::string::npos) << request;
}

TEST(CurlTransport, SendsNoHeaderThatIsMoreThanOneLine) {
    const auto got = make_http_transport()->get(at("http://127.0.0.1:1/"), {{"X-Token", "abc\r\nHost: evil"}}, {});
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().what, "a header of the request is not one plain line");
}

}  // namespace
}  // namespace zmi
