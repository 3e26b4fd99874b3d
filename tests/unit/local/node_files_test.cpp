#include <gtest/gtest.h>
#include <tests/unit/support/temporary_tree.hpp>
#include <zmintegration/local/node_files.hpp>

namespace {

TEST(NodeFiles, AreReadFromWhereZimbraAndSshdKeepThem) {
    const TemporaryTree tree;
    tree.write("zimbra/common/conf/master.cf", "smtp inet n - n - - smtpd\n");
    tree.write("zimbra/common/conf/main.cf", "inet_interfaces = all\nmynetworks = 10.0.0.0/8\n");
    tree.write("etc/ssh/sshd_config", "Port 2222\n");
    tree.write("etc/resolv.conf", "# by hand\nsearch example.com\nnameserver 10.0.0.2\nnameserver fe80::1%eth0\n");
    const auto facts = zmi::read_node_files(tree.root() / "zimbra", tree.root());
    ASSERT_TRUE(facts) << facts.error().what;
    ASSERT_EQ(facts->listeners.size(), 2u);
    EXPECT_EQ(facts->listeners[0].service, "smtp");
    EXPECT_EQ(facts->listeners[1].port, 2222);
    ASSERT_EQ(facts->files.size(), 4u);
    for (const auto& [key, state] : facts->files) EXPECT_EQ(state.problem, "") << key;
    EXPECT_EQ(facts->files.at("master.cf").path, (tree.root() / "zimbra/common/conf/master.cf").string());
    EXPECT_EQ(facts->files.at("main.cf").settings, (std::map<std::string, std::string>{{"inet_interfaces", "all"}}));
    EXPECT_EQ(facts->files.at("resolv.conf").settings,
              (std::map<std::string, std::string>{{"nameserver", "10.0.0.2 fe80::1"}}));
    EXPECT_TRUE(facts->localconfig.empty());
}

TEST(NodeFiles, TellOfANameServerThatIsNone) {
    const TemporaryTree tree;
    tree.write("etc/resolv.conf", "nameserver 10.0.0.2\nnameserver dns.example.com\n");
    const auto facts = zmi::read_node_files(tree.root(), tree.root());
    ASSERT_TRUE(facts) << facts.error().what;
    EXPECT_EQ(facts->files.at("resolv.conf").problem, "line 2: nameserver needs an address");
    EXPECT_TRUE(facts->files.at("resolv.conf").settings.empty());
}

TEST(NodeFiles, ThatAreAbsentAreToldAndNotGuessed) {
    const TemporaryTree tree;
    const auto facts = zmi::read_node_files(tree.root(), tree.root());
    ASSERT_TRUE(facts) << facts.error().what;
    EXPECT_TRUE(facts->listeners.empty());
    ASSERT_EQ(facts->files.size(), 4u);
    for (const auto& [key, state] : facts->files) {
        EXPECT_EQ(state.problem, zmi::k_no_such_file) << key;
    }
}

TEST(NodeFiles, ThatAreThereAndCannotBeReadAreNotCalledAbsent) {
    const TemporaryTree tree;
    for (const auto* name :
         {"common/conf/master.cf", "common/conf/main.cf", "etc/ssh/sshd_config", "etc/resolv.conf"}) {
        std::filesystem::create_directories(tree.root() / name);
    }
    const auto facts = zmi::read_node_files(tree.root(), tree.root());
    ASSERT_TRUE(facts) << facts.error().what;
    for (const auto& [key, state] : facts->files) {
        EXPECT_EQ(state.problem, "cannot read " + state.path + ": not a regular file") << key;
    }
}

TEST(NodeFiles, ThatSshdIncludesAndWeCannotReadAreToldBesideTheKnownListeners) {
    const TemporaryTree tree;
    tree.write("etc/ssh/sshd_config", "Port 22\nInclude folder\n");
    std::filesystem::create_directories(tree.root() / "etc/ssh/folder");
    const auto facts = zmi::read_node_files(tree.root(), tree.root());
    ASSERT_TRUE(facts) << facts.error().what;
    ASSERT_EQ(facts->listeners.size(), 1u);
    EXPECT_EQ(facts->listeners[0].port, 22);
    EXPECT_EQ(facts->files.at("sshd_config").problem,
              "cannot read " + (tree.root() / "etc/ssh/folder").string() + ": not a regular file");
}

TEST(NodeFiles, ThatAreMalformedAreAnError) {
    const TemporaryTree tree;
    tree.write("common/conf/master.cf", "smtp inet\n");
    const auto facts = zmi::read_node_files(tree.root(), tree.root());
    ASSERT_FALSE(facts);
    EXPECT_EQ(facts.error().what,
              (tree.root() / "common/conf/master.cf").string() + ":1: 2 fields where a service has 8");
}

}  // namespace
