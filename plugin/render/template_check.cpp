#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <plugin/render/template_check.hpp>
#include <vector>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

using Kind = ViewSchema::Kind;

struct Tag {
    char sign = 0;  ///< 0, '#', '^', '/', '&', '!', '>', '='; '&' for triple braces as well
    std::string name;
    long line = 1;
};

/// An open section: what its items hold.
struct Scope {
    std::string section;
    long line = 0;
    const ViewSchema* items = nullptr;  ///< null inside of a flag or an inverted section
    bool is_text = false;               ///< {{.}} is the item
};

class Checker {
public:
    Checker(const std::string& file_name, std::string_view text, const ViewSchema& schema)
        : m_file(file_name), m_text(text) {
        m_scopes.push_back(Scope{"", 0, &schema, false});
    }

    zmi::Expected<void> run() {
        while (true) {
            auto tag = next_tag();
            if (!tag) return tl::unexpected(std::move(tag).error());
            if (!tag->has_value()) break;
            if (auto checked = check(**tag); !checked) return checked;
        }
        if (m_scopes.size() > 1) {
            return wrong(m_scopes.back().line, fmt::format("section '{}' is not closed", m_scopes.back().section));
        }
        return {};
    }

private:
    [[nodiscard]] tl::unexpected<zmi::Error> wrong(long line, const std::string& what) const {
        return zmi::failure(zmi::ErrorKind::data, fmt::format("{}:{}: {}", m_file, line, what));
    }

    void advance(std::size_t to) {
        const auto from = m_text.begin() + static_cast<std::ptrdiff_t>(m_position);
        m_line += std::count(from, m_text.begin() + static_cast<std::ptrdiff_t>(to), '\n');
        m_position = to;
    }

    zmi::Expected<std::optional<Tag>> next_tag() {
        const auto begin = m_text.find("{{", m_position);
        if (begin == std::string_view::npos) return std::optional<Tag>();
        advance(begin);
        const bool triple = m_text.substr(begin, 3) == "{{{";
        const std::size_t width = triple ? 3 : 2;
        const auto end = m_text.find(triple ? "}}}" : "}}", begin + width);
        if (end == std::string_view::npos) return wrong(m_line, "tag is not closed");
        Tag tag;
        tag.line = m_line;
        auto content = zmi::trim(m_text.substr(begin + width, end - begin - width));
        if (triple) {
            tag.sign = '&';
        } else if (!content.empty() && std::string_view("#^/&!>=").find(content.front()) != std::string_view::npos) {
            tag.sign = content.front();
            content = zmi::trim(content.substr(1));
        }
        tag.name = content;
        advance(end + width);
        return std::optional<Tag>(tag);
    }

    zmi::Expected<void> check(const Tag& tag) {
        switch (tag.sign) {
            case '!': return {};
            case '>': return wrong(tag.line, "partials are not supported");
            case '=': return wrong(tag.line, "other delimiters are not supported");
            case '/': return close(tag);
            case '#':
            case '^': return open(tag);
            default: return variable(tag);
        }
    }

    zmi::Expected<void> close(const Tag& tag) {
        if (m_scopes.size() == 1)
            return wrong(tag.line, fmt::format("no section is open here to close '{}'", tag.name));
        if (m_scopes.back().section != tag.name) {
            return wrong(tag.line, fmt::format("section '{}' of line {} is closed as {}", m_scopes.back().section,
                                               m_scopes.back().line, zmi::quoted(tag.name)));
        }
        m_scopes.pop_back();
        return {};
    }

    zmi::Expected<void> open(const Tag& tag) {
        const auto* found = find(tag.name);
        if (found == nullptr) return unknown(tag);
        if (found->kind == Kind::text) {
            return wrong(tag.line, fmt::format("'{}' is a text, not a section", tag.name));
        }
        Scope scope{tag.name, tag.line, nullptr, false};
        if (tag.sign == '#' && found->kind == Kind::items) scope.items = found;
        if (tag.sign == '#' && found->kind == Kind::texts) scope.is_text = true;
        m_scopes.push_back(scope);
        return {};
    }

    zmi::Expected<void> variable(const Tag& tag) {
        if (tag.name == ".") {
            if (m_scopes.back().is_text) return {};
            return wrong(tag.line, "'.' stands for an item of a list of texts only, directly inside its section");
        }
        const auto* found = find(tag.name);
        if (found == nullptr) return unknown(tag);
        if (found->kind != Kind::text) return wrong(tag.line, fmt::format("'{}' is a section, not a text", tag.name));
        return {};
    }

    /// As the library looks names up: from the innermost section outwards.
    [[nodiscard]] const ViewSchema* find(const std::string& name) const {
        for (auto scope = m_scopes.rbegin(); scope != m_scopes.rend(); ++scope) {
            if (scope->items == nullptr) continue;
            const auto field = scope->items->fields.find(name);
            if (field != scope->items->fields.end()) return &field->second;
        }
        return nullptr;
    }

    [[nodiscard]] tl::unexpected<zmi::Error> unknown(const Tag& tag) const {
        std::vector<std::string> known;
        for (const auto& scope : m_scopes) {
            if (scope.items == nullptr) continue;
            for (const auto& [name, field] : scope.items->fields) known.push_back(name);
        }
        const auto near = zmi::nearest(tag.name, known);
        auto text = fmt::format("unknown name {}", zmi::quoted(tag.name));
        if (!near.empty()) text += fmt::format("; did you mean '{}'", near);
        return wrong(tag.line, text);
    }

    std::string m_file;
    std::string_view m_text;
    std::size_t m_position = 0;
    long m_line = 1;
    std::vector<Scope> m_scopes;
};

}  // namespace

zmi::Expected<void> check_template(const std::string& file_name, std::string_view text, const ViewSchema& schema) {
    const auto odd = std::find_if(text.begin(), text.end(),
                                  [](char c) { return (c >= 0 && c < 0x20 && c != '\n' && c != '\t') || c == 0x7f; });
    if (odd != text.end()) {
        const auto line = 1 + std::count(text.begin(), odd, '\n');
        return zmi::failure(zmi::ErrorKind::data, fmt::format("{}:{}: control character", file_name, line));
    }
    return Checker(file_name, text, schema).run();
}

}  // namespace zmfw
