#include <gtest/gtest.h>
#include <plugin/observe/counted.hpp>

namespace zmfw {
namespace {

Attempt attempt(const std::string& address, const std::string& protocol, std::uint16_t port) {
    return {zmi::parse_address(address).value(), protocol, port};
}

std::string nft_set(const std::string& name, const std::string& elements) {
    return R"({"nftables": [{"metainfo": {"version": "1.0.6"}}, {"set": {"family": "inet", "name": ")" + name +
           R"(", "table": "zmfirewall_observe", "type": ["ipv4_addr", "inet_service"], "elem": [)" + elements + "]}}]}";
}

TEST(Counted, ReadsTheSetsOfNft) {
    Sightings seen;
    ASSERT_TRUE(read_nft_sets(
        nft_set(
            "would_drop_udp4",
            R"({"elem": {"val": {"concat": ["127.0.0.1", 161]}, "expires": 604799, "counter": {"packets": 3, "bytes": 87}}},)"
            R"({"concat": ["127.0.0.2", 162]})"),
        seen));
    EXPECT_EQ(seen.attempts.at(attempt("127.0.0.1", "udp", 161)).counted, 3U);
    EXPECT_EQ(seen.attempts.at(attempt("127.0.0.2", "udp", 162)).counted, 1U);
    EXPECT_EQ(seen.not_understood, 0U);
}

TEST(Counted, SaysWhichEntriesOfNftItCannotRead) {
    Sightings seen;
    ASSERT_TRUE(read_nft_sets(nft_set("would_drop_tcp4", R"({"concat": ["127.0.0.1", "ssh"]}, {"concat": ["x", 1]}, 7,)"
                                                         R"({"concat": ["127.0.0.1", 70000]})"),
                              seen));
    EXPECT_TRUE(seen.attempts.empty());
    EXPECT_EQ(seen.not_understood, 4U);
    EXPECT_FALSE(read_nft_sets("no json", seen));
    EXPECT_FALSE(read_nft_sets("{}", seen));
}

TEST(Counted, ReadsOnlyTheSetsOfWhatWouldBeDropped) {
    Sightings seen;
    ASSERT_TRUE(read_nft_sets(nft_set("tcp_25_1_ipv4", R"("10.0.0.1")"), seen));
    EXPECT_TRUE(seen.attempts.empty());
    EXPECT_EQ(seen.not_understood, 0U);
}

TEST(Counted, ReadsTheSetsOfIpset) {
    Sightings seen;
    read_ipset(
        "create zmfirewall-seen6 hash:ip,port family inet6 hashsize 1024 maxelem 65535 timeout 604800 counters\n"
        "add zmfirewall-seen6 2001:db8::7,tcp:2500 timeout 604799 packets 2 bytes 120\n"
        "add zmfirewall-seen6 2001:db8::7,udp:161 timeout 604799 packets 4 bytes 116\n"
        "add zmfirewall-seen6 2001:db8::7,icmp:161 timeout 604799 packets 4 bytes 116\n"
        "add zmfirewall-seen6 2001:db8::7,tcp:161\n",
        seen);
    EXPECT_EQ(seen.attempts.size(), 2U);
    EXPECT_EQ(seen.attempts.at(attempt("2001:db8::7", "tcp", 2500)).counted, 2U);
    EXPECT_EQ(seen.attempts.at(attempt("2001:db8::7", "udp", 161)).counted, 4U);
    EXPECT_EQ(seen.not_understood, 2U);
}

TEST(Counted, SaysWhenTheKernelCouldTakeNoMore) {
    std::string text;
    for (int i = 0; i < 65'535; ++i) {
        text += "add zmfirewall-seen4 10.1." + std::to_string(i / 250) + "." + std::to_string(i % 250) +
                ",tcp:25 timeout 1 packets 1 bytes 1\n";
    }
    Sightings seen;
    read_ipset(text, seen);
    EXPECT_TRUE(seen.set_is_full);
}

}  // namespace
}  // namespace zmfw
