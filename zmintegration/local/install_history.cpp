#include <zmintegration/local/install_history.hpp>

#include <fmt/format.h>
#include <array>
#include <zmintegration/support/text.hpp>

namespace zmi {
namespace {

constexpr std::size_t k_size_limit = 8 * 1024 * 1024;
constexpr std::size_t k_most_lines = 200'000;
constexpr std::size_t k_longest_line = 1000;
// The year 3000: later is no time of ours.
constexpr std::int64_t k_latest = 32'503'680'000;

/// Operations of two words; all others are one word.
constexpr std::array<std::string_view, 2> k_sessions = {"INSTALL SESSION", "CONFIG SESSION"};

std::optional<InstallEvent> parse_line(std::string_view line) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0 || colon > 12 || line.size() > k_longest_line)
        return std::nullopt;
    const auto epoch = parse_number<std::int64_t>(line.substr(0, colon));
    if (!epoch || *epoch < 0 || *epoch > k_latest) return std::nullopt;
    const auto rest = trim(line.substr(colon + 1));
    if (rest.empty() || !is_printable_ascii(rest)) return std::nullopt;
    InstallEvent event{std::chrono::sys_seconds(std::chrono::seconds(*epoch)), {}, {}};
    for (const auto session : k_sessions) {
        if (rest.starts_with(session) && (rest.size() == session.size() || rest[session.size()] == ' '))
            event.operation = session;
    }
    if (event.operation.empty()) event.operation = rest.substr(0, rest.find(' '));
    event.stage = trim(rest.substr(event.operation.size()));
    return event;
}

bool begins(const InstallEvent& event) {
    return (event.operation == "CONFIGURED" && event.stage == "BEGIN") ||
           (event.operation.ends_with(" SESSION") && event.stage == "START");
}

bool ends(const InstallEvent& event) {
    return (event.operation == "CONFIGURED" && event.stage == "END") ||
           (event.operation.ends_with(" SESSION") && event.stage == "COMPLETE");
}

}  // namespace

Expected<std::vector<InstallEvent>> parse_install_history(std::string_view text, std::string_view name) {
    const auto wrong = [&](std::size_t line, std::string_view why) {
        return failure(ErrorKind::knowledge, fmt::format("{}:{}: {}", name, line, why),
                       "whether an upgrade is running cannot be told from it");
    };
    if (text.size() > k_size_limit) return wrong(0, "larger than 8 MiB");
    std::vector<InstallEvent> events;
    std::size_t number = 0;
    while (!text.empty()) {
        const auto end = text.find('\n');
        if (end == std::string_view::npos) break;
        auto line = text.substr(0, end);
        text.remove_prefix(end + 1);
        if (++number > k_most_lines) return wrong(number, "more than 200000 lines");
        if (trim(line).empty()) continue;
        auto event = parse_line(line);
        if (!event) return wrong(number, fmt::format("{} is no line of a history", quoted(line)));
        events.push_back(std::move(*event));
    }
    return events;
}

InstallState install_state(const std::vector<InstallEvent>& events) {
    InstallState state;
    // By operation: setup runs inside of install.sh's session, or on its own, and each has its own end.
    std::vector<const InstallEvent*> open;
    for (const auto& event : events) {
        if (event.time.time_since_epoch().count() > 0) state.latest = event.time;
        if (begins(event) || ends(event)) {
            std::erase_if(open, [&](const InstallEvent* other) { return other->operation == event.operation; });
        }
        if (begins(event)) open.push_back(&event);
        // What install.sh began is over with it, whatever became of the steps inside.
        if (ends(event) && event.operation == k_sessions.front()) open.clear();
    }
    if (open.empty()) return state;
    state.running = true;
    state.what = open.front()->operation;
    state.since = open.front()->time;
    return state;
}

}  // namespace zmi
