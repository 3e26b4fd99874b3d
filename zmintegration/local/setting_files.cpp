#include <zmintegration/local/setting_files.hpp>

#include <fmt/format.h>
#include <algorithm>
#include <iterator>
#include <optional>
#include <zmintegration/local/file_pattern.hpp>
#include <zmintegration/local/node_file.hpp>
#include <zmintegration/support/text.hpp>

namespace zmi {
namespace {

namespace fs = std::filesystem;
using Kind = FileSetting::Kind;

constexpr int k_max_depth = 8;
constexpr std::size_t k_most_files = 200;
constexpr std::size_t k_longest_value = 1024;
constexpr std::string_view k_postgres = "postgresql.conf";
constexpr std::string_view k_postgres_auto = "postgresql.auto.conf";

/// Reads a file with all that it includes, in order.
class SettingsReader {
public:
    explicit SettingsReader(const fs::path& system_root) : m_root(system_root) {}

    Expected<std::vector<FileSetting>> read(const fs::path& path) {
        if (auto added = add(path, syntax_of(path), 0); !added) return tl::unexpected(std::move(added.error()));
        if (path.filename() == k_postgres) {
            if (auto added = add_postgres_auto(path); !added) return tl::unexpected(std::move(added.error()));
        }
        return std::move(m_found);
    }

private:
    Expected<void> add(const fs::path& path, SettingSyntax syntax, int depth) {
        if (depth > k_max_depth || ++m_files > k_most_files)
            return failure(ErrorKind::knowledge, fmt::format("{}: too many files include others", path.string()));
        const auto text = read_node_file(path);
        if (!text) {
            auto error = text.error();
            if (error.what == k_no_such_file) error.what = fmt::format("{}: {}", path.string(), error.what);
            return tl::unexpected(std::move(error));
        }
        auto settings = parse_setting_file(*text, path.string(), syntax);
        if (!settings) return tl::unexpected(std::move(settings.error()));
        for (auto& setting : *settings) {
            if (setting.kind == Kind::value || setting.kind == Kind::one_of_many) {
                m_found.push_back(std::move(setting));
            } else if (auto added = include(setting, path, syntax, depth); !added) {
                return added;
            }
        }
        return {};
    }

    Expected<void> include(const FileSetting& setting, const fs::path& from, SettingSyntax syntax, int depth) {
        const auto pattern = setting.kind == Kind::include_folder ? setting.value + "/*.conf" : setting.value;
        const auto& base = pattern.starts_with('/') ? m_root : from.parent_path();
        const auto paths = matching_paths(base, pattern);
        const auto here = fmt::format("{}:{}", from.string(), setting.line);
        if (!paths) return failure(ErrorKind::knowledge, fmt::format("{}: {}", here, paths.error().what));
        const bool pattern_matches_nothing = pattern.find('*') != std::string::npos;
        if (paths->empty() && setting.kind == Kind::include && !pattern_matches_nothing)
            return failure(ErrorKind::knowledge, fmt::format("{}: {} is not there", here, pattern));
        for (const auto& path : *paths) {
            if (auto added = add(path, syntax, depth + 1); !added) return added;
        }
        return {};
    }

    /// What ALTER SYSTEM wrote, which wins.
    Expected<void> add_postgres_auto(const fs::path& from) {
        fs::path folder = from.parent_path();
        for (const auto& setting : m_found) {
            if (setting.name == "data_directory") folder = m_root / fs::path(setting.value).relative_path();
        }
        const auto paths = matching_paths(folder, k_postgres_auto);
        if (!paths) return tl::unexpected(paths.error());
        return paths->empty() ? Expected<void>() : add(paths->front(), SettingSyntax::lines, k_max_depth);
    }

    fs::path m_root;
    std::vector<FileSetting> m_found;
    std::size_t m_files = 0;
};

/// All that a wanted name may mean, by their full names.
std::map<std::string, std::vector<const FileSetting*>> meant(const std::vector<FileSetting>& settings,
                                                             const std::string& wanted) {
    std::map<std::string, std::vector<const FileSetting*>> found;
    const auto tail = "." + wanted;
    for (const auto& setting : settings) {
        const bool in_section = setting.kind == Kind::value && setting.name.ends_with(tail);
        if (setting.name == wanted || in_section) found[setting.name].push_back(&setting);
    }
    // With its sections, or in none: that is the one.
    if (const auto exact = found.find(wanted); exact != found.end()) return {{wanted, exact->second}};
    return found;
}

tl::unexpected<Error> unclear(std::string_view what) {
    return failure(ErrorKind::knowledge, std::string(what));
}

/// The value of one full name.
Expected<std::string> value_of(const std::vector<const FileSetting*>& settings) {
    std::vector<std::string> values;
    for (const auto* setting : settings) {
        if (setting->kind == Kind::value) values.clear();
        if (setting->computed)
            return unclear(
                fmt::format("{} in line {} is computed: what comes of it is not known", setting->name, setting->line));
        if (std::find(values.begin(), values.end(), setting->value) == values.end()) values.push_back(setting->value);
    }
    std::string all;
    for (const auto& value : values) all += (all.empty() ? "" : " ") + value;
    if (all.size() > k_longest_value || !is_printable_ascii(all))
        return unclear(fmt::format("{} in line {} is no plain text", settings.front()->name, settings.front()->line));
    return without_credentials(all);
}

FileState state_of(const std::vector<fs::path>& paths, const WantedSettings& wanted, const fs::path& system_root) {
    FileState state{paths.front().string(), {}, {}};
    bool first = true;
    for (const auto& path : paths) {
        const auto settings = SettingsReader(system_root).read(path);
        auto values = settings ? select_settings(*settings, wanted) : tl::unexpected(settings.error());
        if (!values) {
            state.problem = settings ? fmt::format("{}: {}", path.string(), values.error().what) : values.error().what;
            state.settings.clear();
            return state;
        }
        if (!first && *values != state.settings) {
            state.problem = fmt::format("{} and {} differ", paths.front().string(), path.string());
            state.settings.clear();
            return state;
        }
        state.settings = std::move(*values);
        first = false;
    }
    return state;
}

}  // namespace

Expected<SettingValues> select_settings(const std::vector<FileSetting>& settings, const WantedSettings& wanted) {
    SettingValues values;
    for (const auto& name : wanted) {
        if (may_be_secret(name)) continue;
        std::optional<std::string> value;
        for (const auto& [full, those] : meant(settings, name)) {
            auto one = value_of(those);
            if (!one) return tl::unexpected(std::move(one.error()));
            if (value && *value != *one) return unclear(fmt::format("{} stands in several sections", name));
            value = std::move(*one);
        }
        if (value) values.emplace(name, std::move(*value));
    }
    return values;
}

FileState read_settings(const WantedFile& file, const fs::path& home, const fs::path& system_root) {
    const auto paths = wanted_paths(home, system_root, file.path);
    const auto usual = (file.path.starts_with('/') ? system_root : home) / fs::path(file.path).relative_path();
    if (!paths) return {usual.string(), paths.error().what, {}};
    if (paths->empty()) return {usual.string(), std::string(k_no_such_file), {}};
    return state_of(*paths, file.settings, system_root);
}

}  // namespace zmi
