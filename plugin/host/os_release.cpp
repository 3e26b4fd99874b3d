#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <plugin/host/os_release.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

constexpr std::string_view k_id_signs = "abcdefghijklmnopqrstuvwxyz0123456789._-";

bool is_id(std::string_view text) {
    return !text.empty() && text.size() <= 64 && text.find_first_not_of(k_id_signs) == std::string_view::npos;
}

bool is_key(std::string_view text) {
    return !text.empty() && text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == std::string_view::npos;
}

/// What a shell would assign; nullopt where it would do more than that.
std::optional<std::string> unquoted(std::string_view text) {
    const bool marked = !text.empty() && (text.front() == '"' || text.front() == '\'');
    if (!marked) {
        if (text.find_first_of("\"'`$\\ \t;&|<>()") != std::string_view::npos) return std::nullopt;
        return std::string(text);
    }
    const char mark = text.front();
    if (text.size() < 2 || text.back() != mark) return std::nullopt;
    std::string value;
    const auto inner = text.substr(1, text.size() - 2);
    for (std::size_t at = 0; at < inner.size(); ++at) {
        if (inner[at] == mark) return std::nullopt;
        if (mark == '"' && (inner[at] == '$' || inner[at] == '`')) return std::nullopt;
        if (mark == '"' && inner[at] == '\\' && ++at == inner.size()) return std::nullopt;
        value += inner[at];
    }
    return value;
}

/// Keeps what we know of; false where the value cannot be one.
bool take(Distribution& found, std::string_view key, const std::string& value) {
    if (key == "ID") {
        found.id = value;
        return is_id(value);
    }
    if (key == "VERSION_ID") {
        found.version = value;
        return value.empty() || is_id(value);
    }
    if (key != "ID_LIKE") return true;
    found.like.clear();
    for (const auto word : zmi::split_words(value)) found.like.emplace_back(word);
    return std::all_of(found.like.begin(), found.like.end(), is_id);
}

}  // namespace

zmi::Expected<Distribution> parse_os_release(std::string_view text, const std::string& file) {
    Distribution found;
    int number = 0;
    for (const auto raw : zmi::split_lines(text)) {
        ++number;
        const auto line = zmi::trim(raw);
        if (line.empty() || line.front() == '#') continue;
        const auto equals = line.find('=');
        const auto key = line.substr(0, std::min(equals, line.size()));
        const auto value = equals == std::string_view::npos ? std::nullopt : unquoted(line.substr(equals + 1));
        if (!is_key(key) || !value || !take(found, key, *value)) {
            return zmi::failure(zmi::ErrorKind::knowledge,
                                fmt::format("{}:{}: {} is no line of an os-release", file, number, zmi::quoted(line)));
        }
    }
    if (found.id.empty()) return zmi::failure(zmi::ErrorKind::knowledge, fmt::format("{} has no ID", file));
    return found;
}

}  // namespace zmfw
