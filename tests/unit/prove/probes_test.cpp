#include <gtest/gtest.h>

#include <algorithm>
#include <plugin/prove/proof_probes.hpp>
#include <plugin/prove/proof_spec.hpp>
#include <tests/unit/render/sample_plans.hpp>

namespace zmfw {
namespace {

zmi::IpAddress address(const std::string& text) {
    return zmi::parse_address(text).value();
}

bool has(const std::vector<Probe>& probes, const std::string& text, bool allowed) {
    return std::any_of(probes.begin(), probes.end(),
                       [&](const Probe& probe) { return probe.to_string() == text && probe.allowed == allowed; });
}

TEST(Probes, ComeFromBothEndsOfEverySourceAndFromJustOutside) {
    const auto probes = make_probes(sample::mixed_plan());
    EXPECT_TRUE(has(probes, "tcp 10.0.1.0 to 10.0.0.5 port 389", true));
    EXPECT_TRUE(has(probes, "tcp 10.0.1.255 to 10.0.0.5 port 389", true));
    EXPECT_TRUE(has(probes, "tcp 10.0.0.255 to 10.0.0.5 port 389", false));
    EXPECT_TRUE(has(probes, "tcp 10.0.2.0 to 10.0.0.5 port 389", false));
    EXPECT_TRUE(has(probes, "tcp 2001:db8:5::11 to 2001:db8:5::5 port 389", true));
    EXPECT_TRUE(has(probes, "tcp 2001:db8:5::12 to 2001:db8:5::5 port 389", false));
}

TEST(Probes, TryStrangersOtherProtocolsAndOtherPorts) {
    auto plan = sample::mixed_plan();
    plan.closed.push_back({"mysql", "MySQL", "tcp", PortRange{7306, 7306}, "loopback only", {}, false, {}});
    const auto probes = make_probes(plan);
    EXPECT_TRUE(has(probes, "tcp 203.0.113.77 to 10.0.0.5 port 389", false));
    EXPECT_TRUE(has(probes, "tcp 203.0.113.77 to 10.0.0.5 port 25", true));
    EXPECT_TRUE(has(probes, "udp 10.0.0.11 to 10.0.0.5 port 389", false));
    EXPECT_TRUE(has(probes, "tcp 203.0.113.77 to 10.0.0.5 port 7306", false));
    EXPECT_TRUE(has(probes, "tcp 10.9.9.9 to 10.0.0.5 port 19999", false));
    EXPECT_TRUE(has(probes, "tcp 10.9.9.9 to 10.0.0.5 port 20010", true));
    EXPECT_TRUE(has(probes, "tcp 203.0.113.77 to 10.0.0.5 port 65535", false));
}

TEST(Probes, OfARangeAreItsEndsItsMiddleAndWhatLiesNextToIt) {
    const auto plan = sample::plan({sample::open_port("sidecar", "tcp", 21000, "cluster", {"10.0.0.11/32"}, 21255),
                                    sample::open_port("rtp", "udp", 20000, "public", sample::anyone(), 40000)},
                                   {"10.0.0.5"});
    const auto probes = make_probes(plan);
    for (const auto* port : {"21000", "21127", "21255"}) {
        EXPECT_TRUE(has(probes, std::string("tcp 10.0.0.11 to 10.0.0.5 port ") + port, true)) << port;
        EXPECT_TRUE(has(probes, std::string("tcp 203.0.113.77 to 10.0.0.5 port ") + port, false)) << port;
    }
    for (const auto* port : {"20999", "21256"})
        EXPECT_TRUE(has(probes, std::string("tcp 10.0.0.11 to 10.0.0.5 port ") + port, false)) << port;
    for (const auto* port : {"20000", "30000", "40000"}) {
        EXPECT_TRUE(has(probes, std::string("udp 203.0.113.77 to 10.0.0.5 port ") + port, true)) << port;
        EXPECT_TRUE(has(probes, std::string("tcp 203.0.113.77 to 10.0.0.5 port ") + port, false)) << port;
    }
    for (const auto* port : {"19999", "40001"})
        EXPECT_TRUE(has(probes, std::string("udp 203.0.113.77 to 10.0.0.5 port ") + port, false)) << port;
    EXPECT_TRUE(has(probes, "udp 10.0.0.11 to 10.0.0.5 port 21127", true)) << "the other range lets it in";
}

TEST(Probes, TryTheAddressesThatARuleIsNotFor) {
    const auto probes = make_probes(sample::mixed_plan());
    EXPECT_TRUE(has(probes, "tcp 10.0.0.11 to 10.0.0.5 port 11211", true));
    EXPECT_TRUE(has(probes, "tcp 10.0.0.11 to 10.0.0.6 port 11211", false));
}

TEST(Probes, AreTheSameForTheSamePlan) {
    EXPECT_EQ(make_probes(sample::mixed_plan()), make_probes(sample::mixed_plan()));
}

TEST(Probes, AreBoundedForManyPeers) {
    std::vector<std::string> peers;
    for (int i = 0; i < 500; ++i) peers.push_back("10.1." + std::to_string(i / 200) + "." + std::to_string(i % 200));
    std::vector<OpenPort> open;
    for (int port = 7000; port < 7040; ++port) open.push_back(sample::open_port("e", "tcp", port, "cluster", peers));
    const auto probes = make_probes(sample::plan(open, {"10.0.0.5"}));
    EXPECT_LE(probes.size(), 9000U);
    EXPECT_GE(probes.size(), 5000U);
}

TEST(Probes, NeverComeFromAddressesThatNoHostHas) {
    const auto plan = sample::plan({sample::open_port("e", "tcp", 25, "policy", {"0.0.0.0/1", "128.0.0.0/1"})});
    for (const auto& probe : make_probes(plan)) {
        EXPECT_NE(probe.source.bytes[0], 0);
        EXPECT_NE(probe.source.bytes[0], 127);
        EXPECT_LT(probe.source.family == zmi::Family::ipv4 ? probe.source.bytes[0] : 0, 224);
    }
}

TEST(ProofSpec, SurvivesJson) {
    const ProofSpec spec{
        "table \"x\"\n", {address("10.0.0.5"), address("2001:db8::1")}, make_probes(sample::mixed_plan())};
    const auto read = parse_proof_spec(to_json(spec));
    ASSERT_TRUE(read) << read.error().what;
    EXPECT_EQ(*read, spec);
}

TEST(ProofSpec, RefusesWhatIsNone) {
    EXPECT_FALSE(parse_proof_spec("{}"));
    EXPECT_FALSE(parse_proof_spec("nonsense"));
    EXPECT_FALSE(parse_proof_result(
        "{\"problem\":\"\",\"refused\":\"\",\"notes\":[],\"without_rules\":\"y\",\"with_rules\":\"y\"}", 2));
}

}  // namespace
}  // namespace zmfw
