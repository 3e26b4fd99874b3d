#include <gtest/gtest.h>
#include <sys/stat.h>
#include <iterator>
#include <tests/unit/support/temporary_tree.hpp>
#include <zmintegration/support/file.hpp>

namespace {

std::string content(const std::filesystem::path& path) {
    return zmi::read_file(path, 1000).value_or("unreadable");
}

std::ptrdiff_t entries(const std::filesystem::path& folder) {
    return std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator());
}

TEST(ReadFile, GivesTheWholeFile) {
    const TemporaryTree tree;
    const std::string bytes("a\0b\n", 4);
    EXPECT_EQ(content(tree.write("f", bytes)), bytes);
    EXPECT_EQ(content(tree.write("empty", "")), "");
}

TEST(ReadFile, ReadsUpToTheLimit) {
    const TemporaryTree tree;
    const auto path = tree.write("f", std::string(200'000, 'x'));
    EXPECT_EQ(zmi::read_file(path, 200'000)->size(), 200'000u);
    const auto too_large = zmi::read_file(path, 199'999);
    ASSERT_FALSE(too_large);
    EXPECT_EQ(too_large.error().what, "cannot read " + path.string() + ": larger than 199999 bytes");
}

TEST(ReadFile, NamesTheFileItCannotRead) {
    const auto missing = zmi::read_file("/no/such/file", 10);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().kind, zmi::ErrorKind::knowledge);
    EXPECT_EQ(missing.error().what, "cannot read /no/such/file: No such file or directory");
}

TEST(ReadFile, RefusesWhatIsNoRegularFileAndDoesNotHang) {
    const TemporaryTree tree;
    const auto fifo = (tree.root() / "fifo").string();
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    EXPECT_EQ(zmi::read_file(fifo, 10).error().what, "cannot read " + fifo + ": not a regular file");
    EXPECT_EQ(zmi::read_file("/dev/zero", 10).error().what, "cannot read /dev/zero: not a regular file");
    EXPECT_FALSE(zmi::read_file(tree.root(), 10));
}

TEST(WriteFile, ReplacesTheOldOneAndLeavesNothingBeside) {
    const TemporaryTree tree;
    const auto path = tree.write("f", "old");
    ASSERT_TRUE(zmi::write_file_atomically(path, "new", 0640));
    EXPECT_EQ(content(path), "new");
    struct stat status {};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777u, 0640u);
    EXPECT_EQ(entries(tree.root()), 1);
}

TEST(WriteFile, LeavesNothingBehindWhereItFails) {
    const TemporaryTree tree;
    std::filesystem::create_directories(tree.root() / "f/inside");
    const auto done = zmi::write_file_atomically(tree.root() / "f", "new");
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().what, "cannot write " + (tree.root() / "f").string() + ": Is a directory");
    EXPECT_EQ(entries(tree.root()), 1);
    const auto nowhere = zmi::write_file_atomically("/proc/none/f", "new");
    ASSERT_FALSE(nowhere);
    EXPECT_EQ(nowhere.error().what.find("cannot make the folder of /proc/none/f: "), 0u) << nowhere.error().what;
}

TEST(WriteFile, MakesMissingFolders) {
    const TemporaryTree tree;
    ASSERT_TRUE(zmi::write_file_atomically(tree.root() / "a/b/f", "new"));
    EXPECT_EQ(content(tree.root() / "a/b/f"), "new");
}

TEST(WriteFiles, WritesAllOfThem) {
    const TemporaryTree tree;
    ASSERT_TRUE(zmi::write_files_atomically({{tree.root() / "a/f", "1"}, {tree.root() / "b/f", "2", 0755}}));
    EXPECT_EQ(content(tree.root() / "a/f") + content(tree.root() / "b/f"), "12");
}

TEST(WriteFiles, LeavesEveryOldFileWhereOneCannotBeWritten) {
    const TemporaryTree tree;
    const auto old = tree.write("f", "old");
    ASSERT_FALSE(zmi::write_files_atomically({{old, "new"}, {"/proc/none/f", "new"}}));
    EXPECT_EQ(content(old), "old");
    EXPECT_EQ(entries(tree.root()), 1);
}

}  // namespace
