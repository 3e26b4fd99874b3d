#include <zmintegration/discovery/last_inventory.hpp>

#include <algorithm>
#include <optional>
#include <zmintegration/support/text.hpp>

namespace zmi {
namespace {

constexpr std::size_t k_most_peers = 3;
constexpr std::uint16_t k_usual_admin_port = 7071;

const std::string* first_value(const Attributes& attributes, std::string_view name) {
    const auto at = attributes.find(name);
    return at == attributes.end() || at->second.empty() ? nullptr : &at->second.front();
}

bool is_mailbox(const Server& server) {
    const auto at = server.own.find("zimbraServiceEnabled");
    return at != server.own.end() && std::find(at->second.begin(), at->second.end(), "mailbox") != at->second.end();
}

/// nullopt where the inventory's own values make no sense.
std::optional<KnownMailboxes::Peer> peer_of(const Server& server, const Attributes& global) {
    const auto* host = first_value(server.own, "zimbraServiceHostname");
    const auto* port = first_value(server.own, "zimbraAdminPort");
    if (port == nullptr) port = first_value(global, "zimbraAdminPort");
    KnownMailboxes::Peer peer{to_lower(host == nullptr ? server.name : *host), k_usual_admin_port};
    if (port != nullptr) {
        const auto number = parse_port(*port);
        if (!number) return std::nullopt;
        peer.admin_port = *number;
    }
    if (!is_host_name(peer.host)) return std::nullopt;
    return peer;
}

}  // namespace

KnownMailboxes known_mailboxes(const Inventory& inventory, const std::string& this_node) {
    KnownMailboxes known;
    for (const auto& server : inventory.servers) {
        if (server.name == this_node) {
            known.this_node_known = true;
            known.this_node_is_one = is_mailbox(server);
        } else if (is_mailbox(server) && known.others.size() < k_most_peers) {
            if (auto peer = peer_of(server, inventory.global)) known.others.push_back(std::move(*peer));
        }
    }
    return known;
}

}  // namespace zmi
