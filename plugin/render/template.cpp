#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <plugin/render/template.hpp>
#include <set>
#include <vector>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

using Kind = ViewSchema::Kind;
using Node = Template::Node;

struct Tag {
    char sign = 0;  ///< 0, '#', '^', '/', '&', '!', '>', '='; '&' for triple braces as well
    std::string name;
    long line = 1;
};

/// A list, or the view itself: where names are looked up.
struct Frame {
    const ViewSchema* items = nullptr;
    bool is_text = false;  ///< {{.}} is the item
};

/// An open section.
struct Section {
    std::string name;
    long line = 0;
    bool has_frame = false;
    Node node;
};

/// A name, found.
struct Place {
    const ViewSchema* field;
    std::size_t frame;
    bool in_column;  ///< the field is the item itself
};

class Compiler {
public:
    Compiler(const std::string& file_name, std::string_view text, const ViewSchema& schema, Escape escape,
             const ViewSchema* items)
        : m_file(file_name), m_text(text), m_escape(escape) {
        m_frames.push_back(Frame{&schema, false});
        if (items != nullptr) m_frames.push_back(Frame{items, false});
        m_sections.emplace_back();
    }

    [[nodiscard]] const std::set<std::string, std::less<>>& names() const { return m_names; }

    zmi::Expected<std::vector<Node>> run() {
        while (true) {
            auto tag = next_tag();
            if (!tag) return tl::unexpected(std::move(tag).error());
            if (!tag->has_value()) break;
            if (auto compiled = compile(**tag); !compiled) return tl::unexpected(std::move(compiled).error());
        }
        if (m_sections.size() > 1) {
            return wrong(m_sections.back().line, fmt::format("section '{}' is not closed", m_sections.back().name));
        }
        return std::move(m_sections.front().node.children);
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

    void add(Node node) { m_sections.back().node.children.push_back(std::move(node)); }

    void add_text(std::string_view text) {
        if (text.empty()) return;
        Node node;
        node.text = text;
        add(std::move(node));
    }

    zmi::Expected<std::optional<Tag>> next_tag() {
        const auto begin = m_text.find("{{", m_position);
        if (begin == std::string_view::npos) {
            add_text(m_text.substr(m_position));
            return std::optional<Tag>();
        }
        const bool triple = m_text.substr(begin, 3) == "{{{";
        const std::size_t width = triple ? 3 : 2;
        auto end = m_text.find(triple ? "}}}" : "}}", begin + width);
        const auto text_begin = m_position;
        advance(begin);
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
        end += width;
        const auto line = without_line(tag, begin, end);
        add_text(m_text.substr(text_begin, line.first - text_begin));
        advance(line.second);
        return std::optional<Tag>(tag);
    }

    /// What a tag takes from the text: its whole line where it is a section tag or comment and stands there alone.
    [[nodiscard]] std::pair<std::size_t, std::size_t> without_line(const Tag& tag, std::size_t begin,
                                                                   std::size_t end) const {
        if (tag.sign == 0 || std::string_view("#^/!").find(tag.sign) == std::string_view::npos) return {begin, end};
        const auto line_feed = m_text.rfind('\n', begin);
        const auto line_begin = line_feed == std::string_view::npos ? 0 : line_feed + 1;
        const auto line_end = std::min(m_text.find('\n', end), m_text.size());
        const bool alone = zmi::trim(m_text.substr(line_begin, begin - line_begin)).empty() &&
                           zmi::trim(m_text.substr(end, line_end - end)).empty();
        if (!alone) return {begin, end};
        return {line_begin, std::min(line_end + 1, m_text.size())};
    }

    zmi::Expected<void> compile(const Tag& tag) {
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
        if (m_sections.size() == 1)
            return wrong(tag.line, fmt::format("no section is open here to close '{}'", tag.name));
        auto section = std::move(m_sections.back());
        if (section.name != tag.name) {
            return wrong(tag.line, fmt::format("section '{}' of line {} is closed as {}", section.name, section.line,
                                               zmi::quoted(tag.name)));
        }
        m_sections.pop_back();
        if (section.has_frame) m_frames.pop_back();
        section.node.is_closed = uses_only(section.node.children, m_frames.size());
        if (section.has_frame) section.node.children = with_constants(std::move(section.node.children));
        add(std::move(section.node));
        return {};
    }

    /// Whether nothing but the items of `frame` decides what the nodes print.
    static bool uses_only(const std::vector<Node>& nodes, std::size_t frame) {
        return std::all_of(nodes.begin(), nodes.end(), [&](const Node& node) {
            const bool own = node.kind == Node::Kind::text || node.kind == Node::Kind::constant || node.frame == frame;
            return own && uses_only(node.children, frame);
        });
    }

    /// Whether an item of the list whose section was closed just now has a say in what the node prints.
    [[nodiscard]] bool depends_on_item(const Node& node) const {
        const bool own = node.kind != Node::Kind::text && node.frame == m_frames.size();
        return own || std::any_of(node.children.begin(), node.children.end(),
                                  [&](const Node& child) { return depends_on_item(child); });
    }

    /// Puts neighbours that print the same for each item together.
    [[nodiscard]] std::vector<Node> with_constants(std::vector<Node> nodes) const {
        std::vector<Node> result;
        for (auto& node : nodes) {
            if (depends_on_item(node)) {
                result.push_back(std::move(node));
                continue;
            }
            if (result.empty() || result.back().kind != Node::Kind::constant) {
                result.emplace_back();
                result.back().kind = Node::Kind::constant;
            }
            result.back().children.push_back(std::move(node));
        }
        return result;
    }

    zmi::Expected<void> open(const Tag& tag) {
        const auto found = find(tag.name);
        if (!found) return unknown(tag);
        const auto kind = found->field->kind;
        if (kind == Kind::text || kind == Kind::free_text) {
            return wrong(tag.line, fmt::format("'{}' is a text, not a section", tag.name));
        }
        Section section;
        section.name = tag.name;
        section.line = tag.line;
        section.node.kind = section_kind(kind, tag.sign == '^');
        section.node.frame = found->frame;
        section.node.slot = found->field->slot;
        section.has_frame = section.node.kind == Node::Kind::each;
        if (section.has_frame) m_frames.push_back(Frame{found->field, kind == Kind::texts});
        m_sections.push_back(std::move(section));
        return {};
    }

    static Node::Kind section_kind(Kind kind, bool inverted) {
        switch (kind) {
            case Kind::flag: return inverted ? Node::Kind::not_flag : Node::Kind::flag;
            case Kind::first: return inverted ? Node::Kind::not_first : Node::Kind::first;
            case Kind::last: return inverted ? Node::Kind::not_last : Node::Kind::last;
            default: return inverted ? Node::Kind::none : Node::Kind::each;
        }
    }

    zmi::Expected<void> variable(const Tag& tag) {
        Node node;
        node.kind = Node::Kind::item;
        node.frame = m_frames.size() - 1;
        if (tag.name == ".") {
            if (!m_frames.back().is_text || !m_sections.back().has_frame) {
                return wrong(tag.line, "'.' stands for an item of a list of texts only, inside its section");
            }
            add(std::move(node));
            return {};
        }
        const auto found = find(tag.name);
        if (!found) return unknown(tag);
        if (found->field->kind != Kind::text && found->field->kind != Kind::free_text) {
            return wrong(tag.line, fmt::format("'{}' is a section, not a text", tag.name));
        }
        if (found->field->kind == Kind::free_text && m_escape == Escape::none) {
            return wrong(tag.line,
                         fmt::format("'{}' may be any text: only a file with an escape may print it", tag.name));
        }
        if (!found->in_column) node.kind = Node::Kind::variable;
        node.frame = found->frame;
        node.slot = found->field->slot;
        add(std::move(node));
        return {};
    }

    /// From the innermost list outwards.
    [[nodiscard]] std::optional<Place> find(const std::string& name) {
        m_names.insert(name);
        for (auto frame = m_frames.size(); frame-- > 0;) {
            const auto* items = m_frames[frame].items;
            const auto field = items->fields.find(name);
            if (field == items->fields.end()) continue;
            const auto kind = field->second.kind;
            const bool in_column = frame > 0 && items->is_column && kind == Kind::text;
            return Place{&field->second, frame, in_column};
        }
        return std::nullopt;
    }

    [[nodiscard]] tl::unexpected<zmi::Error> unknown(const Tag& tag) const {
        std::vector<std::string> known;
        for (const auto& frame : m_frames) {
            for (const auto& [name, field] : frame.items->fields) known.push_back(name);
        }
        const auto near = zmi::nearest(tag.name, known);
        auto text = fmt::format("unknown name {}", zmi::quoted(tag.name));
        if (!near.empty()) text += fmt::format("; did you mean '{}'", near);
        return wrong(tag.line, text);
    }

    std::string m_file;
    std::string_view m_text;
    Escape m_escape;
    std::size_t m_position = 0;
    long m_line = 1;
    std::set<std::string, std::less<>> m_names;
    std::vector<Frame> m_frames;
    std::vector<Section> m_sections;  ///< the first one is the whole template
};

}  // namespace

Template Template::verbatim(std::string text) {
    Node node;
    node.text = std::move(text);
    return Template({std::move(node)}, {}, Escape::none);
}

zmi::Expected<Template> compile_template(const std::string& file_name, std::string_view text, const ViewSchema& schema,
                                         Escape escape, const ViewSchema* items) {
    const auto odd = std::find_if(text.begin(), text.end(),
                                  [](char c) { return (c >= 0 && c < 0x20 && c != '\n' && c != '\t') || c == 0x7f; });
    if (odd != text.end()) {
        const auto line = 1 + std::count(text.begin(), odd, '\n');
        return zmi::failure(zmi::ErrorKind::data, fmt::format("{}:{}: control character", file_name, line));
    }
    Compiler compiler(file_name, text, schema, escape, items);
    auto nodes = compiler.run();
    if (!nodes) return tl::unexpected(std::move(nodes).error());
    return Template(std::move(*nodes), compiler.names(), escape);
}

}  // namespace zmfw
