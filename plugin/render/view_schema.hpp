#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <zmintegration/support/error.hpp>

namespace zmfw {

/// An order of names that mostly compares two numbers: views are filled by name.
struct ByLength {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const {
        return a.size() != b.size() ? a.size() < b.size() : a < b;
    }
};

/// What a template may use at one place of the view.
struct ViewSchema {
    enum class Kind {
        text,       ///< {{name}}: validated, means nothing special in any format
        free_text,  ///< {{name}} in files with an escape only
        flag,       ///< {{#name}}, {{^name}}
        first,      ///< a flag of the renderer's own: the first item of its list
        last,
        texts,  ///< list of strings: {{#name}}{{.}}{{/name}}
        items,  ///< list of objects
    };
    Kind kind = Kind::items;
    std::map<std::string, ViewSchema, ByLength> fields;  ///< of each item
    std::size_t slot = 0;                                ///< where a record keeps the field

    bool is_column = false;  ///< a list whose items hold one text and nothing else

    /// The field must be there.
    [[nodiscard]] std::size_t slot_of(std::string_view name) const { return fields.find(name)->second.slot; }
};

[[nodiscard]] const ViewSchema& server_schema();   ///< of templates of scope "server"
[[nodiscard]] const ViewSchema& cluster_schema();  ///< of templates of scope "cluster"

/// Names of a view that templates mention; what none of them mentions need not be made.
using Wanted = std::set<std::string, std::less<>>;

/// Stands for all names.
[[nodiscard]] const Wanted& everything();
[[nodiscard]] bool wants(const Wanted& wanted, std::string_view name);

}  // namespace zmfw
