#include <gtest/gtest.h>
#include <tests/unit/support/temporary_tree.hpp>
#include <zmintegration/support/file_lock.hpp>

namespace zmi {
namespace {

TEST(FileLock, IsHeldByOneAtATimeAndFreeAgainAfterIt) {
    const TemporaryTree tree;
    FileLock first(tree.root() / "lock", 0);
    EXPECT_TRUE(first.held());
    const FileLock second(tree.root() / "lock", 0);
    EXPECT_FALSE(second.held());
    EXPECT_EQ(second.problem(), "") << "somebody else has it, and nothing is wrong";
    first.release();
    EXPECT_TRUE(FileLock(tree.root() / "lock", 0).held());
}

TEST(FileLock, SaysWhyItsFileCannotBeMade) {
    const TemporaryTree tree;
    const FileLock lock(tree.root() / "no/such/folder/lock", 0);
    EXPECT_FALSE(lock.held());
    EXPECT_NE(lock.problem(), "");
}

}  // namespace
}  // namespace zmi
