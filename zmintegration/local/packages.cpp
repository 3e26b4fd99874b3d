#include <zmintegration/local/packages.hpp>

#include <fmt/format.h>
#include <algorithm>
#include <optional>
#include <zmintegration/facts/inventory.hpp>
#include <zmintegration/local/system_program.hpp>
#include <zmintegration/support/file.hpp>
#include <zmintegration/support/text.hpp>

namespace zmi {
namespace {

constexpr std::size_t k_status_limit = 128 * 1024 * 1024;
constexpr std::chrono::milliseconds k_rpm_deadline{30'000};

bool is_package_name(std::string_view name) {
    constexpr std::size_t k_longest = 200;
    return !name.empty() && name.size() <= k_longest && std::all_of(name.begin(), name.end(), [](char c) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        return letter || std::string_view("+-._~").find(c) != std::string_view::npos;
    });
}

/// One package of a status file, as far as it was read.
struct Stanza {
    std::string_view package;
    std::string_view status;
    int line = 0;  ///< where it begins; 0: nothing was read

    [[nodiscard]] bool installed() const {
        const auto words = split_words(status);
        if (words.size() != 3) return false;
        return words[2] == "installed" || words[2] == "unpacked" || words[2] == "half-configured" ||
               words[2] == "triggers-awaited" || words[2] == "triggers-pending";
    }
};

tl::unexpected<Error> odd(const std::string& path, int line, std::string_view what) {
    return failure(ErrorKind::knowledge, fmt::format("{}:{}: {}", path, line, what),
                   "see dpkg --audit: the package database is damaged");
}

/// Adds the package where it is installed; an error where it is none.
Expected<void> finish(Stanza& stanza, const std::string& path, PackageNames& into) {
    if (stanza.line == 0) return {};
    if (!is_package_name(stanza.package)) return odd(path, stanza.line, "a package without a name");
    if (split_words(stanza.status).size() != 3) return odd(path, stanza.line, "a package without a status");
    if (stanza.installed()) into.emplace(stanza.package);
    stanza = {};
    return {};
}

/// The value of a "Field: value" line of the name.
std::optional<std::string_view> field(std::string_view line, std::string_view name) {
    if (line.size() <= name.size() || !equal_ignoring_case(line.substr(0, name.size()), name)) return std::nullopt;
    if (line[name.size()] != ':') return std::nullopt;
    return trim(line.substr(name.size() + 1));
}

/// Asks rpm, where this system has it.
void add_rpm(const std::filesystem::path& program, ProcessRunner& processes, InstalledPackages& found) {
    Command command;
    command.program = program;
    command.arguments = {"-qa", "--qf", "%{NAME}\\n"};
    command.environment = system_environment();
    command.deadline = k_rpm_deadline;
    found.path = program.string();
    const auto outcome = processes.run(command);
    if (!outcome || !outcome->ok()) {
        found.problem =
            fmt::format("{} -qa: {}", program.string(), outcome ? outcome->describe(command) : outcome.error().what);
        return;
    }
    auto names = parse_rpm_names(outcome->out);
    if (names) {
        found.names.merge(*names);
    } else {
        found.problem = fmt::format("{} -qa: {}", program.string(), names.error().what);
    }
}

}  // namespace

Expected<PackageNames> parse_dpkg_status(std::string_view text, const std::string& path) {
    PackageNames found;
    Stanza stanza;
    int number = 0;
    if (!text.empty() && text.back() != '\n') return odd(path, 1, "the last line is cut off");
    for (const auto line : split_lines(text)) {
        ++number;
        if (trim(line).empty()) {
            if (auto done = finish(stanza, path, found); !done) return tl::unexpected(std::move(done.error()));
            continue;
        }
        if (stanza.line == 0) stanza.line = number;
        if (line.front() == ' ' || line.front() == '\t') continue;
        if (line.find(':') == std::string_view::npos) return odd(path, number, "a line that is no field");
        if (const auto name = field(line, "Package")) stanza.package = *name;
        if (const auto status = field(line, "Status")) stanza.status = *status;
    }
    if (auto done = finish(stanza, path, found); !done) return tl::unexpected(std::move(done.error()));
    return found;
}

Expected<PackageNames> parse_rpm_names(std::string_view text) {
    PackageNames found;
    for (const auto line : split_lines(text)) {
        const auto name = trim(line);
        if (name.empty()) continue;
        if (!is_package_name(name)) return failure(ErrorKind::knowledge, quoted(name) + " is no name of a package");
        found.emplace(name);
    }
    return found;
}

InstalledPackages read_packages(const std::filesystem::path& system_root, std::string_view core,
                                ProcessRunner& processes) {
    InstalledPackages found;
    const auto status = system_root / "var/lib/dpkg/status";
    found.path = status.string();
    std::error_code code;
    const bool dpkg = std::filesystem::exists(status, code);
    if (code) {
        found.problem = fmt::format("{}: {}", found.path, code.message());
        return found;
    }
    if (dpkg) {
        const auto text = read_file(status, k_status_limit);
        auto names = text ? parse_dpkg_status(*text, found.path) : tl::unexpected(text.error());
        if (!names) {
            found.problem = names.error().what;
            return found;
        }
        found.names = std::move(*names);
        if (found.names.contains(core)) return found;
    }
    const auto rpm = system_program(system_root, "rpm");
    if (!rpm.empty()) {
        add_rpm(rpm, processes, found);
    } else if (!dpkg) {
        found.problem = fmt::format("neither {} nor rpm is there", found.path);
    }
    return found;
}

}  // namespace zmi
