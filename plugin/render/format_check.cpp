#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <plugin/render/format_check.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

using zmi::ErrorKind;
using zmi::Expected;

/// The first lines of what a program complained of.
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

Expected<void> check_file(const FormatCheck& check, const std::filesystem::path& program, const RenderedFile& file,
                          zmi::ProcessRunner& runner) {
    zmi::Command command;
    command.program = program;
    command.arguments = check.arguments;
    if (check.network_namespace) {
        command.program = find_program("unshare");
        command.arguments = {"-r", "-n", "--", program.string()};
        command.arguments.insert(command.arguments.end(), check.arguments.begin(), check.arguments.end());
    }
    command.environment = helper_environment();
    command.stdin_text = file.content;
    command.deadline = std::chrono::seconds(20);
    const auto outcome = runner.run(command);
    if (!outcome) return tl::unexpected(outcome.error());
    if (outcome->ok()) return {};
    if (outcome->end != zmi::Outcome::End::exited) {
        return zmi::failure(ErrorKind::program,
                            fmt::format("{} on {}: {}", program.string(), file.name, outcome->describe(command)));
    }
    return zmi::failure(ErrorKind::data,
                        fmt::format("{} refuses {}: {}", program.string(), file.name, complaint(*outcome)));
}

}  // namespace

std::filesystem::path find_program(const std::string& name) {
    for (const auto* folder : {"/usr/sbin", "/usr/bin", "/sbin", "/bin"}) {
        auto path = std::filesystem::path(folder) / name;
        if (::access(path.c_str(), X_OK) == 0) return path;
    }
    return {};
}

std::map<std::string, std::string> helper_environment() {
    return {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}, {"LC_ALL", "C"}};
}

Expected<void> namespaces_permitted(zmi::ProcessRunner& runner) {
    zmi::Command command;
    command.program = find_program("unshare");
    if (command.program.empty()) return zmi::failure(ErrorKind::program, "unshare (util-linux) is not installed");
    const auto nothing = find_program("true");
    command.arguments = {"-r", "-n", "--", nothing.string()};
    command.environment = helper_environment();
    command.deadline = std::chrono::seconds(10);
    const auto outcome = runner.run(command);
    if (!outcome) return tl::unexpected(outcome.error());
    if (outcome->ok()) return {};
    return zmi::failure(ErrorKind::program,
                        fmt::format("user and network namespaces are not permitted here ({})", complaint(*outcome)));
}

Expected<CheckReport> check_output(const Format& format, const std::vector<RenderedFile>& files,
                                   zmi::ProcessRunner& runner) {
    CheckReport report;
    for (const auto& check : format.checks) {
        const auto program = find_program(check.program);
        if (program.empty()) {
            report.skipped.push_back(fmt::format("{} is not installed", check.program));
            continue;
        }
        if (check.network_namespace) {
            if (const auto permitted = namespaces_permitted(runner); !permitted) {
                report.skipped.push_back(permitted.error().what);
                continue;
            }
        }
        for (const auto& file : files) {
            if (file.source != check.source) continue;
            if (auto checked = check_file(check, program, file, runner); !checked) {
                return tl::unexpected(std::move(checked).error());
            }
            ++report.checked;
        }
    }
    return report;
}

}  // namespace zmfw
