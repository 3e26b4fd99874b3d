#include <fmt/format.h>
#include <plugin/cli/commands.hpp>
#include <plugin/cli/recorded.hpp>
#include <plugin/diff/diff_text.hpp>

namespace zmfw {

ExitStatus run_diff(const Context& context, const DiffOptions& options) {
    const auto opened = open_store(context, options.state);
    if (!opened) return report(opened.error());
    const auto& store = *opened;
    const auto before = find_side(context, store, options.before.empty() ? "accepted" : options.before);
    if (!before) return report(before.error());
    const auto after = find_side(context, store, options.after.empty() ? "last" : options.after);
    if (!after) return report(after.error());
    const auto difference = diff(*before, *after);
    const auto printed = print(options.json       ? to_json(difference)
                               : options.markdown ? diff_markdown(difference)
                                                  : diff_text(difference));
    if (printed != ExitStatus::done) return printed;
    return difference.is_change() ? ExitStatus::findings : ExitStatus::done;
}

}  // namespace zmfw
