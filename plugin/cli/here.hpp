#pragma once

#include <plugin/cli/context.hpp>
#include <plugin/host/judge.hpp>
#include <plugin/host/target.hpp>

namespace zmfw {

/// The signs of the host below --system-root. Programs are asked about the whole system only.
[[nodiscard]] HostSigns signs_here(const Context& context);

struct ChosenTarget {
    Target target;
    bool known = true;
    std::string why;  ///< why it is not known
};
/// The one of that name; with an empty name, the system below --system-root, unless the facts come from a saved
/// inventory. Where it cannot be told: the most conservative.
[[nodiscard]] zmi::Expected<ChosenTarget> choose_target(const Context& context, const std::string& name);

/// Refuses a format that the target does not take; adds what is to know there to what the files say about loading. The
/// target's name; empty where it is not known, which is told. `name` as for choose_target().
[[nodiscard]] zmi::Expected<std::string> fit_to_target(const Context& context, const std::string& name, Format& format);

/// The system below --system-root.
[[nodiscard]] zmi::Expected<ChosenTarget> target_here(const Context& context, const HostSigns& signs);

}  // namespace zmfw
