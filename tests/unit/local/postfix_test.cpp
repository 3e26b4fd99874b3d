#include <gtest/gtest.h>
#include <fstream>
#include <zmintegration/local/node_files.hpp>

namespace {

using zmi::main_cf_setting;

/// Knows one name, so that no test depends on the /etc/services of its machine.
std::optional<std::uint16_t> fake_service_port(const std::string& name) {
    return name == "known-one" ? std::optional<std::uint16_t>(4711) : std::nullopt;
}

std::string summary(std::string_view text) {
    const auto listeners = zmi::parse_master_cf(text, "master.cf", fake_service_port);
    if (!listeners) return listeners.error().what;
    std::string result;
    for (const auto& listener : *listeners) {
        result += std::to_string(listener.line) + " " + listener.service + " [" + listener.address + "] " +
                  std::to_string(listener.port) + "\n";
    }
    return result;
}

TEST(MasterCf, GivesTheInetServicesOfAZimbraNode) {
    const auto* text = R"(#
# Postfix master process configuration file.
smtp      inet  n       -       n       -       1       postscreen
smtpd     pass  -       -       n       -       -       smtpd
dnsblog   unix  -       -       n       -       0       dnsblog
465       inet  n       -       n       -       -       smtpd
    -o smtpd_tls_wrappermode=yes
    -o smtpd_sasl_auth_enable=yes
submission inet n      -       n       -       -       smtpd
  -o smtpd_etrn_restrictions=reject
#628      inet  n       -       n       -       -       qmqpd
[127.0.0.1]:10025 inet n  -       n       -       -       smtpd
    -o content_filter=
127.0.0.1:10027 inet n  -       n       -       -       smtpd
[::1]:10030 inet n  -       n       -       -       smtpd
10.0.0.5:smtp inet n  -       n       -       -       smtpd
mx.example.com:smtps inet n  -       n       -       -       smtpd
fifo1     fifo  n       -       n       60      1       pickup
)";
    EXPECT_EQ(
        summary(text),
        "3 smtp [] 25\n6 465 [] 465\n9 submission [] 587\n12 10025 [127.0.0.1] 10025\n14 10027 [127.0.0.1] 10027\n"
        "15 10030 [::1] 10030\n16 smtp [10.0.0.5] 25\n17 smtps [mx.example.com] 465\n");
}

TEST(MasterCf, KnowsWhichFileAListenerIsFrom) {
    const auto listeners = zmi::parse_master_cf("lmtp inet n - n - - lmtpd\n", "/x/master.cf");
    ASSERT_TRUE(listeners);
    EXPECT_EQ((*listeners)[0], (zmi::FileListener{"master.cf", "/x/master.cf", 1, "lmtp", "", 24}));
}

TEST(MasterCf, JoinsAServiceThatIsWrittenOverSeveralLines) {
    EXPECT_EQ(summary("smtp inet n\n# in between\n\n  - n - - smtpd\n"), "1 smtp [] 25\n");
}

TEST(MasterCf, DoesNotTakeAContinuationForAService) {
    EXPECT_EQ(summary("smtp inet n - n - - smtpd\n  25 inet n - n - - smtpd\n"), "1 smtp [] 25\n");
}

TEST(MasterCf, KnowsTheNamesThatPostfixUses) {
    EXPECT_EQ(summary("smtps inet n - n - - x\nsubmissions inet n - n - - x\nqmqp inet n - n - - x\n"),
              "1 smtps [] 465\n2 submissions [] 465\n3 qmqp [] 628\n");
}

TEST(MasterCf, LooksUpOtherNames) {
    EXPECT_EQ(summary("10.0.0.5:known-one inet n - n - - x\n"), "1 known-one [10.0.0.5] 4711\n");
}

TEST(MasterCf, KeepsAServiceWhosePortNobodyKnowsAndTheRestOfTheFile) {
    EXPECT_EQ(summary("smtp inet n - n - - x\n10.0.0.5:policy inet n - n - - x\n465 inet n - n - - x\n"),
              "1 smtp [] 25\n2 policy [10.0.0.5] 0\n3 465 [] 465\n");
}

TEST(MasterCf, AsksTheSystemForThePortOfAName) {
    EXPECT_EQ(zmi::system_service_port("no-such-service-here"), std::nullopt);
    const auto listeners = zmi::parse_master_cf("no-such-service-here inet n - n - - x\n", "master.cf");
    ASSERT_TRUE(listeners) << listeners.error().what;
    EXPECT_EQ((*listeners)[0].port, 0);
    if (!std::ifstream("/etc/services")) GTEST_SKIP() << "this system has no /etc/services";
    EXPECT_EQ(zmi::system_service_port("domain"), 53);
}

TEST(MasterCf, NamesTheLineOfAServiceItCannotJudge) {
    EXPECT_EQ(summary("\n\n70000 inet n - n - - x\n"),
              "master.cf:3: inet service '70000': neither a port number nor the name of a service");
    EXPECT_EQ(summary("pol/icy inet n - n - - x\n"),
              "master.cf:1: inet service 'pol/icy': neither a port number nor the name of a service");
    EXPECT_EQ(summary("a_b:25 inet n - n - - x\n"),
              "master.cf:1: inet service 'a_b:25': its host is neither an address nor a host name");
    for (const auto* endpoint : {"10.0.0.256:25", "[::1]25", "[]:25", "[::1:25", "[::1]:", "::1:"}) {
        EXPECT_EQ(summary(std::string(endpoint) + " inet n - n - - x\n").find("master.cf:1: inet service"), 0u);
    }
}

TEST(MasterCf, NamesTheLineOfAMalformedService) {
    EXPECT_EQ(summary("smtp inet n - n - - smtpd\n\nbroken inet n\n"), "master.cf:3: 3 fields where a service has 8");
    EXPECT_EQ(summary("smtp tcp n - n - - smtpd\n"), "master.cf:1: unknown service type 'tcp'");
    EXPECT_EQ(summary("  smtp inet n - n - - smtpd\n"), "master.cf:1: the first line begins with a blank");
}

TEST(MasterCf, MayBeEmpty) {
    EXPECT_EQ(summary("# nothing\n"), "");
}

TEST(MainCf, GivesOneSetting) {
    EXPECT_EQ(main_cf_setting("myhostname = a.example.com\ninet_interfaces = all\n", "inet_interfaces"), "all");
    EXPECT_EQ(main_cf_setting("inet_interfaces=loopback-only", "inet_interfaces"), "loopback-only");
}

TEST(MainCf, JoinsContinuationLines) {
    EXPECT_EQ(main_cf_setting("inet_interfaces = 127.0.0.1,\n# one\n\n   10.0.0.5\nx = y\n", "inet_interfaces"),
              "127.0.0.1, 10.0.0.5");
}

TEST(MainCf, TakesTheLastOfTwoSettings) {
    EXPECT_EQ(main_cf_setting("inet_interfaces = all\ninet_interfaces = 10.0.0.5\n", "inet_interfaces"), "10.0.0.5");
}

TEST(MainCf, TellsThatASettingIsNotThere) {
    EXPECT_EQ(main_cf_setting("#inet_interfaces = all\ninet_interfaces_x = 1\n", "inet_interfaces"), std::nullopt);
    EXPECT_EQ(main_cf_setting("", "inet_interfaces"), std::nullopt);
    EXPECT_EQ(main_cf_setting("inet_interfaces =\n", "inet_interfaces"), "");
}

}  // namespace
