#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>
#include <zmintegration/support/error.hpp>

namespace zmi {

/// One program to run. No shell, nothing inherited but what is named here.
struct Command {
    std::filesystem::path program;  ///< absolute
    std::vector<std::string> arguments;
    std::map<std::string, std::string> environment;  ///< the whole environment of the child
    std::string stdin_text;                          ///< what it reads; then end of file
    std::chrono::milliseconds deadline{60'000};      ///< then its whole process group is killed
    std::size_t output_limit = 16 * 1024 * 1024;     ///< bytes of stdout and stderr together; more kills it
};

struct Outcome {
    enum class End { exited, signalled, timed_out, flooded };
    End end = End::exited;
    int code = 0;  ///< exit status, or the signal's number
    std::string out;
    std::string err;

    [[nodiscard]] bool ok() const { return end == End::exited && code == 0; }
    /// "exit status 2", "killed by signal 9", "no answer in 60 s", "more than 16 MiB of output"
    [[nodiscard]] std::string describe(const Command& command) const;
};

/// Seam to external programs.
class ProcessRunner {
public:
    virtual ~ProcessRunner() = default;
    /// Fails (ErrorKind::program) only where the program could not be started at all.
    [[nodiscard]] virtual Expected<Outcome> run(const Command& command) = 0;
};

/// The real one (Boost.Process). Everything it starts is dead and reaped when run() returns.
[[nodiscard]] std::unique_ptr<ProcessRunner> make_process_runner();

}  // namespace zmi
