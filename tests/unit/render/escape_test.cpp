#include <gtest/gtest.h>

#include <plugin/render/escape.hpp>

namespace zmfw {
namespace {

std::string escaped(std::string_view text, Escape escape) {
    std::string out;
    append_escaped(out, text, escape);
    return out;
}

TEST(Escape, LeavesTextsThatMeanNothingAsTheyAre) {
    for (const auto escape : {Escape::none, Escape::csv, Escape::markdown, Escape::json, Escape::xml, Escape::shell}) {
        EXPECT_EQ(escaped("mail.example.com 10.0.0.1/24, ::1/128 tcp:25", escape),
                  "mail.example.com 10.0.0.1/24, ::1/128 tcp:25");
    }
}

TEST(Escape, GuardsWhatASpreadsheetWouldCalculate) {
    EXPECT_EQ(escaped("=HYPERLINK(\"http://x\")", Escape::csv), "'=HYPERLINK(\"\"http://x\"\")");
    for (const std::string sign : {"=", "+", "-", "@", "\t"}) EXPECT_EQ(escaped(sign + "1", Escape::csv).front(), '\'');
    EXPECT_EQ(escaped("  =1", Escape::csv), "'  =1");
    EXPECT_EQ(escaped("1-2", Escape::csv), "1-2");
}

TEST(Escape, KeepsAValueInsideOfItsLineAndItsCell) {
    EXPECT_EQ(escaped("a\nb|c", Escape::markdown), "a b\\|c");
    EXPECT_EQ(escaped("a\r\nb", Escape::csv), "a  b");
}

TEST(Escape, WritesJsonStrings) {
    EXPECT_EQ(escaped("a\"b\\c\nd\x7f", Escape::json), "a\\\"b\\\\c\\u000ad\\u007f");
}

TEST(Escape, WritesXmlTextAndAttributes) {
    EXPECT_EQ(escaped("<a b='c' d=\"e\">&", Escape::xml), "&lt;a b=&apos;c&apos; d=&quot;e&quot;&gt;&amp;");
}

TEST(Escape, CannotBeLeftInAShellsQuotes) {
    EXPECT_EQ(escaped("it's $(x)", Escape::shell), "it'\\''s $(x)");
}

TEST(Escape, ReplacesBytesThatAreNotUtf8) {
    EXPECT_EQ(printable("caf\xc3\xa9"), "caf\xc3\xa9");
    EXPECT_EQ(printable("caf\xe9"), "caf?");
}

}  // namespace
}  // namespace zmfw
