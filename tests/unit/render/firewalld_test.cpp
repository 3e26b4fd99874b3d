#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "run_program.hpp"
#include "sample_plans.hpp"

namespace zmfw {
namespace {

ServerPlan hostile_plan() {
    auto plan = sample::mixed_plan();
    plan.name = "xn--mail-for.example.com";
    plan.open[0].title = "ssh <&> \"'--> \x01";
    return plan;
}

std::string file_of(const std::vector<RenderedFile>& files, const std::string& name) {
    for (const auto& file : files) {
        if (file.name.ends_with(name)) return file.content;
    }
    return {};
}

bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::set<std::string> all_matches(const std::string& text, const std::string& pattern) {
    const std::regex expression(pattern);
    std::set<std::string> found;
    for (auto at = std::sregex_iterator(text.begin(), text.end(), expression); at != std::sregex_iterator(); ++at) {
        found.insert((*at)[1]);
    }
    return found;
}

TEST(Firewalld, NamesOnlySetsAndServicesThatItBrings) {
    const auto files = sample::rendered("firewalld", sample::mixed_plan());
    const auto zone = file_of(files, "/zones/zmfirewall.xml");
    const auto sets = all_matches(zone, "ipset=\"([^\"]*)\"");
    const auto services = all_matches(zone, "service name=\"(zmfirewall[^\"]*)\"");
    EXPECT_GE(sets.size(), 4U);
    EXPECT_EQ(services.size(), 8U);
    for (const auto& set : sets) {
        EXPECT_FALSE(file_of(files, "/ipsets/" + set + ".xml").empty()) << set;
        EXPECT_LE(set.size(), 31U);
    }
    for (const auto& service : services)
        EXPECT_FALSE(file_of(files, "/services/" + service + ".xml").empty()) << service;
}

TEST(Firewalld, NeverPutsEverywhereIntoASetAndHasNoZoneForPeers) {
    for (const auto& file : sample::rendered("firewalld", sample::mixed_plan())) {
        EXPECT_FALSE(holds(file.content, "<entry>0.0.0.0/0") || holds(file.content, "<entry>::/0")) << file.name;
        if (!file.name.ends_with("/zones/zmfirewall.xml")) continue;
        EXPECT_FALSE(holds(file.content, "\n  <source ")) << file.content;
    }
}

TEST(Firewalld, KeepsTheFamiliesApart) {
    for (const auto& file : sample::rendered("firewalld", sample::mixed_plan())) {
        if (!holds(file.name, "/ipsets/")) continue;
        const bool ipv6 = holds(file.name, "zmfirewall6-");
        EXPECT_EQ(holds(file.content, "value=\"inet6\""), ipv6) << file.content;
        EXPECT_EQ(holds(file.content, "2001:db8"), ipv6) << file.content;
        EXPECT_EQ(holds(file.content, "10."), !ipv6 && !holds(file.content, "192.168.")) << file.content;
    }
}

TEST(Firewalld, LimitsARuleToItsAddressAndItsFamily) {
    const auto zone = file_of(sample::rendered("firewalld", sample::mixed_plan()), "/zones/zmfirewall.xml");
    EXPECT_TRUE(holds(zone, "/><destination address=\"10.0.0.5\"/><service name=\"zmfirewall-tcp_11211\"/><accept/>"));
    EXPECT_TRUE(holds(zone, "<rule family=\"ipv4\"><service name=\"zmfirewall-tcp_80\"/><accept/></rule>"));
    EXPECT_FALSE(holds(zone, "<rule family=\"ipv6\"><service name=\"zmfirewall-tcp_80\"/>"));
    EXPECT_TRUE(holds(zone, "<rule><service name=\"zmfirewall-tcp_25\"/><accept/></rule>"));
}

TEST(Firewalld, WritesRangesAsOnePort) {
    const auto files = sample::rendered("firewalld", sample::mixed_plan());
    EXPECT_TRUE(holds(file_of(files, "/services/zmfirewall-tcp_20000_20010.xml"),
                      "<port protocol=\"tcp\" port=\"20000-20010\"/>"));
}

TEST(Firewalld, WritesXmlWhateverTheTitleIs) {
    if (sample::run_shell("command -v xmllint").status != 0) GTEST_SKIP() << "xmllint is not installed";
    for (const auto& file : sample::rendered("firewalld", hostile_plan())) {
        if (!file.name.ends_with(".xml")) continue;
        const auto path = sample::scratch_file("firewalld.xml", file.content).string();
        const auto read = sample::run_shell("xmllint --nonet --noout '" + path + "'");
        EXPECT_EQ(read.status, 0) << file.name << read.output;
    }
}

TEST(Firewalld, WritesScriptsThatTheShellReads) {
    for (const auto& file : sample::rendered("firewalld", hostile_plan())) {
        if (!file.name.ends_with(".sh")) continue;
        EXPECT_EQ(file.mode, 0755U);
        const auto path = sample::scratch_file("firewalld.sh", file.content).string();
        EXPECT_EQ(sample::run_shell("sh -n '" + path + "'").status, 0);
    }
}

}  // namespace
}  // namespace zmfw
