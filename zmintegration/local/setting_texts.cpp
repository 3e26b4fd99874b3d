#include <zmintegration/local/setting_lines.hpp>

#include <algorithm>
#include <map>
#include <zmintegration/support/text.hpp>

namespace zmi {
namespace {

/// Walks over a text and knows its line.
class Cursor {
public:
    explicit Cursor(std::string_view text) : m_text(text) {}

    [[nodiscard]] bool at_end() const { return m_at >= m_text.size(); }
    [[nodiscard]] char peek() const { return at_end() ? '\0' : m_text[m_at]; }
    [[nodiscard]] bool sees(std::string_view what) const { return m_text.substr(m_at).starts_with(what); }
    [[nodiscard]] int line() const { return m_line; }
    char take() {
        const char c = m_text[m_at++];
        if (c == '\n') ++m_line;
        return c;
    }
    void to_line_end() {
        while (!at_end() && peek() != '\n') take();
    }
    /// Blanks and comments (#, //, /* */); false where one has no end.
    bool skip_blanks() {
        for (;;) {
            const char c = peek();
            if (at_end()) return true;
            if (c == '#' || sees("//")) {
                to_line_end();
            } else if (sees("/*")) {
                while (!at_end() && !sees("*/")) take();
                if (at_end()) return false;
                take();
                take();
            } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f') {
                take();
            } else {
                return true;
            }
        }
    }
    /// What stands between double quotes, with \ before what is meant literally; nullopt where it has no end.
    std::optional<std::string> quoted_text() {
        std::string value;
        take();
        while (!at_end()) {
            char c = take();
            if (c == '"') return value;
            if (c == '\\' && !at_end()) c = take();
            value += c;
        }
        return std::nullopt;
    }
    template <class Is>
    std::string take_while(Is is) {
        std::string taken;
        while (!at_end() && is(peek())) taken += take();
        return taken;
    }

private:
    std::string_view m_text;
    std::size_t m_at = 0;
    int m_line = 1;
};

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/// The value of an assignment of a shell; nullopt where a quote has no end.
std::optional<std::string> shell_value(Cursor& at) {
    std::string value;
    while (!at.at_end() && !is_blank(at.peek())) {
        const char c = at.take();
        if (c == '\\' && !at.at_end()) {
            if (const char next = at.take(); next != '\n') value += next;
        } else if (c == '\'') {
            value += at.take_while([](char one) { return one != '\''; });
            if (at.at_end()) return std::nullopt;
            at.take();
        } else if (c == '"') {
            while (!at.at_end() && at.peek() != '"') {
                char one = at.take();
                if (one == '\\' && !at.at_end()) one = at.take() == '\n' ? ' ' : one;
                value += one;
            }
            if (at.at_end()) return std::nullopt;
            at.take();
        } else {
            value += c;
        }
    }
    return value;
}

/// "--name=value" and "--name value" (or with one '-') of a command line.
void add_arguments(const FileSetting& setting, std::vector<FileSetting>& into) {
    const auto words = split_words(setting.value);
    for (std::size_t i = 0; i < words.size(); ++i) {
        auto word = words[i];
        if (word.size() < 2 || word.front() != '-') continue;
        word.remove_prefix(word.starts_with("--") ? 2 : 1);
        const auto equals = word.find('=');
        std::string value;
        if (equals != std::string_view::npos) {
            value = word.substr(equals + 1);
        } else if (i + 1 < words.size() && words[i + 1].front() != '-') {
            value = words[i + 1];
        }
        into.push_back({FileSetting::Kind::one_of_many, "--" + std::string(word.substr(0, equals)), value,
                        is_computed(value), setting.line});
    }
}

/// A value of libconfig that is no group; nullopt where it has no end.
std::optional<std::string> libconfig_value(Cursor& at) {
    if (at.peek() == '(' || at.peek() == '[') {
        int open = 0;
        do {
            if (!at.skip_blanks() || at.at_end()) return std::nullopt;
            if (at.peek() == '"') {
                if (!at.quoted_text()) return std::nullopt;
                continue;
            }
            const char c = at.take();
            open += c == '(' || c == '[' || c == '{' ? 1 : c == ')' || c == ']' || c == '}' ? -1 : 0;
        } while (open > 0);
        return "(a list)";
    }
    if (at.peek() != '"')
        return at.take_while(
            [](char c) { return !is_blank(c) && std::string_view(";,}#").find(c) == std::string_view::npos; });
    std::string value;
    while (at.peek() == '"') {
        const auto part = at.quoted_text();
        if (!part || !at.skip_blanks()) return std::nullopt;
        value += *part;
    }
    return value;
}

}  // namespace

FileSettings parse_shell_settings(std::string_view text, const std::string& path) {
    std::map<std::string, FileSetting> last;
    Cursor at(text);
    while (!at.at_end()) {
        at.take_while(is_blank);
        if (at.peek() == '#') {
            at.to_line_end();
            continue;
        }
        const int line = at.line();
        auto name = at.take_while(is_in_setting_name);
        if (name == "export" && at.peek() == ' ') continue;
        if (name.empty() || at.peek() != '=') {
            at.to_line_end();
            continue;
        }
        at.take();
        const auto value = shell_value(at);
        if (!value) return odd_setting(path, line, "a quote without an end");
        last[name] = {FileSetting::Kind::value, name, *value, is_computed(*value), line};
    }
    std::vector<FileSetting> found;
    for (const auto& [name, setting] : last) {
        found.push_back(setting);
        add_arguments(setting, found);
    }
    return found;
}

FileSettings parse_libconfig_settings(std::string_view text, const std::string& path) {
    std::vector<FileSetting> found;
    std::vector<std::string> groups;
    Cursor at(text);
    for (;;) {
        if (!at.skip_blanks()) return odd_setting(path, at.line(), "a comment without an end");
        if (at.at_end()) break;
        const int line = at.line();
        if (at.peek() == ';' || at.peek() == ',') {
            at.take();
            continue;
        }
        if (at.peek() == '}') {
            at.take();
            if (groups.empty()) return odd_setting(path, line, "a '}' that closes nothing");
            groups.pop_back();
            continue;
        }
        if (at.peek() == '@') return odd_setting(path, line, "includes of other files are not read");
        const auto name = at.take_while([](char c) { return is_in_setting_name(c) || c == '*'; });
        const bool named = !name.empty() && at.skip_blanks() && (at.peek() == ':' || at.peek() == '=');
        if (!named) return odd_setting(path, line, "neither a group nor a setting");
        at.take();
        if (!at.skip_blanks() || at.at_end()) return odd_setting(path, line, "a setting without a value");
        if (at.peek() == '{') {
            at.take();
            groups.push_back(name);
            continue;
        }
        const auto value = libconfig_value(at);
        if (!value) return odd_setting(path, line, "a value without an end");
        std::string full;
        for (const auto& group : groups) full += group + ".";
        found.push_back({FileSetting::Kind::value, full + name, *value, is_computed(*value), line});
    }
    if (!groups.empty()) return odd_setting(path, at.line(), "a group without an end");
    return found;
}

}  // namespace zmi
