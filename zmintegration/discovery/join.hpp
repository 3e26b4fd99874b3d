#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>
#include <zmintegration/facts/inventory.hpp>

namespace zmi {

/// An inventory that was taken on another node, and where it was read.
struct SavedInventory {
    std::string origin;
    Inventory inventory;
};

/// Reads inventories; of a folder those files in it that end in .json, by name. A folder without any is an error.
[[nodiscard]] Expected<std::vector<SavedInventory>> read_inventories(const std::vector<std::filesystem::path>& paths);

/// Adds what each of the others knows of the node where it was taken: its local facts, and its addresses where the
/// inventory has none. A node of which only the mesh, or the node itself, knows becomes a server; one that the mesh has
/// under a name of its own gets its right name. Nothing else is taken over.
/// Refused, with what to do: another product; an inventory that is not complete, or older than `max_age` at the time of
/// `into`; a node that is no server of this deployment; this very node; a node whose facts are there already.
[[nodiscard]] Expected<void> join(Inventory& into, const std::vector<SavedInventory>& others,
                                  std::chrono::seconds max_age);

}  // namespace zmi
