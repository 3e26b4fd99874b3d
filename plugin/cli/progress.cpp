#include <plugin/cli/progress.hpp>
#include <plugin/cli/style.hpp>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <string_view>

namespace zmfw {
namespace {

constexpr std::string_view k_erase = "\r\x1b[K";

// One terminal, so one line; whoever writes to it holds this.
std::mutex& terminal_mutex() {
    static std::mutex mutex;
    return mutex;
}
bool& line_is_shown() {
    static bool shown = false;
    return shown;
}

void write_terminal(std::string_view text) {
    // Nobody may be there to see it; that is no reason to die.
    if (::write(STDERR_FILENO, text.data(), text.size()) < 0) return;
}

std::size_t terminal_columns() {
    winsize size{};
    return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 10 ? size.ws_col : 80;
}

void erase_line() {
    if (line_is_shown()) write_terminal(k_erase);
    line_is_shown() = false;
}

}  // namespace

std::string progress_line(const std::string& what, long seconds, std::size_t columns) {
    auto text = fmt::format("{} ... {} s", what, seconds);
    if (text.size() >= columns) text.resize(columns - 1);
    return std::string(k_erase) + text;
}

Progress::Progress() : m_terminal(is_terminal(STDERR_FILENO)) {
    if (!m_terminal) return;
    // Signals are for the main thread, whose reads they are to interrupt.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    m_thread = std::thread([this] { show_until_done(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Progress::~Progress() {
    if (!m_terminal) return;
    {
        const std::lock_guard lock(terminal_mutex());
        m_done = true;
        erase_line();
    }
    m_wake.notify_all();
    m_thread.join();
}

void Progress::step(const std::string& what) {
    if (!m_terminal) return;
    const std::lock_guard lock(terminal_mutex());
    m_what = what;
}

void Progress::write_past(std::string_view text) {
    const std::lock_guard lock(terminal_mutex());
    erase_line();
    // Nobody may be there to hear it; that is no reason to die.
    static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
}

void Progress::show_until_done() {
    std::unique_lock lock(terminal_mutex());
    for (long seconds = 1; !m_wake.wait_for(lock, std::chrono::seconds(1), [this] { return m_done; }); ++seconds) {
        if (m_what.empty()) continue;
        write_terminal(progress_line(m_what, seconds, terminal_columns()));
        line_is_shown() = true;
    }
}

}  // namespace zmfw
