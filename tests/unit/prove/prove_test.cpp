#include <gtest/gtest.h>

#include <chrono>
#include <plugin/helper/helper.hpp>
#include <plugin/prove/prove.hpp>
#include <tests/unit/render/sample_plans.hpp>

namespace zmfw {
namespace {

std::string rules_of(const ServerPlan& plan) {
    return sample::rendered("nftables", plan).at(0).content;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    if (at == std::string::npos) throw std::runtime_error("the rules do not hold " + from);
    return text.replace(at, from.size(), to);
}

std::string all_of(const ProofReport& report) {
    std::string text = report.skipped_reason;
    for (const auto& line : report.mismatches) text += "\n" + line;
    for (const auto& line : report.notes) text += "\nnote: " + line;
    return text;
}

class Prove : public testing::Test {
protected:
    void SetUp() override {
        if (find_program("nft").empty() || find_program("ip").empty()) GTEST_SKIP() << "nft or ip is not installed";
        if (const auto permitted = namespaces_permitted(*m_runner); !permitted) {
            GTEST_SKIP() << permitted.error().what;
        }
    }
    [[nodiscard]] ProofReport report(const ServerPlan& plan, const std::string& rules) const {
        return prove(plan, rules, *m_runner, PROVE_INSIDE).value();
    }

    std::unique_ptr<zmi::ProcessRunner> m_runner = zmi::make_process_runner();
};

TEST_F(Prove, FindsThatTheRulesDoWhatThePlanSays) {
    const auto plan = sample::mixed_plan();
    const auto result = report(plan, rules_of(plan));
    EXPECT_TRUE(result.proven) << all_of(result);
    EXPECT_GT(result.allowed_checked, 30U);
    EXPECT_GT(result.denied_checked, 100U);
}

TEST_F(Prove, NoticesAPortThatIsOpenToTooMany) {
    const auto plan = sample::mixed_plan();
    const auto result = report(plan, replaced(rules_of(plan), "ip saddr @tcp_389_1_ipv4 counter accept", "accept"));
    EXPECT_FALSE(result.proven);
    EXPECT_NE(all_of(result).find("port 389 passes, the plan denies it"), std::string::npos) << all_of(result);
}

TEST_F(Prove, NoticesAPeerThatIsLeftOut) {
    const auto plan = sample::mixed_plan();
    const auto result = report(plan, replaced(rules_of(plan), "\t\t\t10.0.0.11,\n", ""));
    EXPECT_FALSE(result.proven);
    EXPECT_NE(all_of(result).find("tcp 10.0.0.11 to 10.0.0.5 port 389 is blocked, the plan allows it"),
              std::string::npos)
        << all_of(result);
}

TEST_F(Prove, NoticesWrongRulesForDatagrams) {
    const auto plan = sample::mixed_plan();
    const auto result = report(plan, replaced(rules_of(plan), "514 : jump udp_514", "514 : accept"));
    EXPECT_NE(all_of(result).find("port 514 passes, the plan denies it"), std::string::npos) << all_of(result);
}

TEST_F(Prove, SaysSoWhereTheRulesDoNotLoad) {
    const auto result = report(sample::mixed_plan(), "table inet zmfirewall { nonsense }");
    EXPECT_FALSE(result.proven);
    EXPECT_EQ(result.skipped_reason, "");
    EXPECT_NE(all_of(result).find("the rules do not load: nft"), std::string::npos) << all_of(result);
}

TEST_F(Prove, TakesLittleTimeForAHundredPeers) {
    std::vector<std::string> peers;
    for (int i = 1; i <= 100; ++i) peers.push_back("10.1.0." + std::to_string(2 * i));
    std::vector<OpenPort> open = {sample::open_port("ssh", "tcp", 22, "ssh", sample::anyone())};
    for (int port = 7000; port < 7020; ++port) open.push_back(sample::open_port("e", "tcp", port, "cluster", peers));
    const auto plan = sample::plan(open, {"10.0.0.5"});
    const auto start = std::chrono::steady_clock::now();
    const auto result = report(plan, rules_of(plan));
    EXPECT_TRUE(result.proven) << all_of(result);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

/// Namespaces are forbidden.
class ForbiddingRunner final : public zmi::ProcessRunner {
public:
    zmi::Expected<zmi::Outcome> run(const zmi::Command&) override {
        return zmi::Outcome{zmi::Outcome::End::exited, 1, "", "unshare: unshare failed: Operation not permitted\n"};
    }
};

TEST(ProveWithoutNamespaces, SaysThatItCouldNotProve) {
    ForbiddingRunner runner;
    const auto result = prove(sample::mixed_plan(), "", runner, "/nonexistent");
    ASSERT_TRUE(result);
    EXPECT_FALSE(result->proven);
    EXPECT_FALSE(result->skipped_reason.empty());
}

TEST(CanProve, IsForFormatsThatTheKernelItselfReads) {
    EXPECT_TRUE(can_prove(find_format({sample::templates()}, "nftables").value()));
    EXPECT_FALSE(can_prove(find_format({sample::templates()}, "ufw").value()));
}

TEST(Judge, DoesNotCallAProofWhatDidNotArriveWithoutRules) {
    const ProofSpec spec{"", {}, {Probe{{}, {}, "tcp", 25, true}, Probe{{}, {}, "tcp", 26, false}}};
    EXPECT_TRUE(judge(spec, {"", "", {}, {'y', 'y'}, {'y', 'n'}}).proven);
    EXPECT_FALSE(judge(spec, {"", "", {}, {'y', 'n'}, {'y', 'n'}}).proven);
    EXPECT_FALSE(judge(spec, {"", "", {}, {'y', 'y'}, {'n', 'n'}}).proven);
    EXPECT_FALSE(judge(spec, {"", "", {}, {'y', 'y'}, {'y', 'y'}}).proven);
}

}  // namespace
}  // namespace zmfw
