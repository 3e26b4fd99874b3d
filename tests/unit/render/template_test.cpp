#include <gtest/gtest.h>

#include <plugin/render/template.hpp>

namespace zmfw {
namespace {

std::string problem(std::string_view text) {
    const auto compiled = compile_template("t.mustache", text, server_schema());
    return compiled ? "" : compiled.error().what;
}

TEST(Template, AcceptsNamesOfTheViewAtTheirPlaces) {
    EXPECT_EQ(problem("{{server}} {{#rules}}{{port}} {{server}} {{#sources4}}{{cidr}}{{^last}},{{/last}}{{/sources4}}"
                      "{{/rules}}{{! any text }}{{#apply}}{{.}}{{/apply}}{{&digest}}{{{digest}}}"),
              "");
}

TEST(Template, NamesFileAndLineAndTheNearestName) {
    EXPECT_EQ(problem("one\ntwo {{servr}}\n"), "t.mustache:2: unknown name 'servr'; did you mean 'server'");
}

TEST(Template, RefusesAnInnerNameOutsideOfItsSection) {
    EXPECT_EQ(problem("{{cidr}}"), "t.mustache:1: unknown name 'cidr'");
    EXPECT_NE(problem("{{#rules}}{{/rules}}\n{{reason}}").find("t.mustache:2: unknown name 'reason'"),
              std::string::npos);
}

TEST(Template, RefusesNamesOfTheItemsInsideOfAnInvertedSection) {
    EXPECT_NE(problem("{{^rules}}{{endpoint}}{{/rules}}").find("unknown name 'endpoint'"), std::string::npos);
}

TEST(Template, RefusesTheWrongKindOfTag) {
    EXPECT_EQ(problem("{{#server}}x{{/server}}"), "t.mustache:1: 'server' is a text, not a section");
    EXPECT_EQ(problem("{{rules}}"), "t.mustache:1: 'rules' is a section, not a text");
}

TEST(Template, RefusesTheDotWhereItWouldPrintNothing) {
    EXPECT_NE(problem("{{.}}"), "");
    EXPECT_NE(problem("{{#apply}}{{#has_rules}}{{.}}{{/has_rules}}{{/apply}}"), "");
}

TEST(Template, RefusesPartialsAndOtherDelimiters) {
    EXPECT_EQ(problem("{{> other}}"), "t.mustache:1: partials are not supported");
    EXPECT_EQ(problem("{{=<% %>=}}"), "t.mustache:1: other delimiters are not supported");
}

TEST(Template, RefusesControlCharacters) {
    EXPECT_EQ(problem("a\n\x01"), "t.mustache:2: control character");
    EXPECT_EQ(problem("a\r\n"), "t.mustache:1: control character");
}

TEST(Template, RefusesBrokenNesting) {
    EXPECT_EQ(problem("{{#rules}}\n"), "t.mustache:1: section 'rules' is not closed");
    EXPECT_EQ(problem("{{/rules}}"), "t.mustache:1: no section is open here to close 'rules'");
    EXPECT_EQ(problem("{{#rules}}\n{{/groups}}"), "t.mustache:2: section 'rules' of line 1 is closed as 'groups'");
    EXPECT_EQ(problem("{{server"), "t.mustache:1: tag is not closed");
    EXPECT_NE(problem("{{}}"), "");
}

}  // namespace
}  // namespace zmfw
