#include <fmt/format.h>
#include <plugin/cli/commands.hpp>
#include <plugin/cli/here.hpp>
#include <plugin/cli/style.hpp>
#include <plugin/render/format.hpp>

namespace zmfw {
namespace {

/// Names of the targets that take the format; "all" where it is the same everywhere.
std::string targets_of(const Format& format, const std::vector<Target>& targets) {
    std::string names;
    std::size_t count = 0;
    for (const auto& target : targets) {
        if (!check_target(target, format)) continue;
        names += (names.empty() ? "" : " ") + target.name;
        ++count;
    }
    return count == targets.size() ? "all" : names;
}

}  // namespace

ExitStatus run_formats(const Context& context) {
    const auto roots = context.format_roots();
    if (!roots) return report(roots.error());
    const auto formats = find_formats(*roots);
    if (!formats) return report(formats.error());
    const auto targets = context.targets();
    if (!targets) return report(targets.error());
    std::vector<std::vector<std::string>> rows = {{"FORMAT", "WHAT", "FILES", "TARGETS", "FOLDER"}};
    for (const auto& format : *formats) {
        std::string files;
        for (const auto& file : format.files) files += (files.empty() ? "" : " ") + file.name;
        rows.push_back({format.name, format.title, files, targets_of(format, *targets), format.folder.string()});
    }
    const auto judgement = judge(signs_here(context));
    return print(table(rows, 0) + fmt::format("\nrecommended on this host: {} ({}); see `zmfirewall host`\n",
                                              judgement.format.empty() ? "cannot be told" : judgement.format,
                                              judgement.why));
}

}  // namespace zmfw
