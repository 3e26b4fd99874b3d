#pragma once

#include <kainjow/mustache.hpp>
#include <map>
#include <string>
#include <zmintegration/support/error.hpp>

namespace zmfw {

/// What a template may use at one place of the view.
struct ViewSchema {
    enum class Kind {
        text,   ///< {{name}}
        flag,   ///< {{#name}}, {{^name}}
        texts,  ///< list of strings: {{#name}}{{.}}{{/name}}
        items,  ///< list of objects
    };
    Kind kind = Kind::items;
    std::map<std::string, ViewSchema, std::less<>> fields;  ///< of each item
};

[[nodiscard]] const ViewSchema& server_schema();   ///< of templates of scope "server"
[[nodiscard]] const ViewSchema& cluster_schema();  ///< of templates of scope "cluster"

/// Whether every declared name is there, with the declared kind: a name that is missing in an inner object would
/// silently mean the outer one. A failure is a bug of ours.
[[nodiscard]] zmi::Expected<void> check_view(const kainjow::mustache::data& view, const ViewSchema& schema);

}  // namespace zmfw
