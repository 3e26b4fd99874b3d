#include <zmintegration/mesh/members.hpp>

#include <gtest/gtest.h>

namespace zmi {
namespace {

Inventory deployment() {
    Inventory inventory;
    inventory.product = "carbonio";
    inventory.this_node = "mail.example.com";
    inventory.servers = {{"mail.example.com", {}}, {"mta.example.com", {}}};
    inventory.resolved["mail.example.com"] = {{*parse_address("10.0.0.1")}, ""};
    inventory.resolved["mta.example.com"] = {{}, "does not resolve"};
    inventory.local["mail.example.com"].mesh = {{"carbonio-proxy", "/a.hcl", 3, 443, {}, true}};
    return inventory;
}

Expected<Inventory> with(std::vector<ConsulNode> nodes, const ServerNames& known = {}) {
    auto inventory = deployment();
    const auto added = add_mesh_members({std::move(nodes), {}}, known, inventory);
    if (!added) return tl::unexpected(added.error());
    return inventory;
}

std::string problem(std::vector<ConsulNode> nodes) {
    const auto found = with(std::move(nodes));
    EXPECT_FALSE(found);
    return found ? "" : found.error().what;
}

TEST(MeshMembers, AreKnownByTheNamesThatServiceDiscoverGives) {
    EXPECT_TRUE(is_node_name_of("mail.example.com", "mail.example.com"));
    EXPECT_TRUE(is_node_name_of("server-mail-example-com", "mail.example.com"));
    EXPECT_TRUE(is_node_name_of("AGENT-mail-example-com", "mail.example.com"));
    EXPECT_FALSE(is_node_name_of("mail-example-com", "mail.example.com"));
    EXPECT_FALSE(is_node_name_of("agent-mail2-example-com", "mail.example.com"));
    EXPECT_FALSE(is_node_name_of("agent-", "mail.example.com"));
}

TEST(MeshMembers, BringServicesAndAnAddressWhereThereIsNone) {
    const auto found = with({{"agent-mta-example-com", "10.0.0.2", {"carbonio-mta"}}});
    ASSERT_TRUE(found) << found.error().what;
    const auto* mta = found->find("mta.example.com");
    EXPECT_EQ(mta->mesh_services, (ServerNames{"carbonio-mta"}));
    EXPECT_EQ(mta->known_from, "");
    EXPECT_EQ(found->resolved.at("mta.example.com").addresses.front().to_string(), "10.0.0.2");
    // Who is no node has no services, and that is known.
    EXPECT_EQ(found->find("mail.example.com")->mesh_services, ServerNames());
}

TEST(MeshMembers, AreFoundByTheirAddressElseByTheirFirstLabel) {
    const auto found = with({{"consul1", "10.0.0.1", {"consul"}}, {"mta", "10.0.0.2", {"carbonio-mta"}}});
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_EQ(found->find("mail.example.com")->mesh_services, (ServerNames{"consul"}));
    EXPECT_EQ(found->find("mta.example.com")->mesh_services, (ServerNames{"carbonio-mta"}));
    EXPECT_EQ(found->servers.size(), 2U);
}

TEST(MeshMembers, WhomLdapDoesNotKnowBecomesAServer) {
    const auto found = with({{"agent-video-example-com", "10.0.0.5", {"carbonio-videoserver"}}});
    ASSERT_TRUE(found) << found.error().what;
    ASSERT_EQ(found->servers.size(), 3U);
    const auto* video = found->find("agent-video-example-com");
    ASSERT_NE(video, nullptr);
    EXPECT_EQ(video->known_from, "mesh");
    EXPECT_EQ(found->resolved.at("agent-video-example-com").addresses.front().to_string(), "10.0.0.5");
}

TEST(MeshMembers, HaveTheNameThatThePolicyGivesThem) {
    const auto found = with({{"agent-video-example-com", "10.0.0.5", {}}}, {"video.example.com"});
    ASSERT_TRUE(found) << found.error().what;
    ASSERT_NE(found->find("video.example.com"), nullptr);
    EXPECT_EQ(found->find("video.example.com")->known_from, "mesh");
}

TEST(MeshMembers, AnAddressThatNobodyElseReachesIsNone) {
    const auto found = with({{"agent-video-example-com", "127.0.0.1", {}}});
    ASSERT_TRUE(found) << found.error().what;
    const auto& resolution = found->resolved.at("agent-video-example-com");
    EXPECT_TRUE(resolution.addresses.empty());
    EXPECT_EQ(resolution.problem, "Consul knows it as 127.0.0.1, which nobody else can reach");
}

TEST(MeshMembers, WhatMayBeTwoIsAnErrorThatNamesBoth) {
    auto inventory = deployment();
    inventory.resolved["mta.example.com"] = inventory.resolved["mail.example.com"];
    const auto either = add_mesh_members({{{"consul1", "10.0.0.1", {}}}, {}}, {}, inventory);
    ASSERT_FALSE(either);
    EXPECT_EQ(either.error().what, "node consul1 of the mesh (10.0.0.1) may be mail.example.com or mta.example.com");
    EXPECT_EQ(problem({{"agent-mail-example-com", "10.0.0.9", {}}, {"server-mail-example-com", "10.0.0.1", {}}}),
              "nodes agent-mail-example-com and server-mail-example-com of the mesh both are the server "
              "mail.example.com");
    EXPECT_EQ(problem({{"bad_name", "10.0.0.9", {}}}),
              "node 'bad_name' of the mesh is no server that LDAP knows, and no host name");
}

TEST(MeshMembers, TheAgentTellsThePortsOfSidecarsAndWhatNoFileRegisters) {
    auto inventory = deployment();
    const ConsulCatalogue catalogue{{}, {{"api", 9, ""}, {"proxy-sidecar", 21004, "carbonio-proxy"}}};
    ASSERT_TRUE(add_mesh_members(catalogue, {}, inventory));
    const auto& mesh = inventory.local.at("mail.example.com").mesh;
    ASSERT_EQ(mesh.size(), 2U);
    EXPECT_EQ(mesh[0].name, "api");
    EXPECT_EQ(mesh[0].port, 9);
    EXPECT_EQ(mesh[1].name, "carbonio-proxy");
    EXPECT_EQ(mesh[1].path, "/a.hcl");
    EXPECT_EQ(mesh[1].sidecar_port, 21004);
}

}  // namespace
}  // namespace zmi
