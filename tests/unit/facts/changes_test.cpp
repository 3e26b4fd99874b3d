#include <gtest/gtest.h>
#include <zmintegration/facts/changes.hpp>

namespace zmi {
namespace {

using Kind = FactChange::Kind;

Inventory sample() {
    Inventory inventory;
    inventory.this_node = "a.example.com";
    inventory.global["zimbraLmtpBindPort"] = {"7025"};
    for (const auto* name : {"a.example.com", "b.example.com"}) {
        inventory.servers.push_back({name, {{"zimbraServiceEnabled", {"mta", "stats"}}}});
        inventory.resolved[name] = {{*parse_address("10.0.0.1")}, {}};
    }
    inventory.local["a.example.com"].listeners = {{"master.cf", "/m/master.cf", 12, "smtp", "", 25}};
    inventory.local["a.example.com"].files["master.cf"] = {"/m/master.cf", "", {}};
    return inventory;
}

TEST(FactChanges, TheSameFactsAtAnotherTimeAreNoChange) {
    auto after = sample();
    after.source = {"zmprov", "zmprov", true, "2026-11-24T06:15:47Z"};
    EXPECT_TRUE(changes_between(sample(), after).empty());
}

TEST(FactChanges, TheOrderOfValuesAndTheLineOfAListenerMeanNothing) {
    auto after = sample();
    after.servers[0].own["zimbraServiceEnabled"] = {"stats", "mta"};
    after.local["a.example.com"].listeners[0].line = 40;
    EXPECT_TRUE(changes_between(sample(), after).empty());
}

TEST(FactChanges, AServersOwnValueIsComparedWithWhatItInherited) {
    auto after = sample();
    after.servers[1].own["zimbraLmtpBindPort"] = {"7026"};
    EXPECT_EQ(changes_between(sample(), after),
              (std::vector<FactChange>{{Kind::attribute, "b.example.com", "zimbraLmtpBindPort", "7025", "7026"}}));
}

TEST(FactChanges, ServicesAreToldOneByOne) {
    auto after = sample();
    after.servers[0].own["zimbraServiceEnabled"] = {"mta", "memcached"};
    EXPECT_EQ(changes_between(sample(), after),
              (std::vector<FactChange>{{Kind::service_added, "a.example.com", "memcached", "not enabled", "enabled"},
                                       {Kind::service_removed, "a.example.com", "stats", "enabled", "not enabled"}}));
}

TEST(FactChanges, OfAServerThatCameOrWentOnlyThatIsTold) {
    auto after = sample();
    after.servers[1].name = "c.example.com";
    EXPECT_EQ(changes_between(sample(), after),
              (std::vector<FactChange>{{Kind::joined, "c.example.com", "c.example.com", "", ""},
                                       {Kind::left, "b.example.com", "b.example.com", "", ""}}));
}

TEST(FactChanges, AListenerOfAFileIsToldWithTheFile) {
    auto after = sample();
    after.local["a.example.com"].listeners[0].port = 26;
    const auto changes = changes_between(sample(), after);
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_EQ(changes.front().kind, Kind::file);
    EXPECT_EQ(changes.front().name, "/m/master.cf");
    EXPECT_NE(changes.front().old_value, changes.front().new_value);
}

}  // namespace
}  // namespace zmi
