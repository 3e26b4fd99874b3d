#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>
#include <zmintegration/discovery/resolver.hpp>
#include <zmintegration/facts/inventory.hpp>
#include <zmintegration/http/http_transport.hpp>
#include <zmintegration/local/product.hpp>
#include <zmintegration/mesh/consul.hpp>
#include <zmintegration/process/process_runner.hpp>
#include <zmintegration/support/clock.hpp>

namespace zmi {

enum class SourceKind { soap, zmprov, zmprov_ldap };
[[nodiscard]] std::string_view to_string(SourceKind kind);  ///< "soap", "zmprov", "zmprov-ldap"

struct DiscoveryOptions {
    Product product;                          ///< what is asked, and where it is
    std::filesystem::path system_root = "/";  ///< roots etc/ssh
    std::optional<SourceKind> only;           ///< else all, in order
    std::filesystem::path tls_ca;             ///< empty: conf/ca/ca.pem, then the system's
    bool tls_verify = true;
    std::filesystem::path last_inventory;  ///< may not exist
    /// Servers whose addresses the policy gives. The inventory may be used elsewhere, without that policy, so their
    /// names are resolved as well where that costs nothing; where it fails, the problem says that the policy had the
    /// address.
    std::set<std::string, std::less<>> known_addresses;
    /// Servers that somebody has named who is no source (a policy): the mesh may know them under other names.
    std::set<std::string, std::less<>> known_servers;
    ConsulChoice consul;                         ///< asked where it has a token file, and the mesh is wanted
    std::chrono::milliseconds deadline{60'000};  ///< of each source
};

struct Outside {
    ProcessRunner& processes;
    HttpTransport& http;
    Resolver& resolver;
    const Clock& clock;
};

/// Called for each thing the administrator should hear about while it happens (warnings, a source that failed).
using Tell = std::function<void(const std::string& line)>;

/// Asks the sources in order and returns the first complete answer, with the local truth of this node, what its mesh
/// knows where Consul is asked, and the addresses of all servers. Fails with ErrorKind::knowledge and the reason of
/// each source. This node must be listed; only of Carbonio there are nodes that LDAP does not know, which have none of
/// the packages of a service that LDAP enables: such a node is added (known_from "node").
[[nodiscard]] Expected<Inventory> discover(const DiscoveryOptions& options, const Wanted& wanted, Outside outside,
                                           const Tell& tell);

}  // namespace zmi
