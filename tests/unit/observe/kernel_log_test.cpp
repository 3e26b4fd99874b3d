#include <gtest/gtest.h>
#include <plugin/observe/kernel_log.hpp>

namespace zmfw {
namespace {

const std::string k_tcp4 =
    "IN=eth0 OUT= MAC=52:54:00:12:34:56:52:54:00:65:43:21:08:00 SRC=203.0.113.7 DST=10.0.0.5 LEN=60 TOS=0x00 PREC=0x00 "
    "TTL=63 ID=4242 DF PROTO=TCP SPT=51234 DPT=7071 WINDOW=64240 RES=0x00 SYN URGP=0 ";
const std::string k_udp6 =
    "IN=eth0 OUT= MAC=52:54:00:12:34:56:52:54:00:65:43:21:86:dd SRC=2001:0db8:ffff:0000:0000:0000:0000:0007 "
    "DST=2001:0db8:0005:0000:0000:0000:0000:0005 LEN=61 TC=0 HOPLIMIT=63 FLOWLBL=123456 PROTO=UDP SPT=40000 DPT=161 "
    "LEN=21 ";

Attempt attempt(const std::string& address, const std::string& protocol, std::uint16_t port) {
    return {zmi::parse_address(address).value(), protocol, port};
}

Sightings seen_in(const std::string& text) {
    Sightings seen;
    read_log(text, seen);
    return seen;
}

std::string kernel_line(const std::string& packet) {
    return "Nov 24 06:15:47 mail kernel: [12345.678901] zmfirewall would drop: " + packet + "\n";
}

TEST(KernelLog, ReadsAPacketOfEitherFamily) {
    EXPECT_EQ(parse_packet(k_tcp4), attempt("203.0.113.7", "tcp", 7071));
    EXPECT_EQ(parse_packet(k_udp6), attempt("2001:db8:ffff::7", "udp", 161));
}

TEST(KernelLog, ReadsIcmpWithoutPortsAndTheQuotedPacketIsNotMistakenForIt) {
    EXPECT_EQ(parse_packet("IN=eth0 OUT= MAC= SRC=203.0.113.7 DST=10.0.0.5 LEN=84 TOS=0x00 PREC=0x00 TTL=63 ID=0 DF "
                           "PROTO=ICMP TYPE=13 CODE=0 ID=7 SEQ=1 "),
              attempt("203.0.113.7", "icmp", 0));
    EXPECT_EQ(parse_packet("IN=eth0 OUT= MAC= SRC=203.0.113.7 DST=10.0.0.5 LEN=84 TOS=0x00 PREC=0x00 TTL=63 ID=0 "
                           "PROTO=ICMP TYPE=5 CODE=1 [SRC=10.0.0.5 DST=192.0.2.1 LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=0 "
                           "PROTO=UDP SPT=1 DPT=2 LEN=40 ] "),
              attempt("203.0.113.7", "icmp", 0));
}

TEST(KernelLog, ReadsALaterFragmentWithoutPort) {
    EXPECT_EQ(
        parse_packet("IN=eth0 OUT= MAC= SRC=203.0.113.7 DST=10.0.0.5 LEN=100 TOS=0x00 PREC=0x00 TTL=63 ID=9 FRAG:185 "
                     "PROTO=UDP "),
        attempt("203.0.113.7", "udp", 0));
}

TEST(KernelLog, ReadsProtocolsByNumber) {
    EXPECT_EQ(
        parse_packet("IN=eth0 OUT= SRC=203.0.113.7 DST=10.0.0.5 LEN=100 TOS=0x00 PREC=0x00 TTL=63 ID=9 PROTO=47 "),
        attempt("203.0.113.7", "47", 0));
}

TEST(KernelLog, RefusesWhatIsNotWhollyUnderstood) {
    const auto changed = [](const std::string& from, const std::string& to) {
        auto text = k_tcp4;
        return parse_packet(text.replace(text.find(from), from.size(), to));
    };
    ASSERT_TRUE(changed("TTL=63", "TTL=62"));
    EXPECT_FALSE(changed("DPT=7071", "DPT=99999"));
    EXPECT_FALSE(changed("DPT=7071", "DPT=0"));
    EXPECT_FALSE(changed("DPT=7071 ", ""));
    EXPECT_FALSE(changed("DPT=7071", "DPT=7071 DPT=22"));
    EXPECT_FALSE(changed("SRC=203.0.113.7", "SRC=203.0.113.256"));
    EXPECT_FALSE(changed("SRC=203.0.113.7", "SRC=203.0.113.7 SRC=203.0.113.8"));
    EXPECT_FALSE(changed("SRC=203.0.113.7", "SRC=2001:db8::1"));
    EXPECT_FALSE(changed("PROTO=TCP", "PROTO=$(reboot)"));
    EXPECT_FALSE(changed("PROTO=TCP", "PROTO=ICMP"));
    EXPECT_FALSE(changed("IN=eth0", "IN="));
    EXPECT_FALSE(changed("OUT=", "OUT=eth1"));
    EXPECT_FALSE(changed("SYN", "SYN NEW"));
    EXPECT_FALSE(changed("SYN", "FOO=1"));
    EXPECT_FALSE(changed("SYN", "\x1b[31m"));
    EXPECT_FALSE(parse_packet("IN=eth0 OUT= INCOMPLETE [4 bytes] "));
    EXPECT_FALSE(parse_packet(""));
}

TEST(KernelLog, ReadsSyslogOfBothKindsAndTheJournal) {
    const auto seen =
        seen_in(kernel_line(k_tcp4) + "2026-11-24T06:15:47.123456+00:00 mail kernel: zmfirewall would drop: " + k_tcp4 +
                "\r\n" + R"({"_TRANSPORT":"kernel","MESSAGE":"zmfirewall would drop: )" + k_tcp4 + "\"}\n");
    ASSERT_EQ(seen.attempts.size(), 1U);
    EXPECT_EQ(seen.attempts.begin()->second.logged, 3U);
    EXPECT_EQ(seen.not_understood, 0U);
}

TEST(KernelLog, TakesNoLineOfAnotherProgramForOne) {
    for (const auto& line : {
             "Nov 24 06:15:47 mail postfix/smtpd[7]: zmfirewall would drop: " + k_tcp4,
             "Nov 24 06:15:47 mail sshd: kernel: zmfirewall would drop: " + k_tcp4,
             "Nov 24 06:15:47 mail root kernel: zmfirewall would drop: " + k_tcp4,
             "kernel: zmfirewall would drop: " + k_tcp4,
             "zmfirewall would drop: " + k_tcp4,
             R"({"_TRANSPORT":"syslog","SYSLOG_IDENTIFIER":"kernel","MESSAGE":"zmfirewall would drop: )" + k_tcp4 +
                 "\"}",
         }) {
        const auto seen = seen_in(line + "\n");
        EXPECT_TRUE(seen.attempts.empty()) << line;
        EXPECT_EQ(seen.not_understood, 0U) << line;
    }
}

TEST(KernelLog, CountsLinesOfTheKernelThatItCannotRead) {
    const auto seen = seen_in(kernel_line("IN=eth0 nonsense") +
                              "Nov 24 06:15:47 mail kernel: [1.0] usb: product zmfirewall would drop: " + k_tcp4 +
                              "\n" + kernel_line(k_tcp4 + std::string(9000, 'x')) + "{\"zmfirewall would drop: \n");
    EXPECT_TRUE(seen.attempts.empty());
    EXPECT_EQ(seen.not_understood, 4U);
}

TEST(KernelLog, LeavesOutWhatOtherRulesLogged) {
    const auto seen = seen_in("Nov 24 06:15:47 mail kernel: [1.0] zmfirewall drop: " + k_tcp4 + "\n");
    EXPECT_TRUE(seen.attempts.empty());
    EXPECT_EQ(seen.not_understood, 0U);
}

}  // namespace
}  // namespace zmfw
