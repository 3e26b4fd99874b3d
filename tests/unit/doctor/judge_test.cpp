#include <gtest/gtest.h>
#include <algorithm>
#include <plugin/doctor/doctor.hpp>

namespace {

using namespace std::chrono_literals;
using zmfw::Check;
using zmfw::Health;
using zmfw::Symptoms;

zmi::Resolution resolves() {
    return {{*zmi::parse_address("10.0.0.1")}, {}};
}

/// A node where all is well.
Symptoms healthy() {
    Symptoms symptoms;
    symptoms.user = "zimbra";
    symptoms.product.evidence = {"/opt/zimbra/conf/localconfig.xml"};
    symptoms.data = {{"catalogue", "78 endpoints", {}}};
    symptoms.own_name = "mbox1.example.com";
    symptoms.ldap_url = "ldap://ldap1.example.com:389";
    symptoms.files = {{"sshd_config", "/etc/ssh/sshd_config", {}}, {"ca.pem", "/opt/zimbra/conf/ca/ca.pem", {}}};
    symptoms.sources = {{"soap", true, "https://localhost:7071, 2 servers", {}, {}, {}}};
    symptoms.servers_from = "soap";
    symptoms.resolved = {{"mbox1.example.com", resolves()}, {"ldap1.example.com", resolves()}};
    symptoms.programs = {{"nft", "emit nftables --check", true}};
    symptoms.state_folder = "/opt/zimbra/data/zmfirewall";
    symptoms.now = *zmi::parse_rfc3339("2026-11-24T06:15:47Z");
    symptoms.newest_file = symptoms.now - 24h;
    return symptoms;
}

/// The worst check of a subject.
Check worst(const Symptoms& symptoms, std::string_view subject) {
    Check result{"none", Health::ok, {}, {}};
    for (const auto& check : zmfw::judge(symptoms)) {
        if (check.subject == subject && (result.subject == "none" || check.health != Health::ok)) result = check;
    }
    EXPECT_EQ(result.subject, subject);
    return result;
}

TEST(Doctor, FindsNothingOnAHealthyNode) {
    for (const auto& check : zmfw::judge(healthy())) {
        EXPECT_EQ(check.health, Health::ok) << check.subject << ": " << check.found;
        EXPECT_EQ(check.fix, "") << check.subject;
    }
}

TEST(Doctor, WarnsOfAnotherUserAndFailsWhereThatOneCannotRead) {
    auto symptoms = healthy();
    symptoms.user = "root";
    EXPECT_EQ(worst(symptoms, "user").health, Health::warning);
    symptoms.localconfig = zmi::Error{zmi::ErrorKind::data, "permission denied", ""};
    EXPECT_EQ(worst(symptoms, "user").health, Health::failed);
    EXPECT_EQ(worst(symptoms, "localconfig.xml").health, Health::failed);
    EXPECT_NE(worst(symptoms, "localconfig.xml").fix.find("su - zimbra"), std::string::npos);
}

TEST(Doctor, TellsAFileThatIsAbsentFromOneThatMayNotBeRead) {
    auto symptoms = healthy();
    symptoms.files = {{"master.cf", "/opt/zimbra/common/conf/master.cf", std::string(zmi::k_no_such_file)}};
    EXPECT_EQ(worst(symptoms, "master.cf").health, Health::ok);
    symptoms.files[0].problem = "permission denied";
    EXPECT_EQ(worst(symptoms, "master.cf").health, Health::failed);
    EXPECT_NE(worst(symptoms, "master.cf").fix.find("chmod 640 /opt/zimbra/common/conf/master.cf"), std::string::npos);
}

TEST(Doctor, ForgivesASilentSourceWhileAnotherAnswers) {
    auto symptoms = healthy();
    symptoms.sources.push_back({"zmprov", true, {}, "exit status 1", "start mailboxd", {}});
    EXPECT_EQ(worst(symptoms, "source zmprov").health, Health::warning);
    EXPECT_EQ(worst(symptoms, "source zmprov").fix, "start mailboxd");
    symptoms.sources[0].answer.clear();
    EXPECT_EQ(worst(symptoms, "source zmprov").health, Health::failed);
}

TEST(Doctor, DoesNotTakeAnUnverifiedCertificateForAGoodOne) {
    auto symptoms = healthy();
    symptoms.sources[0].warnings = {"the certificate of https://localhost:7071 cannot be verified"};
    EXPECT_EQ(worst(symptoms, "tls").health, Health::warning);
    symptoms.sources[0] = {"soap", true, {}, "the certificate has expired", {}, {}};
    EXPECT_EQ(worst(symptoms, "tls").health, Health::failed);
    symptoms.sources[0].problem = "nobody listens";
    EXPECT_EQ(worst(symptoms, "tls").health, Health::unknown);
}

TEST(Doctor, NamesEachPeerThatDoesNotResolve) {
    auto symptoms = healthy();
    symptoms.resolved["ldap1.example.com"] = {{}, "no such name"};
    EXPECT_EQ(worst(symptoms, "resolver").health, Health::ok);
    EXPECT_EQ(worst(symptoms, "peers").found, "ldap1.example.com does not resolve: no such name");
    symptoms.resolved["mbox1.example.com"] = {{}, "no such name"};
    EXPECT_EQ(worst(symptoms, "resolver").health, Health::failed);
    symptoms.servers_from.clear();
    EXPECT_EQ(worst(symptoms, "peers").health, Health::unknown);
}

TEST(Doctor, DoesNotCallAHostSickForAProgramOfAnotherFirewall) {
    auto symptoms = healthy();
    symptoms.programs = {{"firewall-offline-cmd", "emit firewalld --check", false}};
    const auto check = worst(symptoms, "program firewall-offline-cmd");
    EXPECT_EQ(check.health, Health::unknown);
    EXPECT_NE(check.fix.find("firewalld"), std::string::npos);
}

TEST(Doctor, ReadsTheClockAgainstTheFiles) {
    auto symptoms = healthy();
    symptoms.newest_file = symptoms.now + 1h;
    EXPECT_EQ(worst(symptoms, "clock").health, Health::warning);
    symptoms = healthy();
    symptoms.clock_synchronised = false;
    EXPECT_EQ(worst(symptoms, "clock").health, Health::warning);
    symptoms.now = {};
    EXPECT_EQ(worst(symptoms, "clock").health, Health::failed);
}

TEST(Doctor, SaysWhatIsLostWithoutStateNamespacesAndLdapUrl) {
    auto symptoms = healthy();
    symptoms.state_problem = "it cannot be written";
    symptoms.namespaces = "not permitted";
    symptoms.ldap_url.clear();
    EXPECT_EQ(worst(symptoms, "state").health, Health::failed);
    EXPECT_EQ(worst(symptoms, "namespaces").health, Health::warning);
    EXPECT_EQ(worst(symptoms, "ldap_url").health, Health::warning);
}

}  // namespace
