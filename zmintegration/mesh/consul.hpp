#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>
#include <zmintegration/http/http_transport.hpp>
#include <zmintegration/support/error.hpp>

/// The HTTP API of Consul, as far as the service mesh of the product needs it.
namespace zmi {

/// Where Consul is asked, and with what. The token itself is read when it is needed, and kept nowhere.
struct ConsulChoice {
    std::string url = "http://127.0.0.1:8500";
    std::filesystem::path token_file;  ///< empty: Consul is not asked
    std::filesystem::path ca;          ///< of https; empty: the system's authorities
};

/// A sidecar or another service as the agent of this node has it.
struct AgentService {
    std::string name;
    std::uint16_t port = 0;   ///< of the sidecar itself where it is one
    std::string sidecar_for;  ///< the service behind it; empty where it is no sidecar
    bool operator==(const AgentService&) const = default;
};

/// A node of the catalogue.
struct ConsulNode {
    std::string name;                             ///< as Consul spells it
    std::string address;                          ///< as Consul has it: an address, or a host name
    std::set<std::string, std::less<>> services;  ///< without the sidecars
    bool operator==(const ConsulNode&) const = default;
};

struct ConsulCatalogue {
    std::vector<ConsulNode> nodes;           ///< sorted by name
    std::vector<AgentService> of_this_node;  ///< what the agent that was asked has registered
};

/// http only to a loopback address, so that the token is never sent in clear text; https with a certificate that is
/// verified. Anything else is an error of kind usage.
[[nodiscard]] Expected<HttpEndpoint> consul_endpoint(const ConsulChoice& choice);

/// /v1/catalog/nodes, /v1/catalog/node-services/NODE of each, /v1/agent/services. All or nothing: an answer that is
/// refused, filtered by the token's rights, malformed or too large is an error of kind knowledge that says what to do.
[[nodiscard]] Expected<ConsulCatalogue> ask_consul(const ConsulChoice& choice, HttpTransport& http,
                                                   std::chrono::milliseconds deadline);

/// The readers of the answers; `what` begins their errors.
[[nodiscard]] Expected<std::vector<ConsulNode>> parse_consul_nodes(std::string_view json, std::string_view what);
[[nodiscard]] Expected<std::set<std::string, std::less<>>> parse_consul_services(std::string_view json,
                                                                                 std::string_view node,
                                                                                 std::string_view what);
[[nodiscard]] Expected<std::vector<AgentService>> parse_agent_services(std::string_view json, std::string_view what);

}  // namespace zmi
