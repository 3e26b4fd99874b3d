#include <tests/unit/plan/parts.hpp>

#include "audited.hpp"

namespace zmfw::test {
namespace {

AuditReport audited(Parts& made, const std::vector<std::string>& sockets, const Catalogue& catalogue = parts()) {
    zmi::ListeningSockets live;
    for (const auto& text : sockets) live.sockets.push_back(socket(text));
    live.sockets = zmi::settle(live.sockets);
    const auto plan = made.plan("video1");
    return zmfw::audit({made.inventory(), catalogue, made.policy_value(), plan, live, {}, std::nullopt, {}});
}

TEST(Range, HasOneRowForAllItsSockets) {
    auto made = two_nodes();
    std::vector<std::string> sockets = {"tcp 0.0.0.0 21000 envoy", "tcp 0.0.0.0 21007 envoy",
                                        "tcp 10.0.0.1 21255 envoy"};
    for (int port = 20000; port <= 40000; port += 40)
        sockets.push_back("udp 0.0.0.0 " + std::to_string(port) + " janus");
    const auto report = audited(made, sockets);
    std::size_t udp = 0;
    for (const auto& listener : report.listeners) {
        if (listener.protocol == "udp") ++udp;
    }
    EXPECT_EQ(udp, 1U);
    EXPECT_EQ(state_of(report, 20000, "udp"), "as-configured");
    EXPECT_EQ(state_of(report, 21000), "as-configured");
    const auto sidecar = std::find_if(report.listeners.begin(), report.listeners.end(),
                                      [](const auto& one) { return one.endpoint == "sidecar"; });
    ASSERT_NE(sidecar, report.listeners.end());
    EXPECT_EQ(sidecar->last_port, 21255);
    EXPECT_EQ(sidecar->addresses.size(), 2U);
    EXPECT_EQ(report.clients, 0U);
}

TEST(Range, IsNamedAsAWholeInTheTextOfAFinding) {
    auto made = two_nodes();
    auto catalogue = parts();
    FindingSpec spec;
    spec.id = "live-sidecar";
    spec.kind = "live-wildcard";
    spec.endpoints = {"sidecar"};
    spec.text = "port {port}";
    catalogue.findings = {spec};
    const auto report = audited(made, {"tcp 0.0.0.0 21007 envoy"}, catalogue);
    ASSERT_EQ(report.findings.size(), 1U);
    EXPECT_EQ(report.findings.front().finding.text, "port 21000-21255");
    EXPECT_EQ(report.findings.front().port, 21000);
}

TEST(Range, IsNotMissingWhereNothingListensInIt) {
    auto made = two_nodes();
    EXPECT_EQ(state_of(audited(made, {}), 21000), "(none)");
    EXPECT_EQ(state_of(audited(made, {}), 21500), "missing") << "a single port is";
}

TEST(Range, IsNobodysWhereItsComponentIsNotThere) {
    auto made = two_nodes();
    made.asked("video1").packages.clear();
    const auto report = audited(made, {"tcp 0.0.0.0 21007 envoy", "tcp 0.0.0.0 21000 envoy"});
    EXPECT_EQ(state_of(report, 21007), "unknown");
    EXPECT_EQ(state_of(report, 21000), "unknown");
}

TEST(Range, LeavesItsNeighboursLoopbackAndTheOtherProtocolAlone) {
    auto made = two_nodes();
    const auto report =
        audited(made, {"tcp 0.0.0.0 20999 x", "tcp 0.0.0.0 21256 x", "tcp 127.0.0.1 21100 x", "tcp 0.0.0.0 25000 x"});
    for (const int port : {20999, 21256, 21100, 25000})
        EXPECT_EQ(state_of(report, static_cast<std::uint16_t>(port)), "unknown") << port;
    EXPECT_EQ(state_of(report, 21000), "(none)");
}

TEST(Range, IsFoundOnAServerBehindOneThatOnlyThePolicyKnows) {
    auto made = two_nodes();
    made.policy("<server name='a-first'><address>10.0.0.8</address><components/></server>");
    EXPECT_EQ(state_of(audited(made, {"tcp 0.0.0.0 21007 envoy"}), 21000), "as-configured");
}

}  // namespace
}  // namespace zmfw::test
