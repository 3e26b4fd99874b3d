#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <plugin/helper/helper.hpp>
#include <plugin/helper/temporary_folder.hpp>
#include <plugin/render/format_check.hpp>
#include <zmintegration/support/file.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

using zmi::ErrorKind;
using zmi::Expected;

constexpr std::string_view k_file = "{file}";
constexpr std::string_view k_format = "{format}";

bool reads_folder(const FormatCheck& check) {
    return std::any_of(check.arguments.begin(), check.arguments.end(),
                       [](const auto& argument) { return argument.find(k_file) != std::string::npos; });
}

/// All outputs, for programs that read more than one.
Expected<void> fill(std::optional<TemporaryFolder>& folder, const std::vector<RenderedFile>& files) {
    if (folder) return {};
    folder.emplace();
    if (folder->path().empty()) return zmi::failure(ErrorKind::program, "cannot make a folder in /tmp for the check");
    std::vector<zmi::FileToWrite> writes;
    for (const auto& file : files) writes.push_back({folder->path() / file.name, file.content, file.mode});
    return zmi::write_files_atomically(writes);
}

void replace_word(std::string& text, std::string_view word, const std::filesystem::path& path) {
    const auto at = text.find(word);
    if (at != std::string::npos) text.replace(at, word.size(), path.string());
}

/// The arguments of a check on one output in the folder.
std::vector<std::string> arguments_on(const FormatCheck& check, const std::filesystem::path& format,
                                      const std::filesystem::path& file) {
    auto arguments = check.arguments;
    for (auto& argument : arguments) {
        replace_word(argument, k_format, format);
        replace_word(argument, k_file, file);
    }
    return arguments;
}

Expected<void> check_file(const Format& format, const FormatCheck& check, const RenderedFile& file,
                          const std::filesystem::path& folder, zmi::ProcessRunner& runner) {
    auto command =
        helper_command(check.program, arguments_on(check, std::filesystem::absolute(format.folder), folder / file.name),
                       std::chrono::seconds(20));
    const auto program = command.program;
    if (check.network_namespace) {
        command.program = find_program("unshare");
        command.arguments.insert(command.arguments.begin(), {"-r", "-n", "--", program.string()});
    }
    if (!reads_folder(check)) command.stdin_text = file.content;
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

/// Why a check cannot be made here; empty if it can.
std::string obstacle(const FormatCheck& check, zmi::ProcessRunner& runner) {
    auto programs = check.needs;
    programs.insert(programs.begin(), check.program);
    for (const auto& program : programs) {
        if (find_program(program).empty()) return fmt::format("{} is not installed", program);
    }
    if (!check.network_namespace) return {};
    const auto permitted = namespaces_permitted(runner);
    return permitted ? std::string() : permitted.error().what;
}

}  // namespace

Expected<CheckReport> check_output(const Format& format, const std::vector<RenderedFile>& files,
                                   zmi::ProcessRunner& runner) {
    CheckReport report;
    std::optional<TemporaryFolder> folder;
    for (const auto& check : format.checks) {
        if (auto why = obstacle(check, runner); !why.empty()) {
            report.skipped.push_back(std::move(why));
            continue;
        }
        if (reads_folder(check)) {
            if (auto filled = fill(folder, files); !filled) return tl::unexpected(std::move(filled).error());
        }
        for (const auto& file : files) {
            if (file.source != check.source) continue;
            auto checked = check_file(format, check, file, folder ? folder->path() : std::filesystem::path(), runner);
            if (!checked) return tl::unexpected(std::move(checked).error());
            ++report.checked;
        }
    }
    return report;
}

}  // namespace zmfw
