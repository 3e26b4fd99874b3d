// Asio of Boost 1.74 uses std::exchange at C++20 without including its header.
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <boost/asio.hpp>
#include <boost/process.hpp>
#include <boost/process/extend.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <optional>
#include <zmintegration/process/process_runner.hpp>

namespace bp = boost::process;

namespace zmi {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds k_term_to_kill{500};
constexpr milliseconds k_kill_to_giving_up{500};  // for pipes held by what has left the process group
constexpr milliseconds k_pipe_grace{1000};        // for pipes held by what the dead child has left behind

tl::unexpected<Error> cannot_start(const Command& command, std::string_view why) {
    return failure(ErrorKind::program, fmt::format("cannot start {}: {}", command.program.string(), why));
}

/// Nothing that we have open is for the child. Only what is safe between fork and exec may be called here.
void close_on_exec_from(int first) {
#ifdef SYS_close_range
    constexpr unsigned k_close_range_cloexec = 4;
    if (::syscall(SYS_close_range, first, ~0U, k_close_range_cloexec) == 0) return;
#endif
    for (int fd = first; fd < 4096; ++fd) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/// With one of 0, 1, 2 closed a pipe of ours would get its number, and the redirection in the child would go wrong.
void occupy_standard_descriptors() {
    int fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    while (fd >= 0 && fd <= STDERR_FILENO) fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd >= 0) ::close(fd);
}

/// What Boost.Process leaves undone on both sides of the fork.
struct Hygiene : bp::extend::handler {
    template <class Executor>
    void on_exec_setup(Executor&) const {
        std::signal(SIGPIPE, SIG_DFL);  // an ignored signal would stay ignored
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, nullptr);
        close_on_exec_from(STDERR_FILENO + 1);
    }
    template <class Executor>
    void on_error(Executor& executor, const std::error_code&) const {
        if (executor.pid > 0) ::waitpid(executor.pid, nullptr, 0);  // Boost only tries without waiting
    }
};

struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

/// The child's stdin: a file in memory, so that no reader can block us or kill us by SIGPIPE.
File input_of(const std::string& text) {
    if (text.empty()) return File(std::fopen("/dev/null", "re"));
    const int fd = ::memfd_create("stdin", MFD_CLOEXEC);
    if (fd < 0) return nullptr;
    File file(::fdopen(fd, "r+"));
    if (!file) {
        ::close(fd);
        return nullptr;
    }
    const bool written = std::fwrite(text.data(), 1, text.size(), file.get()) == text.size();
    return written && std::fflush(file.get()) == 0 && ::lseek(fd, 0, SEEK_SET) == 0 ? std::move(file) : nullptr;
}

std::string why_not_executable(const std::filesystem::path& program) {
    if (!program.is_absolute()) return "its path is not absolute";
    struct stat status {};
    if (::stat(program.c_str(), &status) != 0 || ::access(program.c_str(), X_OK) != 0) return std::strerror(errno);
    return S_ISREG(status.st_mode) ? "" : "not a regular file";
}

/// One child from start to end, on an event loop of its own.
class Run {
public:
    explicit Run(const Command& command) : m_command(command) {}

    [[nodiscard]] Expected<Outcome> execute() {
        watch_interrupts();
        if (auto started = start(); !started) return tl::unexpected(std::move(started.error()));
        m_deadline.expires_after(m_command.deadline);
        m_deadline.async_wait([this](const auto& error) {
            if (!error && !m_exited) stop(Outcome::End::timed_out);
        });
        read(m_out);
        read(m_err);
        m_loop.run();
        signal_group(SIGKILL);  // whatever is left of the group, without a pipe to us
        m_group.detach();       // its destructor would do it again, later
        return result();
    }

    /// The signal that asked us to end meanwhile, or 0.
    [[nodiscard]] int interrupt() const { return m_interrupt; }

private:
    struct Stream {
        explicit Stream(boost::asio::io_context& loop) : pipe(loop) {
            ::fcntl(pipe.native_source(), F_SETFD, FD_CLOEXEC);
            ::fcntl(pipe.native_sink(), F_SETFD, FD_CLOEXEC);
        }
        bp::async_pipe pipe;
        std::array<char, 64 * 1024> buffer{};
        std::string text;
        bool open = true;
    };

    Expected<void> start() {
        const auto input = input_of(m_command.stdin_text);
        if (!input) return cannot_start(m_command, std::strerror(errno));
        bp::environment environment;
        for (const auto& [name, value] : m_command.environment) environment[name] = value;
        std::error_code error;
        const auto on_exit = [this](int, const std::error_code& lost) { exited(lost); };
        m_child = bp::child(bp::exe = m_command.program.string(), bp::args = m_command.arguments, environment,
                            (bp::std_in < input.get()), (bp::std_out > m_out.pipe), (bp::std_err > m_err.pipe), m_group,
                            m_loop, bp::on_exit = on_exit, Hygiene(), error);
        if (error) return cannot_start(m_command, error.message());
        return {};
    }

    void read(Stream& stream) {
        stream.pipe.async_read_some(boost::asio::buffer(stream.buffer), [this, &stream](const auto& error, auto size) {
            keep(stream, size);
            if (!error) return read(stream);
            stream.open = false;
            finish_if_all_is_over();
        });
    }

    /// Beyond the limit, output is read and thrown away until the child is dead.
    void keep(Stream& stream, std::size_t size) {
        const auto room = m_command.output_limit - m_out.text.size() - m_err.text.size();
        stream.text.append(stream.buffer.data(), std::min(size, room));
        if (size > room) stop(Outcome::End::flooded);
    }

    void exited(const std::error_code& lost) {
        m_exited = true;
        m_lost = static_cast<bool>(lost);
        m_deadline.cancel();
        if (!m_stopping) after(k_pipe_grace, [this] { force(); });
        finish_if_all_is_over();
    }

    void stop(Outcome::End why) {
        if (m_stopping) return;
        m_stopping = true;
        m_end = why;
        signal_group(SIGTERM);
        after(k_term_to_kill, [this] { force(); });
    }

    void force() {
        signal_group(SIGKILL);
        after(k_kill_to_giving_up, [this] {
            boost::system::error_code ignored;
            m_out.pipe.close(ignored);
            m_err.pipe.close(ignored);
        });
    }

    template <class Action>
    void after(milliseconds time, Action action) {
        m_step.expires_after(time);
        m_step.async_wait([action](const auto& error) {
            if (!error) action();
        });
    }

    void signal_group(int signal) {
        if (m_group.valid()) ::killpg(m_group.native_handle(), signal);
    }

    /// The child is not in our process group: Ctrl-C does not reach it unless we pass it on.
    void watch_interrupts() {
        for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
            struct sigaction now {};
            if (::sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_DFL) m_interrupts.add(signal);
        }
        m_interrupts.async_wait([this](const auto& error, int signal) {
            if (error) return;
            m_interrupt = signal;
            stop(Outcome::End::timed_out);
        });
    }

    void finish_if_all_is_over() {
        if (!m_exited || m_out.open || m_err.open) return;
        m_deadline.cancel();
        m_step.cancel();
        m_interrupts.cancel();
    }

    Expected<Outcome> result() {
        if (m_lost) return failure(ErrorKind::program, fmt::format("lost {}", m_command.program.string()));
        const int status = m_child.native_exit_code();
        const bool by_signal = WIFSIGNALED(status);
        Outcome outcome;
        outcome.end = m_end ? *m_end : by_signal ? Outcome::End::signalled : Outcome::End::exited;
        outcome.code = by_signal ? WTERMSIG(status) : WEXITSTATUS(status);
        outcome.out = std::move(m_out.text);
        outcome.err = std::move(m_err.text);
        return outcome;
    }

    const Command& m_command;
    boost::asio::io_context m_loop;
    boost::asio::steady_timer m_deadline{m_loop};
    boost::asio::steady_timer m_step{m_loop};  ///< the next step of ending it
    boost::asio::signal_set m_interrupts{m_loop};
    Stream m_out{m_loop};
    Stream m_err{m_loop};
    bp::group m_group;
    bp::child m_child;
    std::optional<Outcome::End> m_end;
    bool m_stopping = false;
    bool m_exited = false;
    bool m_lost = false;
    int m_interrupt = 0;
};

class BoostProcessRunner final : public ProcessRunner {
public:
    Expected<Outcome> run(const Command& command) override {
        if (const auto why = why_not_executable(command.program); !why.empty()) return cannot_start(command, why);
        occupy_standard_descriptors();
        int interrupt = 0;
        try {
            Run run(command);
            auto outcome = run.execute();
            interrupt = run.interrupt();
            if (interrupt == 0) return outcome;
        } catch (const std::exception& error) {
            return cannot_start(command, error.what());
        }
        std::raise(interrupt);  // now that nothing of the child is left, and our handler is gone
        return failure(ErrorKind::program, fmt::format("{}: interrupted", command.program.string()));
    }
};

}  // namespace

std::unique_ptr<ProcessRunner> make_process_runner() {
    return std::make_unique<BoostProcessRunner>();
}

}  // namespace zmi
