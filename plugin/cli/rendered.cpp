#include <fmt/format.h>
#include <fmt/ranges.h>
#include <plugin/cli/rendered.hpp>
#include <plugin/render/format_check.hpp>

namespace zmfw {

std::string names_of_formats(const std::vector<std::filesystem::path>& roots, bool (*fits)(const Format& format)) {
    std::vector<std::string> names;
    if (const auto formats = find_formats(roots)) {
        for (const auto& format : *formats) {
            if (fits(format)) names.push_back(format.name);
        }
    }
    return fmt::format("{}", fmt::join(names, ", "));
}

zmi::Error no_outbound(const std::vector<std::filesystem::path>& roots, const Format& format) {
    return {zmi::ErrorKind::usage, fmt::format("the format {} has no rules for what leaves a server", format.name),
            "formats that have: " +
                names_of_formats(roots, [](const Format& one) { return one.names.contains("outbound"); })};
}

zmi::Expected<Files> render_all(const Format& format, const Plan& plan, bool observe) {
    const RenderOptions options{ZMFIREWALL_VERSION, plan.made_at, plan.this_node, observe};
    Files files;
    for (const auto& server : plan.servers) {
        auto rendered = render(format, server, plan.source, options);
        if (!rendered) return tl::unexpected(std::move(rendered.error()).within(server.name));
        std::move(rendered->begin(), rendered->end(), std::back_inserter(files));
    }
    auto rendered = render_cluster(format, plan.servers, plan.source, options);
    if (!rendered) return rendered;
    std::move(rendered->begin(), rendered->end(), std::back_inserter(files));
    return files;
}

ExitStatus check_files(const Format& format, const Files& files, zmi::ProcessRunner& runner) {
    const auto checked = check_output(format, files, runner);
    if (!checked) return report(checked.error());
    for (const auto& skipped : checked->skipped) tell("not checked: " + skipped);
    if (checked->checked > 0)
        tell(fmt::format("checked: {} of {} files read by their own program", checked->checked, files.size()));
    return ExitStatus::done;
}

ExitStatus tell_blockers(const Plan& plan) {
    ExitStatus status = ExitStatus::done;
    for (const auto& server : plan.servers) {
        for (const auto* finding : server.standing_blockers()) {
            tell(fmt::format("{}: blocker {}: {}", server.name, finding->id, finding->text));
            for (const auto& remedy : finding->remedy) say(fmt::format("  remedy: {}\n", remedy));
            say(fmt::format("  or accept it in the policy: <accept finding=\"{}\"/>\n", finding->id));
            status = ExitStatus::findings;
        }
    }
    return status;
}

}  // namespace zmfw
