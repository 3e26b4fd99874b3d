#pragma once

#include <cstdint>
#include <map>
#include <plugin/diff/diff.hpp>
#include <string>
#include <string_view>
#include <zmintegration/facts/inventory.hpp>
#include <zmintegration/support/error.hpp>

namespace zmfw {

/// What one successful run learnt and decided.
struct RunRecord {
    std::uint64_t id = 0;
    std::string made_at;  ///< RFC 3339, UTC
    Digests digests;
    zmi::Inventory inventory;
    Plan plan;

    [[nodiscard]] Side side(const std::string& name) const { return {name, inventory, plan, digests}; }
    [[nodiscard]] std::string name() const;  ///< "record 12 of 2026-11-24T06:15:47Z"
};

/// One file: a head of lines, the inventory, the plan, and a checksum over all of it.
[[nodiscard]] std::string to_text(const RunRecord& record);

/// Strict: exactly what to_text() writes, whole, with every checksum right and both documents of the strict form.
/// Errors of kind data.
[[nodiscard]] zmi::Expected<RunRecord> parse_record(std::string_view text, std::string_view name);

}  // namespace zmfw
