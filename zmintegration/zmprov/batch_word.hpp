#pragma once

#include <string>
#include <string_view>
#include <zmintegration/support/error.hpp>

namespace zmi {

/// The text as one word of a line for `zmprov -f`: bare where it is plain, else in double quotes, with \" and \\ as
/// zmprov reads them; "" for the empty one. What cannot be written so that every release reads it back the same
/// (control characters, bytes beyond ASCII, more than 4096 bytes) is an error of kind data.
[[nodiscard]] Expected<std::string> batch_word(std::string_view text);

}  // namespace zmi
