#include <zmintegration/facts/inventory.hpp>

#include <gtest/gtest.h>

namespace zmi {
namespace {

TEST(Inventory, FindsAServerByItsExactName) {
    Inventory inventory;
    inventory.servers = {{"a.example.com", {}}, {"b.example.com", {}}};
    ASSERT_NE(inventory.find("b.example.com"), nullptr);
    EXPECT_EQ(inventory.find("b.example.com")->name, "b.example.com");
    EXPECT_EQ(inventory.find("c.example.com"), nullptr);
    EXPECT_EQ(inventory.find("a.example"), nullptr);
}

TEST(Secrets, NamesThatMayHoldOneAreKnown) {
    for (const auto* name : {"zimbra_ldap_password", "zimbraSSLPrivateKey", "zimbraAuthTokenKey", "zimbraCsrfTokenKey",
                             "zimbraPreAuthSecret", "zimbraCertAuthorityKeySelfSigned", "mysql_root_passwd"}) {
        EXPECT_TRUE(may_be_secret(name)) << name;
    }
    for (const auto* name : {"zimbraMailPort", "zimbraServiceEnabled", "zimbra_zmprov_default_soap_server"}) {
        EXPECT_FALSE(may_be_secret(name)) << name;
    }
}

TEST(Secrets, UrlsLoseTheirUserAndPassword) {
    EXPECT_EQ(without_credentials("ldap://user:p@ss@host:389/x@y"), "ldap://host:389/x@y");
    EXPECT_EQ(without_credentials("https://host/path?mail=a@b"), "https://host/path?mail=a@b");
    EXPECT_EQ(without_credentials("someone@example.com"), "someone@example.com");
}

}  // namespace
}  // namespace zmi
