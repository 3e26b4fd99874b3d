#include <gtest/gtest.h>
#include <tests/unit/support/temporary_tree.hpp>
#include <zmintegration/local/upgrade_wait.hpp>

namespace zmi {
namespace {

using namespace std::chrono_literals;
using Is = Standing::Is;

constexpr std::chrono::sys_seconds k_now{1'800'000'000s};

UpgradeSigns running(std::chrono::seconds age, const std::string& installer = {}) {
    UpgradeSigns signs;
    signs.install = {true, "INSTALL SESSION", k_now - age, k_now - age};
    signs.installer = installer;
    signs.latest_change = k_now - age;
    return signs;
}

UpgradeSigns at_rest(std::chrono::seconds age) {
    UpgradeSigns signs;
    signs.install.latest = k_now - age;
    signs.latest_change = k_now - age;
    return signs;
}

Product zimbra_in(const std::filesystem::path& home) {
    return assumed_product(ProductFamily::zimbra, "/", home);
}

/// A Carbonio below `root`.
Product carbonio_in(const std::filesystem::path& root) {
    return assumed_product(ProductFamily::carbonio, root);
}

UpgradeSigns pending(std::chrono::seconds age, std::vector<std::string> names = {"carbonio-files.sh"}) {
    UpgradeSigns signs;
    signs.pending = std::move(names);
    signs.pending_since = k_now - age;
    return signs;
}

class SetClock final : public Clock {
public:
    std::chrono::sys_seconds time = k_now;
    [[nodiscard]] std::chrono::sys_seconds now() const override { return time; }
};

TEST(Upgrade, ASessionWithoutAnEndIsRunning) {
    const auto standing = judge_upgrade(running(10min), k_now, 2min);
    EXPECT_EQ(standing.is, Is::running);
    EXPECT_NE(standing.why.find("INSTALL SESSION"), std::string::npos);
}

TEST(Upgrade, ASessionThatDiedLongAgoHoldsNobodyUp) {
    const auto standing = judge_upgrade(running(48h), k_now, 2min);
    EXPECT_EQ(standing.is, Is::calm);
    EXPECT_NE(standing.warning.find("died"), std::string::npos);
}

TEST(Upgrade, AnOldSessionWhoseInstallerStillRunsIsRunning) {
    EXPECT_EQ(judge_upgrade(running(3h, "zmsetup.pl"), k_now, 2min).is, Is::running);
}

TEST(Upgrade, AnInstallerThatHasWrittenNothingYetIsRunning) {
    auto signs = at_rest(48h);
    signs.installer = "install.sh";
    EXPECT_EQ(judge_upgrade(signs, k_now, 2min).is, Is::running);
}

TEST(Upgrade, WhatChangedJustNowIsSettling) {
    EXPECT_EQ(judge_upgrade(at_rest(30s), k_now, 2min).is, Is::settling);
    EXPECT_EQ(judge_upgrade(at_rest(3min), k_now, 2min).is, Is::calm);
}

TEST(Upgrade, AFileOfTheFutureDoesNotSettleForEver) {
    EXPECT_EQ(judge_upgrade(at_rest(-24h), k_now, 2min).is, Is::calm);
    EXPECT_EQ(judge_upgrade(running(-24h), k_now, 2min).is, Is::calm);
}

TEST(Upgrade, IsWaitedForUntilItHasEndedAndSettled) {
    SetClock clock;
    int looks = 0;
    std::vector<std::string> told;
    const auto end = k_now + 20min;
    const auto waited = wait_for_calm({[&] {
                                           ++looks;
                                           UpgradeSigns signs;
                                           signs.install = {clock.time < end, "INSTALL SESSION", k_now, k_now};
                                           signs.latest_change = std::min(clock.time, end);
                                           return signs;
                                       },
                                       clock, [&](std::chrono::seconds time) { clock.time += time; },
                                       [&](const std::string& line) { told.push_back(line); }},
                                      2h, 2min);
    EXPECT_TRUE(waited);
    EXPECT_GE(clock.time, end + 2min);
    EXPECT_LT(clock.time, end + 3min);
    EXPECT_GT(looks, 10);
    EXPECT_EQ(told.size(), 2U) << "said once that it runs and once that it settles";
}

TEST(Upgrade, IsWaitedForNoLongerThanTheLimit) {
    SetClock clock;
    const auto waited =
        wait_for_calm({[&] { return running(k_now - clock.time, "zmsetup.pl"); }, clock,
                       [&](std::chrono::seconds time) { clock.time += time; }, [](const std::string&) {}},
                      2h, 2min);
    ASSERT_FALSE(waited);
    EXPECT_EQ(waited.error().kind, ErrorKind::knowledge);
    EXPECT_GE(clock.time, k_now + 2h);
    EXPECT_LT(clock.time, k_now + 2h + 1min);
}

TEST(Upgrade, WithoutALimitFailsAtOnceWhileOneRunsAndDoesNotWaitForWhatSettles) {
    SetClock clock;
    const auto never = [](std::chrono::seconds) { FAIL() << "must not wait"; };
    const auto quiet = [](const std::string&) {};
    EXPECT_FALSE(wait_for_calm({[] { return running(1min); }, clock, never, quiet}, 0s, 2min));
    EXPECT_TRUE(wait_for_calm({[] { return at_rest(1s); }, clock, never, quiet}, 0s, 2min));
}

TEST(Upgrade, IsSeenInTheHistoryTheProcessesAndTheFiles) {
    const TemporaryTree tree;
    tree.write("home/.install_history", "1700000000: INSTALL SESSION START\n");
    tree.write("home/conf/nginx/templates/nginx.conf.web.template", "listen 443;");
    tree.write("home/conf/zmconfigd.cf", "SECTION mta");
    tree.write("root/proc/12/cmdline", std::string("/usr/bin/perl\0/opt/zimbra/libexec/zmsetup.pl\0-u", 47));
    tree.write("root/proc/self/cmdline", "x");
    const auto signs = read_upgrade_signs(zimbra_in(tree.root() / "home"), tree.root() / "root");
    EXPECT_TRUE(signs.install.running);
    EXPECT_EQ(signs.installer, "zmsetup.pl");
    EXPECT_TRUE(signs.latest_change);
    const auto files = read_shipped_files(tree.root() / "home");
    EXPECT_EQ(files.size(), 2U);
    EXPECT_EQ(files.at("conf/nginx/templates/nginx.conf.web.template"), "listen 443;");
}

TEST(Upgrade, AHistoryThatIsNoneIsAProblemAndAnAbsentOneIsNot) {
    const TemporaryTree tree;
    EXPECT_EQ(read_upgrade_signs(zimbra_in(tree.root()), tree.root()).problem, "");
    tree.write(".install_history", "garbage\n");
    const auto signs = read_upgrade_signs(zimbra_in(tree.root()), tree.root());
    EXPECT_NE(signs.problem, "");
    const auto standing = judge_upgrade(signs, k_now + std::chrono::hours(24 * 3650), 2min);
    EXPECT_EQ(standing.is, Is::calm);
    EXPECT_NE(standing.warning, "");
}

TEST(Upgrade, ASetupOfCarbonioThatNobodyHasRunIsWaitedForAndThenTold) {
    SetClock clock;
    std::vector<std::string> told;
    const auto waited =
        wait_for_calm({[] { return pending(0s); }, clock, [&](std::chrono::seconds time) { clock.time += time; },
                       [&](const std::string& line) { told.push_back(line); }},
                      2h, 2min);
    ASSERT_FALSE(waited);
    EXPECT_NE(waited.error().what.find("setup is pending: carbonio-files.sh"), std::string::npos);
    EXPECT_NE(waited.error().hint.find("pending-setups -a"), std::string::npos);
    EXPECT_EQ(told, std::vector<std::string>{"setup is pending: carbonio-files.sh; waiting"});
}

TEST(Upgrade, ASetupThatIsRunMeanwhileEndsTheWaiting) {
    SetClock clock;
    const auto done = k_now + 40min;
    const auto waited =
        wait_for_calm({[&] {
                           auto signs = clock.time < done ? pending(0s) : UpgradeSigns();
                           signs.latest_change = std::min(clock.time, done);
                           return signs;
                       },
                       clock, [&](std::chrono::seconds time) { clock.time += time; }, [](const std::string&) {}},
                      2h, 2min);
    EXPECT_TRUE(waited);
    EXPECT_GE(clock.time, done + 2min);
}

TEST(Upgrade, ASetupThatWasForgottenForADayIsAWarning) {
    const auto standing = judge_upgrade(pending(25h), k_now, 2min);
    EXPECT_EQ(standing.is, Is::calm);
    EXPECT_NE(standing.warning.find("carbonio-files.sh"), std::string::npos);
    EXPECT_EQ(judge_upgrade(pending(23h), k_now, 2min).is, Is::running);
    EXPECT_EQ(judge_upgrade(pending(-24h), k_now, 2min).is, Is::calm) << "a file of the future";
}

TEST(Upgrade, OfManySetupsTheFirstAreNamed) {
    const auto standing =
        judge_upgrade(pending(0s, {"a.sh", "b.sh", "c.sh", "d.sh", "e.sh", "f.sh", "g.sh"}), k_now, 0s);
    EXPECT_EQ(standing.why, "setup is pending: a.sh, b.sh, c.sh, d.sh, e.sh and 2 more");
}

TEST(Upgrade, OfCarbonioIsSeenInPendingSetupsPackagesAndReleaseAndNotInAHistory) {
    const TemporaryTree tree;
    EXPECT_FALSE(read_upgrade_signs(carbonio_in(tree.root()), tree.root()).latest_change);
    tree.write("opt/zextras/.install_history", "1700000000: INSTALL SESSION START\n");
    tree.write("opt/zextras/.version", "26.6.0\n");
    tree.write("etc/zextras/pending-setups.d/done/carbonio-tasks.sh", "");
    tree.write("etc/zextras/pending-setups.d/carbonio-files.sh", "");
    tree.write("etc/zextras/pending-setups.d/carbonio-a\x1b.sh", "");
    tree.write("etc/zextras/pending-setups.d/README", "");
    tree.write("proc/7/cmdline", std::string("/usr/bin/python3\0/usr/bin/dnf\0upgrade", 38));
    const auto signs = read_upgrade_signs(carbonio_in(tree.root()), tree.root());
    EXPECT_FALSE(signs.install.running);
    EXPECT_EQ(signs.pending, (std::vector<std::string>{"'carbonio-a\\x1b.sh'", "carbonio-files.sh"}));
    EXPECT_TRUE(signs.pending_since);
    EXPECT_TRUE(signs.latest_change);
    EXPECT_EQ(signs.installer, "dnf");
    EXPECT_TRUE(read_upgrade_signs(zimbra_in(tree.root() / "opt/zextras"), tree.root()).pending.empty());
}

TEST(Upgrade, TakesNobodyWhoReadsAFileForTheProgramOfThatName) {
    const TemporaryTree tree;
    tree.write("proc/7/cmdline", std::string("less\0/var/lib/dpkg", 18));
    tree.write("proc/8/cmdline", std::string("bash\0-c\0/usr/bin/ls\0apt", 23));
    EXPECT_EQ(read_upgrade_signs(carbonio_in(tree.root()), tree.root()).installer, "");
}

}  // namespace
}  // namespace zmi
