#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>
#include <zmintegration/facts/inventory.hpp>

namespace zmi {

/// What the last inventory knows of mailbox servers: whom else to ask where this node runs no mailboxd.
struct KnownMailboxes {
    struct Peer {
        std::string host;  ///< service host name
        std::uint16_t admin_port = 0;
    };
    std::vector<Peer> others;      ///< at most three, by name; never this node
    bool this_node_known = false;  ///< the inventory has this node
    bool this_node_is_one = false;
};

[[nodiscard]] KnownMailboxes known_mailboxes(const Inventory& inventory, const std::string& this_node);

}  // namespace zmi
