#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>
#include <zmintegration/facts/inventory.hpp>
#include <zmintegration/mesh/consul.hpp>

namespace zmi {

using ServerNames = std::set<std::string, std::less<>>;

/// Whether Consul calls this server so: by its name, or as service-discover names its nodes: "agent-" or "server-" and
/// the host name with '-' for every dot.
[[nodiscard]] bool is_node_name_of(std::string_view node, std::string_view server);

/// Puts the catalogue into the inventory: each node is one of its servers, or of `known` (names that somebody has
/// said), by its name, else by its address, else by its first label; or a server of its own (known_from "mesh", under
/// Consul's name). Services go to Server::mesh_services, addresses to `resolved` where there is none, sidecars' ports
/// of the node that was asked to its mesh services. Two servers that a node may be, or two nodes that are one server,
/// are an error that names both; a server that is no node of the mesh has no services there.
[[nodiscard]] Expected<void> add_mesh_members(const ConsulCatalogue& catalogue, const ServerNames& known,
                                              Inventory& inventory);

}  // namespace zmi
