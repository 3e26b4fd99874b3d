#include <fmt/format.h>
#include <plugin/cli/commands.hpp>
#include <plugin/cli/style.hpp>
#include <plugin/render/format.hpp>

namespace zmfw {

ExitStatus run_formats(const Context& context) {
    const auto roots = context.format_roots();
    if (!roots) return report(roots.error());
    const auto formats = find_formats(*roots);
    if (!formats) return report(formats.error());
    std::vector<std::vector<std::string>> rows = {{"FORMAT", "WHAT", "FILES", "FOLDER"}};
    for (const auto& format : *formats) {
        std::string files;
        for (const auto& file : format.files) files += (files.empty() ? "" : " ") + file.name;
        rows.push_back({format.name, format.title, files, format.folder.string()});
    }
    return print(table(rows, 0));
}

}  // namespace zmfw
