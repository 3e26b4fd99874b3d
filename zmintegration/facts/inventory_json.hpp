#pragma once

#include <string>
#include <string_view>
#include <zmintegration/facts/inventory.hpp>

namespace zmi {

/// Schema "zmfirewall/inventory/1" (templates/schema/inventory-1.schema.json); ends in a newline, and the same facts
/// give the same bytes. Every fact has its origin, which is where it stands: under servers[].attributes what is set
/// on that server, under "global" what is set in global config, under local.NODE.localconfig what localconfig.xml
/// sets, under local.NODE.listeners the file and line, under "resolved" what the system resolver said. Inheritance
/// is not applied. No secret: names that may hold one and the user:password part of URLs are left out.
[[nodiscard]] std::string to_json(const Inventory& inventory);

/// Strict inverse: more than 32 MiB, unknown, missing or repeated members, wrong types, bad names, ports or
/// addresses, names that may hold a secret are errors that name the path
/// (ErrorKind::data, "`origin_name`: /servers/3/name: ...").
[[nodiscard]] Expected<Inventory> parse_inventory(std::string_view json, std::string_view origin_name);

}  // namespace zmi
