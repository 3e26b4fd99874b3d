#pragma once

#include <plugin/catalogue/catalogue.hpp>
#include <plugin/plan/filled.hpp>
#include <plugin/plan/plan.hpp>
#include <plugin/plan/truth.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace zmfw {

/// The word as a shell takes it; bare where nothing in it means anything to a shell.
[[nodiscard]] std::string shell_word(std::string_view word);

/// The command, as the product's user, that makes these changes; they are of one server (or of global config) and of
/// one kind of fact, of localconfig exactly one. `product` is the catalogue's.
[[nodiscard]] std::string command_text(const std::vector<Change>& changes, std::string_view product);

/// Of a setting that we know how to read back, with a value that is no stopgap; a service only where it is installed;
/// an address only where it is the one that others dial: of several that a name has, binding to one cuts off who dials
/// the others.
[[nodiscard]] bool is_safe(const Change& change, const FactsView& view);

/// Fills in what helps against a finding about `server`, as commands for people and as changes.
void add_remedies(const std::vector<RemedySpec>& remedies, const Words& words, const Evaluator& evaluator,
                  std::size_t server, Finding& finding);

}  // namespace zmfw
