#include <gtest/gtest.h>
#include <zmintegration/support/error.hpp>

namespace {

TEST(Error, NamesTheStepsFromTheOutside) {
    const auto error = zmi::Error{zmi::ErrorKind::program, "exit status 2", "try again"}.within("gas").within("zmprov");
    EXPECT_EQ(error.what, "zmprov: gas: exit status 2");
    EXPECT_EQ(error.hint, "try again");
    EXPECT_EQ(error.kind, zmi::ErrorKind::program);
}

}  // namespace
