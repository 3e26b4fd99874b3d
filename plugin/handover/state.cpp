#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <plugin/handover/state.hpp>
#include <plugin/handover/trusted.hpp>
#include <zmintegration/support/file.hpp>
#include <zmintegration/support/network.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

namespace fs = std::filesystem;
using zmi::ErrorKind;
using zmi::Expected;

constexpr std::size_t k_limit = 4096;

using Values = std::map<std::string, std::string, std::less<>>;

/// Lines "name value", each name once, one blank.
std::optional<Values> parse_values(std::string_view text) {
    Values values;
    if (text.empty() || text.back() != '\n' || !zmi::is_valid_utf8(text)) return std::nullopt;
    text.remove_suffix(1);
    for (const auto line : zmi::split(text, '\n')) {
        const auto blank = line.find(' ');
        if (blank == std::string_view::npos) return std::nullopt;
        if (!values.emplace(line.substr(0, blank), line.substr(blank + 1)).second) return std::nullopt;
    }
    return values;
}

template <class T>
bool read_number(const Values& values, std::string_view name, T& number) {
    const auto at = values.find(name);
    const auto read = at == values.end() ? std::nullopt : zmi::parse_number<T>(at->second);
    number = read.value_or(number);
    return read.has_value();
}

bool read_text(const Values& values, std::string_view name, std::string& text) {
    const auto at = values.find(name);
    if (at == values.end() || at->second.size() > 300 || !zmi::is_printable_ascii(at->second)) return false;
    text = at->second;
    return true;
}

bool is_hex(std::string_view text, std::size_t length) {
    return text.size() == length && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_rules(std::string_view name) {
    return name.starts_with("rules-") && is_hex(name.substr(6), 16);
}

bool is_format(std::string_view name) {
    return name == "nftables" || name == "iptables" || name == "ufw" || name == "firewalld";
}

tl::unexpected<zmi::Error> broken(const fs::path& path, std::string_view why) {
    return zmi::failure(ErrorKind::program, fmt::format("{} is broken: {}", path.string(), why),
                        "see what is loaded with zmfirewall status, then remove that file");
}

}  // namespace

Expected<void> make_state_folder(const Places& places) {
    if (auto trusted = check_way_to(places.folder); !trusted) return tl::unexpected(std::move(trusted.error()));
    std::error_code code;
    fs::create_directories(places.folder, code);
    if (code)
        return zmi::failure(ErrorKind::program,
                            fmt::format("cannot make the folder {}: {}", places.folder.string(), code.message()));
    if (auto trusted = check_way_to(places.folder); !trusted) return tl::unexpected(std::move(trusted.error()));
    struct stat status {};
    if (::lstat(places.folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != ::geteuid() ||
        ::chmod(places.folder.c_str(), 0700) != 0) {
        return zmi::failure(ErrorKind::program, fmt::format("{} is not a folder of root's own", places.folder.string()),
                            "move it away; zmfirewall keeps there what it has loaded");
    }
    return {};
}

std::string to_text(const Pending& pending) {
    return fmt::format(
        "token {}\nformat {}\nserver {}\ndigest {}\nprevious {}\nloaded {}\nboot {}\npid {}\npid_start {}\n"
        "deadline {}\ntimeout {}\n",
        pending.token, pending.format, pending.server, pending.digest, pending.previous, pending.loaded ? 1 : 0,
        pending.boot, pending.pid, pending.pid_start, pending.deadline, pending.timeout);
}

std::optional<Pending> parse_pending(std::string_view text) {
    const auto values = parse_values(text);
    Pending pending;
    int loaded = 0;
    if (!values || values->size() != 11 || !read_text(*values, "token", pending.token) ||
        !read_text(*values, "format", pending.format) || !read_text(*values, "server", pending.server) ||
        !read_text(*values, "digest", pending.digest) || !read_text(*values, "previous", pending.previous) ||
        !read_text(*values, "boot", pending.boot) || !read_number(*values, "loaded", loaded) ||
        !read_number(*values, "pid", pending.pid) || !read_number(*values, "pid_start", pending.pid_start) ||
        !read_number(*values, "deadline", pending.deadline) || !read_number(*values, "timeout", pending.timeout)) {
        return std::nullopt;
    }
    pending.loaded = loaded == 1;
    const bool sane = is_hex(pending.token, 16) && is_format(pending.format) && zmi::is_host_name(pending.server) &&
                      is_hex(pending.digest, 64) && (pending.previous.empty() || is_rules(pending.previous)) &&
                      (loaded == 0 || loaded == 1) && pending.timeout > 0;
    return sane ? std::optional(pending) : std::nullopt;
}

Expected<std::optional<Pending>> read_pending(const Places& places) {
    std::error_code code;
    if (!fs::exists(fs::symlink_status(places.pending(), code))) return std::optional<Pending>();
    const auto text = read_untrusted_file(places.pending(), k_limit);
    if (!text) {
        // Confirmed or taken back just now.
        if (!fs::exists(fs::symlink_status(places.pending(), code))) return std::optional<Pending>();
        return broken(places.pending(), text.error().what);
    }
    auto pending = parse_pending(*text);
    if (!pending) return broken(places.pending(), "it does not say which rules wait for confirm");
    return pending;
}

Expected<void> write_pending(const Places& places, const Pending& pending) {
    auto written = zmi::write_file_atomically(places.pending(), to_text(pending), 0600);
    if (!written) return zmi::failure(ErrorKind::program, written.error().what);
    return {};
}

std::string to_text(const About& about) {
    return fmt::format("format {}\nserver {}\ndigest {}\n", about.format, about.server, about.digest);
}

Expected<About> read_about(const fs::path& rules) {
    const auto text = read_untrusted_file(rules / "about", k_limit);
    if (!text) return broken(rules / "about", text.error().what);
    const auto values = parse_values(*text);
    About about;
    if (!values || values->size() != 3 || !read_text(*values, "format", about.format) ||
        !read_text(*values, "server", about.server) || !read_text(*values, "digest", about.digest) ||
        !is_format(about.format) || !zmi::is_host_name(about.server) || !is_hex(about.digest, 64)) {
        return broken(rules / "about", "it does not say whose rules these are");
    }
    return about;
}

Expected<std::string> read_confirmed(const Places& places) {
    std::error_code code;
    if (!fs::exists(fs::symlink_status(places.confirmed(), code))) return std::string();
    auto name = fs::read_symlink(places.confirmed(), code).string();
    if (code || !is_rules(name)) return broken(places.confirmed(), "it is no link to a folder of rules beside it");
    if (!fs::is_directory(places.folder / name, code)) return broken(places.confirmed(), name + " is not there");
    return name;
}

Expected<void> write_confirmed(const Places& places, const std::string& rules) {
    std::error_code code;
    // Nothing to write, then: on a full disk not even a link.
    if (!rules.empty() && fs::read_symlink(places.confirmed(), code) == rules) return {};
    code.clear();
    if (rules.empty()) {
        fs::remove(places.confirmed(), code);
    } else {
        const auto beside = places.folder / "confirmed.new";
        fs::remove(beside, code);
        fs::create_symlink(rules, beside, code);
        if (!code) fs::rename(beside, places.confirmed(), code);
    }
    if (!code) return {};
    return zmi::failure(ErrorKind::program,
                        fmt::format("cannot write {}: {}", places.confirmed().string(), code.message()));
}

std::vector<std::string> folders_of_rules(const Places& places) {
    std::map<std::string, std::string> by_format;
    std::error_code code;
    for (const auto& entry : fs::directory_iterator(places.folder, code)) {
        const auto name = entry.path().filename().string();
        if (!is_rules(name)) continue;
        if (const auto about = read_about(entry.path())) by_format.emplace(about->format, name);
    }
    std::vector<std::string> names;
    for (const auto& [format, name] : by_format) names.push_back(name);
    return names;
}

void remove_old_rules(const Places& places, const std::string& keep) {
    std::error_code code;
    for (const auto& entry : fs::directory_iterator(places.folder, code)) {
        const auto name = entry.path().filename().string();
        std::error_code ignored;
        if (is_rules(name) && name != keep) fs::remove_all(entry.path(), ignored);
    }
}

std::int64_t seconds_since_boot() {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec;
}

std::string boot_id() {
    std::ifstream file("/proc/sys/kernel/random/boot_id");
    std::string id;
    std::getline(file, id);
    return id.empty() ? "unknown" : id;
}

std::string new_token() {
    std::uint64_t number = 0;
    if (::getrandom(&number, sizeof number, 0) != sizeof number)
        number = static_cast<std::uint64_t>(seconds_since_boot()) << 20 | static_cast<std::uint64_t>(::getpid());
    return fmt::format("{:016x}", number);
}

std::uint64_t start_of(int pid) {
    std::ifstream file(fmt::format("/proc/{}/stat", pid));
    const std::string stat{std::istreambuf_iterator<char>(file), {}};
    const auto end = stat.rfind(')');
    if (end == std::string::npos) return 0;
    const auto words = zmi::split_words(std::string_view(stat).substr(end + 1));
    if (words.size() < 20 || words[0] == "Z") return 0;
    return zmi::parse_number<std::uint64_t>(words[19]).value_or(0);
}

}  // namespace zmfw
