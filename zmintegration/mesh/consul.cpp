#include <zmintegration/mesh/consul.hpp>

#include <fmt/format.h>
#include <algorithm>
#include <zmintegration/facts/inventory.hpp>
#include <zmintegration/soap/secret.hpp>
#include <zmintegration/support/file.hpp>
#include <zmintegration/support/text.hpp>
#include <zmintegration/support/url.hpp>

namespace zmi {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t k_token_limit = 4096;
constexpr std::uint16_t k_api_port = 8500;
constexpr std::size_t k_body_limit = 8 * 1024 * 1024;
// Every server of Consul registers itself under this name.
constexpr std::string_view k_consul_itself = "consul";
constexpr const char* k_rights =
    "give a token that may read all nodes and services: node_prefix \"\" and "
    "service_prefix \"\" with policy \"read\"";

/// What the file holds is in no error.
Expected<Secret> read_token(const std::filesystem::path& path) {
    auto text = read_file(path, k_token_limit);
    if (!text) return failure(ErrorKind::usage, "the token of Consul: " + text.error().what, "see --consul-token-file");
    Secret token{std::string(trim(*text))};
    wipe(*text);
    const bool plain =
        !token.text.empty() && is_printable_ascii(token.text) && token.text.find(' ') == std::string::npos;
    if (plain) return token;
    return failure(ErrorKind::usage,
                   fmt::format("the token of Consul: {} does not hold one line with one word", path.string()),
                   "see --consul-token-file");
}

class ConsulAsker {
public:
    ConsulAsker(HttpEndpoint endpoint, Secret token, HttpTransport& http, std::chrono::milliseconds deadline)
        : m_endpoint(std::move(endpoint)),
          m_token(std::move(token)),
          m_http(http),
          m_end(SteadyClock::now() + deadline) {}

    Expected<ConsulCatalogue> ask() {
        ConsulCatalogue found;
        auto nodes =
            get("/v1/catalog/nodes").and_then([&](const auto& body) { return parse_consul_nodes(body, m_what); });
        if (!nodes) return tl::unexpected(std::move(nodes.error()));
        found.nodes = std::move(*nodes);
        bool has_server = false;
        for (auto& node : found.nodes) {
            auto services = get("/v1/catalog/node-services/" + node.name).and_then([&](const auto& body) {
                return parse_consul_services(body, node.name, m_what);
            });
            if (!services) return tl::unexpected(std::move(services.error()));
            node.services = std::move(*services);
            has_server = has_server || node.services.contains(k_consul_itself);
        }
        // A token without rights gets empty lists, not refusals.
        if (!has_server) {
            return failure(
                ErrorKind::knowledge,
                fmt::format("{}: the catalogue has no server of Consul in it, so it is not the whole", m_endpoint.url),
                k_rights);
        }
        auto own =
            get("/v1/agent/services").and_then([&](const auto& body) { return parse_agent_services(body, m_what); });
        if (!own) return tl::unexpected(std::move(own.error()));
        found.of_this_node = std::move(*own);
        return found;
    }

private:
    Expected<std::string> get(const std::string& path) {
        m_what = m_endpoint.url + path;
        auto endpoint = m_endpoint;
        endpoint.url = m_what;
        HttpLimits limits;
        limits.body_bytes = k_body_limit;
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(m_end - SteadyClock::now());
        if (left.count() <= 0) return failure(ErrorKind::knowledge, m_what + ": no time is left", "see --timeout");
        limits.total = left;
        auto response = m_http.get(endpoint, {{"X-Consul-Token", m_token.text}}, limits);
        if (!response) {
            return failure(ErrorKind::knowledge, fmt::format("{}: {}", m_what, response.error().what),
                           "is service-discover running (systemctl status service-discover)");
        }
        return judged(std::move(*response));
    }

    /// The body, where it is all that there is.
    Expected<std::string> judged(HttpResponse response) {
        if (response.status == 403 || response.status == 401) {
            return failure(
                ErrorKind::knowledge,
                fmt::format("{}: status {}: the token is not valid or has no right", m_what, response.status),
                k_rights);
        }
        if (response.status != 200)
            return failure(ErrorKind::knowledge, fmt::format("{}: status {}", m_what, response.status),
                           "see journalctl -u service-discover");
        const auto filtered = response.headers.find("x-consul-results-filtered-by-acls");
        if (filtered != response.headers.end() && filtered->second != "false") {
            return failure(ErrorKind::knowledge, fmt::format("{}: Consul left out what the token may not see", m_what),
                           k_rights);
        }
        return std::move(response.body);
    }

    HttpEndpoint m_endpoint;
    Secret m_token;
    HttpTransport& m_http;
    SteadyClock::time_point m_end;
    std::string m_what;  ///< the request that is made
};

}  // namespace

Expected<HttpEndpoint> consul_endpoint(const ConsulChoice& choice) {
    const auto bad = [&](std::string_view why) {
        return failure(ErrorKind::usage,
                       fmt::format("--consul-url {}: {}", zmi::quoted(without_credentials(choice.url)), why),
                       "http://127.0.0.1:8500, or https://HOST:8501");
    };
    auto text = std::string_view(choice.url);
    while (text.ends_with('/')) text.remove_suffix(1);
    const auto authority = parse_authority(text);
    const bool http = authority.scheme == "http" || authority.scheme.empty();
    if (!http && authority.scheme != "https") return bad("neither http nor https");
    if (text.find('@') != std::string_view::npos || text.find_first_of("?#", 0) != std::string_view::npos)
        return bad("more than a host and a port");
    if (!authority.host || authority.port_is_bad) return bad("no host and port");
    if (http && !authority.host->is_loopback()) return bad("the token would go over the network in clear text");
    const auto after_scheme = text.find("://") == std::string_view::npos ? text : text.substr(text.find("://") + 3);
    if (after_scheme.find('/') != std::string_view::npos) return bad("more than a host and a port");
    HttpEndpoint endpoint;
    const auto& host = *authority.host;
    const bool ipv6 = host.address && host.address->family == Family::ipv6;
    const bool has_port = after_scheme.find(':', ipv6 ? after_scheme.find(']') : 0) != std::string_view::npos;
    const auto name = ipv6 ? "[" + host.address->to_string() + "]" : host.text;
    endpoint.url = fmt::format("{}://{}:{}", http ? "http" : "https", name,
                               has_port && authority.port ? *authority.port : k_api_port);
    // The name localhost must not lead anywhere else.
    if (http) endpoint.dial = host.address ? host.address : parse_address("127.0.0.1");
    if (!choice.ca.empty()) endpoint.trust = {TlsTrust::Authority::ca_file, choice.ca};
    return endpoint;
}

Expected<ConsulCatalogue> ask_consul(const ConsulChoice& choice, HttpTransport& http,
                                     std::chrono::milliseconds deadline) {
    auto endpoint = consul_endpoint(choice);
    if (!endpoint) return tl::unexpected(std::move(endpoint.error()));
    auto token = read_token(choice.token_file);
    if (!token) return tl::unexpected(std::move(token.error()));
    return ConsulAsker(std::move(*endpoint), std::move(*token), http, deadline).ask();
}

}  // namespace zmi
