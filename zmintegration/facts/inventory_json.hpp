#pragma once

#include <string>
#include <string_view>
#include <zmintegration/facts/inventory.hpp>

namespace zmi {

/// Schema "zmfirewall/inventory/1": every fact with its origin, no secret; ends in a newline.
[[nodiscard]] std::string to_json(const Inventory& inventory);

/// Strict inverse: unknown members, wrong types, bad names or addresses are errors that name the path
/// (ErrorKind::data, "`origin_name`: /servers/3/name: ...").
[[nodiscard]] Expected<Inventory> parse_inventory(std::string_view json, std::string_view origin_name);

}  // namespace zmi
