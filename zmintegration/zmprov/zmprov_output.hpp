#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>
#include <zmintegration/facts/inventory.hpp>
#include <zmintegration/support/error.hpp>

namespace zmi {

/// Names from `zmprov gas` (one a line).
[[nodiscard]] Expected<std::vector<std::string>> parse_server_names(std::string_view out);

/// One "# name X" block, or the attributes of `gcf` (name empty). Grammar: reference zimbra-endpoints.md 4.1, 4.2.
struct DumpBlock {
    std::string name;
    Attributes attributes;
};

/// Output of a batch of `gs -e NAME attr...` and `gcf ATTR`: prompts, with or without the echo of the command, are
/// taken away; a value goes on over lines that start no asked attribute; "::" values are decoded; an attribute nobody
/// asked for, or one that stands where it cannot, is an error. `commands` are the lines sent, in order.
[[nodiscard]] Expected<std::vector<DumpBlock>> parse_batch(std::string_view out,
                                                           const std::vector<std::string>& commands,
                                                           const std::set<std::string, std::less<>>& asked);

/// The "ERROR: code (message)" lines of stderr, as they stand.
[[nodiscard]] std::vector<std::string> error_lines(std::string_view err);

}  // namespace zmi
