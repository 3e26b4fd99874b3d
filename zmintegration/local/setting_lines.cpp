#include <zmintegration/local/setting_lines.hpp>

#include <fmt/format.h>
#include <algorithm>
#include <map>
#include <zmintegration/support/text.hpp>

namespace zmi {
namespace {

struct NameAndRest {
    std::string_view name;
    std::string_view rest;
};

/// "name = rest", "name: rest", "name rest".
NameAndRest split_setting(std::string_view line) {
    std::size_t end = 0;
    while (end < line.size() && is_in_setting_name(line[end])) ++end;
    auto rest = trim(line.substr(end));
    if (!rest.empty() && (rest.front() == '=' || rest.front() == ':')) rest = trim(rest.substr(1));
    return {line.substr(0, end), rest};
}

/// The directives of PostgreSQL; nullopt for a setting.
std::optional<FileSetting::Kind> include_kind(std::string_view name, const std::string& path) {
    if (std::filesystem::path(path).filename() != "postgresql.conf") return std::nullopt;
    if (name == "include") return FileSetting::Kind::include;
    if (name == "include_if_exists") return FileSetting::Kind::include_maybe;
    if (name == "include_dir") return FileSetting::Kind::include_folder;
    return std::nullopt;
}

}  // namespace

tl::unexpected<Error> odd_setting(const std::string& path, int line, std::string_view what) {
    return failure(ErrorKind::knowledge, fmt::format("{}:{}: {}", path, line, what));
}

bool is_in_setting_name(char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return letter || c == '_' || c == '.' || c == '$' || c == '-';
}

bool is_computed(std::string_view value) {
    return value.find('$') != std::string_view::npos || value.find('`') != std::string_view::npos;
}

std::optional<std::string> line_value(std::string_view text, std::string_view comment_signs) {
    text = trim(text);
    const auto is_comment = [&](std::string_view rest) {
        return rest.empty() || comment_signs.find(rest.front()) != std::string_view::npos;
    };
    if (text.empty() || (text.front() != '"' && text.front() != '\'')) {
        for (std::size_t i = 0; i < text.size(); ++i) {
            const bool begins = i == 0 || text[i - 1] == ' ' || text[i - 1] == '\t';
            if (begins && comment_signs.find(text[i]) != std::string_view::npos) text = text.substr(0, i);
        }
        return std::string(trim(text));
    }
    const char quote = text.front();
    std::string value;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '\\' && quote == '"' && i + 1 < text.size()) {
            value += text[++i];
        } else if (text[i] != quote) {
            value += text[i];
        } else if (i + 1 < text.size() && text[i + 1] == quote) {
            value += text[++i];
        } else {
            return is_comment(trim(text.substr(i + 1))) ? std::optional(value) : std::nullopt;
        }
    }
    return std::nullopt;
}

FileSettings parse_line_settings(std::string_view text, const std::string& path, SettingSyntax syntax) {
    const bool ini = syntax == SettingSyntax::ini;
    const std::string_view comments = ini ? "#;" : "#";
    std::vector<FileSetting> found;
    std::string section;
    int number = 0;
    for (const auto raw : split_lines(text)) {
        ++number;
        const auto line = trim(raw);
        if (line.empty() || comments.find(line.front()) != std::string_view::npos) continue;
        if (ini && line.front() == '[') {
            const auto end = line.find(']');
            if (end == std::string_view::npos) return odd_setting(path, number, "a section without an end");
            section = std::string(trim(line.substr(1, end - 1))) + ".";
            continue;
        }
        const auto [name, rest] = split_setting(line);
        if (name.empty() || rest.empty()) continue;
        const auto value = line_value(rest, comments);
        if (!value) return odd_setting(path, number, "a quote without an end, or something after it");
        const auto kind = include_kind(name, path).value_or(FileSetting::Kind::value);
        found.push_back({kind, section + std::string(name), *value, is_computed(*value), number});
    }
    return found;
}

FileSettings parse_toml_settings(std::string_view text, const std::string& path) {
    std::vector<FileSetting> found;
    std::string section;
    auto kind = FileSetting::Kind::value;
    int number = 0;
    int open = 0;  // brackets of an array that goes on in the next line
    for (const auto raw : split_lines(text)) {
        ++number;
        const auto line = trim(raw);
        if (line.empty() || line.front() == '#') continue;
        const auto depth = std::count(line.begin(), line.end(), '[') - std::count(line.begin(), line.end(), ']');
        if (open > 0) {
            open += static_cast<int>(depth);
            continue;
        }
        if (line.find("\"\"\"") != std::string_view::npos || line.find("'''") != std::string_view::npos)
            return odd_setting(path, number, "texts of several lines are not read");
        if (line.front() == '[') {
            const bool several = line.starts_with("[[");
            const auto begin = several ? 2U : 1U;
            const auto end = line.find(']');
            if (end == std::string_view::npos) return odd_setting(path, number, "a table without an end");
            section = std::string(trim(line.substr(begin, end - begin))) + ".";
            kind = several ? FileSetting::Kind::one_of_many : FileSetting::Kind::value;
            continue;
        }
        const auto equals = line.find('=');
        if (equals == std::string_view::npos) return odd_setting(path, number, "neither a table nor a setting");
        auto value = line_value(line.substr(equals + 1), "#");
        if (!value) return odd_setting(path, number, "a quote without an end, or something after it");
        if (value->starts_with('[')) open = static_cast<int>(depth);
        const bool digits = value->find_first_not_of("0123456789_") == std::string::npos;
        if (digits) std::erase(*value, '_');
        const bool odd = value->starts_with('[') || value->starts_with('{');
        found.push_back({kind, section + std::string(trim(line.substr(0, equals))), *value, odd, number});
    }
    if (open > 0) return odd_setting(path, number, "an array without an end");
    return found;
}

FileSettings parse_yaml_settings(std::string_view text, const std::string& path) {
    struct Level {
        std::size_t indent;
        std::string name;
    };
    std::vector<FileSetting> found;
    std::vector<Level> levels;
    int number = 0;
    for (const auto raw : split_lines(text)) {
        ++number;
        const auto line = trim(raw);
        if (line.empty() || line.front() == '#' || line == "---") continue;
        const auto indent = raw.find_first_not_of(' ');
        if (raw[indent] == '\t') return odd_setting(path, number, "a tab for indentation");
        const auto colon = line.find(':');
        const bool mapping = colon != std::string_view::npos && (colon + 1 == line.size() || line[colon + 1] == ' ');
        // Lists and the lines of long texts hold nothing that has a name.
        if (line.front() == '-' || !mapping) continue;
        while (!levels.empty() && levels.back().indent >= indent) levels.pop_back();
        const auto name = line_value(line.substr(0, colon), "");
        const auto value = line_value(line.substr(colon + 1), "#");
        if (!name || !value) return odd_setting(path, number, "a quote without an end, or something after it");
        levels.push_back({indent, *name});
        std::string full;
        for (const auto& level : levels) full += (full.empty() ? "" : ".") + level.name;
        const bool odd = !value->empty() && std::string_view("[{&*|>!").find(value->front()) != std::string_view::npos;
        if (!value->empty()) found.push_back({FileSetting::Kind::value, full, *value, odd, number});
    }
    return found;
}

SettingSyntax syntax_of(const std::filesystem::path& path) {
    const auto folder = path.parent_path().filename();
    const auto extension = path.extension();
    if (path.filename() == "rsyslog.conf" || folder == "rsyslog.d") return SettingSyntax::rsyslog;
    if (folder == "default" || folder == "sysconfig") return SettingSyntax::shell;
    if (extension == ".jcfg") return SettingSyntax::libconfig;
    if (extension == ".ini") return SettingSyntax::ini;
    if (extension == ".toml") return SettingSyntax::toml;
    if (extension == ".yml" || extension == ".yaml") return SettingSyntax::yaml;
    return SettingSyntax::lines;
}

FileSettings parse_setting_file(std::string_view text, const std::string& path, SettingSyntax syntax) {
    switch (syntax) {
        case SettingSyntax::lines:
        case SettingSyntax::ini: return parse_line_settings(text, path, syntax);
        case SettingSyntax::toml: return parse_toml_settings(text, path);
        case SettingSyntax::shell: return parse_shell_settings(text, path);
        case SettingSyntax::libconfig: return parse_libconfig_settings(text, path);
        case SettingSyntax::yaml: return parse_yaml_settings(text, path);
        case SettingSyntax::rsyslog: return parse_rsyslog_settings(text, path);
    }
    return parse_line_settings(text, path, syntax);
}

}  // namespace zmi
