#pragma once

#include <plugin/render/view_schema.hpp>
#include <string>
#include <string_view>
#include <zmintegration/support/error.hpp>

namespace zmfw {

/// Whether a template uses only names that its view has, at the place where it uses them, and only the tags that we
/// know: variables, sections, inverted sections, comments. Lines end in LF; no other control characters. The library
/// renders a missing name as nothing, which would turn "allow from NET" into "allow". Errors of kind data: "FILE:LINE:
/// unknown name 'x'; did you mean 'y'".
[[nodiscard]] zmi::Expected<void> check_template(const std::string& file_name, std::string_view text,
                                                 const ViewSchema& schema);

}  // namespace zmfw
