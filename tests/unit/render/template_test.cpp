#include <gtest/gtest.h>

#include <plugin/render/template.hpp>
#include <plugin/render/view.hpp>

#include "sample_plans.hpp"

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

/// What the template makes of a server with two open ports.
std::string rendered(std::string_view text, Escape escape = Escape::none) {
    auto ldap = sample::open_port("ldap", "tcp", 389, "cluster", {"10.0.0.1/32", "10.0.0.2/32", "10.0.0.3/32"});
    ldap.title = "a \"b\"";
    const auto plan = sample::plan({sample::open_port("smtp", "tcp", 25, "public", sample::anyone()), ldap});
    const auto view = make_server_view(plan, sample::source(), {"1", {}, {}});
    const auto compiled = compile_template("t.mustache", text, server_schema(), escape);
    return view && compiled ? compiled->render(*view) : "error";
}

TEST(Template, WritesWhatIsAroundAListForEachOfItsItems) {
    EXPECT_EQ(rendered("{{#rules}}{{#sources4}}{{server}} {{port}}{{#is_tcp}}/tcp{{/is_tcp}} {{cidr}} {{reason}};"
                       "{{/sources4}}{{/rules}}"),
              "mail.example.com 389/tcp 10.0.0.1 r0a1b2c3d;mail.example.com 389/tcp 10.0.0.2 r0a1b2c3d;"
              "mail.example.com 389/tcp 10.0.0.3 r0a1b2c3d;");
}

TEST(Template, WritesAListOfOutsideAnewForEachItemOfItsOwn) {
    EXPECT_EQ(rendered("{{#rules}}{{port}}:{{#rules}}{{#sources4}}{{cidr}}{{^last}},{{/last}}{{/sources4}}{{/rules}} "
                       "{{/rules}}"),
              "25:10.0.0.1,10.0.0.2,10.0.0.3 389:10.0.0.1,10.0.0.2,10.0.0.3 ");
    EXPECT_EQ(rendered("{{#rules}}{{#sources4}}{{port}}{{#services}}<{{id}}>{{/services}}{{^last}},{{/last}}"
                       "{{/sources4}}{{/rules}}"),
              "389<tcp_25><tcp_389>,389<tcp_25><tcp_389>,389<tcp_25><tcp_389>");
}

TEST(Template, KeepsConstantsOfOneItemFromThoseOfTheNext) {
    EXPECT_EQ(rendered("{{#rules}}{{#from4}}[{{port}} {{cidr}} {{endpoint}}]{{/from4}}{{/rules}}"),
              "[25 0.0.0.0/0 smtp][389 10.0.0.1 ldap][389 10.0.0.2 ldap][389 10.0.0.3 ldap]");
}

TEST(Template, EscapesWhatItWritesOnceForManyItems) {
    EXPECT_EQ(rendered("{{#rules}}{{#sources4}}\"{{title}}\",\"{{cidr}}\" {{/sources4}}{{/rules}}", Escape::csv),
              "\"a \"\"b\"\"\",\"10.0.0.1\" \"a \"\"b\"\"\",\"10.0.0.2\" \"a \"\"b\"\"\",\"10.0.0.3\" ");
}

}  // namespace
}  // namespace zmfw
