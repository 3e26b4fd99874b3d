#include <gtest/gtest.h>
#include <filesystem>
#include <string>
#include <tests/unit/support/temporary_tree.hpp>
#include <vector>
#include <zmintegration/local/listening_sockets.hpp>

namespace {

const std::string k_head =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

std::string line(const std::string& local, const std::string& state, const std::string& inode = "12345") {
    return "   0: " + local + " 00000000:0000 " + state + " 00000000:00000000 00:00000000 00000000   999        0 " +
           inode + " 1 0000000000000000 100 0 0 10 0\n";
}

std::vector<std::string> in_words(const std::vector<zmi::ListeningSocket>& sockets) {
    std::vector<std::string> words;
    for (const auto& socket : sockets) {
        words.push_back(socket.protocol + " " + socket.address.to_string() + " " + std::to_string(socket.port) +
                        (socket.also_ipv4 ? " both" : ""));
    }
    return words;
}

std::string problem_of(const std::string& text, const std::string& table = "tcp") {
    const auto found = zmi::parse_socket_table(text, table, "TABLE");
    return found ? "no problem" : found.error().what;
}

using Words = std::vector<std::string>;

TEST(SocketTable, ReadsAddressesInTheByteOrderOfTheMachine) {
    const auto found =
        zmi::parse_socket_table(k_head + line("0100007F:1F90", "0A") + line("0A01A8C0:0019", "0A"), "tcp", "TABLE");
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_EQ(in_words(*found), (Words{"tcp 127.0.0.1 8080", "tcp 192.168.1.10 25"}));
    EXPECT_EQ((*found)[0].uid, 999U);
    EXPECT_EQ((*found)[0].inode, 12345U);
}

TEST(SocketTable, ReadsIpv6WordByWord) {
    const auto found = zmi::parse_socket_table(k_head + line("B80D0120000000000000000001000000:0185", "0A") +
                                                   line("00000000000000000000000001000000:0185", "0A"),
                                               "tcp6", "TABLE");
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_EQ(in_words(*found), (Words{"tcp 2001:db8::1 389", "tcp ::1 389"}));
}

TEST(SocketTable, TellsAMappedAddressAsTheIpv4AddressThatItIs) {
    const auto found =
        zmi::parse_socket_table(k_head + line("0000000000000000FFFF00000100007F:1F90", "0A"), "tcp6", "TABLE");
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_EQ(in_words(*found), (Words{"tcp 127.0.0.1 8080"}));
}

TEST(SocketTable, LeavesConnectionsOut) {
    const auto tcp =
        zmi::parse_socket_table(k_head + line("0100007F:1F90", "01") + line("0100007F:1F91", "06"), "tcp", "TABLE");
    ASSERT_TRUE(tcp);
    EXPECT_TRUE(tcp->empty());
    const auto udp =
        zmi::parse_socket_table(k_head + line("0100007F:0035", "07") + line("0100007F:9C40", "01"), "udp", "TABLE");
    ASSERT_TRUE(udp);
    EXPECT_EQ(in_words(*udp), (Words{"udp 127.0.0.1 53"}));
}

TEST(SocketTable, NamesTheLineThatTheKernelWouldNotWrite) {
    EXPECT_EQ(problem_of(""), "TABLE:1: the file is empty");
    EXPECT_EQ(problem_of("hello\n"), "TABLE:1: the first line is no heading of a table of sockets");
    EXPECT_EQ(problem_of(k_head + "   0: 0100007F"), "TABLE:2: the last line is cut off");
    EXPECT_EQ(problem_of(k_head + "   0: 0100007F:1F90 0A\n"), "TABLE:2: the line has too few fields");
    EXPECT_EQ(problem_of(k_head + line("0100007F:1F90", "ZZ")), "TABLE:2: the line has no number or no state");
    EXPECT_EQ(problem_of(k_head + line("0100007G:1F90", "0A")), "TABLE:2: the local address is none");
    EXPECT_EQ(problem_of(k_head + line("0100007F:1F9", "0A")), "TABLE:2: the local address is none");
    EXPECT_EQ(problem_of(k_head + line("0100007F:1F90", "0A"), "tcp6"), "TABLE:2: the local address is none");
    EXPECT_EQ(problem_of(k_head + line("0100007F:1F90", "0A", "-1")), "TABLE:2: the user or the inode is no number");
    EXPECT_EQ(problem_of(k_head + line("0100007F:1F90", "0A", "99999999999999999999999")),
              "TABLE:2: the user or the inode is no number");
    EXPECT_EQ(problem_of(k_head + line("0100007F:0000", "0A")), "TABLE:2: a listening socket has port 0");
    EXPECT_EQ(problem_of(k_head + std::string(100'000, '0') + "\n"), "TABLE:2: the line is too long");
    EXPECT_EQ(problem_of(k_head + std::string(200, '\0') + "\n"), "TABLE:2: the line has too few fields");
}

TEST(SocketTable, MergesWhatWorkersShare) {
    const auto found = zmi::parse_socket_table(
        k_head + line("00000000:0050", "0A", "1") + line("00000000:0050", "0A", "2"), "tcp", "TABLE");
    ASSERT_TRUE(found);
    EXPECT_EQ(in_words(zmi::settle(*found)), (Words{"tcp 0.0.0.0 80"}));
}

/// A folder that looks like / of a system with these tables.
class ProcRoot : public ::testing::Test {
protected:
    void SetUp() override {
        for (const auto* table : {"tcp", "udp", "tcp6", "udp6"}) put(table, "");
    }
    void put(const std::string& table, const std::string& lines) const {
        m_tree.write("proc/net/" + table, k_head + lines);
    }
    [[nodiscard]] zmi::Expected<zmi::ListeningSockets> read() const {
        return zmi::read_listening_sockets(m_tree.root());
    }
    TemporaryTree m_tree;
};

TEST_F(ProcRoot, TakesAnIpv6WildcardForBothFamiliesUnlessIpv4IsTakenByAnother) {
    put("tcp6", line("00000000000000000000000000000000:0050", "0A", "1") +
                    line("00000000000000000000000000000000:01BB", "0A", "2"));
    put("tcp", line("0100007F:01BB", "0A", "3"));
    const auto found = read();
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_EQ(in_words(found->sockets), (Words{"tcp :: 80 both", "tcp 127.0.0.1 443", "tcp :: 443"}));
}

TEST_F(ProcRoot, DoesWithoutIpv6OnlyWhereTheKernelHasNone) {
    std::filesystem::remove(m_tree.root() / "proc/net/tcp6");
    EXPECT_FALSE(read());
    std::filesystem::remove(m_tree.root() / "proc/net/udp6");
    const auto found = read();
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_FALSE(found->ipv6);
}

TEST_F(ProcRoot, IsNoSmallerAnswerWhereATableIsMissing) {
    std::filesystem::remove(m_tree.root() / "proc/net/udp");
    const auto found = read();
    ASSERT_FALSE(found);
    EXPECT_NE(found.error().what.find("proc/net/udp"), std::string::npos);
}

TEST_F(ProcRoot, NamesTheProcessWhereThatMayBeSeen) {
    put("tcp", line("00000000:2BCB", "0A", "4711") + line("00000000:0185", "0A", "4712"));
    m_tree.write("proc/321/comm", "memcached\n");
    std::filesystem::create_directories(m_tree.root() / "proc/321/fd");
    std::filesystem::create_symlink("socket:[4711]", m_tree.root() / "proc/321/fd/5");
    std::filesystem::create_symlink("socket:[x]", m_tree.root() / "proc/321/fd/6");
    m_tree.write("proc/322/comm", "slapd\n");  // whose fd folder may not be seen
    const auto found = read();
    ASSERT_TRUE(found) << found.error().what;
    ASSERT_EQ(found->sockets.size(), 2U);
    EXPECT_EQ(found->sockets[0].process, "");
    EXPECT_EQ(found->sockets[1].process, "memcached");
}

TEST_F(ProcRoot, MakesTheNameOfAProcessHarmless) {
    put("tcp", line("00000000:2BCB", "0A", "4711"));
    m_tree.write("proc/321/comm", "a\x1b[2J\"<&\n");
    std::filesystem::create_directories(m_tree.root() / "proc/321/fd");
    std::filesystem::create_symlink("socket:[4711]", m_tree.root() / "proc/321/fd/5");
    const auto found = read();
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_EQ(found->sockets[0].process, "a??2J???");
}

/// A process that calls itself docker-proxy, with these arguments behind its name, and a network namespace.
void add_docker_proxy(const TemporaryTree& tree, const std::string& number, const std::string& arguments,
                      const std::string& network) {
    auto text = "/usr/bin/docker-proxy " + arguments + " ";
    std::replace(text.begin(), text.end(), ' ', '\0');
    tree.write("proc/" + number + "/comm", "docker-proxy\n");
    tree.write("proc/" + number + "/cmdline", text);
    std::filesystem::create_directories(tree.root() / "proc" / number / "ns");
    std::filesystem::create_symlink(network, tree.root() / "proc" / number / "ns/net");
}

constexpr const char* k_publishes_8080 =
    "-proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 -container-port 80";

TEST_F(ProcRoot, KnowsWhatDockerPublishesFromArgumentsThatEverybodyMayRead) {
    put("tcp", line("00000000:1F90", "0A", "1") + line("00000000:1F91", "0A", "2"));
    add_docker_proxy(m_tree, "99", k_publishes_8080, "net:[1]");
    const auto found = read();
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_TRUE(found->sockets[0].docker);
    EXPECT_FALSE(found->sockets[1].docker);
}

TEST_F(ProcRoot, LeavesTheDockerProxiesOfOtherNetworksOut) {
    put("tcp", line("00000000:1F90", "0A", "1"));
    add_docker_proxy(m_tree, "self", "", "net:[1]");
    add_docker_proxy(m_tree, "99", k_publishes_8080, "net:[2]");
    EXPECT_FALSE(read()->sockets[0].docker);
    add_docker_proxy(m_tree, "100", k_publishes_8080, "net:[1]");
    EXPECT_TRUE(read()->sockets[0].docker);
}

TEST_F(ProcRoot, BelievesNoArgumentsAgainstADescriptorOrForAnotherAddress) {
    put("tcp", line("00000000:1F90", "0A", "4711") + line("0100007F:1F91", "0A", "4712"));
    m_tree.write("proc/50/comm", "nginx\n");
    std::filesystem::create_directories(m_tree.root() / "proc/50/fd");
    std::filesystem::create_symlink("socket:[4711]", m_tree.root() / "proc/50/fd/5");
    add_docker_proxy(m_tree, "99", k_publishes_8080, "net:[1]");
    add_docker_proxy(m_tree, "98", "-proto tcp -host-ip 0.0.0.0 -host-port 8081", "net:[1]");
    const auto found = read();
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_EQ(found->sockets[0].process, "nginx");
    EXPECT_FALSE(found->sockets[0].docker);
    EXPECT_FALSE(found->sockets[1].docker);
}

TEST_F(ProcRoot, TakesNoSenselessArgumentsForPublishedPorts) {
    put("tcp", line("00000000:1F90", "0A", "1"));
    int number = 90;
    for (const auto* arguments :
         {"", "-host-port", "-host-port 8080x", "-host-port 0", "-host-port 99999", "-proto -host-port 8080",
          "-host-ip 0.0.0.0.0 -host-port 8080", "-host-port 8080 -host-port 1", "-proto udp -host-port 8080"}) {
        add_docker_proxy(m_tree, std::to_string(number++), arguments, "net:[1]");
    }
    m_tree.write("proc/200/comm", "docker-proxy\n");
    m_tree.write("proc/200/cmdline", std::string(100'000, '\0'));
    m_tree.write("proc/201/comm", "docker-proxy\n");
    m_tree.write("proc/201/cmdline", std::string("/bin/sleep\0-host-port\0"
                                                 "8080\0",
                                                 27));
    EXPECT_FALSE(read()->sockets[0].docker);
}

TEST(OwnAddresses, AreThoseThatTheKernelCallsLocal) {
    const auto found = zmi::parse_own_addresses(
        "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 10.0.0.0\n        /24 link UNICAST\n"
        "Local:\n     |-- 10.0.0.5\n        /32 host LOCAL\n     |-- 10.0.0.255\n        /32 link BROADCAST\n"
        "     |-- 127.0.0.0\n        /32 link BROADCAST\n        /8 host LOCAL\n     |-- 203.0.113.7\n"
        "        /32 host LOCAL\n     |-- nonsense\n        /32 host LOCAL\n/32 host LOCAL\n",
        "20010db8000000000000000000000007 02 40 00 80 eth0\nxyz\n\n"
        "zz010db8000000000000000000000007 02 40 00 80 eth0\n");
    Words words;
    for (const auto& address : found) words.push_back(address.to_string());
    EXPECT_EQ(words, (Words{"10.0.0.5", "203.0.113.7", "2001:db8::7"}));
    EXPECT_TRUE(zmi::parse_own_addresses("", "").empty());
}

TEST_F(ProcRoot, SaysWhereItsOwnAddressesCannotBeRead) {
    EXPECT_NE(read()->addresses_problem.find("fib_trie"), std::string::npos);
    m_tree.write("proc/net/fib_trie", "     |-- 192.0.2.5\n        /32 host LOCAL\n");
    m_tree.write("proc/net/if_inet6", "");
    const auto found = read();
    EXPECT_EQ(found->addresses_problem, "");
    ASSERT_EQ(found->addresses.size(), 1U);
    EXPECT_EQ(found->addresses[0].to_string(), "192.0.2.5");
}

TEST_F(ProcRoot, ReadsThousandsOfSockets) {
    std::string lines;
    for (int i = 0; i < 20'000; ++i) {
        char port[16];
        std::snprintf(port, sizeof port, "0100007F:%04X", i + 1);
        lines += line(port, "0A", std::to_string(i + 1));
    }
    put("tcp", lines);
    const auto found = read();
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_EQ(found->sockets.size(), 20'000U);
}

TEST(ListeningSockets, AreReadFromTheRunningKernel) {
    EXPECT_TRUE(zmi::read_listening_sockets("/"));
}

}  // namespace
