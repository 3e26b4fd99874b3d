#include <zmintegration/local/hcl.hpp>

#include <fmt/format.h>
#include <optional>
#include <utility>
#include <zmintegration/support/text.hpp>

namespace zmi {
namespace {

constexpr int k_max_depth = 32;
constexpr std::size_t k_most_values = 100'000;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool begins_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_in_name(char c) {
    return begins_name(c) || is_digit(c) || c == '-' || c == '.';
}

/// Walks over the text; the first mistake stops it.
class HclParser {
public:
    HclParser(std::string_view text, const std::string& path) : m_text(text), m_path(path) {}

    Expected<HclValue> file() {
        HclValue root;
        root.line = 1;
        if (members(root, '\0', 0)) return root;
        return failure(ErrorKind::knowledge, fmt::format("{}:{}: {}", m_path, m_problem_line, m_problem));
    }

private:
    bool fail(std::string what) {
        if (m_problem.empty()) {
            m_problem = std::move(what);
            m_problem_line = m_line;
        }
        return false;
    }
    [[nodiscard]] bool at_end() const { return m_at >= m_text.size(); }
    [[nodiscard]] char peek() const { return at_end() ? '\0' : m_text[m_at]; }
    [[nodiscard]] bool sees(std::string_view what) const { return m_text.substr(m_at).starts_with(what); }
    char take() {
        const char c = m_text[m_at++];
        if (c == '\n') ++m_line;
        return c;
    }
    bool takes(char c) {
        if (peek() != c || at_end()) return false;
        take();
        return true;
    }

    bool skip_comment();
    bool skip_blanks();
    bool members(HclValue& object, char end, int depth);
    bool member(HclValue& object, int depth);
    bool key(std::string& into);
    bool value(HclValue& into, int depth);
    bool list(HclValue& into, int depth);
    bool text(HclValue& into);
    bool escape(std::string& into);
    bool interpolation(std::string& into);
    bool number(HclValue& into);
    bool word(HclValue& into);
    bool count() { return ++m_values <= k_most_values || fail("too many values"); }

    std::string_view m_text;
    const std::string& m_path;
    std::size_t m_at = 0;
    int m_line = 1;
    std::size_t m_values = 0;
    std::string m_problem;
    int m_problem_line = 0;
};

bool HclParser::skip_comment() {
    if (!sees("/*")) {
        while (!at_end() && peek() != '\n') take();
        return true;
    }
    while (!at_end() && !sees("*/")) take();
    if (at_end()) return fail("a comment without an end");
    m_at += 2;
    return true;
}

bool HclParser::skip_blanks() {
    for (;;) {
        const char c = peek();
        if (at_end()) return true;
        if (c == '#' || sees("//") || sees("/*")) {
            if (!skip_comment()) return false;
        } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            take();
        } else {
            return true;
        }
    }
}

/// As far as `end`, which is taken, or as the end of the text where it is 0.
bool HclParser::members(HclValue& object, char end, int depth) {
    if (depth > k_max_depth) return fail("nested too deeply");
    for (;;) {
        if (!skip_blanks()) return false;
        if (at_end()) return end == '\0' || fail("an object without an end");
        if (end != '\0' && takes(end)) return true;
        if (!member(object, depth) || !skip_blanks()) return false;
        takes(',');
    }
}

bool HclParser::member(HclValue& object, int depth) {
    std::string name;
    if (!count() || !key(name) || !skip_blanks()) return false;
    object.keys.push_back(std::move(name));
    auto& child = object.children.emplace_back();
    child.line = m_line;
    if (takes('=')) return skip_blanks() && value(child, depth);
    if (takes('{')) return members(child, '}', depth + 1);
    // A label, or several.
    if (begins_name(peek()) || peek() == '"')
        return depth < k_max_depth ? member(child, depth + 1) : fail("nested too deeply");
    return fail("expected '=', '{' or a label after a key");
}

bool HclParser::key(std::string& into) {
    if (peek() == '"') {
        HclValue quoted_key;
        if (!text(quoted_key)) return false;
        if (quoted_key.computed) return fail("a key that is computed");
        into = std::move(quoted_key.text);
        return true;
    }
    if (!begins_name(peek())) {
        return fail(fmt::format("expected a key, found {}", quoted(m_text.substr(m_at, 1))));
    }
    while (is_in_name(peek())) into += take();
    return true;
}

bool HclParser::value(HclValue& into, int depth) {
    into.line = m_line;
    const char c = peek();
    if (c == '"') return text(into);
    if (c == '[') return list(into, depth + 1);
    if (takes('{')) return members(into, '}', depth + 1);
    if (is_digit(c) || c == '-') return number(into);
    if (sees("<<")) return fail("heredocs are not read");
    return word(into);
}

bool HclParser::list(HclValue& into, int depth) {
    if (depth > k_max_depth) return fail("nested too deeply");
    take();
    into.type = HclValue::Type::list;
    for (;;) {
        if (!skip_blanks()) return false;
        if (at_end()) return fail("a list without an end");
        if (takes(']')) return true;
        if (!count() || !value(into.children.emplace_back(), depth) || !skip_blanks()) return false;
        if (!takes(',') && peek() != ']') return fail("expected ',' or ']' in a list");
    }
}

bool HclParser::text(HclValue& into) {
    into.type = HclValue::Type::text;
    take();
    for (;;) {
        if (at_end() || peek() == '\n') return fail("a text without an end");
        if (sees("${")) {
            into.computed = true;
            if (!interpolation(into.text)) return false;
            continue;
        }
        const char c = take();
        if (c == '"') return true;
        if (c != '\\') {
            into.text += c;
        } else if (!escape(into.text)) {
            return false;
        }
    }
}

bool HclParser::escape(std::string& into) {
    if (at_end()) return fail("a text without an end");
    const char c = take();
    switch (c) {
        case 'n': into += '\n'; return true;
        case 't': into += '\t'; return true;
        case 'r': into += '\r'; return true;
        case '"':
        case '\\': into += c; return true;
        default: return fail("an escape that is not read: \\" + std::string(1, c < 0x21 || c > 0x7e ? '?' : c));
    }
}

/// Quotes in it do not end the text.
bool HclParser::interpolation(std::string& into) {
    int open = 0;
    do {
        if (at_end() || peek() == '\n') return fail("a ${...} without an end");
        const char c = take();
        into += c;
        if (c == '{') ++open;
        if (c == '}') --open;
    } while (open > 0 || into.back() == '$');
    return true;
}

bool HclParser::number(HclValue& into) {
    const auto start = m_at;
    takes('-');
    while (is_in_name(peek()) || peek() == '+') take();
    const auto digits = m_text.substr(start, m_at - start);
    into.type = HclValue::Type::number;
    // "0640" is octal for HCL; nothing that we read is written so, and a fraction is nothing to us either.
    const bool octal = digits.size() > 1 && digits.front() == '0' && is_digit(digits[1]);
    const auto plain = octal ? std::nullopt : parse_number<std::int64_t>(digits);
    if (plain) {
        into.number = *plain;
        return true;
    }
    into.type = HclValue::Type::fraction;
    const auto known = digits.find_first_not_of("0123456789abcdefABCDEFxX.+-") == std::string_view::npos;
    return (known && digits.size() < 40 && digits != "-") || fail(quoted(digits) + " is no number");
}

bool HclParser::word(HclValue& into) {
    std::string name;
    while (is_in_name(peek())) name += take();
    into.type = HclValue::Type::boolean;
    into.truth = name == "true";
    if (name == "true" || name == "false") return true;
    return fail(fmt::format("expected a value, found {}", quoted(name.empty() ? m_text.substr(m_at, 1) : name)));
}

}  // namespace

std::vector<const HclValue*> HclValue::all(std::string_view key) const {
    std::vector<const HclValue*> found;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        if (keys[i] == key) found.push_back(&children[i]);
    }
    return found;
}

Expected<HclValue> parse_hcl(std::string_view text, const std::string& path) {
    return HclParser(text, path).file();
}

}  // namespace zmi
