#include <gtest/gtest.h>

#include <plugin/host/target.hpp>

namespace zmfw {
namespace {

std::vector<Target> shipped() {
    auto targets = read_targets(ZMFIREWALL_TEMPLATES "/targets.xml");
    EXPECT_TRUE(targets) << targets.error().what;
    return targets.value_or(std::vector<Target>());
}

std::string name_of(const std::string& os_release) {
    static const auto targets = shipped();
    const auto os = parse_os_release(os_release, "os-release");
    if (!os) return os.error().what;
    const auto* target = match_target(targets, *os);
    return target == nullptr ? "" : target->name;
}

TEST(Target, IsKnownByItsOsRelease) {
    EXPECT_EQ(name_of("ID=ubuntu\nID_LIKE=debian\nVERSION_ID=\"20.04\"\n"), "ubuntu2004");
    EXPECT_EQ(name_of("ID=ubuntu\nID_LIKE=debian\nVERSION_ID=\"22.04\"\n"), "ubuntu2204");
    EXPECT_EQ(name_of("ID=ubuntu\nID_LIKE=debian\nVERSION_ID=\"24.04\"\n"), "ubuntu2404");
    EXPECT_EQ(name_of("ID=debian\nVERSION_ID=\"12\"\n"), "debian12");
    EXPECT_EQ(name_of("ID=\"rhel\"\nID_LIKE=\"fedora\"\nVERSION_ID=\"8.10\"\n"), "rhel8");
    EXPECT_EQ(name_of("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"8.9\"\n"), "rhel8");
    EXPECT_EQ(name_of("ID=\"almalinux\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"9.4\"\n"), "rhel9");
    EXPECT_EQ(name_of("ID=\"centos\"\nID_LIKE=\"rhel fedora\"\nVERSION_ID=\"9\"\n"), "rhel9");
    EXPECT_EQ(name_of("ID=\"ol\"\nID_LIKE=\"fedora\"\nVERSION_ID=\"9.3\"\n"), "rhel9");
    EXPECT_EQ(name_of("ID=\"ol\"\nID_LIKE=\"fedora\"\nVERSION_ID=\"8.8\"\n"), "rhel8");
}

TEST(Target, IsNotGuessedForOtherReleasesAndRelatives) {
    EXPECT_EQ(name_of("ID=ubuntu\nVERSION_ID=\"18.04\"\n"), "");
    EXPECT_EQ(name_of("ID=debian\nVERSION_ID=\"11\"\n"), "");
    EXPECT_EQ(name_of("ID=debian\n"), "");
    EXPECT_EQ(name_of("ID=fedora\nVERSION_ID=8\n"), "");
    EXPECT_EQ(name_of("ID=rocky\nID_LIKE=\"rhel\"\nVERSION_ID=80\n"), "");
    EXPECT_EQ(name_of("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\nVERSION_ID=\"12\"\n"), "");
}

TEST(Target, RefusesAFormatWhoseProgramItDoesNotHaveOrHasTooOld) {
    const auto targets = shipped();
    Format ufw;
    ufw.name = "ufw";
    ufw.needs = {{"ufw", "0.36"}};
    EXPECT_TRUE(check_target(find_target(targets, "ubuntu2004").value(), ufw));
    const auto refused = check_target(find_target(targets, "rhel9").value(), ufw);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().what.find("EPEL"), std::string::npos) << refused.error().what;
    Format firewalld;
    firewalld.name = "firewalld";
    firewalld.needs = {{"firewalld", "0.9"}};
    EXPECT_FALSE(check_target(find_target(targets, "ubuntu2004").value(), firewalld));
    EXPECT_TRUE(check_target(find_target(targets, "rhel8").value(), firewalld));
    Format own;
    own.needs = {{"our-own-tool", "1"}};
    EXPECT_TRUE(check_target(find_target(targets, "rhel8").value(), own));
}

TEST(Target, TakesNftablesAndIptablesEverywhere) {
    for (const auto& target : shipped()) {
        for (const auto* name : {"nftables", "iptables", "ansible", "csv", "json"}) {
            const auto format = read_format(std::string(ZMFIREWALL_TEMPLATES "/") + name);
            ASSERT_TRUE(format) << format.error().what;
            EXPECT_TRUE(check_target(target, *format)) << target.name << " " << name;
        }
        EXPECT_FALSE(notes_for(target, "nftables").empty());
    }
}

TEST(Target, ThatIsNotKnownHasTheOldestOfEverything) {
    const auto oldest = most_conservative(shipped());
    Format format;
    format.needs = {{"nft", "0.9.3"}};
    EXPECT_TRUE(check_target(oldest, format));
    format.needs = {{"nft", "0.9.4"}};
    EXPECT_FALSE(check_target(oldest, format));
}

TEST(Target, VersionsAreComparedByTheirNumbers) {
    EXPECT_TRUE(is_older("1.0.9", "1.0.10"));
    EXPECT_FALSE(is_older("1.0.10", "1.0.9"));
    EXPECT_TRUE(is_older("0.9", "0.9.3"));
    EXPECT_FALSE(is_older("1.8", "1.8.0"));
}

TEST(Target, MistakesInTheListCarryTheirLine) {
    const auto problem = [](const std::string& inside) {
        const auto read = parse_targets("<targets>\n" + inside + "\n</targets>", "targets.xml");
        return read ? std::string() : read.error().what;
    };
    const std::string os = "<os id='a' version='1'/>";
    EXPECT_EQ(problem("<target name='a' title='A'>" + os + "<program name='nft' version='1'/></target>"), "");
    for (const auto& inside : {std::string("<system/>"), "<target name='a' title='A'>" + os + "</target>",
                               "<target name='a' title='A'>" + os + "<program name='nft'/></target>",
                               "<target name='a' title='A'>" + os + "<program name='nft' version='1.x'/></target>",
                               std::string("<target name='a' title='A'><os version='1'/><program name='nft' "
                                           "version='1'/></target>")})
        EXPECT_TRUE(problem(inside).starts_with("targets.xml:2: ")) << inside << ": " << problem(inside);
}

}  // namespace
}  // namespace zmfw
