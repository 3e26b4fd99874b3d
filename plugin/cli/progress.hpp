#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace zmfw {

/// One line on a terminal's standard error that tells what takes so long: shown after a second, erased at the end, and
/// never in a file, a pipe or a log. Nothing at all happens where standard error is no terminal.
class Progress {
public:
    Progress();
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /// What is done from now on: "asking soap".
    void step(const std::string& what);

    /// Writes something else to standard error: the line of whatever Progress is at work is away until its next second.
    static void write_past(std::string_view text);

private:
    void show_until_done();

    bool m_terminal = false;
    bool m_done = false;
    std::string m_what;
    std::condition_variable m_wake;
    std::thread m_thread;
};

/// Pure: what to write for `what` after so many seconds on a terminal of so many columns; begins by erasing the line.
[[nodiscard]] std::string progress_line(const std::string& what, long seconds, std::size_t columns);

}  // namespace zmfw
