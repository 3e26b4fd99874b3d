#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cctype>
#include <plugin/plan/read_plan.hpp>
#include <plugin/state/store.hpp>
#include <zmintegration/facts/inventory_json.hpp>
#include <zmintegration/support/file.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

namespace fs = std::filesystem;
using zmi::ErrorKind;
using zmi::Expected;

constexpr std::string_view k_suffix = ".record";
constexpr std::string_view k_damaged = ".record.damaged";
constexpr std::size_t k_record_limit = 2 * k_plan_size_limit + 1024 * 1024;
constexpr std::size_t k_note_limit = 64 * 1024;
constexpr std::size_t k_damaged_kept = 5;

/// N of "N" and `suffix`; 0 for any other name.
std::uint64_t number_of(const std::string& name, std::string_view suffix) {
    if (!name.ends_with(suffix)) return 0;
    const auto digits = std::string_view(name).substr(0, name.size() - suffix.size());
    return name.front() != '0' ? zmi::parse_number<std::uint64_t>(digits).value_or(0) : 0;
}

std::vector<std::uint64_t> numbers(const fs::path& folder, std::string_view suffix) {
    std::vector<std::uint64_t> found;
    std::error_code code;
    for (auto at = fs::directory_iterator(folder, code); !code && at != fs::directory_iterator(); at.increment(code)) {
        if (const auto number = number_of(at->path().filename().string(), suffix); number > 0) found.push_back(number);
    }
    std::sort(found.begin(), found.end());
    return found;
}

/// As zmi::write_files_atomically names what it has not renamed yet.
bool is_left_over(const std::string& name) {
    const auto dot = name.rfind('.');
    if (dot == std::string::npos || name.size() - dot != 7) return false;
    if (!std::all_of(name.begin() + static_cast<std::ptrdiff_t>(dot) + 1, name.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0; }))
        return false;
    const auto whole = name.substr(0, dot);
    return number_of(whole, k_suffix) > 0 || whole == "accepted.record" || whole == "inventory.json" ||
           whole == "told" || whole == "missing" || whole == "listeners" || whole == "rules";
}

tl::unexpected<zmi::Error> cannot(std::string_view step, const fs::path& path, const std::string& why) {
    return zmi::failure(ErrorKind::program, fmt::format("cannot {} {}: {}", step, path.string(), why),
                        "what earlier runs have recorded is as it was");
}

std::string owner(::uid_t id) {
    const auto* entry = ::getpwuid(id);
    return entry != nullptr && entry->pw_name != nullptr ? entry->pw_name : fmt::format("{}", id);
}

/// Who writes here decides what is told to operations, so it is one user's own.
Expected<void> check_own(const fs::path& folder) {
    struct stat status {};
    if (::lstat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode))
        return cannot("use", folder, "it is no folder");
    if (status.st_uid != ::geteuid())
        return zmi::failure(ErrorKind::program, fmt::format("{} belongs to another user", folder.string()),
                            fmt::format("run this as the user that it belongs to: su - {}", owner(status.st_uid)));
    if ((status.st_mode & S_IWOTH) != 0)
        return zmi::failure(ErrorKind::program, fmt::format("{} can be written by everybody", folder.string()),
                            fmt::format("chmod o-w {}", folder.string()));
    return {};
}

Expected<void> make_own(const fs::path& folder) {
    std::error_code code;
    if (fs::exists(fs::symlink_status(folder, code))) return check_own(folder);
    const auto parent = folder.parent_path().empty() ? fs::path(".") : folder.parent_path();
    struct stat status {};
    if (::stat(parent.c_str(), &status) != 0) {
        if (auto made = make_own(parent); !made) return made;
    } else if (::geteuid() == 0 && status.st_uid != 0) {
        // Later runs of that user could not write what root makes now.
        return zmi::failure(ErrorKind::program, fmt::format("{} would belong to root", folder.string()),
                            fmt::format("run this as the {0} user: su - {0}", owner(status.st_uid)));
    }
    if (::mkdir(folder.c_str(), 0750) != 0 && errno != EEXIST) {
        return cannot("make the folder", folder, std::error_code(errno, std::generic_category()).message());
    }
    return check_own(folder);
}

Expected<void> as_program_error(Expected<void> written) {
    if (written) return written;
    return zmi::failure(ErrorKind::program, written.error().what, "what earlier runs have recorded is as it was");
}

}  // namespace

Expected<void> Store::prepare() const {
    if (auto made = make_own(m_folder); !made) return made;
    return make_own(records());
}

void Store::tidy() const {
    for (const auto& folder : {m_folder, records()}) {
        std::vector<fs::path> old;
        std::error_code code;
        for (auto at = fs::directory_iterator(folder, code); !code && at != fs::directory_iterator();
             at.increment(code)) {
            if (is_left_over(at->path().filename().string())) old.push_back(at->path());
        }
        for (const auto& path : old) ::unlink(path.c_str());
    }
}

fs::path Store::path_of(std::uint64_t id) const {
    return records() / (std::to_string(id) + std::string(k_suffix));
}

Expected<std::vector<std::uint64_t>> Store::list() const {
    std::error_code code;
    const fs::directory_iterator readable(records(), code);
    if (code && code != std::errc::no_such_file_or_directory) return cannot("read", records(), code.message());
    return numbers(records(), k_suffix);
}

Expected<RunRecord> Store::read(const fs::path& path) const {
    const auto text = zmi::read_file(path, k_record_limit);
    if (!text) return zmi::failure(ErrorKind::program, text.error().what);
    auto record = parse_record(*text, path.string());
    if (record) return record;
    const auto aside = path.string() + ".damaged";
    // Root may look, but moves nothing about in a folder of somebody else's.
    const bool moved = check_own(m_folder) && ::rename(path.c_str(), aside.c_str()) == 0;
    m_tell(fmt::format("damaged: {}; {}", record.error().what,
                       moved ? "it was set aside as " + aside : "it could not be set aside and is not used"));
    return zmi::failure(ErrorKind::data, fmt::format("{} is damaged", path.string()),
                        "`zmfirewall recompute` makes a new record");
}

Expected<RunRecord> Store::load(std::uint64_t id) const {
    std::error_code code;
    if (!fs::exists(path_of(id), code)) {
        const auto known = list();
        const auto range = !known || known->empty() ? std::string("there is none yet: zmfirewall recompute")
                                                    : fmt::format("kept are {} to {}", known->front(), known->back());
        return zmi::failure(ErrorKind::usage, fmt::format("there is no record {}", id), range);
    }
    auto record = read(path_of(id));
    if (record && record->id != id)
        return zmi::failure(ErrorKind::data, fmt::format("{} is the record {}", path_of(id).string(), record->id),
                            "somebody has renamed it; rename it back");
    return record;
}

Expected<std::optional<RunRecord>> Store::last() const {
    auto ids = list();
    if (!ids) return tl::unexpected(std::move(ids.error()));
    for (auto id = ids->rbegin(); id != ids->rend(); ++id) {
        auto record = load(*id);
        if (record) return std::optional(std::move(*record));
        if (record.error().kind != ErrorKind::data) return tl::unexpected(std::move(record.error()));
    }
    return std::optional<RunRecord>();
}

Expected<std::optional<RunRecord>> Store::accepted() const {
    const auto path = m_folder / "accepted.record";
    std::error_code code;
    if (!fs::exists(path, code)) return std::optional<RunRecord>();
    auto record = read(path);
    if (record) return std::optional(std::move(*record));
    if (record.error().kind != ErrorKind::data) return tl::unexpected(std::move(record.error()));
    m_tell("nothing counts as accepted until `zmfirewall accept` says again what is applied");
    return std::optional<RunRecord>();
}

std::uint64_t Store::highest() const {
    std::uint64_t highest = 0;
    for (const auto suffix : {k_suffix, k_damaged}) {
        const auto found = numbers(records(), suffix);
        if (!found.empty()) highest = std::max(highest, found.back());
    }
    // Where all records are gone a number must not come twice.
    const auto text = zmi::read_file(m_folder / "accepted.record", k_record_limit);
    if (text) {
        if (const auto record = parse_record(*text, "accepted")) highest = std::max(highest, record->id);
    }
    return highest;
}

Expected<std::uint64_t> Store::add(RunRecord& record, std::size_t keep) const {
    record.id = highest() + 1;
    const auto text = to_text(record);
    if (const auto again = parse_record(text, "the new record"); !again)
        return zmi::failure(ErrorKind::program, "what was learnt cannot be recorded: " + again.error().what);
    if (auto written = as_program_error(zmi::write_file_atomically(path_of(record.id), text, 0640)); !written)
        return tl::unexpected(std::move(written.error()));
    prune(keep);
    return record.id;
}

void Store::prune(std::size_t keep) const {
    auto ids = numbers(records(), k_suffix);
    for (std::size_t i = 0; i + std::max<std::size_t>(keep, 1) < ids.size(); ++i) ::unlink(path_of(ids[i]).c_str());
    ids = numbers(records(), k_damaged);
    for (std::size_t i = 0; i + k_damaged_kept < ids.size(); ++i)
        ::unlink((records() / (std::to_string(ids[i]) + std::string(k_damaged))).c_str());
}

Expected<void> Store::accept(const RunRecord& record) const {
    return as_program_error(zmi::write_file_atomically(m_folder / "accepted.record", to_text(record), 0640));
}

std::string Store::note(const std::string& name) const {
    auto text = zmi::read_file(m_folder / name, k_note_limit);
    return text ? std::move(*text) : std::string();
}

Expected<void> Store::set_note(const std::string& name, const std::string& text) const {
    if (!text.empty()) return as_program_error(zmi::write_file_atomically(m_folder / name, text, 0640));
    std::error_code code;
    fs::remove(m_folder / name, code);
    if (code) return cannot("remove", m_folder / name, code.message());
    return {};
}

Expected<void> Store::write_inventory(const zmi::Inventory& inventory) const {
    return as_program_error(zmi::write_file_atomically(m_folder / "inventory.json", zmi::to_json(inventory), 0640));
}

}  // namespace zmfw
