#include <gtest/gtest.h>
#include <zmintegration/facts/json_tree.hpp>

namespace zmi {
namespace {

TEST(JsonTree, HasNoMoreValuesThanTheHostHasMemoryFor) {
    // Two bytes of text are a hundred of memory.
    EXPECT_TRUE(parse_json(R"({"a": [1, "x"]})", 8, 4));
    const auto refused = parse_json(R"({"a": [1, "x"]})", 8, 3);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().what, "too many values");
    EXPECT_TRUE(parse_json("[[[[]]]]", 8, 4));
    EXPECT_FALSE(parse_json("[[[[]]]]", 8, 3));
}

}  // namespace
}  // namespace zmi
