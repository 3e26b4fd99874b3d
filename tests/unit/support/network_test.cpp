#include <gtest/gtest.h>
#include <zmintegration/support/network.hpp>

namespace {

using zmi::Cidr;
using zmi::Family;
using zmi::parse_address;
using zmi::parse_cidr;

std::string again(std::string_view text) {
    const auto cidr = parse_cidr(text);
    return cidr ? cidr->to_string() : "refused";
}

std::string merged(const std::vector<std::string>& texts) {
    std::vector<Cidr> networks;
    for (const auto& text : texts) networks.push_back(parse_cidr(text).value());
    std::string result;
    for (const auto& network : zmi::merge(networks)) result += network.to_short_string() + " ";
    return result;
}

TEST(IpAddress, IsWrittenInItsShortestForm) {
    EXPECT_EQ(parse_address("192.0.2.1")->to_string(), "192.0.2.1");
    EXPECT_EQ(parse_address("2001:DB8:0:0:0:0:0:1")->to_string(), "2001:db8::1");
    EXPECT_EQ(parse_address("::")->to_string(), "::");
}

TEST(IpAddress, IsReadStrictly) {
    for (const auto* wrong : {"", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", " 1.2.3.4", "1.2.3.4 ", "fe80::1%eth0",
                              ":::", "1::2::3", "::ffff:192.0.2.1", "[::1]", "localhost", "1.2.3.4/32"}) {
        EXPECT_FALSE(parse_address(wrong)) << wrong;
    }
    EXPECT_FALSE(parse_address(std::string_view("1.2.3.4\0", 8)));
    EXPECT_FALSE(parse_address(std::string(100, '1')));
}

TEST(IpAddress, KnowsWhatItIsFor) {
    EXPECT_TRUE(parse_address("127.8.9.10")->is_loopback());
    EXPECT_TRUE(parse_address("::1")->is_loopback());
    EXPECT_FALSE(parse_address("128.0.0.1")->is_loopback());
    EXPECT_FALSE(parse_address("::2")->is_loopback());
    EXPECT_TRUE(parse_address("0.0.0.0")->is_unspecified());
    EXPECT_TRUE(parse_address("::")->is_unspecified());
    EXPECT_FALSE(parse_address("0.0.0.1")->is_unspecified());
    EXPECT_TRUE(parse_address("224.0.0.1")->is_multicast());
    EXPECT_TRUE(parse_address("ff02::1")->is_multicast());
    EXPECT_FALSE(parse_address("240.0.0.1")->is_multicast());
    EXPECT_TRUE(parse_address("169.254.1.1")->is_link_local());
    EXPECT_TRUE(parse_address("febf::1")->is_link_local());
    EXPECT_FALSE(parse_address("fec0::1")->is_link_local());
}

TEST(IpAddress, KnowsWhetherAHostCanHaveIt) {
    for (const auto* text : {"0.0.0.0", "::", "224.0.0.1", "ff02::1", "169.254.1.1", "fe80::1", "255.255.255.255"}) {
        EXPECT_FALSE(parse_address(text)->is_of_a_host()) << text;
    }
    for (const auto* text : {"192.0.2.1", "255.255.255.254", "2001:db8::1", "127.0.0.1", "::1", "fd00::1"}) {
        EXPECT_TRUE(parse_address(text)->is_of_a_host()) << text;
    }
}

TEST(IpAddress, KnowsPrivateNetworksToTheirEdges) {
    for (const auto* text :
         {"10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.1", "fc00::1", "fdff::1"}) {
        EXPECT_TRUE(parse_address(text)->is_private()) << text;
    }
    for (const auto* text : {"9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.169.0.0", "fe00::1"}) {
        EXPECT_FALSE(parse_address(text)->is_private()) << text;
    }
}

TEST(Cidr, IsReadAndWritten) {
    EXPECT_EQ(again("10.0.0.0/8"), "10.0.0.0/8");
    EXPECT_EQ(again("10.1.2.3"), "10.1.2.3/32");
    EXPECT_EQ(again("2001:db8::/32"), "2001:db8::/32");
    EXPECT_EQ(again("::1"), "::1/128");
    EXPECT_EQ(again("0.0.0.0/0"), "0.0.0.0/0");
    EXPECT_EQ(parse_cidr("10.1.2.3/32")->to_short_string(), "10.1.2.3");
    EXPECT_EQ(parse_cidr("10.1.2.0/24")->to_short_string(), "10.1.2.0/24");
}

TEST(Cidr, RefusesHostBitsAndOddPrefixes) {
    for (const auto* wrong : {"10.0.0.1/8", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/08", "10.0.0.0/-1",
                              "10.0.0.0/8/8", "10.0.0.0/ 8", "/8", "2001:db8::1/64", "10.0.0.0/99999999999"}) {
        EXPECT_EQ(again(wrong), "refused") << wrong;
    }
}

TEST(Cidr, ContainsWhatLiesInside) {
    const auto ten = *parse_cidr("10.0.0.0/8");
    EXPECT_TRUE(ten.contains(*parse_address("10.255.0.1")));
    EXPECT_FALSE(ten.contains(*parse_address("11.0.0.0")));
    EXPECT_TRUE(ten.contains(*parse_cidr("10.1.0.0/16")));
    EXPECT_TRUE(ten.contains(ten));
    EXPECT_FALSE(parse_cidr("10.1.0.0/16")->contains(ten));
    EXPECT_FALSE(zmi::any_cidr(Family::ipv4).contains(*parse_address("::1")));
    EXPECT_TRUE(zmi::any_cidr(Family::ipv6).contains(*parse_address("::1")));
    EXPECT_TRUE(zmi::any_cidr(Family::ipv6).is_any());
}

TEST(Cidr, ContainsByBitsNotByBytes) {
    for (const auto* text : {"10.16.0.0/12", "10.20.30.128/25", "10.20.30.40/31", "128.0.0.0/1"}) {
        const auto network = *parse_cidr(text);
        auto last = network.network;
        for (int bit = network.prefix; bit < 32; ++bit) {
            last.bytes[static_cast<std::size_t>(bit / 8)] |= static_cast<std::uint8_t>(0x80 >> (bit % 8));
        }
        EXPECT_TRUE(network.contains(last)) << text;
        for (int bit = 0; bit < network.prefix; ++bit) {
            auto outside = last;
            outside.bytes[static_cast<std::size_t>(bit / 8)] ^= static_cast<std::uint8_t>(0x80 >> (bit % 8));
            EXPECT_FALSE(network.contains(outside)) << text << " bit " << bit;
        }
    }
    EXPECT_FALSE(parse_cidr("2001:db8::/46")->contains(*parse_address("2001:db8:7::1")));
    EXPECT_TRUE(parse_cidr("2001:db8::/45")->contains(*parse_address("2001:db8:7::1")));
    EXPECT_FALSE(parse_cidr("2001:db8::1")->contains(*parse_address("2001:db8::2")));
}

TEST(IpAddress, IsOrderedByFamilyThenByEveryByte) {
    const char* sorted[] = {"0.0.0.0", "9.255.255.255", "10.0.0.2",     "10.0.0.10",     "255.0.0.0", "::1",
                            "::1:0",   "1::",           "2001:db8::ff", "2001:db8::1:0", "ff02::1"};
    for (std::size_t i = 0; i + 1 < std::size(sorted); ++i) {
        const auto one = *parse_address(sorted[i]), other = *parse_address(sorted[i + 1]);
        EXPECT_LT(one, other) << sorted[i];
        EXPECT_GT(other, one) << sorted[i];
        EXPECT_NE(one, other) << sorted[i];
        EXPECT_EQ(one <=> one, std::strong_ordering::equal) << sorted[i];
    }
}

TEST(Cidr, MergesToTheNetworksThatAreLeft) {
    EXPECT_EQ(merged({"10.1.0.0/16", "10.0.0.0/8", "10.2.3.4", "192.0.2.1", "10.0.0.0/8"}), "10.0.0.0/8 192.0.2.1 ");
    EXPECT_EQ(merged({"::/0", "10.0.0.0/8", "2001:db8::1"}), "10.0.0.0/8 ::/0 ");
    EXPECT_EQ(merged({"10.0.0.0/9", "10.128.0.0/9"}), "10.0.0.0/9 10.128.0.0/9 ");
    EXPECT_EQ(merged({}), "");
}

TEST(Port, IsADecimalNumberUpTo65535) {
    EXPECT_EQ(zmi::parse_port("1"), 1);
    EXPECT_EQ(zmi::parse_port("65535"), 65535);
    for (const auto* wrong :
         {"", "0", "65536", "99999", "100000", "-1", "+1", " 1", "1 ", "01", "0x1", "smtp", "1.0"}) {
        EXPECT_EQ(zmi::parse_port(wrong), std::nullopt) << wrong;
    }
}

TEST(HostName, FollowsRfc1123) {
    EXPECT_TRUE(zmi::is_host_name("mail.example.com"));
    EXPECT_TRUE(zmi::is_host_name("3com-a.EXAMPLE"));
    EXPECT_TRUE(zmi::is_host_name(std::string(63, 'a') + ".b"));
    for (const auto* wrong :
         {"", ".", "a.", ".a", "a..b", "-a", "a-", "a.-b", "a-.b", "a_b", "a b", "a/b", "a:1", "\xc3\xa4"}) {
        EXPECT_FALSE(zmi::is_host_name(wrong)) << wrong;
    }
    EXPECT_FALSE(zmi::is_host_name(std::string(64, 'a')));
    std::string longest;
    while (longest.size() < 253) longest += longest.size() % 2 == 0 ? 'a' : '.';
    EXPECT_TRUE(zmi::is_host_name(longest));
    EXPECT_FALSE(zmi::is_host_name(longest + ".a"));
}

}  // namespace
