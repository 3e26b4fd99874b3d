#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <plugin/handover/persist.hpp>
#include <plugin/handover/state.hpp>
#include <zmintegration/support/file_lock.hpp>
#include "../support/temporary_tree.hpp"

namespace zmfw {
namespace {

Pending pending() {
    return {"0123456789abcdef",
            "nftables",
            "mail.example.com",
            std::string(64, 'a'),
            "rules-fedcba9876543210",
            true,
            "boot",
            42,
            4242,
            1000,
            60};
}

TEST(Pending, IsReadAsItWasWritten) {
    for (auto value : {pending(), pending()}) {
        EXPECT_EQ(parse_pending(to_text(value)), value);
        value.previous.clear();
        value.loaded = false;
        EXPECT_EQ(parse_pending(to_text(value)), value);
    }
}

TEST(Pending, IsNotReadWhereAnythingIsWrong) {
    const auto text = to_text(pending());
    for (std::size_t length = 0; length < text.size(); ++length)
        EXPECT_FALSE(parse_pending(text.substr(0, length))) << length;
    const auto with = [&](const std::string& old_text, const std::string& new_text) {
        auto changed = text;
        return parse_pending(changed.replace(changed.find(old_text), old_text.size(), new_text));
    };
    EXPECT_FALSE(with("0123456789abcdef", "../../../etc/x"));
    EXPECT_FALSE(with("format nftables", "format sh"));
    EXPECT_FALSE(with("rules-fedcba9876543210", "rules-../etc"));
    EXPECT_FALSE(with("mail.example.com", "mail;reboot"));
    EXPECT_FALSE(with("deadline 1000", "deadline soon"));
    EXPECT_FALSE(with("loaded 1", "loaded 2"));
    EXPECT_FALSE(with("timeout 60", "timeout 60\ntimeout 61"));
}

class StateFolder : public testing::Test {
protected:
    void SetUp() override { ASSERT_TRUE(make_state_folder(m_places)); }
    TemporaryTree m_tree;
    Places m_places{m_tree.root()};
};

TEST_F(StateFolder, IsOfNobodyElse) {
    EXPECT_EQ(std::filesystem::status(m_places.folder).permissions(), std::filesystem::perms::owner_all);
    TemporaryTree other;
    other.write("var/lib/zmfirewall", "a file");
    EXPECT_FALSE(make_state_folder(Places(other.root())));
}

TEST_F(StateFolder, IsNotWhereOthersCouldExchangeIt) {
    ::chmod((m_tree.root() / "var").c_str(), 0777);
    const auto refused = make_state_folder(m_places);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().what.find("/var: others"), std::string::npos) << refused.error().what;
    TemporaryTree fresh;
    ::chmod(fresh.root().c_str(), 0777);
    EXPECT_FALSE(make_state_folder(Places(fresh.root())));
    EXPECT_FALSE(std::filesystem::exists(fresh.root() / "var")) << "nothing is made there either";
}

TEST_F(StateFolder, KnowsAFolderOfEachFormatWhereNothingElseIsKnown) {
    const std::string first = "rules-0123456789abcdef", second = "rules-fedcba9876543210";
    const auto about = [](const char* format) { return to_text(About{format, "a.example.com", std::string(64, 'a')}); };
    m_tree.write("var/lib/zmfirewall/" + first + "/about", about("iptables"));
    m_tree.write("var/lib/zmfirewall/" + second + "/about", about("ufw"));
    m_tree.write("var/lib/zmfirewall/rules-0000000000000000/about", "rm -rf\n");
    m_tree.write("var/lib/zmfirewall/other/about", about("nftables"));
    EXPECT_EQ(folders_of_rules(m_places), (std::vector<std::string>{first, second}));
}

TEST_F(StateFolder, HoldsWhatIsPendingUntilItIsGone) {
    EXPECT_EQ(read_pending(m_places).value(), std::nullopt);
    ASSERT_TRUE(write_pending(m_places, pending()));
    EXPECT_EQ(read_pending(m_places).value(), pending());
    m_tree.write("var/lib/zmfirewall/pending", "token x\n");
    EXPECT_FALSE(read_pending(m_places));
}

TEST_F(StateFolder, NamesTheConfirmedRules) {
    EXPECT_EQ(read_confirmed(m_places).value(), "");
    const std::string first = "rules-0123456789abcdef", second = "rules-fedcba9876543210";
    std::filesystem::create_directories(m_places.folder / first);
    std::filesystem::create_directories(m_places.folder / second);
    ASSERT_TRUE(write_confirmed(m_places, first));
    ASSERT_TRUE(write_confirmed(m_places, second));
    std::filesystem::create_directories(m_places.folder / "confirmed.new" / "in the way");
    EXPECT_TRUE(write_confirmed(m_places, second)) << "it is so already, and nothing need be written";
    EXPECT_FALSE(write_confirmed(m_places, first));
    std::filesystem::remove_all(m_places.folder / "confirmed.new");
    EXPECT_EQ(read_confirmed(m_places).value(), second);
    remove_old_rules(m_places, second);
    EXPECT_FALSE(std::filesystem::exists(m_places.folder / first));
    EXPECT_TRUE(std::filesystem::exists(m_places.folder / second));
    std::filesystem::remove_all(m_places.folder / second);
    EXPECT_FALSE(read_confirmed(m_places)) << "the folder is gone";
    ASSERT_TRUE(write_confirmed(m_places, ""));
    EXPECT_EQ(read_confirmed(m_places).value(), "");
}

TEST_F(StateFolder, IsLockedByOneAtATime) {
    zmi::FileLock first(m_places.lock(), 0);
    EXPECT_TRUE(first.held());
    EXPECT_FALSE(zmi::FileLock(m_places.lock(), 0).held());
    first.release();
    EXPECT_TRUE(zmi::FileLock(m_places.lock(), 0).held());
}

TEST(Process, IsKnownByWhenItStarted) {
    EXPECT_NE(start_of(::getpid()), 0U);
    EXPECT_EQ(start_of(::getpid()), start_of(::getpid()));
    EXPECT_EQ(start_of(-1), 0U);
}

TEST(Unit, LoadsTheConfirmedRulesBeforeTheNetworkIsThere) {
    const auto nft = unit_text("nftables", "/var/lib/zmfirewall/confirmed");
    EXPECT_NE(nft.find("ExecStart=/usr/sbin/nft -f /var/lib/zmfirewall/confirmed/zmfirewall.nft\n"), std::string::npos);
    EXPECT_NE(nft.find("Before=network-pre.target\n"), std::string::npos);
    const auto iptables = unit_text("iptables", "/var/lib/zmfirewall/confirmed");
    EXPECT_NE(iptables.find("ExecStart=/bin/sh /var/lib/zmfirewall/confirmed/zmfirewall-apply.sh\n"),
              std::string::npos);
}

}  // namespace
}  // namespace zmfw
