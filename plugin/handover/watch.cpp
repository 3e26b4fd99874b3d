#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <plugin/handover/kernel_rules.hpp>
#include <plugin/handover/persist.hpp>
#include <plugin/handover/trusted.hpp>
#include <plugin/handover/watch.hpp>
#include <plugin/helper/helper.hpp>
#include <zmintegration/support/file.hpp>
#include <zmintegration/support/file_lock.hpp>

namespace zmfw {
namespace {

namespace fs = std::filesystem;
using zmi::ErrorKind;
using zmi::Expected;

constexpr int k_steps_a_second = 5;
constexpr int k_start_seconds = 10;
constexpr int k_lock_seconds = 15;
constexpr int k_attempts = 300;

void pause_a_step() {
    ::usleep(1'000'000 / k_steps_a_second);
}

/// What only a process that nobody waits for may do: it must not return.
[[noreturn]] void become_watcher(const char* const* arguments) {
    ::setsid();
    // A second time, so that no terminal is ever ours and nobody waits for us.
    if (::fork() != 0) ::_exit(0);
    for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU}) ::signal(signal, SIG_IGN);
    if (::chdir("/") != 0) ::_exit(126);
    const int nothing = ::open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; ++fd) ::dup2(nothing, fd);
    for (int fd = 3; fd < 4096; ++fd) ::close(fd);
    static const std::array<const char*, 3> k_environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", nullptr};
    ::execve(arguments[0], const_cast<char* const*>(arguments), const_cast<char* const*>(k_environment.data()));
    ::_exit(127);
}

std::vector<std::string> watcher_command(const Places& places, const Pending& pending) {
    return {own_program().string(), "--system-root", places.root.string(),
            "watch-inside",         pending.token,   std::to_string(pending.pid)};
}

Expected<void> start_detached(const std::vector<std::string>& command) {
    std::vector<const char*> arguments;
    for (const auto& word : command) arguments.push_back(word.c_str());
    arguments.push_back(nullptr);
    const auto child = ::fork();
    if (child == 0) become_watcher(arguments.data());
    if (child < 0) return zmi::failure(ErrorKind::program, fmt::format("cannot fork: {}", std::strerror(errno)));
    while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
    return {};
}

bool start_as_unit(const Pending& pending, const std::vector<std::string>& watcher, zmi::ProcessRunner& runner) {
    // Killed or broken, it starts again: the rules are pending as long as the file says so.
    std::vector<std::string> arguments = {"--quiet",
                                          "--collect",
                                          "--unit=zmfirewall-watch-" + pending.token,
                                          "--property=Restart=on-failure",
                                          "--property=RestartSec=1",
                                          "--"};
    arguments.insert(arguments.end(), watcher.begin(), watcher.end());
    const auto command = helper_command("systemd-run", std::move(arguments), std::chrono::seconds(k_start_seconds));
    if (command.program.empty()) return false;
    const auto outcome = runner.run(command);
    return outcome && outcome->ok();
}

bool is_watching(const Places& places, const Pending& pending) {
    const auto text = read_untrusted_file(places.watching(), 100);
    return text && *text == pending.token;
}

bool is_alive(const Pending& pending) {
    return pending.boot == boot_id() && pending.pid_start != 0 && start_of(pending.pid) == pending.pid_start;
}

Expected<void> bring_back_rules(const Places& places, const Pending& pending, zmi::ProcessRunner& runner) {
    KernelRules kernel(pending.format, runner);
    const auto rules = places.folder / pending.rules();
    end_left_programs(places, pending);
    if (pending.format == "nftables") {
        if (kernel.bring_back(rules / "before.nft")) return {};
    }
    // Better the rules confirmed last, or none, than some that nobody has confirmed.
    if (!pending.previous.empty() && kernel.load(places.folder / pending.previous)) return {};
    return kernel.unload(rules, true);
}

/// Why the pending rules are to be taken back; empty where they are settled. `pending` is as it was last.
std::string wait_for_the_end(const Places& places, Pending& pending) {
    for (;; pause_a_step()) {
        // A file that has become unreadable changes nothing of what we know.
        if (const auto now = read_pending(places); now) {
            if (!*now || (*now)->token != pending.token) return {};
            pending = **now;
        }
        if (!pending.loaded && !is_alive(pending)) return "apply died while it loaded the rules";
        if (seconds_since_boot() < pending.deadline) continue;
        return pending.loaded ? fmt::format("not confirmed within {} seconds", pending.timeout)
                              : "the rules took too long to load";
    }
}

/// Again and again until it works: nobody else is there to do it.
void take_back(const Places& places, const Pending& pending, const std::string& why, zmi::ProcessRunner& runner) {
    for (int attempt = 0; attempt < k_attempts; ++attempt) {
        const zmi::FileLock lock(places.lock(), k_lock_seconds);
        if (!lock.held() && is_alive(pending)) {
            // It hangs, and holds the lock; the rules must not wait for it.
            ::kill(pending.pid, SIGKILL);
            continue;
        }
        const auto now = read_pending(places);
        if (now && (!*now || (*now)->token != pending.token)) return;
        if (roll_back(places, pending, why, runner)) return;
        pause_a_step();
    }
}

}  // namespace

void end_left_programs(const Places& places, const Pending& pending) {
    const auto files = (places.folder / pending.rules()).string() + "/";
    std::error_code code;
    for (const auto& entry : fs::directory_iterator("/proc", code)) {
        const auto name = entry.path().filename().string();
        if (name.find_first_not_of("0123456789") != std::string::npos) continue;
        std::ifstream file(entry.path() / "cmdline", std::ios::binary);
        const std::string words{std::istreambuf_iterator<char>(file), {}};
        const int pid = std::stoi(name);
        if (words.find(files) == std::string::npos || ::getpgid(pid) != pid) continue;
        ::killpg(pid, SIGKILL);
        for (int step = 0; step < k_start_seconds * k_steps_a_second && start_of(pid) != 0; ++step) pause_a_step();
    }
}

Expected<std::string> start_watcher(const Places& places, const Pending& pending, zmi::ProcessRunner& runner) {
    const auto command = watcher_command(places, pending);
    std::string how = "a unit of systemd";
    if (!has_systemd(places) || !start_as_unit(pending, command, runner)) {
        how = "a process of its own";
        if (auto started = start_detached(command); !started) return tl::unexpected(std::move(started.error()));
    }
    for (int step = 0; step < k_start_seconds * k_steps_a_second; ++step) {
        if (is_watching(places, pending)) return how;
        pause_a_step();
    }
    return zmi::failure(ErrorKind::program, "the watcher that would take the rules back does not start");
}

Expected<void> roll_back(const Places& places, const Pending& pending, const std::string& why,
                         zmi::ProcessRunner& runner) {
    auto done = bring_back_rules(places, pending, runner);
    // Even on a full disk: what is pending must not stay so because nobody can write down why.
    const auto end =
        fmt::format("{}: {} ({})\n", why,
                    done ? pending.previous.empty() ? "taken back" : "taken back, the earlier rules are loaded"
                         : "cannot be taken back: " + done.error().what,
                    pending.format + " for " + pending.server);
    static_cast<void>(zmi::write_file_atomically(places.last(), end, 0600));
    if (!done) return done;
    if (auto written = write_confirmed(places, pending.previous); !written) return written;
    std::error_code code;
    const bool has_unit = pending.format == "nftables" || pending.format == "iptables";
    if (pending.previous.empty() || !has_unit) {
        if (auto transient = make_transient(places, runner); !transient) return transient;
    }
    fs::remove(places.pending(), code);
    if (code) return zmi::failure(ErrorKind::program, fmt::format("cannot remove {}", places.pending().string()));
    remove_old_rules(places, pending.previous);
    return {};
}

void watch(const Places& places, const std::string& token, int pid, zmi::ProcessRunner& runner) {
    const auto pid_start = start_of(pid);
    const auto is_ours = [&](const Expected<std::optional<Pending>>& read) {
        return read && *read && (*read)->token == token;
    };
    if (!zmi::write_file_atomically(places.watching(), token, 0600)) return;
    auto read = read_pending(places);
    for (; !is_ours(read); read = read_pending(places)) {
        // Apply writes what is pending when it knows that we are here.
        if (pid_start == 0 || start_of(pid) != pid_start) break;
        pause_a_step();
    }
    // It may have come between our last look and the end of apply.
    if (!is_ours(read)) read = read_pending(places);
    if (!is_ours(read)) return;
    auto pending = **read;
    const auto why = wait_for_the_end(places, pending);
    if (!why.empty()) take_back(places, pending, why, runner);
}

}  // namespace zmfw
