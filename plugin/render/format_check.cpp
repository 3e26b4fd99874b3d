#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <plugin/render/format_check.hpp>
#include <zmintegration/support/file.hpp>
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

constexpr std::string_view k_file = "{file}";
constexpr std::string_view k_format = "{format}";

bool reads_folder(const FormatCheck& check) {
    return std::any_of(check.arguments.begin(), check.arguments.end(),
                       [](const auto& argument) { return argument.find(k_file) != std::string::npos; });
}

/// All outputs in a folder of their own, for programs that read more than one; gone with this object.
class OutputFolder {
public:
    OutputFolder() = default;
    OutputFolder(const OutputFolder&) = delete;
    OutputFolder& operator=(const OutputFolder&) = delete;
    ~OutputFolder() {
        std::error_code ignored;
        if (!m_path.empty()) std::filesystem::remove_all(m_path, ignored);
    }

    Expected<void> fill(const std::vector<RenderedFile>& files) {
        if (!m_path.empty()) return {};
        std::string path = "/tmp/zmfirewall-check-XXXXXX";
        if (::mkdtemp(path.data()) == nullptr) {
            return zmi::failure(ErrorKind::program, "cannot make a folder in /tmp for the check");
        }
        m_path = path;
        std::vector<zmi::FileToWrite> writes;
        for (const auto& file : files) writes.push_back({m_path / file.name, file.content, file.mode});
        return zmi::write_files_atomically(writes);
    }
    [[nodiscard]] const std::filesystem::path& path() const { return m_path; }

private:
    std::filesystem::path m_path;
};

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
    const auto program = find_program(check.program);
    zmi::Command command;
    command.program = program;
    command.arguments = arguments_on(check, std::filesystem::absolute(format.folder), folder / file.name);
    if (check.network_namespace) {
        command.program = find_program("unshare");
        command.arguments.insert(command.arguments.begin(), {"-r", "-n", "--", program.string()});
    }
    command.environment = helper_environment();
    if (!reads_folder(check)) command.stdin_text = file.content;
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
    OutputFolder folder;
    for (const auto& check : format.checks) {
        if (auto why = obstacle(check, runner); !why.empty()) {
            report.skipped.push_back(std::move(why));
            continue;
        }
        if (reads_folder(check)) {
            if (auto filled = folder.fill(files); !filled) return tl::unexpected(std::move(filled).error());
        }
        for (const auto& file : files) {
            if (file.source != check.source) continue;
            auto checked = check_file(format, check, file, folder.path(), runner);
            if (!checked) return tl::unexpected(std::move(checked).error());
            ++report.checked;
        }
    }
    return report;
}

}  // namespace zmfw
