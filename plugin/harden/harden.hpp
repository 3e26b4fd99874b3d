#pragma once

#include <plugin/plan/plan.hpp>
#include <string>
#include <vector>
#include <zmintegration/facts/inventory.hpp>

namespace zmfw {

/// What `zmprov -f` is to read, and what takes it back.
struct Hardening {
    std::string batch;
    std::string undo;
    std::vector<std::string> refused;  ///< changes that were left out, each with the reason; one line each
    std::size_t changes = 0;           ///< settings that the batch changes
};

/// Pure: the remedies of the findings as a batch, each with its text and the current value in comments, and the batch
/// that brings back what the inventory has now. What only a person can do, or has to think about, stays as comments; a
/// finding that the policy accepts is left as it is. `live` are findings of an audit: they come first, and where they
/// want another value than a plan's finding, theirs it is.
[[nodiscard]] Hardening harden(const zmi::Inventory& inventory, const Catalogue& catalogue,
                               const std::vector<Finding>& findings, const std::vector<Finding>& live = {});

}  // namespace zmfw
