#include <gtest/gtest.h>
#include <zmintegration/support/url.hpp>

namespace {

/// "scheme|host|port", with "?" for what is no host and "!" for a bad port.
std::string parts(std::string_view text) {
    const auto authority = zmi::parse_authority(text);
    EXPECT_FALSE(authority.host && authority.host_text.empty());
    EXPECT_FALSE(authority.port && authority.port_is_bad);
    const auto host = authority.host ? authority.host->text : authority.host_text.empty() ? "" : "?";
    const auto port = authority.port ? std::to_string(*authority.port) : authority.port_is_bad ? "!" : "";
    return authority.scheme + "|" + host + "|" + port;
}

std::string host(std::string_view text) {
    const auto parsed = zmi::parse_host(text);
    return parsed ? parsed->text : "refused";
}

TEST(Host, IsANameOrAnAddress) {
    EXPECT_EQ(host("Mail.Example.COM"), "mail.example.com");
    EXPECT_EQ(host("10.0.0.1"), "10.0.0.1");
    EXPECT_EQ(host("[2001:DB8:0::1]"), "2001:db8::1");
    EXPECT_EQ(host("::1"), "::1");
}

TEST(Host, IsNothingElse) {
    for (const auto* wrong : {"", "*", "10.0.0.256", "1.2.3", "[]", "[10.0.0.1]", "[mail]", "[::1", "a_b", "a b", "a:1",
                              ".", "mail..", "10.0.0.1.", "[::1.]", "[::1]."}) {
        EXPECT_EQ(host(wrong), "refused") << wrong;
    }
}

TEST(Host, MayEndWithTheDotOfAFullyQualifiedName) {
    EXPECT_EQ(host("Mail.Example.com."), "mail.example.com");
    EXPECT_EQ(parts("http://mail.example.com.:7780/x"), "http|mail.example.com|7780");
}

TEST(Host, KnowsThatItIsThisMachine) {
    for (const auto* text :
         {"127.0.0.1", "[::1]", "LocalHost", "localhost.", "localhost.localdomain", "localhost4", "localhost6",
          "ip6-localhost", "ip6-loopback", "localhost4.localdomain4", "localhost6.localdomain6"}) {
        EXPECT_TRUE(zmi::parse_host(text)->is_loopback()) << text;
    }
    EXPECT_FALSE(zmi::parse_host("localhost.example.com")->is_loopback());
    EXPECT_FALSE(zmi::parse_host("128.0.0.1")->is_loopback());
}

TEST(Authority, IsReadFromWhatZimbraWrites) {
    EXPECT_EQ(parts("http://spell.example.com:7780/aspell.php"), "http|spell.example.com|7780");
    EXPECT_EQ(parts("clam://localhost:3310/"), "clam|localhost|3310");
    EXPECT_EQ(parts("mbox1.example.com:11211"), "|mbox1.example.com|11211");
    EXPECT_EQ(parts("[::1]:53"), "|::1|53");
    EXPECT_EQ(parts("::1"), "|::1|");
    EXPECT_EQ(parts("host"), "|host|");
    EXPECT_EQ(parts("ldap:///"), "ldap||389");
}

TEST(Authority, KnowsThePortsOfSchemes) {
    EXPECT_EQ(parts("HTTP://a"), "http|a|80");
    EXPECT_EQ(parts("https://a?x"), "https|a|443");
    EXPECT_EQ(parts("ldaps://a:/"), "ldaps|a|636");
    EXPECT_EQ(parts("redis://a"), "redis|a|");
}

TEST(Authority, LeavesCredentialsOut) {
    EXPECT_EQ(parts("ldap://cn=x:p@ss@a.example.com:389"), "ldap|a.example.com|389");
}

TEST(Authority, TellsWhatIsWrong) {
    EXPECT_EQ(parts("http://a:0/"), "http|a|!");
    EXPECT_EQ(parts("http://a:70000/"), "http|a|!");
    EXPECT_EQ(parts("http://a_b:80/"), "http|?|80");
    EXPECT_EQ(parts("[::1]80"), "|?|");
    EXPECT_EQ(parts(""), "||");
}

}  // namespace
