#include <fmt/format.h>
#include <plugin/cli/here.hpp>
#include <plugin/helper/helper.hpp>
#include <plugin/host/gather.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {

HostSigns signs_here(const Context& context) {
    const auto& root = context.options().system_root;
    const auto runner = zmi::make_process_runner();
    HostPrograms programs;
    if (root == "/") programs = {runner.get(), find_program};
    return gather_signs(root, programs);
}

zmi::Expected<ChosenTarget> target_here(const Context& context, const HostSigns& signs) {
    const auto targets = context.targets();
    if (!targets) return tl::unexpected(targets.error());
    if (!signs.os) return ChosenTarget{most_conservative(*targets), false, signs.os_problem};
    if (const auto* target = match_target(*targets, *signs.os); target != nullptr)
        return ChosenTarget{*target, true, {}};
    return ChosenTarget{most_conservative(*targets), false,
                        fmt::format("there is none for {} {}", signs.os->id, signs.os->version)};
}

zmi::Expected<ChosenTarget> choose_target(const Context& context, const std::string& name) {
    const auto targets = context.targets();
    if (!targets) return tl::unexpected(targets.error());
    if (!name.empty()) {
        auto target = find_target(*targets, name);
        if (!target) return tl::unexpected(target.error());
        return ChosenTarget{std::move(*target), true, {}};
    }
    if (!context.options().inventory.empty())
        return ChosenTarget{most_conservative(*targets), false, "a saved inventory does not tell it"};
    HostSigns os_only;
    look_at_os(context.options().system_root, os_only);
    return target_here(context, os_only);
}

zmi::Expected<std::string> fit_to_target(const Context& context, const std::string& name, Format& format) {
    const auto chosen = choose_target(context, name);
    if (!chosen) return tl::unexpected(chosen.error());
    const auto title = chosen->known ? chosen->target.name : std::string();
    if (format.needs.empty()) return title;
    const auto fits = check_target(chosen->target, format);
    if (chosen->known) {
        if (!fits) return tl::unexpected(fits.error());
        const auto notes = notes_for(chosen->target, format.name);
        format.apply.insert(format.apply.end(), notes.begin(), notes.end());
        return title;
    }
    tell(fmt::format("the target is not known ({}): rules as for the oldest programs; --target tells it", chosen->why));
    if (!fits) tell(fits.error().what);
    return title;
}

}  // namespace zmfw
