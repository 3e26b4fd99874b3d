#include <plugin/plan/plan_json.hpp>
#include <plugin/plan/read_plan.hpp>

#include "deployment.hpp"

namespace zmfw {
namespace {

Plan sample_plan() {
    test::Deployment deployment;
    deployment.mailstore("mbox1.example.com", "10.0.0.41").proxy("proxy1.example.com", "10.0.0.31", "mta ldap");
    deployment.addresses("proxy1.example.com", {"10.0.0.31", "2001:db8::31"});
    deployment.policy(R"(<network name="admin"><cidr>192.168.7.0/24</cidr></network>
        <allow port="20000-20010" protocol="udp" from="any" comment="calls; night"/>)");
    auto plan = deployment.plan();
    plan.made_at = "2026-11-24T06:15:48Z";
    return plan;
}

std::string replaced(std::string text, std::string_view old_text, std::string_view new_text) {
    const auto at = text.find(old_text);
    if (at == std::string::npos) throw std::runtime_error("the plan does not hold " + std::string(old_text));
    return text.replace(at, old_text.size(), new_text);
}

std::string refusal(const std::string& json) {
    const auto plan = read_plan(json, "plan.json");
    if (plan) return "(taken)";
    EXPECT_EQ(plan.error().kind, zmi::ErrorKind::data);
    return plan.error().what;
}

/// Why the sample is refused once `old_text` in it is `new_text`.
std::string refusal_with(std::string_view old_text, std::string_view new_text) {
    return refusal(replaced(to_json(sample_plan()), old_text, new_text));
}

TEST(ReadPlan, ReadsWhatWasWritten) {
    const auto written = to_json(sample_plan());
    const auto plan = read_plan(written);
    ASSERT_TRUE(plan) << plan.error().what;
    EXPECT_EQ(to_json(*plan), written);
    EXPECT_EQ(plan->made_at, "2026-11-24T06:15:48Z");
    EXPECT_EQ(plan->this_node, "mbox1.example.com");
}

TEST(ReadPlan, ReadsAPlanWithProblemsAsOneThatCannotBeUsed) {
    test::Deployment deployment;
    deployment.server("a.example.com", "mta", "10.0.0.1").server("b.example.com", "ldap", "10.0.0.2");
    deployment.addresses("a.example.com", {});
    auto plan = deployment.plan();
    plan.made_at = "2026-11-24T06:15:48Z";
    const auto read = read_plan(to_json(plan));
    ASSERT_TRUE(read) << read.error().what;
    const auto incomplete = [](const ServerPlan& server) { return !server.complete(); };
    EXPECT_TRUE(std::any_of(read->servers.begin(), read->servers.end(), incomplete));
    EXPECT_EQ(to_json(*read), to_json(plan));
}

TEST(ReadPlan, RefusesWhatIsNoPlan) {
    EXPECT_EQ(refusal("[]"), "plan.json: expected an object, found an array");
    EXPECT_EQ(refusal(""), "plan.json: not valid JSON at line 1, column 1");
    EXPECT_EQ(refusal("{}"), "plan.json: schema is missing");
    EXPECT_EQ(refusal(std::string(1000, '[')), "plan.json: nested too deeply");
    EXPECT_EQ(refusal(std::string(k_plan_size_limit + 1, ' ')), "plan.json: more than 32 MiB");
    EXPECT_EQ(refusal_with("zmfirewall/plan/1", "zmfirewall/plan/2"),
              "plan.json: schema: unexpected value 'zmfirewall/plan/2'");
}

TEST(ReadPlan, RefusesMembersThatItDoesNotKnow) {
    EXPECT_EQ(refusal_with("\"made_at\"", "\"run\": \"id\", \"made_at\""), "plan.json: unknown member 'run'");
    EXPECT_EQ(refusal_with("\"kind\"", "\"kind\": \"x\", \"kind\""),
              "plan.json: member 'kind' stands twice in one object");
    EXPECT_NE(refusal_with("\"audience\": ", "\"file\": \"/etc/shadow\", \"audience\": ").find("unknown member 'file'"),
              std::string::npos);
}

TEST(ReadPlan, RefusesNamesThatAreMoreThanNames) {
    EXPECT_EQ(refusal_with("\"mbox1.example.com\"", "\"mbox1;reboot\""),
              "plan.json: this_node: 'mbox1;reboot' is not a host name in lower case");
    EXPECT_NE(refusal_with("\"name\": \"mbox1.example.com\"", "\"name\": \"../../etc\"").find("servers[0].name"),
              std::string::npos);
    EXPECT_NE(refusal_with("\"endpoint\": \"ssh\"", "\"endpoint\": \"ssh accept\"").find("endpoint: 'ssh accept'"),
              std::string::npos);
    EXPECT_NE(refusal_with("\"reason\": \"r", "\"reason\": \"R").find("is no id of a reason"), std::string::npos);
    EXPECT_NE(refusal_with("\"comment\": \"calls; night\"", "\"comment\": \"a\\nb\"").find("control characters"),
              std::string::npos);
    EXPECT_NE(refusal_with("\"protocol\": \"udp\"", "\"protocol\": \"icmp\"").find("protocol"), std::string::npos);
    EXPECT_NE(refusal_with("\"audience\": \"ssh\"", "\"audience\": \"everyone\"").find("audience"),
              std::string::npos);
}

TEST(ReadPlan, RefusesAddressesAndPortsOfAnotherForm) {
    for (const auto* source : {"0.0.0.0/33", "10.0.0.1/8", "::ffff:10.0.0.1", "any", "fe80::1%eth0", "010.0.0.1", ""}) {
        const auto told = refusal_with("\"0.0.0.0/0\"", "\"" + std::string(source) + "\"");
        EXPECT_NE(told.find("is not a network"), std::string::npos) << source << ": " << told;
    }
    for (const auto* port : {"0", "65536", "-1", "22.0", "\"22\"", "\"23-22\"", "\"22-\"", "\"1-70000\"", "null"}) {
        const auto told = refusal_with("\"port\": 22,", "\"port\": " + std::string(port) + ",");
        EXPECT_NE(told.find("port: "), std::string::npos) << port << ": " << told;
    }
    EXPECT_NE(refusal_with("\"10.0.0.41\"", "\"10.0.0.041\"").find("is not an IP address"), std::string::npos);
}

TEST(ReadPlan, RefusesAPlanThatWasChangedAfterItWasMade) {
    const std::string changed = "is not that of these rules: the plan was changed after it was made";
    EXPECT_NE(refusal_with("\"192.168.7.0/24\"", "\"192.168.6.0/24\"").find(changed), std::string::npos);
    EXPECT_NE(refusal_with("\"port\": 22,", "\"port\": 23,").find(changed), std::string::npos);
    EXPECT_NE(refusal_with("\"name\": \"mbox1.example.com\"", "\"name\": \"mbox0.example.com\"").find(changed),
              std::string::npos);
}

TEST(ReadPlan, RefusesListsThatAreNotAsAPlanHasThem) {
    EXPECT_NE(refusal_with("\"0.0.0.0/0\"", "\"::/0\", \"0.0.0.0/0\"").find("not sorted and merged"),
              std::string::npos);
    EXPECT_NE(refusal_with("\"10.0.0.41\"", "\"10.0.0.41\", \"10.0.0.41\"").find("an entry stands twice"),
              std::string::npos);
    auto plan = sample_plan();
    std::swap(plan.servers.front(), plan.servers.back());
    EXPECT_NE(refusal(to_json(plan)).find("not sorted by name"), std::string::npos);
    plan = sample_plan();
    plan.servers.push_back(plan.servers.back());
    EXPECT_NE(refusal(to_json(plan)).find("stands twice"), std::string::npos);
    plan = sample_plan();
    plan.servers.front().open.resize(5'001, plan.servers.front().open.front());
    EXPECT_NE(refusal(to_json(plan)).find("more than 5000 entries"), std::string::npos);
}

TEST(ReadPlan, RefusesClaimsThatItsOwnListsDeny) {
    EXPECT_NE(refusal_with("\"complete\": true,\n      \"open\"", "\"complete\": false,\n      \"open\"")
                  .find("does not agree with the problems"),
              std::string::npos);
    auto plan = sample_plan();
    plan.servers.front().open.front().sources.clear();
    EXPECT_NE(refusal(to_json(plan)).find("nobody could connect"), std::string::npos);
    plan = sample_plan();
    plan.made_at = "yesterday";
    EXPECT_NE(refusal(to_json(plan)).find("made_at: expected a time"), std::string::npos);
}

}  // namespace
}  // namespace zmfw
