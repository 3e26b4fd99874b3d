#include <zmintegration/mesh/members.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <functional>
#include <map>
#include <zmintegration/support/text.hpp>

namespace zmi {
namespace {

constexpr const char* k_registered = "Consul, /v1/agent/services";

std::string_view first_label(std::string_view name) {
    return name.substr(0, name.find('.'));
}

std::string with_dashes(std::string_view name) {
    std::string dashed(name);
    std::replace(dashed.begin(), dashed.end(), '.', '-');
    return dashed;
}

class MemberMatcher {
public:
    MemberMatcher(const ServerNames& known, Inventory& inventory) : m_inventory(inventory), m_names(known) {
        for (const auto& server : inventory.servers) {
            m_names.insert(server.name);
            const auto at = server.own.find("zimbraServiceHostname");
            const bool other_host = at != server.own.end() && !at->second.empty();
            m_hosts[server.name] = other_host ? to_lower(at->second.front()) : server.name;
        }
    }

    /// The name of the server that the node is; empty where it is none.
    Expected<std::string> server_of(const ConsulNode& node) const {
        const auto name = to_lower(node.name);
        const auto address = parse_address(node.address);
        const std::vector<std::function<bool(const std::string&)>> ways = {
            [&](const std::string& server) { return is_node_name_of(name, server); },
            [&](const std::string& server) { return address && has_address(server, *address); },
            [&](const std::string& server) {
                return name.find('.') == std::string::npos && first_label(server) == name;
            },
        };
        for (const auto& is_it : ways) {
            std::vector<std::string> found;
            std::copy_if(m_names.begin(), m_names.end(), std::back_inserter(found), is_it);
            if (found.size() == 1) return found.front();
            if (found.size() > 1) {
                return failure(
                    ErrorKind::knowledge,
                    fmt::format("node {} of the mesh ({}) may be {}", node.name, node.address,
                                fmt::join(found, " or ")),
                    "correct the addresses in the name service, or leave Consul out: no --consul-token-file");
            }
        }
        return std::string();
    }

    [[nodiscard]] std::string host_of(const std::string& server) const {
        const auto at = m_hosts.find(server);
        return at == m_hosts.end() ? server : at->second;
    }

private:
    [[nodiscard]] bool has_address(const std::string& server, const IpAddress& address) const {
        const auto at = m_inventory.resolved.find(host_of(server));
        if (at == m_inventory.resolved.end()) return false;
        const auto& all = at->second.addresses;
        return std::find(all.begin(), all.end(), address) != all.end();
    }

    const Inventory& m_inventory;
    ServerNames m_names;
    std::map<std::string, std::string> m_hosts;
};

/// Consul's address where nobody else has one.
void add_address(const ConsulNode& node, const std::string& host, Inventory& inventory) {
    auto& resolution = inventory.resolved[host];
    if (!resolution.addresses.empty()) return;
    const auto address = parse_address(node.address);
    if (address && address->is_of_a_host() && !address->is_loopback()) {
        resolution = {{*address}, {}};
    } else if (resolution.problem.empty()) {
        resolution.problem = fmt::format("Consul knows it as {}, which nobody else can reach", node.address);
    }
}

Server& server_named(const std::string& name, Inventory& inventory) {
    auto& servers = inventory.servers;
    const auto at =
        std::lower_bound(servers.begin(), servers.end(), name,
                         [](const Server& server, const std::string& wanted) { return server.name < wanted; });
    if (at != servers.end() && at->name == name) return *at;
    Server added;
    added.name = name;
    added.known_from = "mesh";
    return *servers.insert(at, std::move(added));
}

void add_own_services(const std::vector<AgentService>& services, LocalFacts& facts) {
    const auto entry_of = [&](const std::string& name) -> MeshService& {
        const auto at = std::find_if(facts.mesh.begin(), facts.mesh.end(),
                                     [&](const MeshService& service) { return service.name == name; });
        if (at != facts.mesh.end()) return *at;
        facts.mesh.push_back({name, k_registered, 0, 0, {}, false});
        return facts.mesh.back();
    };
    for (const auto& service : services) {
        if (service.sidecar_for.empty()) {
            auto& entry = entry_of(service.name);
            if (entry.path == k_registered) entry.port = service.port;
        } else {
            auto& entry = entry_of(service.sidecar_for);
            entry.sidecar = true;
            entry.sidecar_port = service.port;
        }
    }
    std::stable_sort(facts.mesh.begin(), facts.mesh.end(),
                     [](const MeshService& a, const MeshService& b) { return a.name < b.name; });
}

}  // namespace

bool is_node_name_of(std::string_view node, std::string_view server) {
    if (equal_ignoring_case(node, server)) return true;
    for (const std::string_view role : {"agent-", "server-"}) {
        if (node.size() > role.size() && equal_ignoring_case(node.substr(0, role.size()), role) &&
            equal_ignoring_case(node.substr(role.size()), with_dashes(server)))
            return true;
    }
    return false;
}

Expected<void> add_mesh_members(const ConsulCatalogue& catalogue, const ServerNames& known, Inventory& inventory) {
    const MemberMatcher matcher(known, inventory);
    std::map<std::string, const ConsulNode*> nodes;  // by the server that they are
    for (const auto& node : catalogue.nodes) {
        auto server = matcher.server_of(node);
        if (!server) return tl::unexpected(std::move(server.error()));
        const auto name = server->empty() ? to_lower(node.name) : *server;
        if (!is_host_name(name)) {
            return failure(ErrorKind::knowledge,
                           fmt::format("node {} of the mesh is no server that LDAP knows, and no host name",
                                       zmi::quoted(node.name)));
        }
        const auto [at, added] = nodes.emplace(name, &node);
        if (!added) {
            return failure(
                ErrorKind::knowledge,
                fmt::format("nodes {} and {} of the mesh both are the server {}", at->second->name, node.name, name),
                fmt::format("a node that is gone: consul force-leave -prune {} (or {})", at->second->name, node.name));
        }
    }
    std::map<std::string, std::string> hosts;
    for (const auto& [name, node] : nodes) hosts[name] = matcher.host_of(name);
    for (auto& server : inventory.servers) server.mesh_services.emplace();
    for (const auto& [name, node] : nodes) {
        server_named(name, inventory).mesh_services = node->services;
        add_address(*node, hosts[name], inventory);
    }
    if (const auto at = inventory.local.find(inventory.this_node); at != inventory.local.end())
        add_own_services(catalogue.of_this_node, at->second);
    return {};
}

}  // namespace zmi
