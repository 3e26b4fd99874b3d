#include <gtest/gtest.h>

#include <functional>
#include <plugin/render/view.hpp>
#include <plugin/render/view_schema.hpp>

#include "sample_plans.hpp"

namespace zmfw {
namespace {

std::string problem(const ServerPlan& plan) {
    const auto view = make_server_view(plan, sample::source(), {"1", {}, {}});
    return view ? "" : view.error().what;
}

ServerPlan with(const std::function<void(OpenPort&)>& change) {
    auto port = sample::open_port("smtp", "tcp", 25, "public", sample::anyone());
    change(port);
    return sample::plan({port});
}

TEST(View, HasEveryNameOfItsSchema) {
    const auto view = make_server_view(sample::mixed_plan(), sample::source(), {"1", {"a"}, {"b"}});
    ASSERT_TRUE(view);
    const auto checked = check_view(*view);
    EXPECT_TRUE(checked) << checked.error().what;
}

TEST(View, OfTheClusterHasEveryNameOfItsSchema) {
    const auto view = make_cluster_view({sample::mixed_plan(), sample::plan({})}, sample::source(), {"1", {}, {}});
    ASSERT_TRUE(view);
    const auto checked = check_view(*view);
    EXPECT_TRUE(checked) << checked.error().what;
}

TEST(View, RefusesWhatATemplateCouldNotPrintAsItIs) {
    EXPECT_EQ(problem(with([](OpenPort&) {})), "");
    EXPECT_NE(problem(with([](OpenPort& p) { p.comment = "a\"; drop"; })), "");
    EXPECT_NE(problem(with([](OpenPort& p) { p.comment = "it's"; })), "");
    EXPECT_NE(problem(with([](OpenPort& p) { p.comment = "a\nb"; })), "");
    EXPECT_NE(problem(with([](OpenPort& p) { p.comment = "$(reboot)"; })), "");
    EXPECT_NE(problem(with([](OpenPort& p) { p.endpoint = "smtp }"; })), "");
    EXPECT_NE(problem(with([](OpenPort& p) { p.reason = ""; })), "");
    EXPECT_NE(problem(with([](OpenPort& p) { p.audience = "Public\n"; })), "");
    EXPECT_NE(problem(with([](OpenPort& p) { p.peers = {"a b"}; })), "");
    EXPECT_NE(problem(with([](OpenPort& p) { p.protocol = "sctp"; })), "");
    EXPECT_NE(problem(with([](OpenPort& p) { p.port = {0, 0}; })), "");
    EXPECT_NE(problem(with([](OpenPort& p) { p.port = {30, 20}; })), "");
    EXPECT_NE(problem(with([](OpenPort& p) { p.sources.clear(); })), "");
    auto renamed = sample::plan({});
    renamed.name = "mail; reboot";
    EXPECT_NE(problem(renamed), "");
}

TEST(View, LooksAtPeersWhereATemplateMayPrintThem) {
    const auto plan = with([](OpenPort& p) { p.peers = {"a b"}; });
    const ViewHeader header{"1", {}, {}};
    EXPECT_FALSE(make_server_view(plan, sample::source(), header, {"rules", "peers"}));
    EXPECT_TRUE(make_server_view(plan, sample::source(), header, {"rules", "sources4"}));
}

TEST(View, RefusesACommentThatNftablesWouldNotTake) {
    EXPECT_EQ(problem(with([](OpenPort& p) { p.comment = std::string(112, 'x'); })), "");
    EXPECT_NE(problem(with([](OpenPort& p) { p.comment = std::string(113, 'x'); })).find("129 bytes"),
              std::string::npos);
}

TEST(View, RefusesASourceThatCouldLeaveItsCommentLine) {
    auto source = sample::source();
    source.server = "https://mail\nflush ruleset";
    EXPECT_FALSE(make_server_view(sample::mixed_plan(), source, {"1", {}, {}}));
}

TEST(View, OfAPlanWithProblemsIsRefused) {
    auto plan = sample::mixed_plan();
    plan.problems.push_back({"mbox1.example.com", "address", "does not resolve"});
    const auto view = make_server_view(plan, sample::source(), {"1", {}, {}});
    ASSERT_FALSE(view);
    EXPECT_EQ(view.error().kind, zmi::ErrorKind::knowledge);
}

TEST(ViewRule, LimitedToAnAddressHasNoSourcesOfTheOtherFamily) {
    auto port = sample::open_port("memcached", "tcp", 11211, "cluster", {"10.0.0.1", "2001:db8::1"});
    port.destinations = {zmi::parse_address("10.0.0.5").value()};
    const auto rule = make_view_rule(port);
    EXPECT_EQ(rule.sources4.size(), 1U);
    EXPECT_TRUE(rule.sources6.empty());
}

TEST(ViewRule, MergesOverlappingSources) {
    const auto rule =
        make_view_rule(sample::open_port("ldap", "tcp", 389, "cluster", {"10.0.0.5", "10.0.0.0/24", "10.0.0.5"}));
    EXPECT_EQ(rule.sources4, sample::cidrs({"10.0.0.0/24"}));
}

std::vector<std::string> group_names(const ServerPlan& plan) {
    std::vector<ViewRule> rules;
    for (const auto& port : plan.open) rules.push_back(make_view_rule(port));
    std::vector<std::string> names;
    const auto groups = make_groups(rules, server_schema().fields.at("groups")).value();
    for (const auto& group : *groups) names.push_back(std::get<std::string>(*group->get("name")));
    return names;
}

TEST(Groups, PutSshFirst) {
    EXPECT_EQ(group_names(sample::mixed_plan()).front().rfind("zmfirewall-ssh-", 0), 0U);
}

TEST(Groups, ChangeTheirNameWithTheirContentOnly) {
    auto plan = sample::mixed_plan();
    const auto before = group_names(plan);
    EXPECT_EQ(group_names(sample::mixed_plan()), before);
    plan.open[1].port = {26, 26};
    EXPECT_NE(group_names(plan), before);
    plan = sample::mixed_plan();
    plan.open[3].sources.push_back(zmi::parse_cidr("10.0.7.7").value());
    EXPECT_NE(group_names(plan), before);
}

}  // namespace
}  // namespace zmfw
