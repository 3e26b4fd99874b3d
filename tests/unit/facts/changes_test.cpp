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

/// The sample after all sources of its node were read.
Inventory read_sample() {
    auto inventory = sample();
    auto& local = inventory.local["a.example.com"];
    for (const auto* source : {"packages", "present", "units", "modules", "mesh", "sockets"}) {
        local.files[source] = {std::string("/") + source, "", {}};
    }
    return inventory;
}

TEST(FactChanges, WhatIsOnANodeIsToldOneByOne) {
    auto after = read_sample();
    auto& local = after.local["a.example.com"];
    local.packages = {"carbonio-files-ce"};
    local.present = {"/etc/janus/janus.jcfg"};
    local.units = {{"patroni.service", "active"}};
    local.modules = {{"mobile", "running"}};
    local.mesh = {{"carbonio-files", "/a.hcl", 1, 10000, {21500}, true}};
    local.live = {{"tcp", 8735, "0.0.0.0"}, {"tcp", 8735, "::"}};
    const std::string a = "a.example.com";
    EXPECT_EQ(changes_between(read_sample(), after),
              (std::vector<FactChange>{{Kind::package, a, "carbonio-files-ce", "not installed", "installed"},
                                       {Kind::present, a, "/etc/janus/janus.jcfg", "not there", "there"},
                                       {Kind::unit, a, "patroni.service", "absent", "active"},
                                       {Kind::module, a, "mobile", "not there", "running"},
                                       {Kind::mesh_service, a, "carbonio-files", "not registered",
                                        "registered with port 10000 and a sidecar, exposes 21500"},
                                       {Kind::listener, a, "tcp/8735", "does not listen", "on 0.0.0.0, ::"}}));
}

TEST(FactChanges, OfASourceThatOneSideDidNotReadNothingIsTold) {
    auto after = read_sample();
    after.local["a.example.com"].packages = {"carbonio-files-ce"};
    EXPECT_TRUE(changes_between(sample(), after).empty());
    auto before = read_sample();
    before.local["a.example.com"].files["packages"].problem = "permission denied";
    const auto changes = changes_between(before, after);
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_EQ(changes[0], (FactChange{Kind::file, "a.example.com", "/packages", "permission denied", "(unset)"}));
}

TEST(FactChanges, ServicesOfTheMeshAreComparedWhereItWasAskedBothTimes) {
    auto before = sample();
    auto after = sample();
    after.servers[1].mesh_services = {"carbonio-videoserver"};
    EXPECT_TRUE(changes_between(before, after).empty());
    before.servers[1].mesh_services.emplace();
    EXPECT_EQ(changes_between(before, after),
              (std::vector<FactChange>{{Kind::mesh_service, "b.example.com", "carbonio-videoserver",
                                        "not in the catalogue of the mesh", "in the catalogue of the mesh"}}));
}

}  // namespace
}  // namespace zmi
