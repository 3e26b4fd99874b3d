#include <gtest/gtest.h>
#include <zmintegration/zmprov/base64.hpp>

namespace {

using zmi::decode_base64;

TEST(Base64, DecodesEveryLength) {
    EXPECT_EQ(decode_base64(""), "");
    EXPECT_EQ(decode_base64("Zg=="), "f");
    EXPECT_EQ(decode_base64("Zm8="), "fo");
    EXPECT_EQ(decode_base64("Zm9v"), "foo");
    EXPECT_EQ(decode_base64("Zm9vYg=="), "foob");
    EXPECT_EQ(decode_base64("Zm9vYmFy"), "foobar");
    EXPECT_EQ(decode_base64("/+8A"), std::string("\xff\xef\0", 3));
}

TEST(Base64, IgnoresTheBreaksBetweenChunks) {
    EXPECT_EQ(decode_base64("Zm9v\r\nYmFy\r\n"), "foobar");
}

TEST(Base64, RefusesAnythingElse) {
    for (const auto* wrong : {"Z", "Zg", "Zg=", "Zm8", "Zm9v=", "=", "Zg==Zg==", "Zm 9v", "Zm9-", "Zg===", "Z==="}) {
        EXPECT_EQ(decode_base64(wrong), std::nullopt) << wrong;
    }
}

}  // namespace
