#include <zmintegration/discovery/resolver.hpp>

#include <gtest/gtest.h>
#include <algorithm>

namespace zmi {
namespace {

// Addresses in text resolve without files or name servers, so these tests need neither.

TEST(SystemResolver, GivesEachNameItsAddresses) {
    const auto found =
        make_system_resolver()->resolve({"192.0.2.7", "198.51.100.1", "192.0.2.7"}, std::chrono::seconds(30));
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found.at("192.0.2.7"), (Resolution{{*parse_address("192.0.2.7")}, ""}));
    EXPECT_EQ(found.at("198.51.100.1"), (Resolution{{*parse_address("198.51.100.1")}, ""}));
}

TEST(SystemResolver, ManyNamesAreMoreThanThreads) {
    std::vector<std::string> names;
    for (int i = 1; i <= 200; ++i) names.push_back("192.0.2." + std::to_string(i));
    const auto found = make_system_resolver()->resolve(names, std::chrono::seconds(30));
    ASSERT_EQ(found.size(), 200U);
    for (const auto& name : names) EXPECT_EQ(found.at(name).addresses, std::vector{*parse_address(name)}) << name;
}

TEST(SystemResolver, AddressesThatNoRuleCanUseAreNamedAndDropped) {
    for (const auto* address : {"0.0.0.0", "224.0.0.1", "169.254.1.1", "255.255.255.255"}) {
        const auto found = make_system_resolver()->resolve({address}, std::chrono::seconds(30));
        EXPECT_TRUE(found.at(address).addresses.empty());
        EXPECT_EQ(found.at(address).problem, std::string("has only addresses that no rule can use: ") + address);
    }
}

TEST(SystemResolver, LoopbackIsKeptForThePlanToJudge) {
    const auto found = make_system_resolver()->resolve({"127.0.1.1"}, std::chrono::seconds(30));
    EXPECT_EQ(found.at("127.0.1.1").addresses, std::vector{*parse_address("127.0.1.1")});
}

TEST(SystemResolver, WhatIsNoHostNameIsNotAskedFor) {
    const auto found = make_system_resolver()->resolve({"a b", ""}, std::chrono::seconds(30));
    EXPECT_EQ(found.at("a b").problem, "'a b' is not a valid host name");
    EXPECT_EQ(found.at("").problem, "'' is not a valid host name");
}

TEST(SystemResolver, WithoutNamesThereIsNothingToWaitFor) {
    EXPECT_TRUE(make_system_resolver()->resolve({}, std::chrono::hours(1)).empty());
}

TEST(SystemResolver, NamesThatAreOnlyWelcomeAreResolvedToo) {
    const auto found =
        make_system_resolver()->resolve({"192.0.2.7"}, std::chrono::seconds(30), {"198.51.100.1", "192.0.2.7", "a b"});
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found.at("192.0.2.7"), (Resolution{{*parse_address("192.0.2.7")}, ""}));
    EXPECT_EQ(found.at("198.51.100.1"), (Resolution{{*parse_address("198.51.100.1")}, ""}));
    EXPECT_EQ(found.at("a b").problem, "'a b' is not a valid host name");
}

TEST(SystemResolver, NamesThatAreOnlyWelcomeDoNotCostTheTimeOfTheOthers) {
    std::vector<std::string> names;
    for (int i = 1; i <= 50; ++i) names.push_back("host" + std::to_string(i) + ".invalid");
    const auto start = std::chrono::steady_clock::now();
    const auto found = make_system_resolver()->resolve({"192.0.2.7"}, std::chrono::hours(1), names);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
    ASSERT_EQ(found.size(), 51U);
    EXPECT_EQ(found.at("192.0.2.7").addresses, std::vector{*parse_address("192.0.2.7")});
    for (const auto& name : names) EXPECT_NE(found.at(name).problem, "") << name;
}

TEST(SystemResolver, WhenTimeIsUpEveryNameHasAnEntryAllTheSame) {
    std::vector<std::string> names;
    for (int i = 1; i <= 50; ++i) names.push_back("host" + std::to_string(i) + ".invalid");
    const auto start = std::chrono::steady_clock::now();
    const auto found = make_system_resolver()->resolve(names, std::chrono::milliseconds(1));
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
    ASSERT_EQ(found.size(), 50U);
    for (const auto& [name, resolution] : found) {
        EXPECT_TRUE(resolution.addresses.empty()) << name;
        EXPECT_NE(resolution.problem, "") << name;
    }
}

}  // namespace
}  // namespace zmi
