#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <iterator>
#include <tests/unit/support/temporary_tree.hpp>
#include <zmintegration/process/process_runner.hpp>

namespace {

using std::chrono::milliseconds;
using zmi::Outcome;

constexpr milliseconds k_short{200};
constexpr std::size_t k_mib = 1024 * 1024;

/// Whether the process is dead, or dies within five seconds: a kill takes effect a little after it is sent.
bool is_gone(pid_t pid) {
    const auto fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    if (fd < 0) return errno == ESRCH;
    pollfd ended{fd, POLLIN, 0};
    const bool gone = ::poll(&ended, 1, 5000) == 1;
    ::close(fd);
    return gone;
}

std::ptrdiff_t open_descriptors() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
}

/// Every test ends with the check that nothing is left behind in this process.
class ProcessRunner : public testing::Test {
protected:
    void SetUp() override { m_descriptors = open_descriptors(); }

    void TearDown() override {
        EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child was left";
        EXPECT_EQ(errno, ECHILD);
        EXPECT_EQ(open_descriptors(), m_descriptors);
    }

    [[nodiscard]] zmi::Command program(const std::string& path, std::vector<std::string> arguments = {}) const {
        zmi::Command command;
        command.program = path;
        command.arguments = std::move(arguments);
        command.environment = {{"PATH", "/usr/bin:/bin"}};
        return command;
    }

    [[nodiscard]] zmi::Command script(const std::string& text) const {
        const auto path = m_tree.write("script", "#!/bin/sh\n" + text);
        EXPECT_EQ(::chmod(path.c_str(), 0755), 0);
        return program(path.string());
    }

    [[nodiscard]] Outcome run(const zmi::Command& command) const {
        auto outcome = zmi::make_process_runner()->run(command);
        if (outcome) return *outcome;
        ADD_FAILURE() << outcome.error().what;
        return {};
    }

    [[nodiscard]] std::string start_error(const zmi::Command& command) const {
        const auto outcome = zmi::make_process_runner()->run(command);
        if (outcome) return "started";
        EXPECT_EQ(outcome.error().kind, zmi::ErrorKind::program);
        return outcome.error().what;
    }

    TemporaryTree m_tree;
    std::ptrdiff_t m_descriptors = 0;
};

TEST_F(ProcessRunner, GivesOutputAndStatus) {
    const auto outcome = run(script("echo out; echo err >&2; exit 3\n"));
    EXPECT_EQ(outcome.end, Outcome::End::exited);
    EXPECT_EQ(outcome.code, 3);
    EXPECT_EQ(outcome.out, "out\n");
    EXPECT_EQ(outcome.err, "err\n");
}

TEST_F(ProcessRunner, PassesArgumentsAsTheyAre) {
    auto command = script("for a in \"$@\"; do echo \"<$a>\"; done\n");
    command.arguments = {"a b", "", "'q'", "$HOME;", "*"};
    EXPECT_EQ(run(command).out, "<a b>\n<>\n<'q'>\n<$HOME;>\n<*>\n");
}

TEST_F(ProcessRunner, GivesTheChildNoEnvironmentButItsOwn) {
    auto command = program("/usr/bin/env");
    command.environment = {{"HOME", "/x y"}, {"LC_ALL", "C.UTF-8"}};
    EXPECT_EQ(run(command).out, "HOME=/x y\nLC_ALL=C.UTF-8\n");
    command.environment.clear();
    EXPECT_EQ(run(command).out, "");
}

TEST_F(ProcessRunner, GivesTheChildItsInputAndThenTheEnd) {
    auto command = program("/bin/cat");
    command.stdin_text.assign(3 * k_mib, 'x');
    const auto outcome = run(command);
    EXPECT_TRUE(outcome.ok());
    EXPECT_EQ(outcome.out.size(), 3 * k_mib);
}

TEST_F(ProcessRunner, GivesAnEmptyInputWhereThereIsNone) {
    EXPECT_EQ(run(program("/bin/cat")).out, "");
}

TEST_F(ProcessRunner, DoesNotMindAChildThatReadsNothing) {
    auto command = program("/bin/true");
    command.stdin_text.assign(3 * k_mib, 'x');
    EXPECT_TRUE(run(command).ok());
}

TEST_F(ProcessRunner, ReadsBothOutputsAtOnce) {
    const auto outcome = run(
        script("head -c 3000000 /dev/zero >&2 &\nhead -c 3000000 /dev/zero\nwait\nhead -c 1000000 /dev/zero >&2\n"));
    EXPECT_TRUE(outcome.ok());
    EXPECT_EQ(outcome.out.size(), 3'000'000u);
    EXPECT_EQ(outcome.err.size(), 4'000'000u);
}

TEST_F(ProcessRunner, LetsTheChildInheritNoDescriptor) {
    const int leaky = ::dup(STDERR_FILENO);
    EXPECT_EQ(run(program("/bin/ls", {"/proc/self/fd"})).out, "0\n1\n2\n3\n");  // 3 is the folder that ls reads
    ::close(leaky);
}

TEST_F(ProcessRunner, GivesTheChildTheDefaultSigpipe) {
    const auto before = std::signal(SIGPIPE, SIG_IGN);
    const auto outcome = run(program("/bin/grep", {"SigIgn", "/proc/self/status"}));
    std::signal(SIGPIPE, before);
    EXPECT_EQ(outcome.out, "SigIgn:\t0000000000000000\n");
}

TEST_F(ProcessRunner, KnowsASignalFromAStatus) {
    const auto outcome = run(script("kill -9 $$\n"));
    EXPECT_EQ(outcome.end, Outcome::End::signalled);
    EXPECT_EQ(outcome.code, SIGKILL);
}

TEST_F(ProcessRunner, NeverMissesTheEndOfAShortChild) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 50; ++i) EXPECT_TRUE(run(program("/bin/true")).ok());
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST_F(ProcessRunner, KillsAChildAtItsDeadline) {
    auto command = script("echo started\nexec sleep 1000\n");
    command.deadline = k_short;
    const auto outcome = run(command);
    EXPECT_EQ(outcome.end, Outcome::End::timed_out);
    EXPECT_EQ(outcome.code, SIGTERM);
}

TEST_F(ProcessRunner, KillsAChildThatIgnoresTheFirstSignal) {
    auto command = script("trap '' TERM\nwhile :; do sleep 1000; done\n");
    command.deadline = k_short;
    const auto outcome = run(command);
    EXPECT_EQ(outcome.end, Outcome::End::timed_out);
    EXPECT_EQ(outcome.code, SIGKILL);
}

TEST_F(ProcessRunner, KillsTheWorkerOfAWrapperToo) {
    auto command = script("sleep 1000 &\necho $!\nwait\n");
    command.deadline = k_short;
    const auto outcome = run(command);
    EXPECT_EQ(outcome.end, Outcome::End::timed_out);
    ASSERT_NE(outcome.out, "");
    EXPECT_TRUE(is_gone(std::stoi(outcome.out)));
}

TEST_F(ProcessRunner, KillsAWorkerThatIgnoresTheFirstSignalAndHidesFromUs) {
    auto command = script("(trap '' TERM; exec sleep 1000) >/dev/null 2>&1 &\necho $!\nwait\n");
    command.deadline = k_short;
    const auto outcome = run(command);
    ASSERT_NE(outcome.out, "");
    EXPECT_TRUE(is_gone(std::stoi(outcome.out)));
}

TEST_F(ProcessRunner, DoesNotWaitForAWorkerThatHoldsThePipe) {
    const auto outcome = run(script("sleep 1000 &\necho $!\nexit 4\n"));
    EXPECT_EQ(outcome.end, Outcome::End::exited);
    EXPECT_EQ(outcome.code, 4);
    ASSERT_NE(outcome.out, "");
    EXPECT_TRUE(is_gone(std::stoi(outcome.out)));
}

TEST_F(ProcessRunner, DoesNotWaitForAWorkerThatHasLeftTheGroup) {
    const auto outcome = run(script("setsid sh -c 'echo $$; exec sleep 1000'&\nexit 0\n"));
    EXPECT_EQ(outcome.end, Outcome::End::exited);
    ASSERT_NE(outcome.out, "");
    const auto worker = std::stoi(outcome.out);
    EXPECT_EQ(::kill(worker, SIGKILL), 0);
    EXPECT_TRUE(is_gone(worker));
}

TEST_F(ProcessRunner, KillsAChildThatFloods) {
    auto command = program("/usr/bin/yes");
    command.output_limit = k_mib;
    const auto outcome = run(command);
    EXPECT_EQ(outcome.end, Outcome::End::flooded);
    EXPECT_EQ(outcome.out.size(), k_mib);
}

TEST_F(ProcessRunner, CountsBothOutputsTogether) {
    auto command = script("head -c 600000 /dev/zero; head -c 600000 /dev/zero >&2\n");
    command.output_limit = k_mib;
    const auto outcome = run(command);
    EXPECT_EQ(outcome.end, Outcome::End::flooded);
    EXPECT_EQ(outcome.out.size() + outcome.err.size(), k_mib);
}

TEST_F(ProcessRunner, AllowsExactlyTheLimit) {
    auto command = script("head -c 1048576 /dev/zero\n");
    command.output_limit = k_mib;
    EXPECT_TRUE(run(command).ok());
}

TEST_F(ProcessRunner, SaysWhyAProgramCannotStart) {
    const auto missing = m_tree.root() / "none";
    EXPECT_EQ(start_error(program(missing.string())),
              "cannot start " + missing.string() + ": No such file or directory");
    const auto plain = m_tree.write("plain", "x").string();
    EXPECT_EQ(::chmod(plain.c_str(), 0644), 0);
    EXPECT_EQ(start_error(program(plain)), "cannot start " + plain + ": Permission denied");
    EXPECT_EQ(start_error(program("/usr/bin")), "cannot start /usr/bin: not a regular file");
    EXPECT_EQ(start_error(program("bin/true")), "cannot start bin/true: its path is not absolute");
}

TEST_F(ProcessRunner, LeavesNoZombieWhereTheExecFails) {
    const auto path = m_tree.write("orphan", "#!/no/such/interpreter\n").string();
    EXPECT_EQ(::chmod(path.c_str(), 0755), 0);
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(start_error(program(path)), "cannot start " + path + ": No such file or directory");
    }
}

TEST_F(ProcessRunner, TakesItsChildAlongWhenInterrupted) {
    const auto fifo = (m_tree.root() / "fifo").string();
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    const auto command = script("echo $$ > " + fifo + "\nexec sleep 1000\n");
    const pid_t ours = ::fork();
    if (ours == 0) {
        const auto ignored = zmi::make_process_runner()->run(command);
        ::_exit(ignored ? 1 : 2);
    }
    std::string child;
    std::ifstream(fifo) >> child;
    ASSERT_NE(child, "");
    ASSERT_EQ(::kill(ours, SIGTERM), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(ours, &status, 0), ours);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) << status;
    EXPECT_TRUE(is_gone(std::stoi(child)));
}

}  // namespace
