#include <gtest/gtest.h>
#include <zmintegration/process/process_runner.hpp>

namespace {

using std::chrono::milliseconds;
using zmi::Outcome;

std::string describe(Outcome::End end, int code, milliseconds deadline = milliseconds(60'000),
                     std::size_t limit = 16 * 1024 * 1024) {
    zmi::Command command;
    command.deadline = deadline;
    command.output_limit = limit;
    return Outcome{end, code, {}, {}}.describe(command);
}

TEST(Outcome, SaysHowTheProgramEnded) {
    EXPECT_EQ(describe(Outcome::End::exited, 2), "exit status 2");
    EXPECT_EQ(describe(Outcome::End::signalled, 9), "killed by signal 9");
    EXPECT_EQ(describe(Outcome::End::timed_out, 9), "no answer in 60 s");
    EXPECT_EQ(describe(Outcome::End::timed_out, 9, milliseconds(1500)), "no answer in 1500 ms");
    EXPECT_EQ(describe(Outcome::End::flooded, 9), "more than 16 MiB of output");
    EXPECT_EQ(describe(Outcome::End::flooded, 9, milliseconds(1), 1000), "more than 1000 bytes of output");
}

TEST(Outcome, IsGoodOnlyWithStatusZero) {
    EXPECT_TRUE((Outcome{Outcome::End::exited, 0, {}, {}}.ok()));
    EXPECT_FALSE((Outcome{Outcome::End::exited, 1, {}, {}}.ok()));
    EXPECT_FALSE((Outcome{Outcome::End::timed_out, 0, {}, {}}.ok()));
}

}  // namespace
