#include <gtest/gtest.h>
#include <zmintegration/support/text.hpp>

namespace {

using Parts = std::vector<std::string_view>;

TEST(Text, LosesBlanksAtBothEnds) {
    EXPECT_EQ(zmi::trim(" \t a b \r\n"), "a b");
    EXPECT_EQ(zmi::trim(" \v\f "), "");
    EXPECT_EQ(zmi::trim(""), "");
}

TEST(Text, SplitsIntoLines) {
    EXPECT_EQ(zmi::split_lines("a\r\n\nb"), (Parts{"a\r", "", "b"}));
    EXPECT_EQ(zmi::split_lines("a\n"), Parts{"a"});
    EXPECT_EQ(zmi::split_lines("\n"), Parts{""});
    EXPECT_EQ(zmi::split_lines(""), Parts{});
}

TEST(Text, SplitsIntoWords) {
    EXPECT_EQ(zmi::split_words("  a\tb  c\n"), (Parts{"a", "b", "c"}));
    EXPECT_EQ(zmi::split_words(" \n"), Parts{});
}

TEST(Text, SplitsAtASeparator) {
    EXPECT_EQ(zmi::split("a,,b,", ','), (Parts{"a", "", "b", ""}));
    EXPECT_EQ(zmi::split("", ','), Parts{""});
}

TEST(Text, ChangesOnlyAsciiCase) {
    EXPECT_EQ(zmi::to_lower("AbZ[\xc3\x84"), "abz[\xc3\x84");
    EXPECT_TRUE(zmi::equal_ignoring_case("Mail.Example", "mAIL.eXAMPLE"));
    EXPECT_FALSE(zmi::equal_ignoring_case("a", "ab"));
    EXPECT_FALSE(zmi::equal_ignoring_case("@", "`"));
}

TEST(Text, KnowsValidUtf8) {
    EXPECT_TRUE(zmi::is_valid_utf8(""));
    EXPECT_TRUE(zmi::is_valid_utf8("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\xed\x9f\xbf\xf4\x8f\xbf\xbf"));
    for (const auto* wrong :
         {"\x80", "\xc3", "\xc0\xaf", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\xe2\x28\xa1", "a\xff"}) {
        EXPECT_FALSE(zmi::is_valid_utf8(wrong)) << zmi::quoted(wrong);
    }
}

TEST(Text, IsQuotedSoThatATerminalIsSafe) {
    EXPECT_EQ(zmi::quoted("plain"), "'plain'");
    EXPECT_EQ(zmi::quoted("a\x1b[31m\n\x7f\xc3\xa4"), "'a\\x1b[31m\\x0a\\x7f\\xc3\\xa4'");
    EXPECT_EQ(zmi::quoted("abcdef", 3), "'abc...'");
    EXPECT_EQ(zmi::quoted("abc", 3), "'abc'");
}

TEST(Text, FindsTheNearestName) {
    EXPECT_EQ(zmi::nearest("nftable", {"ufw", "nftables"}), "nftables");
    EXPECT_EQ(zmi::nearest("UFW", {"ufw", "nftables"}), "ufw");
    EXPECT_EQ(zmi::nearest("firewalld", {"ufw", "nftables"}), "");
    EXPECT_EQ(zmi::nearest("x", {}), "");
}

}  // namespace
