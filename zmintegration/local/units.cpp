#include <zmintegration/local/units.hpp>

#include <fmt/format.h>
#include <algorithm>
#include <zmintegration/local/system_program.hpp>
#include <zmintegration/support/text.hpp>

namespace zmi {
namespace {

constexpr std::chrono::milliseconds k_deadline{20'000};

/// systemctl takes patterns and options as well, which would give other answers than one a unit.
bool is_unit_name(std::string_view name) {
    constexpr std::size_t k_longest = 255;
    if (name.empty() || name.size() > k_longest || name.front() == '-') return false;
    return name.find('.') != std::string_view::npos && std::all_of(name.begin(), name.end(), [](char c) {
               const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
               return letter || std::string_view(":-_.@\\").find(c) != std::string_view::npos;
           });
}

using Block = std::map<std::string, std::string, std::less<>>;

std::vector<Block> blocks_of(std::string_view text) {
    std::vector<Block> blocks;
    bool open = false;
    for (const auto line : split_lines(text)) {
        if (trim(line).empty()) {
            open = false;
            continue;
        }
        if (!open) blocks.emplace_back();
        open = true;
        const auto equals = std::min(line.find('='), line.size());
        blocks.back().emplace(line.substr(0, equals), trim(line.substr(std::min(equals + 1, line.size()))));
    }
    return blocks;
}

std::string_view value(const Block& block, std::string_view name) {
    const auto at = block.find(name);
    return at == block.end() ? std::string_view() : std::string_view(at->second);
}

/// Empty where systemd does not call it so.
std::string_view state_of(const Block& block) {
    const auto load = value(block, "LoadState");
    const auto active = value(block, "ActiveState");
    if (load.empty() || active.empty()) return {};
    for (const auto name : {"active", "reloading", "activating", "deactivating", "refreshing"}) {
        if (active == name) return "active";
    }
    if (load == "not-found") return "absent";
    if (active == "failed") return "failed";
    if (active == "inactive" || active == "maintenance") return "inactive";
    return {};
}

}  // namespace

Expected<UnitStates> parse_unit_states(std::string_view text, const std::vector<std::string>& units) {
    const auto blocks = blocks_of(text);
    if (blocks.size() != units.size()) {
        return failure(ErrorKind::knowledge,
                       fmt::format("{} units were asked for, and {} answered", units.size(), blocks.size()));
    }
    UnitStates states;
    for (std::size_t i = 0; i < units.size(); ++i) {
        const auto state = state_of(blocks[i]);
        if (state.empty() || value(blocks[i], "Id").empty()) {
            return failure(ErrorKind::knowledge, fmt::format("the state of {} is not told", units[i]));
        }
        states.emplace(units[i], state);
    }
    return states;
}

SystemUnits read_units(const std::filesystem::path& system_root, const std::set<std::string, std::less<>>& units,
                       ProcessRunner& processes) {
    SystemUnits found;
    Command command;
    command.program = system_program(system_root, "systemctl");
    found.path = command.program.empty() ? "systemctl" : command.program.string();
    if (command.program.empty()) {
        found.problem = "systemctl is not there";
        return found;
    }
    const std::vector<std::string> names(units.begin(), units.end());
    for (const auto& name : names) {
        if (!is_unit_name(name)) found.problem = zmi::quoted(name) + " is no name of a unit";
    }
    if (!found.problem.empty() || names.empty()) return found;
    command.arguments = {"show", "--no-pager", "-p", "Id,LoadState,ActiveState", "--"};
    command.arguments.insert(command.arguments.end(), names.begin(), names.end());
    command.environment = system_environment();
    command.deadline = k_deadline;
    const auto outcome = processes.run(command);
    if (!outcome || !outcome->ok()) {
        found.problem = fmt::format("systemctl show: {}", outcome ? outcome->describe(command) : outcome.error().what);
        return found;
    }
    auto states = parse_unit_states(outcome->out, names);
    if (states) {
        found.states = std::move(*states);
    } else {
        found.problem = "systemctl show: " + states.error().what;
    }
    return found;
}

}  // namespace zmi
