#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <plugin/handover/trusted.hpp>
#include "../support/temporary_tree.hpp"

namespace zmfw {
namespace {

TEST(UntrustedFile, IsReadOnlyWhereItIsAPlainFile) {
    const TemporaryTree tree;
    const auto file = tree.write("plan.json", "text");
    EXPECT_EQ(read_untrusted_file(file, 4).value(), "text");
    EXPECT_FALSE(read_untrusted_file(file, 3));
    std::filesystem::create_symlink(file, tree.root() / "link");
    EXPECT_FALSE(read_untrusted_file(tree.root() / "link", 100));
    ASSERT_EQ(::mkfifo((tree.root() / "fifo").c_str(), 0600), 0);
    EXPECT_FALSE(read_untrusted_file(tree.root() / "fifo", 100));
    EXPECT_FALSE(read_untrusted_file(tree.root(), 100));
    EXPECT_FALSE(read_untrusted_file(tree.root() / "absent", 100));
}

TEST(TrustedFolder, BelongsToRootAllTheWayUp) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can make files of root";
    const TemporaryTree tree;
    ::chmod(tree.root().c_str(), 0755);
    const auto file = tree.write("data/nftables/manifest.xml", "x");
    const auto data = tree.root() / "data";
    EXPECT_TRUE(check_trusted(data)) << check_trusted(data).error().what;
    for (const auto& path : {file, data / "nftables", data, tree.root()}) {
        ::chmod(path.c_str(), 0775);
        const auto refused = check_trusted(data);
        ASSERT_FALSE(refused) << path;
        EXPECT_NE(refused.error().what.find(path.string()), std::string::npos);
        ::chmod(path.c_str(), 0755);
    }
    ASSERT_EQ(::chown(file.c_str(), 12345, 0), 0);
    EXPECT_FALSE(check_trusted(data));
    ASSERT_EQ(::chown(file.c_str(), 0, 0), 0);
    EXPECT_TRUE(check_trusted(data));
    std::filesystem::create_symlink(data, tree.root() / "link");
    EXPECT_TRUE(check_trusted(tree.root() / "link"));
    std::filesystem::create_symlink("/etc", data / "link");
    EXPECT_FALSE(check_trusted(data));
}

}  // namespace
}  // namespace zmfw
