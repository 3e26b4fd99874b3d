#include <gtest/gtest.h>
#include <plugin/policy/policy.hpp>

namespace zmfw {
namespace {

zmi::Expected<Policy> parse(const std::string& content) {
    return parse_policy("<policy>\n" + content + "\n</policy>", "p.xml");
}

std::string mistake(const std::string& content) {
    const auto policy = parse(content);
    if (policy) return "(accepted)";
    EXPECT_EQ(policy.error().kind, zmi::ErrorKind::data);
    return policy.error().what;
}

TEST(Policy, ReadsTheWholeExampleOfTheManual) {
    const auto policy = parse(
        "<network name='public'><cidr>any</cidr></network>"
        "<network name='admin'><cidr>192.168.1.0/24</cidr><cidr>2001:db8::/32</cidr></network>"
        "<server name='Mbox1.Example.com'><address>10.0.0.11</address>"
        "<local name='ldap_bind_url'>ldap://10.0.0.11:389</local><sshd port='2222'/></server>"
        "<allow port='10050' protocol='tcp' from='10.0.9.9' comment='monitoring'/>"
        "<close endpoint='proxy-pop3'/><accept finding='ports-swapped'/><accept endpoint='license-daemon'/>");
    ASSERT_TRUE(policy) << policy.error().what;
    EXPECT_EQ(policy->network("public")->size(), 2U) << "any is both families";
    EXPECT_EQ(policy->network("admin")->size(), 2U);
    EXPECT_EQ(policy->network("ssh"), nullptr);
    const auto& server = policy->servers.at("mbox1.example.com");
    EXPECT_EQ(server.addresses.front().to_string(), "10.0.0.11");
    EXPECT_EQ(server.local.at("ldap_bind_url"), "ldap://10.0.0.11:389");
    EXPECT_EQ(server.sshd_ports, std::vector<std::uint16_t>{2222});
    EXPECT_EQ(policy->allow.front().first_port, 10050);
    EXPECT_TRUE(policy->close.contains("proxy-pop3"));
    EXPECT_TRUE(policy->accepted_findings.contains("ports-swapped"));
    EXPECT_TRUE(policy->accepted_endpoints.contains("license-daemon"));
}

TEST(Policy, AnAllowMayNameARangeAListOrANetwork) {
    const auto policy = parse(
        "<allow port='20000-20010' protocol='udp' from='10.0.0.1 backup 10.0.0.0/24'/>"
        "<network name='backup'><cidr>10.9.0.0/16</cidr></network>");
    ASSERT_TRUE(policy) << policy.error().what;
    EXPECT_EQ(policy->allow.front().last_port, 20010);
    ASSERT_EQ(policy->allow.front().from.size(), 2U) << "a host inside a network is merged into it";
    EXPECT_EQ(policy->allow.front().from[0].to_string(), "10.0.0.0/24");
    EXPECT_EQ(policy->allow.front().from[1].to_string(), "10.9.0.0/16");
}

TEST(Policy, NamesTheLineOfEveryMistake) {
    EXPECT_EQ(mistake("\n<allow port='0' protocol='tcp' from='any'/>"), "p.xml:3: '0' is no port (1 to 65535)");
    EXPECT_EQ(mistake("<close endpoint='x' extra='y'/>"), "p.xml:2: <close> has no attribute 'extra'");
    EXPECT_EQ(mistake("<open/>"), "p.xml:2: <policy> has no child <'open'>");
}

TEST(Policy, RefusesWhatCouldBecomeAnotherRule) {
    for (const auto* content :
         {"<allow port='25; accept' protocol='tcp' from='any'/>",
          "<allow port='25' protocol='tcp; accept' from='any'/>",
          "<allow port='25' protocol='tcp' from='10.0.0.1 } accept {'/>",
          "<allow port='25' protocol='tcp' from=''/>",
          "<allow port='30-20' protocol='tcp' from='any'/>",
          "<allow port='25' protocol='tcp' from='10.0.0.1/24'/>",
          "<allow port='25' protocol='tcp' from='any' comment='a&quot; accept'/>",
          "<allow port='25' protocol='tcp' from='any' comment='$(reboot)'/>",
          "<allow port='25' protocol='tcp' from='127.0.0.1'/>",
          "<allow port='25' protocol='tcp' from='224.0.0.1'/>",
          "<network name='Admin'><cidr>any</cidr></network>",
          "<network name='admin'></network>",
          "<network name='admin'><cidr>10.0.0.1</cidr></network><network name='admin'><cidr>10.0.0.2</cidr></network>",
          "<server name='a;b'/>",
          "<server name='a'><address>fe80::1</address></server>",
          "<server name='a'><address>0.0.0.0</address></server>",
          "<server name='a'/><server name='A'/>",
          "<network name='amdin'><cidr>10.0.0.1</cidr></network>",
          "<server name='a'><components>A</components></server>",
          "<server name='a'><components>b b</components></server>",
          "<server name='a'><components>b</components><components>c</components></server>",
          "<server name='a'><components><files/></components></server>",
          "<accept/>",
          "<accept finding='a' endpoint='b'/>",
          "stray text"}) {
        EXPECT_NE(mistake(content), "(accepted)") << content;
    }
}

TEST(Policy, SaysWhichComponentsRunOnAServer) {
    const auto policy = parse_policy(
        "<policy><server name='Video1.example.com'><components>video-server files</components></server>"
        "<server name='empty'><components/></server><server name='plain'/></policy>",
        "p.xml");
    ASSERT_TRUE(policy) << policy.error().what;
    const auto& servers = policy->servers;
    EXPECT_EQ(servers.at("video1.example.com").components,
              (std::set<std::string, std::less<>>{"files", "video-server"}));
    EXPECT_TRUE(servers.at("empty").components && servers.at("empty").components->empty());
    EXPECT_FALSE(servers.at("plain").components);
    EXPECT_TRUE(policy->adds_server("empty") && !policy->adds_server("plain") && !policy->adds_server("other"));
}

TEST(Policy, RefusesWhatIsNotOneXmlDocument) {
    for (const auto* xml :
         {"", "<policy>", "<policies/>", "<policy/><policy/>", "<!DOCTYPE policy []><policy/>", "\xff<policy/>"}) {
        EXPECT_FALSE(parse_policy(xml, "p.xml")) << xml;
    }
}

TEST(Policy, IsEmptyWhereThereIsNoFileAndNoneWasNamed) {
    const auto policy = read_policy("/nonexistent/zmfirewall.xml", false);
    ASSERT_TRUE(policy);
    EXPECT_TRUE(policy->file.empty());
    EXPECT_FALSE(read_policy("/nonexistent/zmfirewall.xml", true));
}

}  // namespace
}  // namespace zmfw
