#include <fmt/format.h>
#include <unistd.h>
#include <plugin/helper/helper.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {

using zmi::ErrorKind;
using zmi::Expected;

std::filesystem::path find_program(const std::string& name) {
    for (const auto* folder : {"/usr/sbin", "/usr/bin", "/sbin", "/bin"}) {
        auto path = std::filesystem::path(folder) / name;
        if (::access(path.c_str(), X_OK) == 0) return path;
    }
    return {};
}

std::filesystem::path own_program() {
    std::error_code code;
    return std::filesystem::read_symlink("/proc/self/exe", code);
}

std::map<std::string, std::string> helper_environment() {
    return {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}, {"LC_ALL", "C"}};
}

zmi::Command helper_command(const std::string& name, std::vector<std::string> arguments,
                            std::chrono::seconds deadline) {
    zmi::Command command;
    command.program = find_program(name);
    command.arguments = std::move(arguments);
    command.environment = helper_environment();
    command.deadline = deadline;
    return command;
}

std::string complaint(const zmi::Outcome& outcome) {
    const auto& text = outcome.err.empty() ? outcome.out : outcome.err;
    std::string result;
    std::size_t count = 0;
    for (const auto line : zmi::split_lines(text)) {
        if (line.empty() || ++count > 3) continue;
        if (!result.empty()) result += " / ";
        for (const char c : line.substr(0, 200)) result += (c >= 0x20 && c < 0x7f) ? c : '?';
    }
    return result.empty() ? "it says nothing" : result;
}

Expected<void> namespaces_permitted(zmi::ProcessRunner& runner) {
    const auto command =
        helper_command("unshare", {"-r", "-n", "--", find_program("true").string()}, std::chrono::seconds(10));
    if (command.program.empty()) return zmi::failure(ErrorKind::program, "unshare (util-linux) is not installed");
    const auto outcome = runner.run(command);
    if (!outcome) return tl::unexpected(outcome.error());
    if (outcome->ok()) return {};
    return zmi::failure(ErrorKind::program,
                        fmt::format("user and network namespaces are not permitted here ({})", complaint(*outcome)));
}

}  // namespace zmfw
