#pragma once

#include <map>
#include <string>
#include <string_view>

namespace zmfw {

using Words = std::map<std::string, std::string, std::less<>>;

/// Fills {name}; a name that is no word stays as it is.
[[nodiscard]] std::string filled(std::string_view pattern, const Words& words);

/// A value that is not plain text is shown quoted, so that nothing odd reaches a terminal or a command.
[[nodiscard]] std::string plain(std::string_view value);

}  // namespace zmfw
