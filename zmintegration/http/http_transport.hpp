#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>
#include <zmintegration/support/error.hpp>
#include <zmintegration/support/network.hpp>

namespace zmi {

/// Whom a TLS connection trusts.
struct TlsTrust {
    enum class Authority { ca_file, system, anyone };
    Authority authority = Authority::system;
    std::filesystem::path ca_file;  ///< for Authority::ca_file
};

/// Where to post: `url` names the host that the certificate is checked against. `dial` is the address really
/// connected to, where it differs (a node calls its own name over loopback) or must not change.
struct HttpEndpoint {
    std::string url;
    std::optional<IpAddress> dial;
    TlsTrust trust;
};

struct HttpLimits {
    std::chrono::milliseconds connect{5'000};
    std::chrono::milliseconds total{60'000};
    std::size_t body_bytes = 16 * 1024 * 1024;  ///< counted after decompression
};

struct HttpResponse {
    long status = 0;
    std::string body;
    std::map<std::string, std::string, std::less<>> headers{};  ///< by name in lower case; of several, the last one
};

/// Of a request. The value may be a secret: it is in no error and no log.
struct HttpHeader {
    std::string name;
    std::string value;  ///< one line; anything else is refused
};

/// Why there was no response. Only `certificate` is worth another try with other trust.
struct HttpFailure {
    enum class Kind { certificate, connect, timeout, too_large, other };
    Kind kind = Kind::other;
    std::string what;
};

/// Seam to HTTP. A transport may keep a connection open between posts to the same endpoint.
class HttpTransport {
public:
    virtual ~HttpTransport() = default;
    [[nodiscard]] virtual tl::expected<HttpResponse, HttpFailure> post(const HttpEndpoint& endpoint,
                                                                       const std::string& content_type,
                                                                       const std::string& body,
                                                                       const HttpLimits& limits) = 0;
    [[nodiscard]] virtual tl::expected<HttpResponse, HttpFailure> get(const HttpEndpoint& endpoint,
                                                                      const std::vector<HttpHeader>& headers,
                                                                      const HttpLimits& limits) = 0;
};

/// The real one (libcurl): no redirects, no proxy, TLS 1.2 or later, gzip understood.
[[nodiscard]] std::unique_ptr<HttpTransport> make_http_transport();

}  // namespace zmi
