#include <curl/curl.h>
#include <fmt/format.h>
#include <algorithm>
#include <memory>
#include <zmintegration/http/http_transport.hpp>
#include <zmintegration/support/text.hpp>

namespace zmi {
namespace {

constexpr std::size_t k_header_bytes = 256 * 1024;

struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct FreeHandle {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using List = std::unique_ptr<curl_slist, FreeList>;

/// What the callbacks collect; they are C code's, so nothing may be thrown out of them.
struct Sink {
    std::string body;
    std::size_t limit = 0;
    std::size_t header_bytes = 0;
    std::map<std::string, std::string, std::less<>> headers;
    bool too_large = false;
};

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* user) {
    auto& sink = *static_cast<Sink*>(user);
    const std::size_t bytes = size * count;
    sink.too_large = sink.too_large || bytes > sink.limit - sink.body.size();
    if (sink.too_large) return 0;
    try {
        sink.body.append(data, bytes);
    } catch (const std::exception&) {
        sink.too_large = true;
        return 0;
    }
    return bytes;
}

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* user) {
    auto& sink = *static_cast<Sink*>(user);
    const std::size_t bytes = size * count;
    sink.header_bytes += bytes;
    sink.too_large = sink.too_large || sink.header_bytes > k_header_bytes;
    if (sink.too_large) return 0;
    const std::string_view line(data, bytes);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return bytes;
    try {
        sink.headers.insert_or_assign(to_lower(line.substr(0, colon)), trim(line.substr(colon + 1)));
    } catch (const std::exception&) {
        sink.too_large = true;
        return 0;
    }
    return bytes;
}

bool is_plain_header(const HttpHeader& header) {
    return !header.name.empty() && is_printable_ascii(header.name) && is_printable_ascii(header.value) &&
           header.name.find_first_of(": ") == std::string::npos;
}

HttpFailure::Kind kind_of(CURLcode code, const Sink& sink) {
    if (sink.too_large) return HttpFailure::Kind::too_large;
    switch (code) {
        case CURLE_PEER_FAILED_VERIFICATION:
#if LIBCURL_VERSION_NUM < 0x073e00  // one code since 7.62
        case CURLE_SSL_CACERT:
#endif
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_ISSUER_ERROR: return HttpFailure::Kind::certificate;
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_CONNECT: return HttpFailure::Kind::connect;
        case CURLE_OPERATION_TIMEDOUT: return HttpFailure::Kind::timeout;
        default: return HttpFailure::Kind::other;
    }
}

/// One easy handle for all posts: it keeps the connection, so that the second request needs no new handshake.
class CurlTransport final : public HttpTransport {
public:
    CurlTransport() {
        static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
        if (initialised == CURLE_OK) m_handle.reset(curl_easy_init());
    }

    tl::expected<HttpResponse, HttpFailure> post(const HttpEndpoint& endpoint, const std::string& content_type,
                                                 const std::string& body, const HttpLimits& limits) override;
    tl::expected<HttpResponse, HttpFailure> get(const HttpEndpoint& endpoint, const std::vector<HttpHeader>& headers,
                                                const HttpLimits& limits) override;

private:
    void set_text(CURLoption option, const std::string& value) { check(set(option, value.c_str())); }
    template <class Value>
    CURLcode set(CURLoption option, Value value) {
        return curl_easy_setopt(m_handle.get(), option, value);
    }
    /// An option that this libcurl does not take must not be lost silently: each one guards something.
    void check(CURLcode code) { m_bad_option = m_bad_option == CURLE_OK ? code : m_bad_option; }
    void number(CURLoption option, long value) { check(set(option, value)); }

    void set_boundaries(const HttpLimits& limits);
    void set_trust(const TlsTrust& trust);
    void begin(const HttpEndpoint& endpoint, const HttpLimits& limits, Sink& sink);
    void set_target(const HttpEndpoint& endpoint);
    void add_header(const std::string& line);
    void set_sink(Sink& sink);
    tl::expected<HttpResponse, HttpFailure> perform(const HttpEndpoint& endpoint, const HttpLimits& limits, Sink& sink);

    std::unique_ptr<CURL, FreeHandle> m_handle;
    List m_headers;
    List m_connect_to;
    CURLcode m_bad_option = CURLE_OK;
    char m_error[CURL_ERROR_SIZE] = {};
};

void CurlTransport::set_boundaries(const HttpLimits& limits) {
    number(CURLOPT_NOSIGNAL, 1);
    number(CURLOPT_CONNECTTIMEOUT_MS, std::max<long>(1, limits.connect.count()));
    number(CURLOPT_TIMEOUT_MS, std::max<long>(1, limits.total.count()));
    set_text(CURLOPT_PROXY, "");  // also keeps the environment's proxies out
    number(CURLOPT_FOLLOWLOCATION, 0);
    number(CURLOPT_NETRC, CURL_NETRC_IGNORED);
    number(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
#if LIBCURL_VERSION_NUM >= 0x075500
    set_text(CURLOPT_PROTOCOLS_STR, "http,https");
#else
    number(CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
    if ((curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_LIBZ) != 0) {
        set_text(CURLOPT_ACCEPT_ENCODING, "gzip");
    }
}

void CurlTransport::set_trust(const TlsTrust& trust) {
    const bool verify = trust.authority != TlsTrust::Authority::anyone;
    number(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    number(CURLOPT_SSL_VERIFYPEER, verify ? 1 : 0);
    number(CURLOPT_SSL_VERIFYHOST, verify ? 2 : 0);
    if (trust.authority == TlsTrust::Authority::system) return;
    // Only this file: the system's authorities are neither trusted nor read, which takes longer than the handshake.
    check(set(CURLOPT_CAPATH, static_cast<const char*>(nullptr)));
    if (verify) {
        set_text(CURLOPT_CAINFO, trust.ca_file.string());
    } else {
        check(set(CURLOPT_CAINFO, static_cast<const char*>(nullptr)));
    }
}

void CurlTransport::set_target(const HttpEndpoint& endpoint) {
    set_text(CURLOPT_URL, endpoint.url);
    set_text(CURLOPT_USERAGENT, "zmfirewall");
    m_connect_to.reset();
    if (!endpoint.dial) return;
    const auto address = endpoint.dial->to_string();
    const auto rule = endpoint.dial->family == Family::ipv6 ? "::[" + address + "]:" : "::" + address + ":";
    m_connect_to.reset(curl_slist_append(nullptr, rule.c_str()));
    check(set(CURLOPT_CONNECT_TO, m_connect_to.get()));
}

/// Nothing is appended where there is no memory; the request is not made then.
void CurlTransport::add_header(const std::string& line) {
    auto* longer = curl_slist_append(m_headers.get(), line.c_str());
    if (longer == nullptr) return check(CURLE_OUT_OF_MEMORY);
    static_cast<void>(m_headers.release());
    m_headers.reset(longer);
}

void CurlTransport::set_sink(Sink& sink) {
    m_error[0] = '\0';
    check(set(CURLOPT_ERRORBUFFER, &m_error[0]));
    check(set(CURLOPT_WRITEFUNCTION, &take_body));
    check(set(CURLOPT_WRITEDATA, &sink));
    check(set(CURLOPT_HEADERFUNCTION, &take_header));
    check(set(CURLOPT_HEADERDATA, &sink));
}

void CurlTransport::begin(const HttpEndpoint& endpoint, const HttpLimits& limits, Sink& sink) {
    curl_easy_reset(m_handle.get());  // options only; the open connection stays
    m_bad_option = CURLE_OK;
    m_headers.reset();
    sink.limit = limits.body_bytes;
    sink.body.reserve(std::min<std::size_t>(limits.body_bytes, 4 * 1024 * 1024));  // pages never touched cost nothing
    set_boundaries(limits);
    set_trust(endpoint.trust);
    set_target(endpoint);
    set_sink(sink);
}

tl::expected<HttpResponse, HttpFailure> CurlTransport::post(const HttpEndpoint& endpoint,
                                                            const std::string& content_type, const std::string& body,
                                                            const HttpLimits& limits) {
    if (!m_handle) return tl::unexpected(HttpFailure{HttpFailure::Kind::other, "libcurl cannot be initialised"});
    Sink sink;
    begin(endpoint, limits, sink);
    add_header("Content-Type: " + content_type);
    add_header("Expect:");
    number(CURLOPT_POST, 1);
    check(set(CURLOPT_POSTFIELDS, body.data()));
    check(set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size())));
    return perform(endpoint, limits, sink);
}

tl::expected<HttpResponse, HttpFailure> CurlTransport::get(const HttpEndpoint& endpoint,
                                                           const std::vector<HttpHeader>& headers,
                                                           const HttpLimits& limits) {
    if (!m_handle) return tl::unexpected(HttpFailure{HttpFailure::Kind::other, "libcurl cannot be initialised"});
    if (!std::all_of(headers.begin(), headers.end(), is_plain_header))
        return tl::unexpected(HttpFailure{HttpFailure::Kind::other, "a header of the request is not one plain line"});
    Sink sink;
    begin(endpoint, limits, sink);
    add_header("Accept: */*");
    for (const auto& header : headers) add_header(header.name + ": " + header.value);
    number(CURLOPT_HTTPGET, 1);
    return perform(endpoint, limits, sink);
}

tl::expected<HttpResponse, HttpFailure> CurlTransport::perform(const HttpEndpoint& endpoint, const HttpLimits& limits,
                                                               Sink& sink) {
    check(set(CURLOPT_HTTPHEADER, m_headers.get()));
    if (m_bad_option != CURLE_OK || !m_headers || (endpoint.dial && !m_connect_to)) {
        return tl::unexpected(HttpFailure{
            HttpFailure::Kind::other, fmt::format("libcurl refuses an option: {}", curl_easy_strerror(m_bad_option))});
    }
    const CURLcode code = curl_easy_perform(m_handle.get());
    if (code == CURLE_OK) {
        HttpResponse response;
        curl_easy_getinfo(m_handle.get(), CURLINFO_RESPONSE_CODE, &response.status);
        response.body = std::move(sink.body);
        response.headers = std::move(sink.headers);
        curl_easy_reset(m_handle.get());  // it must not keep pointers to what dies here
        m_headers.reset();
        return response;
    }
    HttpFailure failure{kind_of(code, sink), m_error[0] != '\0' ? &m_error[0] : curl_easy_strerror(code)};
    if (sink.too_large) failure.what = fmt::format("the answer is larger than {} bytes", limits.body_bytes);
    curl_easy_reset(m_handle.get());
    m_headers.reset();
    const auto text = quoted(failure.what, CURL_ERROR_SIZE);
    failure.what = text.substr(1, text.size() - 2);
    return tl::unexpected(std::move(failure));
}

}  // namespace

std::unique_ptr<HttpTransport> make_http_transport() {
    return std::make_unique<CurlTransport>();
}

}  // namespace zmi
