#include <fmt/format.h>
#include <zmintegration/process/process_runner.hpp>

namespace zmi {
namespace {

constexpr std::size_t k_mib = 1024 * 1024;

std::string in_words(std::chrono::milliseconds time) {
    return time.count() % 1000 == 0 ? fmt::format("{} s", time.count() / 1000) : fmt::format("{} ms", time.count());
}

std::string in_words(std::size_t bytes) {
    return bytes % k_mib == 0 ? fmt::format("{} MiB", bytes / k_mib) : fmt::format("{} bytes", bytes);
}

}  // namespace

std::string Outcome::describe(const Command& command) const {
    switch (end) {
        case End::exited: return fmt::format("exit status {}", code);
        case End::signalled: return fmt::format("killed by signal {}", code);
        case End::timed_out: return fmt::format("no answer in {}", in_words(command.deadline));
        case End::flooded: return fmt::format("more than {} of output", in_words(command.output_limit));
    }
    return {};
}

}  // namespace zmi
