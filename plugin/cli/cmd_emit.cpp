#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <plugin/cli/commands.hpp>
#include <plugin/cli/here.hpp>
#include <plugin/cli/planned.hpp>
#include <plugin/cli/rendered.hpp>
#include <plugin/helper/helper.hpp>
#include <plugin/prove/prove.hpp>
#include <plugin/render/format.hpp>
#include <plugin/render/render.hpp>
#include <zmintegration/process/process_runner.hpp>
#include <zmintegration/support/file.hpp>

namespace zmfw {
namespace {

zmi::Error no_observe(const std::vector<std::filesystem::path>& roots, const Format& format) {
    return {zmi::ErrorKind::usage, fmt::format("the format {} cannot observe without enforcing", format.name),
            "formats that can: " + names_of_formats(roots, [](const Format& one) { return one.can_observe(); })};
}

ExitStatus prove_server(const ServerPlan& server, const std::string& rules, zmi::ProcessRunner& runner) {
    const auto proof = prove(server, rules, runner, own_program());
    if (!proof) return report(proof.error());
    if (!proof->skipped_reason.empty()) {
        tell(fmt::format("{}: not proven: {}", server.name, proof->skipped_reason));
        return ExitStatus::done;
    }
    for (const auto& mismatch : proof->mismatches)
        tell(fmt::format("{}: the rules do not match the plan: {}", server.name, mismatch));
    for (const auto& note : proof->notes) tell(fmt::format("{}: {}", server.name, note));
    if (!proof->proven) return ExitStatus::program;
    tell(fmt::format("{}: proven in a kernel: {} allowed and {} denied connections behave as planned", server.name,
                     proof->allowed_checked, proof->denied_checked));
    return ExitStatus::done;
}

ExitStatus run_proofs(const Format& format, const Plan& plan, zmi::ProcessRunner& runner) {
    const RenderOptions options{ZMFIREWALL_VERSION, plan.made_at, plan.this_node};
    if (!can_prove(format)) {
        tell(fmt::format("--prove does not know how to load the format {} (see formats)", format.name));
        return ExitStatus::usage;
    }
    for (const auto& server : plan.servers) {
        const auto files = render(format, server, plan.source, options);
        if (!files) return report(files.error());
        if (const auto status = prove_server(server, files->front().content, runner); status != ExitStatus::done)
            return status;
    }
    return ExitStatus::done;
}

/// For rules that are to be loaded on this very host: what else filters here.
void warn_of_neighbours(const Context& context, const std::string& format, const Plan& plan) {
    const auto is_here = [&](const ServerPlan& server) { return server.name == plan.this_node; };
    if (!context.options().inventory.empty() || std::none_of(plan.servers.begin(), plan.servers.end(), is_here)) return;
    for (const auto& warning : judge_format(signs_here(context), format)) {
        tell(fmt::format("warning: {}", warning.text));
        if (!warning.remedy.empty()) say(fmt::format("  remedy: {}\n", warning.remedy));
    }
}

ExitStatus write(const Files& files, const std::filesystem::path& folder) {
    std::vector<zmi::FileToWrite> writes;
    for (const auto& file : files) writes.push_back({folder / file.name, file.content, file.mode});
    if (auto written = zmi::write_files_atomically(writes); !written) {
        return report({zmi::ErrorKind::program, written.error().what, "the files of the last run are untouched"});
    }
    std::string names;
    for (const auto& file : writes) names += file.path.string() + "\n";
    return print(names);
}

}  // namespace

ExitStatus run_emit(const Context& context, const EmitOptions& options) {
    const auto roots = context.format_roots();
    if (!roots) return report(roots.error());
    auto format = find_format(*roots, options.format);
    if (!format) return report(format.error());
    if (const auto fitted = fit_to_target(context, options.target, *format); !fitted) return report(fitted.error());
    if (options.outbound && !format->names.contains("outbound")) return report(no_outbound(*roots, *format));
    if (options.observe && !format->can_observe()) return report(no_observe(*roots, *format));
    const auto planned = make_plan(context, options.selection, options.outbound);
    if (!planned) return report(planned.error());
    const auto& plan = planned->plan;
    if (const auto status = tell_problems(plan); status != ExitStatus::done) return status;
    if (const auto status = tell_blockers(plan); status != ExitStatus::done) {
        tell("nothing was emitted");
        return status;
    }
    warn_of_neighbours(context, format->name, plan);
    const auto files = render_all(*format, plan, options.observe);
    if (!files) return report(files.error());
    if (options.output.empty() && files->size() != 1) {
        return report({zmi::ErrorKind::usage, fmt::format("{} makes {} files here", options.format, files->size()),
                       "name a folder for them with --output DIR"});
    }
    const auto runner = zmi::make_process_runner();
    if (options.check) {
        if (const auto status = check_files(*format, *files, *runner); status != ExitStatus::done) return status;
    }
    if (options.prove) {
        if (const auto status = run_proofs(*format, plan, *runner); status != ExitStatus::done) return status;
    }
    return options.output.empty() ? print(files->front().content) : write(*files, options.output);
}

}  // namespace zmfw
