#include <gtest/gtest.h>
#include <plugin/handover/kernel_rules.hpp>
#include <plugin/handover/sessions.hpp>

namespace zmfw {
namespace {

TEST(KernelRules, OfNftAreALineForEachElementAndRule) {
    EXPECT_EQ(
        lines_of_nft("table inet zmfirewall {\n\tset a {\n\t\ttype ipv4_addr\n\t\telements = { 10.0.0.1, 10.0.0.2,\n"
                     "\t\t\t     10.0.1.0/24 }\n\t}\n\n\tchain input {\n\t\ttcp dport vmap { 22 : jump x, 25 : "
                     "jump y }\n\t}\n}\n"),
        (RuleLines{"set a", "set a: type ipv4_addr", "set a: 10.0.0.1", "set a: 10.0.0.2", "set a: 10.0.1.0/24",
                   "chain input", "chain input: tcp dport vmap { 22 : jump x, 25 : jump y }"}));
}

TEST(KernelRules, OfIptablesAreOursOnly) {
    EXPECT_EQ(
        lines_of_iptables("# 4\n*filter\n:INPUT ACCEPT [5:6]\n:ZMFIREWALL-IN - [0:0]\n:f2b - [0:0]\n"
                          "-A INPUT -j f2b\n-A INPUT -j ZMFIREWALL-IN\n-A ZMFIREWALL-IN -i lo -j ACCEPT\n"
                          "# 6\n:ZMFIREWALL-IN - [0:0]\n# s\ncreate zmfirewall4-aa hash:net family inet\n"
                          "add zmfirewall4-aa 10.0.0.2\nadd zmfirewall4-aa 10.0.0.1\nadd f2b 10.0.0.1\n"),
        (RuleLines{"ipv4 :ZMFIREWALL-IN", "ipv4 -A INPUT -j ZMFIREWALL-IN", "ipv4 -A ZMFIREWALL-IN -i lo -j ACCEPT",
                   "ipv6 :ZMFIREWALL-IN", "ipset add zmfirewall4-aa 10.0.0.1", "ipset add zmfirewall4-aa 10.0.0.2",
                   "ipset create zmfirewall4-aa hash:net"}));
}

TEST(KernelRules, OfUfwAreTheSameInAScriptAndAsUfwShowsThem) {
    const RuleLines wanted = {"allow from 10.0.0.1 to any app zmfirewall-b", "allow from any to any app zmfirewall-a"};
    EXPECT_EQ(lines_of_ufw("ufw allow from any to any app zmfirewall-a comment 'x'\nsay ufw allow\n"
                           "ufw allow from 10.0.0.1 to any app zmfirewall-b comment 'y'\n"),
              wanted);
    EXPECT_EQ(lines_of_ufw("Added user rules:\nufw allow from 10.0.0.1 to any app zmfirewall-b comment 'y'\n"
                           "ufw allow zmfirewall-a comment 'x'\nufw allow 22/tcp\n"),
              wanted);
}

TEST(Difference, NamesWhatIsMissingAndWhatIsExtra) {
    EXPECT_TRUE(compare({"a", "b"}, {"a", "b"}).none());
    const auto difference = compare({"a", "b"}, {"b", "c"});
    EXPECT_EQ(difference.missing, RuleLines{"a"});
    EXPECT_EQ(difference.extra, RuleLines{"c"});
    EXPECT_FALSE(difference.none());
    EXPECT_TRUE(compare({"a", "b"}, {"b", "a"}).reordered);
    EXPECT_FALSE(compare({"a"}, {"a", "a"}).none());
}

TEST(Sessions, AreTheEstablishedOnesOfOtherHosts) {
    const auto sessions = parse_sessions(
        "  sl  local_address rem_address   st tx_queue rx_queue\n"
        "   0: 0100007F:1F90 0100007F:C350 01 00000000:00000000\n"  // loopback
        "   1: 2900000A:4E1E 077100CB:C350 01 00000000:00000000\n"
        "   2: 00000000:0016 00000000:0000 0A 00000000:00000000\n"  // listens
        "   3: 0000000000000000FFFF00002900000A:0019 0000000000000000FFFF0000077100CB:0400 01 0:0\n"
        "   4: B80D0120000000000000000001000000:0019 B80D0120000000000000000002000000:0400 01 0:0\n"
        "   5: nonsense:0019 B80D0120000000000000000002000000:0400 01 0:0\n");
    ASSERT_EQ(sessions.size(), 3U);
    EXPECT_EQ(sessions[0].local.to_string(), "10.0.0.41");
    EXPECT_EQ(sessions[0].local_port, 19998);
    EXPECT_EQ(sessions[0].peer.to_string(), "203.0.113.7");
    EXPECT_EQ(sessions[0].peer_port, 50000);
    EXPECT_EQ(sessions[1].peer.to_string(), "203.0.113.7") << "IPv4 on a socket of IPv6";
    EXPECT_EQ(sessions[2].local.to_string(), "2001:db8::1");
}

}  // namespace
}  // namespace zmfw
