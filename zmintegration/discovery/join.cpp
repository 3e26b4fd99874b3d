#include <zmintegration/discovery/join.hpp>

#include <fmt/format.h>
#include <algorithm>
#include <map>
#include <system_error>
#include <zmintegration/facts/inventory_json.hpp>
#include <zmintegration/mesh/members.hpp>
#include <zmintegration/support/clock.hpp>
#include <zmintegration/support/file.hpp>
#include <zmintegration/support/text.hpp>

namespace zmi {
namespace {

constexpr std::size_t k_inventory_limit = 32 * 1024 * 1024;
constexpr std::size_t k_most_inventories = 1'000;
constexpr const char* k_take_another = "take a new one there: zmfirewall discover --json";

using Paths = std::vector<std::filesystem::path>;

/// The files that a path stands for.
Expected<Paths> files_of(const std::filesystem::path& path) {
    std::error_code code;
    if (!std::filesystem::is_directory(path, code)) return Paths{path};
    Paths files;
    std::filesystem::directory_iterator entry(path, code);
    for (; !code && entry != std::filesystem::directory_iterator(); entry.increment(code)) {
        if (entry->path().extension() == ".json") files.push_back(entry->path());
    }
    if (code) return failure(ErrorKind::data, fmt::format("--join {}: {}", path.string(), code.message()));
    if (files.empty()) {
        return failure(ErrorKind::data, fmt::format("--join {}: no file in it ends in .json", path.string()),
                       "save inventories of other nodes there: zmfirewall discover --json");
    }
    std::sort(files.begin(), files.end());
    return files;
}

/// The name under which the resolver of a deployment knows a server.
std::string host_of(const Server& server) {
    const auto at = server.own.find("zimbraServiceHostname");
    return at == server.own.end() || at->second.empty() ? server.name : to_lower(at->second.front());
}

class Joiner {
public:
    Joiner(Inventory& into, std::chrono::seconds max_age) : m_into(into), m_max_age(max_age) {}

    Expected<void> add(const SavedInventory& other) {
        const auto& node = other.inventory.this_node;
        if (auto checked = check(other); !checked) return checked;
        if (auto server = make_server(other); !server) return server;
        m_into.local.emplace(node, other.inventory.local.at(node));
        add_addresses(other.inventory);
        m_origins.emplace(node, other.origin);
        return {};
    }

private:
    static tl::unexpected<Error> refused(const SavedInventory& other, std::string_view why, std::string hint,
                                         ErrorKind kind = ErrorKind::knowledge) {
        return failure(kind, fmt::format("--join {}: {}", other.origin, why), std::move(hint));
    }

    Expected<void> check(const SavedInventory& other) const {
        const auto& inventory = other.inventory;
        const auto& node = inventory.this_node;
        if (inventory.product != m_into.product) {
            return refused(other,
                           fmt::format("it is of {}, and this deployment of {}", inventory.product, m_into.product),
                           "join only inventories of this deployment", ErrorKind::data);
        }
        if (!inventory.source.complete)
            return refused(other, "it says of itself that it is not complete", k_take_another);
        if (node == m_into.this_node) {
            return refused(other, fmt::format("it was taken on {}, whose own facts are there already", node),
                           "leave it out: only inventories of other nodes are joined");
        }
        if (const auto at = m_origins.find(node); at != m_origins.end())
            return refused(other, fmt::format("the node {} is in {} as well", node, at->second),
                           "leave one of them out");
        if (m_into.local.contains(node))
            return refused(other, fmt::format("the facts of {} are there already", node), "leave it out");
        if (!inventory.local.contains(node))
            return refused(other, fmt::format("it has no facts of its own node, {}", node), k_take_another);
        return check_age(other);
    }

    Expected<void> check_age(const SavedInventory& other) const {
        const auto then = parse_rfc3339(other.inventory.source.taken_at);
        const auto now = parse_rfc3339(m_into.source.taken_at);
        if (!then || !now) return refused(other, "it does not say when it was taken", k_take_another);
        if (*now - *then <= m_max_age) return {};
        const auto hours = std::chrono::duration_cast<std::chrono::hours>(*now - *then).count();
        return refused(other,
                       fmt::format("it was taken {} days and {} hours ago, at {}", hours / 24, hours % 24,
                                   other.inventory.source.taken_at),
                       fmt::format("{}; or let older ones count with --join-age DAYS", k_take_another));
    }

    /// There is a server of that name, or there is one now.
    Expected<void> make_server(const SavedInventory& other) {
        const auto& node = other.inventory.this_node;
        if (m_into.find(node) != nullptr) return {};
        const auto* own = other.inventory.find(node);
        if (own == nullptr || own->known_from.empty()) {
            std::vector<std::string> names;
            for (const auto& server : m_into.servers) names.push_back(server.name);
            const auto near = nearest(node, names);
            return refused(other, fmt::format("its node, {}, is no server of this deployment", node),
                           near.empty() ? "leave it out if that server is gone, or belongs elsewhere"
                                        : fmt::format("leave it out; or is it {} under another name", near));
        }
        Server server{node, own->own, "node"};
        if (auto taken = take_mesh_server(server, other); !taken) return taken;
        auto& servers = m_into.servers;
        servers.insert(std::upper_bound(servers.begin(), servers.end(), server,
                                        [](const Server& a, const Server& b) { return a.name < b.name; }),
                       server);
        return {};
    }

    /// The server that only the mesh knew, under Consul's name, is this one.
    Expected<void> take_mesh_server(Server& server, const SavedInventory& other) {
        std::vector<std::size_t> found;
        for (std::size_t i = 0; i < m_into.servers.size(); ++i) {
            const auto& one = m_into.servers[i];
            if (one.known_from == "mesh" &&
                (is_node_name_of(one.name, server.name) || shares_address(one, other.inventory)))
                found.push_back(i);
        }
        if (found.size() > 1) {
            return refused(other,
                           fmt::format("its node, {}, may be {} or {} of the mesh", server.name,
                                       m_into.servers[found[0]].name, m_into.servers[found[1]].name),
                           "correct the addresses in the name service");
        }
        if (found.empty()) return {};
        const auto at = m_into.servers.begin() + static_cast<std::ptrdiff_t>(found.front());
        server.known_from = "mesh";
        server.mesh_services = at->mesh_services;
        auto node = m_into.resolved.extract(at->name);
        if (!node.empty()) {
            node.key() = host_of(server);
            m_into.resolved.insert(std::move(node));
        }
        m_into.servers.erase(at);
        return {};
    }

    [[nodiscard]] bool shares_address(const Server& mesh, const Inventory& other) const {
        const auto here = m_into.resolved.find(host_of(mesh));
        const auto* own = other.find(other.this_node);
        if (here == m_into.resolved.end() || own == nullptr) return false;
        const auto there = other.resolved.find(host_of(*own));
        if (there == other.resolved.end()) return false;
        return std::any_of(here->second.addresses.begin(), here->second.addresses.end(), [&](const IpAddress& address) {
            const auto& all = there->second.addresses;
            return std::find(all.begin(), all.end(), address) != all.end();
        });
    }

    /// A node may know itself by a loopback address, which is nobody else's.
    void add_addresses(const Inventory& other) {
        const auto* own = other.find(other.this_node);
        const auto host = own == nullptr ? other.this_node : host_of(*own);
        auto& resolution = m_into.resolved[host];
        if (!resolution.addresses.empty()) return;
        if (const auto at = other.resolved.find(host); at != other.resolved.end()) {
            auto addresses = at->second.addresses;
            std::erase_if(addresses, [](const IpAddress& address) { return address.is_loopback(); });
            if (!addresses.empty()) resolution = {std::move(addresses), {}};
        }
        if (resolution.addresses.empty() && resolution.problem.empty())
            resolution.problem = "neither this node nor its own inventory knows its address";
    }

    Inventory& m_into;
    std::chrono::seconds m_max_age;
    std::map<std::string, std::string> m_origins;  ///< of what was joined, by node
};

}  // namespace

Expected<std::vector<SavedInventory>> read_inventories(const Paths& paths) {
    std::vector<SavedInventory> found;
    for (const auto& path : paths) {
        const auto files = files_of(path);
        if (!files) return tl::unexpected(files.error());
        for (const auto& file : *files) {
            if (found.size() >= k_most_inventories)
                return failure(ErrorKind::data, fmt::format("--join: more than {} inventories", k_most_inventories));
            const auto text = read_file(file, k_inventory_limit);
            if (!text) return failure(ErrorKind::data, "--join: " + text.error().what, text.error().hint);
            auto inventory = parse_inventory(*text, file.string());
            if (!inventory) return tl::unexpected(std::move(inventory.error()).within("--join"));
            found.push_back({file.string(), std::move(*inventory)});
        }
    }
    return found;
}

Expected<void> join(Inventory& into, const std::vector<SavedInventory>& others, std::chrono::seconds max_age) {
    Joiner joiner(into, max_age);
    for (const auto& other : others) {
        if (auto added = joiner.add(other); !added) return added;
    }
    return {};
}

}  // namespace zmi
