#include <gtest/gtest.h>
#include <sys/stat.h>
#include <plugin/state/store.hpp>
#include <tests/unit/state/sample_record.hpp>
#include <tests/unit/support/temporary_tree.hpp>
#include <zmintegration/support/file.hpp>

namespace zmfw {
namespace {

namespace fs = std::filesystem;
using test::sample_record;

class AStore : public testing::Test {
protected:
    AStore() : m_store(m_tree.root() / "data/zmfirewall", [this](const std::string& line) { m_told.push_back(line); }) {
        const auto prepared = m_store.prepare();
        EXPECT_TRUE(prepared) << prepared.error().what;
    }
    std::uint64_t add(std::size_t keep = 20) {
        auto record = sample_record();
        const auto id = m_store.add(record, keep);
        EXPECT_TRUE(id) << id.error().what;
        return id.value_or(0);
    }
    fs::path file(std::uint64_t id) { return m_store.folder() / "records" / (std::to_string(id) + ".record"); }
    void damage(const fs::path& path) {
        auto text = *zmi::read_file(path, 1 << 24);
        text[text.size() / 2] = static_cast<char>(text[text.size() / 2] ^ 1);
        ASSERT_TRUE(zmi::write_file_atomically(path, text));
    }

    TemporaryTree m_tree;
    std::vector<std::string> m_told;
    Store m_store;
};

TEST_F(AStore, NumbersRecordsAndKeepsAsManyAsAsked) {
    for (int i = 1; i <= 5; ++i) EXPECT_EQ(add(3), static_cast<std::uint64_t>(i));
    EXPECT_EQ(*m_store.list(), (std::vector<std::uint64_t>{3, 4, 5}));
    EXPECT_EQ((*m_store.last())->id, 5U);
}

TEST_F(AStore, SetsADamagedRecordAsideAndUsesTheOneBefore) {
    add();
    add();
    damage(file(2));
    const auto last = m_store.last();
    ASSERT_TRUE(last && *last);
    EXPECT_EQ((*last)->id, 1U);
    ASSERT_EQ(m_told.size(), 1U);
    EXPECT_NE(m_told.front().find("damaged"), std::string::npos);
    EXPECT_FALSE(fs::exists(file(2)));
    EXPECT_TRUE(fs::exists(file(2).string() + ".damaged"));
    EXPECT_EQ(add(), 3U) << "the number of a damaged record is not given again";
}

TEST_F(AStore, ATruncatedOrEmptyRecordIsNeverTrusted) {
    add();
    fs::resize_file(file(1), 0);
    const auto last = m_store.last();
    ASSERT_TRUE(last);
    EXPECT_FALSE(*last);
    EXPECT_FALSE(m_told.empty());
}

TEST_F(AStore, KeepsWhatWasAcceptedBeyondTheHistory) {
    add(2);
    ASSERT_TRUE(m_store.accept(*m_store.load(1)));
    for (int i = 0; i < 5; ++i) add(2);
    EXPECT_EQ((*m_store.accepted())->id, 1U);
}

TEST_F(AStore, ADamagedAcceptedRecordCountsAsNoneAndIsTold) {
    add();
    ASSERT_TRUE(m_store.accept(*m_store.load(1)));
    damage(m_store.folder() / "accepted.record");
    const auto accepted = m_store.accepted();
    ASSERT_TRUE(accepted);
    EXPECT_FALSE(*accepted);
    EXPECT_EQ(m_told.size(), 2U);
}

TEST_F(AStore, ARecordUnderAnotherNameIsRefused) {
    add();
    fs::rename(file(1), file(9));
    EXPECT_FALSE(m_store.load(9));
}

TEST_F(AStore, TidiesWhatKilledRunsLeave) {
    add();
    std::ofstream(file(2).string() + ".Ab12Cd") << "half";
    std::ofstream(m_store.folder() / "accepted.record.Ab12Cd") << "half";
    std::ofstream(m_store.folder() / "notes.of.people") << "mine";
    m_store.tidy();
    EXPECT_FALSE(fs::exists(file(2).string() + ".Ab12Cd"));
    EXPECT_FALSE(fs::exists(m_store.folder() / "accepted.record.Ab12Cd"));
    EXPECT_TRUE(fs::exists(m_store.folder() / "notes.of.people"));
    EXPECT_TRUE(fs::exists(file(1)));
}

TEST_F(AStore, RefusesAFolderThatEverybodyCanWriteOrThatIsALink) {
    ::chmod(m_store.folder().c_str(), 0777);
    EXPECT_FALSE(m_store.prepare());
    fs::create_directory(m_tree.root() / "real");
    fs::create_directory_symlink(m_tree.root() / "real", m_tree.root() / "link");
    EXPECT_FALSE(Store(m_tree.root() / "link", [](const std::string&) {}).prepare());
}

TEST_F(AStore, NotesAreKeptAndForgotten) {
    EXPECT_EQ(m_store.note("told"), "");
    ASSERT_TRUE(m_store.set_note("told", "x"));
    EXPECT_EQ(m_store.note("told"), "x");
    ASSERT_TRUE(m_store.set_note("told", ""));
    EXPECT_EQ(m_store.note("told"), "");
}

}  // namespace
}  // namespace zmfw
