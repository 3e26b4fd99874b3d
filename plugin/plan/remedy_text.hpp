#pragma once

#include <plugin/catalogue/catalogue.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace zmfw {

/// The word as a shell takes it; bare where nothing in it means anything to a shell.
[[nodiscard]] std::string shell_word(std::string_view word);

/// The command, as user zimbra, that makes these changes; they are of one server (or of global config) and of one kind
/// of fact, of localconfig exactly one.
[[nodiscard]] std::string command_text(const std::vector<Change>& changes);

/// Of a setting that we know how to read back, with a value that is no stopgap; a service only where it is installed.
[[nodiscard]] bool is_safe(const Change& change, const zmi::Inventory& inventory, const Catalogue& catalogue);

}  // namespace zmfw
