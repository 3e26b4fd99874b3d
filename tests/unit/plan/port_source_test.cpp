#include <plugin/plan/listener.hpp>

#include "parts.hpp"

namespace zmfw::test {
namespace {

Listening listening_on(Parts& made, const std::string& endpoint, const std::string& server = "video1") {
    const FactsView view(made.inventory(), parts(), made.policy_value());
    const Evaluator evaluator(view);
    for (std::size_t i = 0; i < view.size(); ++i) {
        if (view.name(i) == server) return listening(evaluator, *parts().find(endpoint), i);
    }
    throw std::runtime_error("no server " + server);
}

/// The ports, and what went wrong.
std::string ports(const Listening& found) {
    std::string text;
    for (const auto& socket : found.sockets) text += (text.empty() ? "" : " ") + socket.port.to_string();
    return found.problems.empty() ? text : text + "!";
}

TEST(Setting, GivesAPortARangeOrAnAddressWithItsPort) {
    const std::vector<std::pair<std::string, std::string>> cases = {{"20000-30000", "20000-30000"},
                                                                    {"\"20000-20999\"", "20000-20999"},
                                                                    {"5000", "5000"},
                                                                    {"10.0.0.1:5000", "5000"},
                                                                    {"[::]:5000", "5000"},
                                                                    {":5000", "5000"},
                                                                    {"host.example.com:5000", "5000"}};
    for (const auto& [value, wanted] : cases) {
        auto made = two_nodes();
        auto& file = made.asked("video1").files["janus.jcfg"];
        file = {"/etc/janus/janus.jcfg", "", {{"rtp_port_range", value}}};
        const auto found = listening_on(made, "rtp");
        EXPECT_EQ(ports(found), wanted) << value;
        EXPECT_EQ(found.sockets.at(0).because.at(0).origin, "file");
        EXPECT_EQ(found.sockets.at(0).because.at(0).fact, "rtp_port_range in /etc/janus/janus.jcfg");
    }
}

TEST(Setting, ThatIsNoPortIsAProblem) {
    for (const auto* value :
         {"0", "0-0", "40000-20000", "20000-", "-", "70000", "5000 5001", "::1:x", "::1", "a b:5", "$port"}) {
        auto made = two_nodes();
        made.asked("video1").files["janus.jcfg"] = {"/etc/janus/janus.jcfg", "", {{"rtp_port_range", value}}};
        EXPECT_EQ(ports(listening_on(made, "rtp")), "!") << value;
        EXPECT_FALSE(made.plan("video1").complete()) << value;
    }
}

TEST(Setting, IsThePackagesOwnWhereTheFileDoesNotSetItOrIsNotThere) {
    auto made = two_nodes();
    made.asked("video1").files["janus.jcfg"] = {"/etc/janus/janus.jcfg", "", {}};
    EXPECT_EQ(ports(listening_on(made, "rtp")), "20000-40000");
    EXPECT_EQ(listening_on(made, "rtp").sockets.at(0).because.at(0).origin, "packaged default");
    EXPECT_TRUE(listening_on(made, "rtp").assumed.empty());
    made.asked("video1").files["janus.jcfg"].problem = std::string(zmi::k_no_such_file);
    EXPECT_EQ(ports(listening_on(made, "rtp")), "20000-40000");
}

TEST(Setting, OfAFileThatCannotBeReadStopsThePlan) {
    auto made = two_nodes();
    made.asked("video1").files["janus.jcfg"] = {"/etc/janus/janus.jcfg", "permission denied", {}};
    EXPECT_EQ(ports(listening_on(made, "rtp")), "!");
    const auto plan = made.plan("video1");
    ASSERT_FALSE(plan.complete());
    EXPECT_NE(plan.problems.front().text.find("permission denied"), std::string::npos);
}

TEST(Setting, OfANodeThatWasNotAskedIsAssumed) {
    auto made = two_nodes();
    made.inventory().local.erase("video1");
    made.policy("<server name='video1'><components>video</components></server>");
    EXPECT_EQ(listening_on(made, "rtp").assumed, std::vector<std::string>{"rtp_port_range in janus.jcfg of video1"});
}

TEST(Setting, BindsWhereItSays) {
    const std::vector<std::pair<std::string, bool>> cases = {
        {"127.78.0.18:10000", true}, {"[::1]:10000", true}, {"127.0.0.1:10000", true}, {"10000", false},
        {"0.0.0.0:10000", false},    {"[::]:10000", false}, {":10000", false},         {"10.0.0.1:10000", false}};
    for (const auto& [value, loopback] : cases) {
        auto made = two_nodes();
        made.asked("video1").files["broker.conf"] = {"/opt/conf/broker.conf", "", {{"listeners.tcp.local", value}}};
        const auto found = listening_on(made, "broker");
        ASSERT_EQ(found.sockets.size(), 1U) << value;
        EXPECT_EQ(found.sockets.front().bound.is_loopback(), loopback) << value;
        const auto opened_ports = opened(made.plan("video1"));
        EXPECT_EQ(std::count(opened_ports.begin(), opened_ports.end(), "broker/tcp/10000 cluster"), loopback ? 0 : 1)
            << value;
    }
}

TEST(Setting, OnOneOfItsAddressesOpensThatAloneAndInItsFamily) {
    auto made = two_nodes();
    made.asked("video1").files["broker.conf"] = {
        "/opt/conf/broker.conf", "", {{"listeners.tcp.local", "10.0.0.1:10000"}}};
    const auto found = listening_on(made, "broker");
    EXPECT_EQ(found.sockets.front().bound.addresses, std::vector{*zmi::parse_address("10.0.0.1")});
    made.asked("video1").files["broker.conf"].settings["listeners.tcp.local"] = "10.0.0.2:10000";
    EXPECT_FALSE(made.plan("video1").complete()) << "an address of another server is none of this one";
}

TEST(Setting, OfABindThatCannotBeReadIsNotTakenForLoopback) {
    auto made = two_nodes();
    made.asked("video1").files["broker.conf"] = {"/opt/conf/broker.conf", "permission denied", {}};
    EXPECT_FALSE(made.plan("video1").complete());
}

TEST(MeshExposed, AreThePortsThatTheNodesFilesExpose) {
    auto made = two_nodes();
    auto& local = made.asked("video1");
    local.files["mesh"].path = "/etc/mesh";
    local.mesh = {{"files", "/etc/mesh/files.hcl", 2, 10000, {21500, 21501}, true}};
    const auto found = listening_on(made, "metrics");
    EXPECT_EQ(ports(found), "21500 21501");
    EXPECT_EQ(found.sockets.front().because.front().origin, "mesh");
    EXPECT_EQ(found.sockets.front().because.front().fact, "/etc/mesh/files.hcl:2");
    local.mesh.front().exposed.clear();
    EXPECT_EQ(listening_on(made, "metrics").truth.verdict, Verdict::no);
    local.files["mesh"].problem = "permission denied";
    EXPECT_EQ(ports(listening_on(made, "metrics")), "!");
}

TEST(MeshExposed, AreThePackagedOnesWhereTheNodesFilesAreNotKnown) {
    auto made = two_nodes();
    EXPECT_EQ(ports(listening_on(made, "metrics")), "21500");
    EXPECT_EQ(listening_on(made, "metrics").assumed.size(), 1U);
}

TEST(Range, IsOneSocketAndTellsWhichOfItsPortsAreInUse) {
    auto made = two_nodes();
    made.asked("video1").live = {{"tcp", 21003, "0.0.0.0"},
                                 {"tcp", 21001, "0.0.0.0"},
                                 {"udp", 21007, "0.0.0.0"},
                                 {"tcp", 22000, "0.0.0.0"},
                                 {"udp", 20001, "0.0.0.0"}};
    const auto sidecar = listening_on(made, "sidecar");
    ASSERT_EQ(ports(sidecar), "21000-21255");
    EXPECT_EQ(sidecar.sockets.front().because.back().value, "21001 21003");
    EXPECT_EQ(sidecar.sockets.front().because.back().origin, "live");
    EXPECT_EQ(listening_on(made, "rtp").sockets.front().because.size(), 1U)
        << "of UDP a client's socket looks the same";
}

TEST(Range, OfOneProtocolStaysApartFromThatOfTheOther) {
    const auto plan = two_nodes().plan("video1");
    EXPECT_TRUE(plan.complete()) << (plan.problems.empty() ? "" : plan.problems.front().text);
    EXPECT_EQ(opened(plan), (std::vector<std::string>{"sidecar/tcp/21000-21255 cluster", "metrics/tcp/21500 cluster",
                                                      "rtp/udp/20000-40000 public"}));
}

}  // namespace
}  // namespace zmfw::test
