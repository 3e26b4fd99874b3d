#include <gtest/gtest.h>
#include <plugin/handover/host_facts.hpp>
#include <plugin/handover/suitable.hpp>
#include <zmintegration/support/clock.hpp>

namespace zmfw {
namespace {

using std::chrono::hours;

const auto k_now = zmi::parse_rfc3339("2026-11-24T12:00:00Z").value();

Plan plan_of(std::initializer_list<const char*> names) {
    Plan plan;
    plan.made_at = plan.source.taken_at = "2026-11-24T11:00:00Z";
    int number = 1;
    for (const auto* name : names) {
        ServerPlan server;
        server.name = name;
        server.addresses = {zmi::parse_address("10.0.0." + std::to_string(number++)).value()};
        plan.servers.push_back(server);
    }
    return plan;
}

ServerPlan with_ssh(const char* source, std::uint16_t port = 22, const char* destination = nullptr) {
    OpenPort open;
    open.protocol = "tcp";
    open.port = {port, port};
    open.sources = {zmi::parse_cidr(source).value()};
    if (destination != nullptr) open.destinations = {zmi::parse_address(destination).value()};
    ServerPlan plan;
    plan.open = {open};
    return plan;
}

TEST(SuitablePlan, IsNeitherOldNorFromTheFuture) {
    auto plan = plan_of({"a.example.com"});
    EXPECT_TRUE(check_age(plan, k_now, hours(24)));
    EXPECT_TRUE(check_age(plan, k_now, hours(1)));
    EXPECT_FALSE(check_age(plan, k_now + hours(24), hours(24)));
    EXPECT_TRUE(check_age(plan, k_now - hours(1) - std::chrono::minutes(5), hours(24)));
    EXPECT_FALSE(check_age(plan, k_now - hours(1) - std::chrono::minutes(6), hours(24)));
    // A plan made just now of facts of last week.
    plan.source.taken_at = "2026-11-17T11:00:00Z";
    EXPECT_FALSE(check_age(plan, k_now, hours(24)));
    plan.made_at = "";
    EXPECT_FALSE(check_age(plan, k_now, hours(24)));
}

TEST(SuitablePlan, IsForThisHost) {
    const auto plan = plan_of({"a.example.com", "b.example.com"});
    const HostFacts by_address{"elsewhere", {zmi::parse_address("10.0.0.2").value()}};
    ASSERT_TRUE(choose_server(plan, by_address, ""));
    EXPECT_EQ((*choose_server(plan, by_address, ""))->name, "b.example.com");
    EXPECT_EQ((*choose_server(plan, {"a.example.com", {}}, ""))->name, "a.example.com");
    EXPECT_FALSE(choose_server(plan, {"c.example.com", {zmi::parse_address("10.0.0.3").value()}}, ""));
}

TEST(SuitablePlan, IsForTheServerThatWasNamedOnlyIfThatIsThisHost) {
    const auto plan = plan_of({"a.example.com", "b.example.com"});
    const HostFacts host{"a.example.com", {zmi::parse_address("10.0.0.2").value()}};
    EXPECT_FALSE(choose_server(plan, host, "")) << "it could be both";
    EXPECT_EQ((*choose_server(plan, host, "B.example.com"))->name, "b.example.com");
    EXPECT_FALSE(choose_server(plan, {"a.example.com", {}}, "b.example.com"));
    EXPECT_FALSE(choose_server(plan, host, "c.example.com"));
}

TEST(SuitablePlan, IsForNobodyByALoopbackAddress) {
    auto plan = plan_of({"a.example.com"});
    plan.servers[0].addresses = {zmi::parse_address("127.0.0.1").value()};
    EXPECT_FALSE(choose_server(plan, {"elsewhere", plan.servers[0].addresses}, ""));
}

TEST(SshConnection, IsReadAsSshdWritesIt) {
    const auto plain = parse_ssh_connection("203.0.113.7 50000 10.0.0.1 22");
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->client.to_string(), "203.0.113.7");
    EXPECT_EQ(plain->server.to_string(), "10.0.0.1");
    EXPECT_EQ(plain->port, 22);
    EXPECT_EQ(parse_ssh_connection("::ffff:203.0.113.7 50000 ::ffff:10.0.0.1 22"), plain);
    EXPECT_TRUE(parse_ssh_connection("fe80::1%eth0 50000 fe80::2%eth0 22"));
    for (const auto* text : {"", "a b c d", "203.0.113.7 50000 10.0.0.1", "203.0.113.7 50000 10.0.0.1 0"})
        EXPECT_FALSE(parse_ssh_connection(text)) << text;
}

TEST(SshObstacle, IsAConnectionThatTheRulesWouldCut) {
    const SshFacts ssh{{parse_ssh_connection("203.0.113.7 50000 10.0.0.1 22").value()}, {}};
    EXPECT_EQ(ssh_obstacle(with_ssh("0.0.0.0/0"), ssh), "");
    EXPECT_EQ(ssh_obstacle(with_ssh("203.0.113.0/24", 22, "10.0.0.1"), ssh), "");
    EXPECT_NE(ssh_obstacle(with_ssh("203.0.112.0/24"), ssh), "");
    EXPECT_NE(ssh_obstacle(with_ssh("0.0.0.0/0", 2222), ssh), "");
    EXPECT_NE(ssh_obstacle(with_ssh("0.0.0.0/0", 22, "10.0.0.2"), ssh), "");
    EXPECT_NE(ssh_obstacle(with_ssh("::/0"), ssh), "");
}

TEST(SshObstacle, IsAPortOfSshdThatNobodyMayReach) {
    EXPECT_EQ(ssh_obstacle(with_ssh("0.0.0.0/0"), {{}, {22}}), "");
    EXPECT_NE(ssh_obstacle(with_ssh("0.0.0.0/0"), {{}, {22, 2222}}).find("2222/tcp"), std::string::npos);
    auto udp = with_ssh("0.0.0.0/0");
    udp.open[0].protocol = "udp";
    EXPECT_NE(ssh_obstacle(udp, {{}, {22}}), "");
}

TEST(SshPorts, AreThoseOfSshdButNotOfLoopback) {
    EXPECT_EQ(ports_of_sshd_test("port 22\nlistenaddress [::]:2222\nlistenaddress 0.0.0.0:22\n"
                                 "listenaddress 127.0.0.1:23\nusepam yes\n"),
              (std::vector<std::uint16_t>{2222, 22}));
    EXPECT_EQ(ports_of_unit("Listen=0.0.0.0:22 (Stream)\nListen=[::]:2222 (Stream)\nListen=127.0.0.1:23 (Stream)\n"),
              (std::vector<std::uint16_t>{22, 2222}));
    EXPECT_EQ(ports_of_sockets("LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:((\"sshd\",pid=1,fd=3))\n"
                               "LISTEN 0 128 [::]:2222 [::]:* users:((\"sshd\",pid=1,fd=4))\n"
                               "LISTEN 0 128 127.0.0.1:6010 0.0.0.0:* users:((\"sshd\",pid=9,fd=4))\n"
                               "LISTEN 0 128 0.0.0.0:25 0.0.0.0:* users:((\"master\",pid=2,fd=3))\n"),
              (std::vector<std::uint16_t>{22, 2222}));
}

}  // namespace
}  // namespace zmfw
