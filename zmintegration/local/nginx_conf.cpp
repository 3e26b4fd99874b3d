#include <fmt/format.h>
#include <algorithm>
#include <zmintegration/local/service_lines.hpp>
#include <zmintegration/support/text.hpp>

namespace zmi {
namespace {

/// The words of one directive, without what ends it.
struct Directive {
    int line = 0;
    std::vector<std::string> words;
};

/// Splits as nginx does: words, quotes, comments; ';', '{' and '}' end a directive.
class DirectiveReader {
public:
    DirectiveReader(std::string_view text, const std::string& path) : m_text(text), m_path(path) {}

    Expected<std::vector<Directive>> all() {
        while (m_at < m_text.size()) {
            const char c = m_text[m_at];
            if (c == '\n') {
                ++m_line;
                ++m_at;
            } else if (c == ' ' || c == '\t' || c == '\r') {
                ++m_at;
            } else if (c == '#') {
                m_at = std::min(m_text.find('\n', m_at), m_text.size());
            } else if (c == ';' || c == '{' || c == '}') {
                end_directive();
                ++m_at;
            } else if (auto read = read_word(); !read) {
                return tl::unexpected(std::move(read.error()));
            }
        }
        if (!m_open.words.empty()) return problem(m_open.line, "a directive without an end");
        return std::move(m_found);
    }

private:
    [[nodiscard]] tl::unexpected<Error> problem(int line, std::string_view what) const {
        return failure(ErrorKind::knowledge, fmt::format("{}:{}: {}", m_path, line, what));
    }

    void end_directive() {
        if (!m_open.words.empty()) m_found.push_back(std::move(m_open));
        m_open = {};
    }

    Expected<void> read_word() {
        if (m_open.words.empty()) m_open.line = m_line;
        const char first = m_text[m_at];
        std::size_t end = 0;
        if (first == '"' || first == '\'') {
            end = ++m_at;
            while (end < m_text.size() && m_text[end] != first) end += m_text[end] == '\\' ? 2 : 1;
            if (end >= m_text.size()) return problem(m_line, "a quote without an end");
            add_word(end);
            m_at = end + 1;
            return {};
        }
        end = m_at;
        while (end < m_text.size() && std::string_view(" \t\r\n;{}").find(m_text[end]) == std::string_view::npos) {
            // ${name} is part of a word.
            const bool variable = m_text[end] == '$' && end + 1 < m_text.size() && m_text[end + 1] == '{';
            const auto close = variable ? m_text.find('}', end) : std::string_view::npos;
            end = close == std::string_view::npos ? end + 1 : close + 1;
        }
        add_word(end);
        m_at = end;
        return {};
    }

    void add_word(std::size_t end) {
        const auto word = m_text.substr(m_at, end - m_at);
        for (const char c : word) m_line += c == '\n' ? 1 : 0;
        m_open.words.emplace_back(word);
    }

    std::string_view m_text;
    const std::string& m_path;
    std::size_t m_at = 0;
    int m_line = 1;
    Directive m_open;
    std::vector<Directive> m_found;
};

}  // namespace

Expected<NginxFile> parse_nginx_conf(std::string_view text, const std::string& path) {
    const auto directives = DirectiveReader(text, path).all();
    if (!directives) return tl::unexpected(directives.error());
    NginxFile file;
    for (const auto& one : *directives) {
        if (one.words.size() < 2) continue;
        const auto& value = one.words[1];
        if (one.words[0] == "include") file.includes.emplace_back(value, one.line);
        if (one.words[0] != "listen" || value.starts_with("unix:")) continue;
        const auto at = parse_address_and_port(value);
        if (!at)
            return failure(ErrorKind::knowledge,
                           fmt::format("{}:{}: listen cannot be {}", path, one.line, quoted(value)));
        file.listeners.push_back({"nginx.conf", path, one.line, "listen", at->address, at->port});
    }
    return file;
}

}  // namespace zmi
