#include <gtest/gtest.h>

#include <plugin/host/os_release.hpp>

namespace zmfw {
namespace {

TEST(OsRelease, IsReadWithQuotesAndComments) {
    const auto os = parse_os_release(
        "# a comment\nNAME=\"Rocky Linux\"\nVERSION_ID=\"8.10\"\nID='rocky'\nID_LIKE=\"rhel centos fedora\"\n"
        "PRETTY_NAME=\"with \\\"quotes\\\"\"\n\n",
        "os-release");
    ASSERT_TRUE(os) << os.error().what;
    EXPECT_EQ(os->id, "rocky");
    EXPECT_EQ(os->version, "8.10");
    EXPECT_EQ(os->like, (std::vector<std::string>{"rhel", "centos", "fedora"}));
}

TEST(OsRelease, WithoutAnIdIsNone) {
    EXPECT_FALSE(parse_os_release("NAME=x\n", "os-release"));
    EXPECT_FALSE(parse_os_release("", "os-release"));
}

TEST(OsRelease, IsRefusedWithItsLineWhereAShellWouldDoMoreThanAssign) {
    for (const auto* line :
         {"ID=$(id)", "ID=\"`id`\"", "ID=debian; true", "ID=\"debian", "ID=de\"bian", "id=debian", "no equals",
          "ID=\"\x1b[31m\"", "ID=../../etc", "VERSION_ID=\"12 13\"", "ID_LIKE=\"a B\""}) {
        const auto os = parse_os_release(std::string("NAME=x\n") + line + "\n", "os-release");
        ASSERT_FALSE(os) << line;
        EXPECT_TRUE(os.error().what.starts_with("os-release:2: ")) << os.error().what;
        EXPECT_EQ(os.error().what.find('\x1b'), std::string::npos);
    }
}

}  // namespace
}  // namespace zmfw
