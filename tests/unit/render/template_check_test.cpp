#include <gtest/gtest.h>

#include <plugin/render/template_check.hpp>

namespace zmfw {
namespace {

std::string problem(std::string_view text) {
    const auto checked = check_template("t.mustache", text, server_schema());
    return checked ? "" : checked.error().what;
}

TEST(TemplateCheck, AcceptsNamesOfTheViewAtTheirPlaces) {
    EXPECT_EQ(problem("{{server}} {{#rules}}{{port}} {{server}} {{#sources4}}{{cidr}}{{^last}},{{/last}}{{/sources4}}"
                      "{{/rules}}{{! any text }}{{#apply}}{{.}}{{/apply}}{{&digest}}{{{digest}}}"),
              "");
}

TEST(TemplateCheck, NamesFileAndLineAndTheNearestName) {
    EXPECT_EQ(problem("one\ntwo {{servr}}\n"), "t.mustache:2: unknown name 'servr'; did you mean 'server'");
}

TEST(TemplateCheck, RefusesAnInnerNameOutsideOfItsSection) {
    EXPECT_EQ(problem("{{cidr}}"), "t.mustache:1: unknown name 'cidr'");
    EXPECT_NE(problem("{{#rules}}{{/rules}}\n{{reason}}").find("t.mustache:2: unknown name 'reason'"),
              std::string::npos);
}

TEST(TemplateCheck, RefusesNamesOfTheItemsInsideOfAnInvertedSection) {
    EXPECT_NE(problem("{{^rules}}{{endpoint}}{{/rules}}").find("unknown name 'endpoint'"), std::string::npos);
}

TEST(TemplateCheck, RefusesTheWrongKindOfTag) {
    EXPECT_EQ(problem("{{#server}}x{{/server}}"), "t.mustache:1: 'server' is a text, not a section");
    EXPECT_EQ(problem("{{rules}}"), "t.mustache:1: 'rules' is a section, not a text");
}

TEST(TemplateCheck, RefusesTheDotWhereItWouldPrintNothing) {
    EXPECT_NE(problem("{{.}}"), "");
    EXPECT_NE(problem("{{#apply}}{{#has_rules}}{{.}}{{/has_rules}}{{/apply}}"), "");
}

TEST(TemplateCheck, RefusesPartialsAndOtherDelimiters) {
    EXPECT_EQ(problem("{{> other}}"), "t.mustache:1: partials are not supported");
    EXPECT_EQ(problem("{{=<% %>=}}"), "t.mustache:1: other delimiters are not supported");
}

TEST(TemplateCheck, RefusesControlCharacters) {
    EXPECT_EQ(problem("a\n\x01"), "t.mustache:2: control character");
    EXPECT_EQ(problem("a\r\n"), "t.mustache:1: control character");
}

TEST(TemplateCheck, RefusesBrokenNesting) {
    EXPECT_EQ(problem("{{#rules}}\n"), "t.mustache:1: section 'rules' is not closed");
    EXPECT_EQ(problem("{{/rules}}"), "t.mustache:1: no section is open here to close 'rules'");
    EXPECT_EQ(problem("{{#rules}}\n{{/groups}}"), "t.mustache:2: section 'rules' of line 1 is closed as 'groups'");
    EXPECT_EQ(problem("{{server"), "t.mustache:1: tag is not closed");
    EXPECT_NE(problem("{{}}"), "");
}

}  // namespace
}  // namespace zmfw
