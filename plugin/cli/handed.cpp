#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <plugin/cli/handed.hpp>
#include <plugin/cli/here.hpp>
#include <plugin/handover/host_facts.hpp>
#include <plugin/handover/trusted.hpp>
#include <plugin/helper/temporary_folder.hpp>
#include <plugin/plan/read_plan.hpp>
#include <plugin/render/format.hpp>
#include <plugin/render/format_check.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {

using zmi::Expected;

ExitStatus need_root() {
    // What root makes here is nobody else's to write, whatever the shell says.
    ::umask(022);
    if (::geteuid() == 0) return ExitStatus::done;
    return report({zmi::ErrorKind::usage, "only root can load rules and see them", "run it with sudo"});
}

Expected<PlanOfHost> read_plan_of_host(const ApplyOptions& options) {
    const auto text = read_untrusted_file(options.plan, k_plan_size_limit);
    if (!text) return tl::unexpected(text.error());
    auto plan = read_plan(*text, options.plan.string());
    if (!plan) return tl::unexpected(std::move(plan.error()));
    PlanOfHost result{std::move(*plan), nullptr};
    const auto server = choose_server(result.plan, read_host_facts(), options.server);
    if (!server) return tl::unexpected(server.error());
    if (!result.plan.source.complete)
        return zmi::failure(zmi::ErrorKind::knowledge, "the facts of the plan are not complete");
    if (!(*server)->complete()) {
        return zmi::failure(zmi::ErrorKind::knowledge, fmt::format("there is no plan for {}: {}", (*server)->name,
                                                                   zmi::quoted((*server)->problems.front().text, 300)));
    }
    result.server = *server;
    return result;
}

Expected<Handed> render_trusted(const Context& context, const ApplyOptions& options, const PlanOfHost& plan,
                                zmi::ProcessRunner& runner) {
    auto roots = context.format_roots();
    if (!roots) return tl::unexpected(roots.error());
    for (auto& root : *roots) {
        // From here on without links: what is checked must be what is read.
        std::error_code code;
        if (auto real = std::filesystem::canonical(root, code); !code) root = std::move(real);
        if (auto trusted = check_trusted(root); !trusted) return tl::unexpected(std::move(trusted.error()));
    }
    const auto format = find_format(*roots, options.format);
    if (!format) return tl::unexpected(format.error());
    const auto here = choose_target(context, {});
    if (!here) return tl::unexpected(here.error());
    if (here->known) {
        if (auto fits = check_target(here->target, *format); !fits) return tl::unexpected(std::move(fits.error()));
    }
    auto files = render(*format, *plan.server, plan.plan.source, {ZMFIREWALL_VERSION});
    if (!files) return tl::unexpected(std::move(files.error()));
    const auto checked = check_output(*format, *files, runner);
    if (!checked) return tl::unexpected(checked.error());
    // What nothing has read is not loaded.
    if (!checked->skipped.empty())
        return zmi::failure(zmi::ErrorKind::program, "the rules cannot be checked: " + checked->skipped.front());
    return Handed{options.format, plan.server->name, plan.server->digest, std::move(*files), options.timeout};
}

Expected<Difference> compare_with(const Handed& handed, zmi::ProcessRunner& runner) {
    const TemporaryFolder folder;
    if (folder.path().empty()) return zmi::failure(zmi::ErrorKind::program, "cannot make a folder in /tmp");
    if (auto written = write_rules(folder.path(), handed); !written) return tl::unexpected(written.error());
    KernelRules kernel(handed.format, runner);
    const auto wanted = kernel.wanted(folder.path());
    if (!wanted) return tl::unexpected(wanted.error());
    const auto loaded = kernel.loaded();
    if (!loaded) return tl::unexpected(loaded.error());
    return compare(*wanted, *loaded);
}

std::string text_of(const Difference& difference) {
    std::string text;
    for (const auto& line : difference.missing) text += "  + " + line + "\n";
    for (const auto& line : difference.extra) text += "  - " + line + "\n";
    if (difference.reordered) text += "  the same rules in another order\n";
    return text;
}

}  // namespace zmfw
