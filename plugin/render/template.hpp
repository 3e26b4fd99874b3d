#pragma once

#include <plugin/render/escape.hpp>
#include <plugin/render/view_schema.hpp>
#include <string>
#include <string_view>
#include <vector>
#include <zmintegration/support/error.hpp>

namespace zmfw {

class Record;

/// A template in the language of mustache, read once: every name is already the place in the view where it is found.
class Template {
public:
    /// What to do at one place. `frame` counts the lists around it, the view itself is 0.
    struct Node {
        enum class Kind {
            text,      ///< `text` as it is
            variable,  ///< the value at `slot` of `frame`
            item,      ///< the text that is the item of `frame`
            flag,      ///< children if the flag at `slot` is set
            not_flag,
            first,  ///< children for the first item of `frame`
            not_first,
            last,
            not_last,
            each,      ///< children for each item of the list at `slot`
            none,      ///< children if that list is empty
            constant,  ///< children, which print the same for each item of the list around them
        };
        Kind kind = Kind::text;
        std::string text;
        std::size_t frame = 0;
        std::size_t slot = 0;
        bool is_closed = false;  ///< each: uses nothing from outside of the item
        std::vector<Node> children;
    };

    Template(std::vector<Node> nodes, Wanted names, Escape escape)
        : m_nodes(std::move(nodes)), m_names(std::move(names)), m_escape(escape) {}

    /// Text that is no template: braces mean nothing.
    [[nodiscard]] static Template verbatim(std::string text);

    /// The view must be of the schema that the template was compiled for, and checked (check_view).
    [[nodiscard]] std::string render(const Record& view) const;

    /// For a template that was compiled for the items of a list of the view.
    [[nodiscard]] std::string render(const Record& view, const Record& item) const;

    /// All names that it mentions.
    [[nodiscard]] const Wanted& names() const { return m_names; }

private:
    std::vector<Node> m_nodes;
    Wanted m_names;
    Escape m_escape;
};

/// Refuses a template that uses names which its view does not have at that place, free texts without an escape, and
/// all tags but variables, sections, inverted sections and comments: a missing name that is printed as nothing would
/// turn "allow from NET" into "allow". Lines end in LF; no other control characters. A line that holds one section
/// tag or comment and nothing else leaves nothing behind. Errors of kind data:
/// "FILE:LINE: unknown name 'x'; did you mean 'y'". `items`: a list of the view for whose items the template is, each
/// as if it stood in that list's section.
[[nodiscard]] zmi::Expected<Template> compile_template(const std::string& file_name, std::string_view text,
                                                       const ViewSchema& schema, Escape escape = Escape::none,
                                                       const ViewSchema* items = nullptr);

}  // namespace zmfw
