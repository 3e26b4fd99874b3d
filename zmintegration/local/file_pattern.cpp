#include <zmintegration/local/file_pattern.hpp>

#include <fmt/format.h>
#include <algorithm>
#include <system_error>

namespace zmi {
namespace {

namespace fs = std::filesystem;
using Paths = std::vector<fs::path>;

constexpr std::size_t k_most_names = 1000;

bool matches(std::string_view name, std::string_view pattern) {
    const auto star = pattern.find('*');
    if (star == std::string_view::npos) return name == pattern;
    const auto head = pattern.substr(0, star);
    if (!name.starts_with(head)) return false;
    name.remove_prefix(star);
    pattern.remove_prefix(star + 1);
    for (;;) {
        if (matches(name, pattern)) return true;
        if (name.empty()) return false;
        name.remove_prefix(1);
    }
}

tl::unexpected<Error> unknown(const fs::path& path, const std::error_code& code) {
    return failure(ErrorKind::knowledge, fmt::format("{}: {}", path.string(), code.message()),
                   "read it as root, or as a user that may");
}

/// Those of `folder` whose names match.
Expected<void> add_matching(const fs::path& folder, std::string_view pattern, Paths& into) {
    std::error_code code;
    fs::directory_iterator entry(folder, code);
    if (code == std::errc::no_such_file_or_directory || code == std::errc::not_a_directory) return {};
    if (code) return unknown(folder, code);
    for (; entry != fs::directory_iterator(); entry.increment(code)) {
        if (code) return unknown(folder, code);
        const auto name = entry->path().filename().string();
        if (name.front() == '.' || !matches(name, pattern)) continue;
        if (into.size() >= k_most_names) {
            return failure(ErrorKind::knowledge,
                           fmt::format("{}: more than {} names like {}", folder.string(), k_most_names, pattern));
        }
        into.push_back(entry->path());
    }
    if (code) return unknown(folder, code);
    return {};
}

Expected<void> add_named(const fs::path& path, Paths& into) {
    std::error_code code;
    const bool there = fs::exists(path, code);
    if (code && code != std::errc::not_a_directory) return unknown(path, code);
    if (there) into.push_back(path);
    return {};
}

}  // namespace

Expected<Paths> matching_paths(const fs::path& root, std::string_view pattern) {
    Paths found{root};
    for (const auto& part : fs::path(pattern).relative_path()) {
        const auto name = part.string();
        if (name == "." || name == ".." || name.empty()) {
            return failure(ErrorKind::data, fmt::format("{}: a path with an empty name or dots", pattern));
        }
        Paths next;
        for (const auto& folder : found) {
            const auto added =
                name.find('*') == std::string::npos ? add_named(folder / name, next) : add_matching(folder, name, next);
            if (!added) return tl::unexpected(added.error());
        }
        found = std::move(next);
    }
    std::sort(found.begin(), found.end());
    return found;
}

Expected<Paths> wanted_paths(const fs::path& home, const fs::path& system_root, std::string_view path) {
    return matching_paths(path.starts_with('/') ? system_root : home, path);
}

}  // namespace zmi
