#include <zmintegration/discovery/soap_targets.hpp>

#include <gtest/gtest.h>
#include "discovery_fakes.hpp"

namespace zmi {
namespace {

using testing::FakeResolver;
using testing::TemporaryFolder;
using Authority = TlsTrust::Authority;

LocalConfig config(std::map<std::string, std::string, std::less<>> keys) {
    keys.emplace("zimbra_ldap_password", "hunter2");
    return LocalConfig(std::move(keys));
}

AdminService service(std::map<std::string, std::string, std::less<>> keys = {}) {
    auto result = read_admin_service(config(std::move(keys)));
    EXPECT_TRUE(result) << result.error().what;
    return std::move(*result);
}

std::string error_of(std::map<std::string, std::string, std::less<>> keys) {
    const auto result = read_admin_service(config(std::move(keys)));
    EXPECT_FALSE(result.has_value());
    return result ? "" : result.error().what;
}

const std::vector<IpAddress> k_loopback{*parse_address("127.0.0.1"), *parse_address("::1")};

/// Each attempt as "URL dial authority".
std::vector<std::string> lines(const Expected<SoapTarget>& target) {
    std::vector<std::string> result;
    if (!target) return {target.error().what};
    for (const auto& [endpoint, warning] : target->attempts) {
        const auto& trust = endpoint.trust;
        const auto authority = trust.authority == Authority::ca_file  ? trust.ca_file.filename().string()
                               : trust.authority == Authority::system ? "system"
                                                                      : "anyone";
        result.push_back(endpoint.url.substr(0, endpoint.url.find("/service/admin/soap/")) + " " +
                         (endpoint.dial ? endpoint.dial->to_string() : "-") + " " + authority +
                         (warning.empty() ? "" : " warns"));
    }
    return result;
}

using Lines = std::vector<std::string>;

class SoapTargets : public ::testing::Test {
protected:
    SoapTargets() {
        home.write("conf/ca/ca.pem", "x");
        tls.zimbra_ca = home.path / "conf/ca/ca.pem";
    }
    TemporaryFolder home;
    TlsChoice tls;
};

TEST_F(SoapTargets, ZimbrasDefaultsAreOurs) {
    const auto found = service();
    EXPECT_TRUE(found.tls);
    EXPECT_EQ(found.host.text, "localhost");
    EXPECT_EQ(found.port, 7071);
    EXPECT_EQ(found.user, "zimbra");
    EXPECT_EQ(found.password.text, "hunter2");
    EXPECT_FALSE(found.allow_untrusted);
}

TEST_F(SoapTargets, LocalconfigIsFollowed) {
    const auto found = service({{"zimbra_admin_service_scheme", "HTTP://"},
                                {"zimbra_zmprov_default_soap_server", "Mbox1.Example.com"},
                                {"zimbra_admin_service_port", "9071"},
                                {"zimbra_ldap_user", "admin"},
                                {"zimbra_ldap_password", "${other}x"},
                                {"other", "p"},
                                {"ssl_allow_untrusted_certs", "TRUE"}});
    EXPECT_FALSE(found.tls);
    EXPECT_EQ(found.host.text, "mbox1.example.com");
    EXPECT_EQ(found.port, 9071);
    EXPECT_EQ(found.user, "admin");
    EXPECT_EQ(found.password.text, "px");
    EXPECT_TRUE(found.allow_untrusted);
}

TEST_F(SoapTargets, ValuesThatMakeNoSenseAreNamed) {
    EXPECT_EQ(error_of({{"zimbra_admin_service_port", "0"}}),
              "localconfig key zimbra_admin_service_port: '0' is not a port");
    EXPECT_EQ(error_of({{"zimbra_admin_service_scheme", "ftp://"}}),
              "localconfig key zimbra_admin_service_scheme: 'ftp://' is not https:// or http://");
    EXPECT_EQ(error_of({{"zimbra_zmprov_default_soap_server", "a b"}}),
              "localconfig key zimbra_zmprov_default_soap_server: 'a b' is not a host name or an address");
    EXPECT_EQ(error_of({{"zimbra_ldap_password", ""}}), "localconfig has no zimbra_ldap_password to log in with");
    EXPECT_NE(error_of({{"zimbra_ldap_user", "${nowhere_set}"}}), "");
}

TEST_F(SoapTargets, OnLoopbackTheNodesOwnNameIsTriedFirst) {
    EXPECT_EQ(lines(make_soap_target(service(), {k_loopback[0]}, "mail.example.com", tls)),
              (Lines{"https://mail.example.com:7071 127.0.0.1 ca.pem", "https://mail.example.com:7071 127.0.0.1 system",
                     "https://localhost:7071 127.0.0.1 ca.pem", "https://localhost:7071 127.0.0.1 system"}));
}

TEST_F(SoapTargets, OnLoopbackAnyoneIsTrustedLastWhereLocalconfigAllowsIt) {
    const auto untrusting = service({{"ssl_allow_untrusted_certs", "true"}});
    std::filesystem::remove(tls.zimbra_ca);
    const auto target = make_soap_target(untrusting, k_loopback, "mail.example.com", tls);
    EXPECT_EQ(lines(target),
              (Lines{"https://mail.example.com:7071 127.0.0.1 system", "https://localhost:7071 127.0.0.1 system",
                     "https://localhost:7071 127.0.0.1 anyone warns", "https://mail.example.com:7071 ::1 system",
                     "https://localhost:7071 ::1 system", "https://localhost:7071 ::1 anyone warns"}));
    EXPECT_NE(target->attempts[2].warning.find("certificate"), std::string::npos);
}

TEST_F(SoapTargets, ElsewhereNobodyIsTrustedWithoutAnAuthority) {
    const auto remote =
        service({{"zimbra_zmprov_default_soap_server", "mbox.example.com"}, {"ssl_allow_untrusted_certs", "true"}});
    EXPECT_EQ(lines(make_soap_target(remote, {}, "mail.example.com", tls)),
              (Lines{"https://mbox.example.com:7071 - ca.pem", "https://mbox.example.com:7071 - system"}));
}

TEST_F(SoapTargets, ANamedAuthorityIsTheOnlyOne) {
    tls.named_ca = "/etc/site.pem";
    const auto untrusting = service({{"ssl_allow_untrusted_certs", "true"}});
    EXPECT_EQ(lines(make_soap_target(untrusting, {k_loopback[0]}, "", tls)),
              (Lines{"https://localhost:7071 127.0.0.1 site.pem"}));
}

TEST_F(SoapTargets, VerificationCanBeTurnedOff) {
    tls.verify = false;
    const auto remote = service({{"zimbra_zmprov_default_soap_server", "mbox.example.com"}});
    EXPECT_EQ(lines(make_soap_target(remote, {}, "", tls)), (Lines{"https://mbox.example.com:7071 - anyone"}));
}

TEST_F(SoapTargets, PlainHttpStaysOnThisNode) {
    const auto here = service({{"zimbra_admin_service_scheme", "http://"}});
    EXPECT_EQ(lines(make_soap_target(here, {k_loopback[0]}, "mail.example.com", tls)),
              (Lines{"http://localhost:7071 127.0.0.1 system"}));
    const auto remote =
        service({{"zimbra_admin_service_scheme", "http"}, {"zimbra_zmprov_default_soap_server", "mbox.example.com"}});
    tls.verify = false;
    EXPECT_EQ(lines(make_soap_target(remote, {}, "", tls)),
              (Lines{"http://mbox.example.com:7071 is plain http, which would show the password to the network"}));
}

TEST_F(SoapTargets, Ipv6AddressesStandInBrackets) {
    const auto six = service({{"zimbra_zmprov_default_soap_server", "::1"}});
    const auto target = make_soap_target(six, {*six.host.address}, "", tls);
    ASSERT_TRUE(target);
    EXPECT_EQ(target->display, "https://[::1]:7071");
}

TEST_F(SoapTargets, AHostIsLoopbackOnlyWhereAllItsAddressesAre) {
    FakeResolver resolver;
    resolver.known = {{"mail.example.com", {"127.0.1.1"}}, {"mixed.example.com", {"127.0.0.1", "192.0.2.1"}}};
    const auto of = [&](const std::string& name) { return loopback_addresses(*parse_host(name), resolver); };
    EXPECT_EQ(of("mail.example.com"), std::vector{*parse_address("127.0.1.1")});
    EXPECT_TRUE(of("mixed.example.com").empty());
    EXPECT_TRUE(of("unknown.example.com").empty());
    EXPECT_TRUE(of("192.0.2.1").empty());
    EXPECT_EQ(of("127.0.0.1").size(), 1U);
    resolver.asked.clear();
    EXPECT_EQ(of("localhost"), k_loopback);
    EXPECT_TRUE(resolver.asked.empty());  // what a resolver says of localhost does not matter
}

}  // namespace
}  // namespace zmi
