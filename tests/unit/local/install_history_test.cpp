#include <gtest/gtest.h>
#include <zmintegration/local/install_history.hpp>

namespace zmi {
namespace {

InstallState state_of(const std::string& text) {
    const auto events = parse_install_history(text);
    EXPECT_TRUE(events) << events.error().what;
    return events ? install_state(*events) : InstallState{};
}

const std::string k_installed =
    "1700000000: INSTALL SESSION START\n"
    "1700000010: INSTALLED zimbra-core_10.0.5.GA.4518.UBUNTU22.64.deb\n"
    "1700000020: INSTALLED zimbra-ldap_10.0.5.GA.4518.UBUNTU22.64.deb\n"
    "1700000030: INSTALL SESSION COMPLETE\n"
    "1700000040: CONFIG SESSION START\n"
    "1700000041: CONFIGURED BEGIN\n"
    "1700000050: CONFIGURED configInitMta\n"
    "1700000060: CONFIGURED END\n"
    "1700000061: CONFIG SESSION COMPLETE\n";

TEST(InstallHistory, OfACompleteInstallationIsAtRest) {
    const auto state = state_of(k_installed);
    EXPECT_FALSE(state.running);
    EXPECT_EQ(state.latest->time_since_epoch().count(), 1700000061);
}

TEST(InstallHistory, AStartWithoutAnEndIsRunningWhereverItStops) {
    for (const auto* more :
         {"1700001000: INSTALL SESSION START\n",
          "1700001000: INSTALL SESSION START\n1700001010: UPGRADED zimbra-core_10.1.0.deb\n",
          "1700001000: CONFIG SESSION START\n", "1700001000: CONFIG SESSION START\n1700001000: CONFIGURED BEGIN\n",
          "1700001000: CONFIGURED BEGIN\n1700001001: CONFIGURED configInitMta\n"}) {
        const auto state = state_of(k_installed + more);
        EXPECT_TRUE(state.running) << more;
        ASSERT_TRUE(state.since) << more;
        EXPECT_EQ(state.since->time_since_epoch().count(), 1700001000) << more;
    }
}

TEST(InstallHistory, ASecondAttemptEndsTheFirstThatDied) {
    const auto state = state_of("1700000000: INSTALL SESSION START\n" + k_installed);
    EXPECT_FALSE(state.running);
}

TEST(InstallHistory, APatchHasNoSessionAndIsAtRest) {
    const auto state =
        state_of(k_installed + "1700002000: CONFIGURED patch 10.0.5_P1\n1700002001: CONFIGURED mta-patch\n");
    EXPECT_FALSE(state.running);
    EXPECT_EQ(state.latest->time_since_epoch().count(), 1700002001);
}

TEST(InstallHistory, MadeUpForAnOlderInstallHasNoTime) {
    const auto state = state_of(
        "0000000000: INSTALL SESSION START\n0000000000: INSTALLED zimbra-core\n"
        "0000000000: INSTALL SESSION COMPLETE\n");
    EXPECT_FALSE(state.running);
    EXPECT_FALSE(state.latest);
}

TEST(InstallHistory, ALineThatIsBeingWrittenDoesNotCountYet) {
    EXPECT_TRUE(state_of("1700000000: INSTALL SESSION START\n1700000030: INSTALL SESSION COMPLETE").running);
}

TEST(InstallHistory, AnEmptyOneIsAtRest) {
    EXPECT_FALSE(state_of("").running);
    EXPECT_FALSE(state_of("\n\n").running);
}

TEST(InstallHistory, WhatIsNoHistoryIsRefusedWithItsLine) {
    for (const auto* text : {"INSTALL SESSION START\n", "17x: INSTALL SESSION START\n", "-5: INSTALL SESSION START\n",
                             "1700000000:\n", "99999999999999: INSTALL SESSION START\n",
                             "1700000000: INSTALL\x1bSESSION START\n", ": INSTALL SESSION START\n"}) {
        const auto events = parse_install_history(k_installed + text, "history");
        ASSERT_FALSE(events) << text;
        EXPECT_NE(events.error().what.find("history:10"), std::string::npos) << events.error().what;
    }
    EXPECT_FALSE(parse_install_history(std::string(9 * 1024 * 1024, '\n')));
    EXPECT_FALSE(parse_install_history("1700000000: " + std::string(2000, 'x') + "\n"));
}

}  // namespace
}  // namespace zmi
