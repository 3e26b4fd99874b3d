#pragma once

#include <optional>
#include <plugin/plan/truth.hpp>
#include <string>

namespace zmfw {

/// Is the component on the server? What was seen on the server itself goes first, then what the policy says of it,
/// then what the mesh has registered there; where nobody tells it is absent (an assumption) or unknown, as the
/// catalogue has it.
[[nodiscard]] Truth component_truth(const FactsView& view, const Component& component, std::size_t server);

/// Why nobody knows whether a component is on a server; nullopt where the problem is another one.
struct UnknownComponent {
    std::string id;
    std::string why;
};
[[nodiscard]] std::optional<UnknownComponent> unknown_component(const Problem& problem);

}  // namespace zmfw
