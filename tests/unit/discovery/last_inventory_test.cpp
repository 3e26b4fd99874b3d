#include <zmintegration/discovery/last_inventory.hpp>

#include <gtest/gtest.h>

namespace zmi {
namespace {

Server server(const std::string& name, Values services, Attributes more = {}) {
    more["zimbraServiceEnabled"] = std::move(services);
    return {name, std::move(more)};
}

TEST(LastInventory, NamesAtMostThreeOtherMailboxServers) {
    Inventory inventory;
    for (const auto* name : {"a.example.com", "b.example.com", "c.example.com", "d.example.com", "e.example.com"}) {
        inventory.servers.push_back(server(name, {"mailbox", "stats"}));
    }
    inventory.servers.push_back(server("mta.example.com", {"mta"}));
    const auto known = known_mailboxes(inventory, "a.example.com");
    ASSERT_EQ(known.others.size(), 3U);
    EXPECT_EQ(known.others[0].host, "b.example.com");
    EXPECT_EQ(known.others[0].admin_port, 7071);
    EXPECT_TRUE(known.this_node_known);
    EXPECT_TRUE(known.this_node_is_one);
}

TEST(LastInventory, KnowsWhetherThisNodeHasAMailbox) {
    Inventory inventory;
    inventory.servers = {server("mta.example.com", {"mta"})};
    EXPECT_TRUE(known_mailboxes(inventory, "mta.example.com").this_node_known);
    EXPECT_FALSE(known_mailboxes(inventory, "mta.example.com").this_node_is_one);
    EXPECT_FALSE(known_mailboxes(inventory, "new.example.com").this_node_known);
}

TEST(LastInventory, TakesHostAndPortFromTheServerThenFromTheGlobalConfig) {
    Inventory inventory;
    inventory.global["zimbraAdminPort"] = {"9071"};
    inventory.servers = {server("a.example.com", {"mailbox"}, {{"zimbraServiceHostname", {"Admin.Example.com"}}}),
                         server("b.example.com", {"mailbox"}, {{"zimbraAdminPort", {"7443"}}}),
                         server("c.example.com", {"mailbox"}, {{"zimbraAdminPort", {"0"}}}),
                         server("d.example.com", {"mailbox"}, {{"zimbraServiceHostname", {"not a host"}}})};
    const auto known = known_mailboxes(inventory, "mta.example.com");
    ASSERT_EQ(known.others.size(), 2U);
    EXPECT_EQ(known.others[0].host, "admin.example.com");
    EXPECT_EQ(known.others[0].admin_port, 9071);
    EXPECT_EQ(known.others[1].admin_port, 7443);
}

}  // namespace
}  // namespace zmi
