#include <zmintegration/local/upgrade_wait.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
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
constexpr std::array<std::string_view, 5> k_shipped_files = {"common/conf/master.cf.in", "mailboxd/etc/jetty.xml.in",
                                                             "conf/zmconfigd.cf", ".platform", ".version"};
using Names = std::vector<std::string_view>;
const Names k_zimbra_installers = {"install.sh", "zmsetup.pl", "zmpatch.pl", "zmupgrade.pm"};
/// Carbonio is upgraded by the package manager, and set up by scripts that packages leave behind.
const Names k_carbonio_installers = {
    "pending-setups", "carbonio-bootstrap", "apt", "apt-get", "aptitude", "dpkg", "dnf", "yum"};
constexpr std::string_view k_pending = "etc/zextras/pending-setups.d";
/// Below the system root: what a package manager touches last, and what a setup that was run changes.
constexpr std::array<std::string_view, 6> k_package_files = {"var/lib/dpkg/status",
                                                             "var/lib/rpm/rpmdb.sqlite",
                                                             "var/lib/rpm/Packages",
                                                             "usr/lib/sysimage/rpm/rpmdb.sqlite",
                                                             "etc/zextras/pending-setups.d/done",
                                                             "etc/zextras/service-discover"};
// An administrator may run them after a night's sleep, or never.
constexpr seconds k_pending_age = std::chrono::hours(24);
constexpr std::size_t k_most_told = 5;

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

bool runs_scripts(const std::string& name) {
    constexpr std::array<std::string_view, 5> k_interpreters = {"sh", "bash", "dash", "perl", "env"};
    return name.starts_with("python") ||
           std::find(k_interpreters.begin(), k_interpreters.end(), name) != k_interpreters.end();
}

/// The program of a command line, where it is an installer: a shell, perl or python may run it. What it is about is
/// not looked at: somebody reads /var/lib/dpkg.
std::string installer_in(const std::string& command_line, const Names& installers) {
    std::size_t words = 0;
    for (const auto word : split(command_line, '\0')) {
        const auto name = fs::path(std::string(word)).filename().string();
        if (std::find(installers.begin(), installers.end(), name) != installers.end()) return name;
        if (++words == 4 || (!word.starts_with('-') && !runs_scripts(name))) break;
    }
    return {};
}

std::string find_installer(const fs::path& proc, const Names& installers) {
    std::error_code code;
    for (auto at = fs::directory_iterator(proc, code); !code && at != fs::directory_iterator(); at.increment(code)) {
        const auto name = at->path().filename().string();
        if (name.empty() || name.find_first_not_of("0123456789") != std::string::npos) continue;
        std::ifstream file(at->path() / "cmdline", std::ios::binary);
        std::string text(4096, '\0');
        file.read(text.data(), static_cast<std::streamsize>(text.size()));
        text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
        if (auto installer = installer_in(text, installers); !installer.empty()) return installer;
    }
    return {};
}

std::string minutes(seconds time) {
    return fmt::format("{} min", std::max<std::int64_t>(time.count() / 60, 0));
}

void keep_latest(const fs::path& path, std::optional<sys_seconds>& latest) {
    const auto changed = changed_at(path);
    if (changed && (!latest || *changed > *latest)) latest = changed;
}

void read_history(const fs::path& path, UpgradeSigns& signs) {
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
    keep_latest(path, signs.latest_change);
}

/// Each script waits there until it was run, and is moved to done/ then.
void read_pending(const fs::path& folder, UpgradeSigns& signs) {
    std::error_code code;
    for (auto at = fs::directory_iterator(folder, code); !code && at != fs::directory_iterator(); at.increment(code)) {
        const auto name = at->path().filename().string();
        std::error_code ignored;
        if (!name.ends_with(".sh") || !at->is_regular_file(ignored) || signs.pending.size() >= k_most_files) continue;
        signs.pending.push_back(is_printable_ascii(name) ? name : zmi::quoted(name));
        keep_latest(at->path(), signs.pending_since);
    }
    std::sort(signs.pending.begin(), signs.pending.end());
    const bool absent = code == std::errc::no_such_file_or_directory || code == std::errc::not_a_directory;
    if (code && !absent) signs.problem = fmt::format("{}: {}", folder.string(), code.message());
}

std::string told(const std::vector<std::string>& names) {
    const auto shown = std::min(names.size(), k_most_told);
    auto text = fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
    if (names.size() > shown) text += fmt::format(" and {} more", names.size() - shown);
    return text;
}

std::string joined(const std::string& first, const std::string& second) {
    return first.empty() || second.empty() ? first + second : first + "; " + second;
}

/// True where setups are pending that somebody will still run; those of long ago are a warning.
bool waits_for_setup(const UpgradeSigns& signs, sys_seconds now, Standing& standing) {
    if (signs.pending.empty()) return false;
    const auto age = signs.pending_since ? now - *signs.pending_since : seconds(0);
    const auto names = told(signs.pending);
    if (age < k_pending_age && age > -k_clock_slack) {
        standing.is = Standing::Is::running;
        standing.why = "setup is pending: " + names;
        standing.fix = "as root: pending-setups -a; then run again";
        return true;
    }
    standing.warning =
        joined(standing.warning, fmt::format("setup has been pending since {}: {}; what it would set up is not known "
                                             "here before pending-setups -a has run as root",
                                             to_rfc3339(*signs.pending_since), names));
    return false;
}

}  // namespace

UpgradeSigns read_upgrade_signs(const Product& product, const fs::path& system_root) {
    UpgradeSigns signs;
    const bool carbonio = product.family == ProductFamily::carbonio;
    if (carbonio) {
        read_pending(system_root / k_pending, signs);
        for (const auto path : k_package_files) keep_latest(system_root / path, signs.latest_change);
    } else {
        read_history(product.home / ".install_history", signs);
    }
    signs.installer = find_installer(system_root / "proc", carbonio ? k_carbonio_installers : k_zimbra_installers);
    for (const auto& shipped : shipped_paths(product.home)) keep_latest(product.home / shipped, signs.latest_change);
    return signs;
}

std::map<std::string, std::string> read_shipped_files(const fs::path& home) {
    std::map<std::string, std::string> files;
    for (const auto& path : shipped_paths(home)) {
        if (auto text = read_file(home / path, k_file_limit)) files[path] = std::move(*text);
    }
    return files;
}

Standing judge_upgrade(const UpgradeSigns& signs, sys_seconds now, seconds settle) {
    using Is = Standing::Is;
    Standing standing;
    standing.fix = "finish the upgrade, then run again";
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
                    standing.warning, "finish the upgrade (zmsetup.pl), then run again"};
        }
        standing.warning = fmt::format(
            "{} began and never ended, its last line is {} and no installer runs: taken for one that died",
            signs.install.what, signs.install.latest ? minutes(age) + " old" : std::string("of no known time"));
    } else if (!signs.installer.empty()) {
        return {Is::running, fmt::format("{} is running", signs.installer), standing.warning, standing.fix};
    }
    if (waits_for_setup(signs, now, standing)) return standing;
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
            return failure(
                ErrorKind::knowledge, standing.why,
                fmt::format("{}, or with --wait: what it shows meanwhile is not what it will be", standing.fix));
        }
        if (seams.clock.now() - begin >= limit) {
            return failure(ErrorKind::knowledge, fmt::format("after {}: {}", minutes(limit), standing.why),
                           standing.fix);
        }
        // What settles counts its seconds; that is told once.
        const auto news = running ? standing.why : std::string("waiting for the installation to settle");
        if (news != told) seams.tell(running ? news + "; waiting" : news);
        told = news;
        seams.pause(std::min(k_between_looks, std::max(seconds(1), limit)));
    }
}

}  // namespace zmi
