#include <zmintegration/local/upgrade_wait.hpp>

#include <fmt/format.h>
#include <sys/stat.h>
#include <algorithm>
#include <array>
#include <fstream>
#include <zmintegration/support/file.hpp>
#include <zmintegration/support/text.hpp>

namespace zmi {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr seconds k_trusted_age = std::chrono::hours(1);
constexpr seconds k_clock_slack{300};
constexpr seconds k_between_looks{15};
constexpr std::size_t k_history_limit = 8 * 1024 * 1024;
constexpr std::size_t k_file_limit = 4 * 1024 * 1024;
constexpr std::size_t k_most_files = 2000;

/// See "What an upgrade leaves behind" of the reference: folders with all their files, and files.
constexpr std::array<std::string_view, 2> k_shipped_folders = {"conf/nginx/templates", "conf/attrs"};
constexpr std::array<std::string_view, 4> k_shipped_files = {"common/conf/master.cf.in", "mailboxd/etc/jetty.xml.in",
                                                             "conf/zmconfigd.cf", ".platform"};
constexpr std::array<std::string_view, 4> k_installers = {"install.sh", "zmsetup.pl", "zmpatch.pl", "zmupgrade.pm"};

std::vector<std::string> shipped_paths(const fs::path& home) {
    std::vector<std::string> paths;
    for (const auto folder : k_shipped_folders) {
        std::error_code code;
        for (auto at = fs::directory_iterator(home / folder, code); !code && at != fs::directory_iterator();
             at.increment(code)) {
            const auto name = at->path().filename().string();
            std::error_code ignored;
            // A name that is no plain text is none that a package brings.
            if (is_printable_ascii(name) && at->is_regular_file(ignored) && paths.size() < k_most_files)
                paths.push_back(fmt::format("{}/{}", folder, name));
        }
    }
    paths.insert(paths.end(), k_shipped_files.begin(), k_shipped_files.end());
    return paths;
}

std::optional<sys_seconds> changed_at(const fs::path& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return std::nullopt;
    // A package keeps its own modification times; when the inode changed is when it was put there.
    return sys_seconds(seconds(std::max(status.st_mtime, status.st_ctime)));
}

/// The word of a command line that names an installer: a shell or perl runs it.
std::string installer_in(const std::string& command_line) {
    std::size_t words = 0;
    for (const auto word : split(command_line, '\0')) {
        const auto name = fs::path(std::string(word)).filename().string();
        if (std::find(k_installers.begin(), k_installers.end(), name) != k_installers.end()) return name;
        if (++words == 3) break;
    }
    return {};
}

std::string find_installer(const fs::path& proc) {
    std::error_code code;
    for (auto at = fs::directory_iterator(proc, code); !code && at != fs::directory_iterator(); at.increment(code)) {
        const auto name = at->path().filename().string();
        if (name.empty() || name.find_first_not_of("0123456789") != std::string::npos) continue;
        std::ifstream file(at->path() / "cmdline", std::ios::binary);
        std::string text(4096, '\0');
        file.read(text.data(), static_cast<std::streamsize>(text.size()));
        text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
        if (auto installer = installer_in(text); !installer.empty()) return installer;
    }
    return {};
}

std::string minutes(seconds time) {
    return fmt::format("{} min", std::max<std::int64_t>(time.count() / 60, 0));
}

}  // namespace

UpgradeSigns read_upgrade_signs(const fs::path& zimbra_home, const fs::path& system_root) {
    UpgradeSigns signs;
    const auto path = zimbra_home / ".install_history";
    std::error_code code;
    if (fs::exists(path, code) || code) {
        const auto events = read_file(path, k_history_limit).and_then([&](const std::string& text) {
            return parse_install_history(text, path.string());
        });
        if (events) {
            signs.install = install_state(*events);
        } else {
            signs.problem = events.error().what;
        }
    }
    signs.installer = find_installer(system_root / "proc");
    signs.latest_change = changed_at(path);
    for (const auto& shipped : shipped_paths(zimbra_home)) {
        const auto changed = changed_at(zimbra_home / shipped);
        if (changed && (!signs.latest_change || *changed > *signs.latest_change)) signs.latest_change = changed;
    }
    return signs;
}

std::map<std::string, std::string> read_shipped_files(const fs::path& zimbra_home) {
    std::map<std::string, std::string> files;
    for (const auto& path : shipped_paths(zimbra_home)) {
        if (auto text = read_file(zimbra_home / path, k_file_limit)) files[path] = std::move(*text);
    }
    return files;
}

Standing judge_upgrade(const UpgradeSigns& signs, sys_seconds now, seconds settle) {
    using Is = Standing::Is;
    Standing standing;
    if (!signs.problem.empty())
        standing.warning =
            fmt::format("{}; whether an upgrade is at work is told from processes and files", signs.problem);
    if (signs.install.running) {
        const auto age = signs.install.latest ? now - *signs.install.latest : k_trusted_age;
        const bool recent = age < k_trusted_age && age > -k_clock_slack;
        if (recent || !signs.installer.empty()) {
            const auto since = signs.install.since->time_since_epoch().count() == 0
                                   ? std::string("a time that is not known")
                                   : to_rfc3339(*signs.install.since);
            return {Is::running,
                    fmt::format("an upgrade is running: {} began at {} and has not ended", signs.install.what, since),
                    standing.warning};
        }
        standing.warning = fmt::format(
            "{} began and never ended, its last line is {} and no installer runs: taken for one that died",
            signs.install.what, signs.install.latest ? minutes(age) + " old" : std::string("of no known time"));
    } else if (!signs.installer.empty()) {
        return {Is::running, fmt::format("{} is running", signs.installer), standing.warning};
    }
    if (signs.latest_change) {
        const auto age = now - *signs.latest_change;
        if (age < settle && age > -k_clock_slack) {
            standing.is = Is::settling;
            standing.why = fmt::format("files of the installation changed {} s ago", age.count());
        }
    }
    return standing;
}

Expected<void> wait_for_calm(const WaitSeams& seams, seconds limit, seconds settle) {
    const auto begin = seams.clock.now();
    std::string told;
    for (;;) {
        const auto standing = judge_upgrade(seams.look(), seams.clock.now(), settle);
        const bool running = standing.is == Standing::Is::running;
        if (standing.is == Standing::Is::calm || (limit.count() == 0 && !running)) {
            if (!standing.warning.empty()) seams.tell("warning: " + standing.warning);
            return {};
        }
        if (limit.count() == 0) {
            return failure(ErrorKind::knowledge, standing.why,
                           "what it shows meanwhile is not what it will be: run again after it, or with --wait");
        }
        if (seams.clock.now() - begin >= limit) {
            return failure(ErrorKind::knowledge, fmt::format("after {}: {}", minutes(limit), standing.why),
                           "finish the upgrade (zmsetup.pl), then run again");
        }
        // What settles counts its seconds; that is told once.
        const auto news = running ? standing.why : std::string("waiting for the installation to settle");
        if (news != told) seams.tell(running ? news + "; waiting" : news);
        told = news;
        seams.pause(std::min(k_between_looks, std::max(seconds(1), limit)));
    }
}

}  // namespace zmi
