#include <zmintegration/discovery/join.hpp>

#include <gtest/gtest.h>
#include <zmintegration/facts/inventory_json.hpp>
#include "discovery_fakes.hpp"

namespace zmi {
namespace {

using testing::TemporaryFolder;

constexpr std::chrono::hours k_week{24 * 7};

Inventory of(const std::string& node) {
    Inventory inventory;
    inventory.source = {"soap", "https://localhost:7071", true, "2026-11-24T06:00:00Z"};
    inventory.this_node = node;
    inventory.servers = {{"a.example.com", {}}, {"b.example.com", {}}};
    inventory.local[node].localconfig["ldap_url"] = "ldap://" + node;
    inventory.resolved[node] = {{*parse_address("10.0.0.1")}, ""};
    return inventory;
}

std::string problem(const Inventory& into, const std::vector<SavedInventory>& others) {
    auto copy = into;
    const auto joined = join(copy, others, k_week);
    EXPECT_FALSE(joined);
    if (joined) return "";
    EXPECT_FALSE(joined.error().hint.empty());
    return joined.error().what;
}

TEST(Join, TakesTheOtherNodesFactsAndItsAddressWhereThereIsNone) {
    auto into = of("a.example.com");
    into.resolved["b.example.com"] = {{}, "does not resolve"};
    auto other = of("b.example.com");
    other.local["a.example.com"].localconfig["ldap_url"] = "old";
    other.resolved["b.example.com"].addresses.push_back(*parse_address("127.0.1.1"));
    const auto joined = join(into, {{"b.json", other}}, k_week);
    ASSERT_TRUE(joined) << joined.error().what;
    EXPECT_EQ(into.local.at("b.example.com"), other.local.at("b.example.com"));
    EXPECT_EQ(into.local.at("a.example.com").localconfig.at("ldap_url"), "ldap://a.example.com");
    ASSERT_EQ(into.resolved.at("b.example.com").addresses.size(), 1U);
    EXPECT_EQ(into.resolved.at("b.example.com").addresses[0].to_string(), "10.0.0.1");
}

TEST(Join, AnAddressThatThisNodeResolvedStays) {
    auto into = of("a.example.com");
    into.resolved["b.example.com"] = {{*parse_address("10.0.0.2")}, ""};
    ASSERT_TRUE(join(into, {{"b.json", of("b.example.com")}}, k_week));
    EXPECT_EQ(into.resolved.at("b.example.com").addresses[0].to_string(), "10.0.0.2");
}

TEST(Join, RefusesWhatIsNotOfThisDeploymentOrNotOfAnotherNode) {
    const auto into = of("a.example.com");
    auto carbonio = of("b.example.com");
    carbonio.product = "carbonio";
    EXPECT_EQ(problem(into, {{"b.json", carbonio}}), "--join b.json: it is of carbonio, and this deployment of zimbra");
    auto half = of("b.example.com");
    half.source.complete = false;
    EXPECT_EQ(problem(into, {{"b.json", half}}), "--join b.json: it says of itself that it is not complete");
    EXPECT_EQ(problem(into, {{"a.json", of("a.example.com")}}),
              "--join a.json: it was taken on a.example.com, whose own facts are there already");
    EXPECT_EQ(problem(into, {{"c.json", of("c.example.com")}}),
              "--join c.json: its node, c.example.com, is no server of this deployment");
    EXPECT_EQ(problem(into, {{"1.json", of("b.example.com")}, {"2.json", of("b.example.com")}}),
              "--join 2.json: the node b.example.com is in 1.json as well");
    auto empty = of("b.example.com");
    empty.local.clear();
    EXPECT_EQ(problem(into, {{"b.json", empty}}), "--join b.json: it has no facts of its own node, b.example.com");
    auto has = into;
    has.local["b.example.com"] = {};
    EXPECT_EQ(problem(has, {{"b.json", of("b.example.com")}}),
              "--join b.json: the facts of b.example.com are there already");
}

TEST(Join, RefusesWhatIsOlderThanItMayBe) {
    auto other = of("b.example.com");
    other.source.taken_at = "2026-11-17T06:00:00Z";
    auto into = of("a.example.com");
    EXPECT_TRUE(join(into, {{"b.json", other}}, k_week));
    other.source.taken_at = "2026-11-17T05:00:00Z";
    EXPECT_EQ(problem(of("a.example.com"), {{"b.json", other}}),
              "--join b.json: it was taken 7 days and 1 hours ago, at 2026-11-17T05:00:00Z");
    into = of("a.example.com");
    EXPECT_TRUE(join(into, {{"b.json", other}}, k_week + std::chrono::hours(1)));
}

/// An inventory of a node that LDAP does not know.
Inventory of_video() {
    auto other = of("video.example.com");
    Server video{"video.example.com", {}, "node"};
    other.servers.push_back(video);
    return other;
}

TEST(Join, ANodeThatOnlyItselfKnowsBecomesAServer) {
    auto into = of("a.example.com");
    const auto joined = join(into, {{"v.json", of_video()}}, k_week);
    ASSERT_TRUE(joined) << joined.error().what;
    ASSERT_NE(into.find("video.example.com"), nullptr);
    EXPECT_EQ(into.find("video.example.com")->known_from, "node");
    EXPECT_EQ(into.resolved.at("video.example.com").addresses[0].to_string(), "10.0.0.1");
}

TEST(Join, ANodeThatTheMeshKnowsUnderItsOwnNameGetsItsRightOne) {
    auto into = of("a.example.com");
    Server mesh{"agent-video-example-com", {}, "mesh", std::set<std::string, std::less<>>{"carbonio-videoserver"}};
    into.servers.insert(into.servers.begin() + 1, mesh);
    into.resolved["agent-video-example-com"] = {{*parse_address("10.0.0.5")}, ""};
    const auto joined = join(into, {{"v.json", of_video()}}, k_week);
    ASSERT_TRUE(joined) << joined.error().what;
    EXPECT_EQ(into.servers.size(), 3U);
    EXPECT_EQ(into.find("agent-video-example-com"), nullptr);
    ASSERT_NE(into.find("video.example.com"), nullptr);
    EXPECT_EQ(into.find("video.example.com")->mesh_services, mesh.mesh_services);
    EXPECT_EQ(into.resolved.at("video.example.com").addresses[0].to_string(), "10.0.0.5");
    EXPECT_FALSE(into.resolved.contains("agent-video-example-com"));
}

TEST(Join, ReadsFilesAndTheJsonFilesOfFolders) {
    const TemporaryFolder folder;
    folder.write("b.json", to_json(of("b.example.com")));
    folder.write("readme.txt", "no inventory");
    folder.write("other/c.json", to_json(of_video()));
    const auto found = read_inventories({folder.path / "other/c.json", folder.path});
    ASSERT_TRUE(found) << found.error().what;
    ASSERT_EQ(found->size(), 2U);
    EXPECT_EQ((*found)[0].inventory.this_node, "video.example.com");
    EXPECT_EQ((*found)[1].origin, (folder.path / "b.json").string());
}

TEST(Join, AFolderWithoutInventoriesAndAFileThatIsNoneAreErrors) {
    const TemporaryFolder folder;
    EXPECT_NE(read_inventories({folder.path}).error().what.find("no file in it ends in .json"), std::string::npos);
    folder.write("a.json", "{");
    EXPECT_FALSE(read_inventories({folder.path}));
    EXPECT_FALSE(read_inventories({folder.path / "none.json"}));
    EXPECT_TRUE(read_inventories({})->empty());
}

}  // namespace
}  // namespace zmi
