#include <gtest/gtest.h>
#include <plugin/handover/past_rules.hpp>

namespace zmfw {
namespace {

bool web_is_open(std::string_view protocol, std::uint16_t port) {
    return protocol == "tcp" && (port == 80 || port == 443);
}

RuleLines past(const std::string& input, const std::string& chains = {}) {
    return past_iptables("# 4\n*filter\n:INPUT ACCEPT [5:6]\n" + chains + input +
                             "-A INPUT -j ZMFIREWALL-IN\n-A INPUT -p tcp -m tcp --dport 9 -j ACCEPT\nCOMMIT\n# 6\n"
                             ":INPUT ACCEPT [0:0]\n-A INPUT -j ZMFIREWALL-IN\n",
                         web_is_open);
}

TEST(PastIptables, AreRulesBeforeOursThatAccept) {
    EXPECT_EQ(past(""), RuleLines{});
    EXPECT_EQ(past("-A INPUT -p tcp -m tcp --dport 9 -j ACCEPT\n"),
              RuleLines{"ipv4 -A INPUT -p tcp -m tcp --dport 9 -j ACCEPT"});
    EXPECT_EQ(past("-A INPUT -s 10.0.0.0/8 -j ACCEPT\n"), RuleLines{"ipv4 -A INPUT -s 10.0.0.0/8 -j ACCEPT"});
}

TEST(PastIptables, AreNotWhatDropsOrWhatOursLetInAsWell) {
    EXPECT_EQ(past("-A INPUT -i lo -j ACCEPT\n"
                   "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n-A INPUT -p icmp -j ACCEPT\n"
                   "-A INPUT -p tcp -m multiport --dports 80,443 -j ACCEPT\n-A INPUT -j f2b\n"
                   "-A INPUT -s 198.51.100.9/32 -j DROP\n",
                   "-A f2b -s 198.51.100.9/32 -j REJECT\n-A f2b -j RETURN\n"),
              RuleLines{});
    for (const auto* rule :
         {"-A INPUT ! -i lo -j ACCEPT", "-A INPUT -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT",
          "-A INPUT -p udp -m udp --dport 443 -j ACCEPT", "-A INPUT -p tcp -m multiport --dports 80,81 -j ACCEPT",
          "-A INPUT -p tcp -m tcp --dport 80:443 -j ACCEPT", "-A INPUT -j ACCEPT"}) {
        EXPECT_EQ(past(std::string(rule) + "\n").size(), 1U) << rule;
    }
}

TEST(PastIptables, AreRulesThatLeadToOneThatAccepts) {
    EXPECT_EQ(past("-A INPUT -j ufw-before-input\n",
                   "-A ufw-before-input -i lo -j ACCEPT\n-A ufw-before-input -j deeper\n"
                   "-A deeper -p tcp -m tcp --dport 9 -j ACCEPT\n"),
              RuleLines{"ipv4 -A INPUT -j ufw-before-input"});
    EXPECT_EQ(past("-A INPUT -g loop\n", "-A loop -j loop\n"), RuleLines{});
}

std::string ufw(const std::string& rules, const std::string& head =
                                              "Status: active\nLogging: on (low)\nDefault: deny "
                                              "(incoming), allow (outgoing), disabled (routed)\n") {
    return head + "\nTo                         Action      From\n--                         ------      ----\n" +
           rules;
}

TEST(PastUfw, AreRulesThatAreNotOursAndOpenMore) {
    EXPECT_EQ(past_ufw(ufw("25/tcp (zmfirewall-public-ab) ALLOW IN    Anywhere\n"
                           "443/tcp                    ALLOW IN    Anywhere\n"
                           "80,443/tcp (Nginx Full)    ALLOW IN    Anywhere (v6)\n"
                           "9/tcp                      DENY IN     Anywhere\n"
                           "53                         ALLOW OUT   Anywhere\n"),
                       web_is_open),
              RuleLines{});
    EXPECT_EQ(past_ufw(ufw("11211                      ALLOW IN    10.0.0.0/8\n"
                           "443                        ALLOW IN    Anywhere\n"
                           "10.0.0.5 22/tcp            LIMIT IN    Anywhere\n"
                           "Anywhere                   ALLOW IN    192.0.2.1\n"),
                       web_is_open),
              (RuleLines{"ALLOW IN 11211 from 10.0.0.0/8", "ALLOW IN 443 from Anywhere",
                         "LIMIT IN 10.0.0.5 22/tcp from Anywhere", "ALLOW IN Anywhere from 192.0.2.1"}));
}

TEST(PastUfw, IsAUfwThatDoesNotDrop) {
    EXPECT_EQ(past_ufw("Status: inactive\n", web_is_open),
              RuleLines{"ufw is not active: none of its rules is in force"});
    EXPECT_EQ(past_ufw("", web_is_open).size(), 1U);
    EXPECT_EQ(past_ufw("Status: active\n", web_is_open).size(), 1U);
    EXPECT_EQ(past_ufw(ufw("", "Status: active\nDefault: allow (incoming), allow (outgoing)\n"), web_is_open),
              RuleLines{"Default: allow (incoming), allow (outgoing)"});
}

TEST(PastFirewalld, IsWhatRunsBesideItsFilesAndInOtherZones) {
    const std::string kept =
        "zmfirewall\n  target: DROP\n  icmp-block-inversion: no\n  interfaces: \n  services: a b\n";
    const std::string runs = "zmfirewall (active)\n  target: DROP\n  interfaces: eth0\n  services: a b\n";
    EXPECT_EQ(past_firewalld(runs, kept, "zmfirewall (default)\n  interfaces: eth0\n"), RuleLines{});
    EXPECT_EQ(past_firewalld(runs + "  ports: 9/tcp\n", kept,
                             "trusted\n  interfaces: eth1\n  sources: 10.0.0.0/8\nzmfirewall\n  interfaces: eth0\n"),
              (RuleLines{"our zone runs with ports: 9/tcp", "zone trusted has interfaces: eth1",
                         "zone trusted has sources: 10.0.0.0/8"}));
}

}  // namespace
}  // namespace zmfw
