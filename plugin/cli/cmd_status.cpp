#include <fmt/format.h>
#include <algorithm>
#include <plugin/cli/handed.hpp>
#include <plugin/handover/trusted.hpp>
#include <plugin/helper/helper.hpp>
#include <zmintegration/support/file.hpp>

namespace zmfw {
namespace {

using zmi::Expected;

/// What is looked at, and in which words.
struct Reference {
    std::string title;
    Difference difference;
};

std::string pending_text(const Pending& pending) {
    if (pending.boot != boot_id())
        return fmt::format("pending: {} rules for {} were left by an earlier boot; rollback ends that\n",
                           pending.format, pending.server);
    const auto left = std::max<std::int64_t>(0, pending.deadline - seconds_since_boot());
    if (!pending.loaded)
        return fmt::format("pending: {} rules for {} are being loaded\n", pending.format, pending.server);
    return fmt::format("pending: {} rules for {} wait for confirm, {} seconds left\n", pending.format, pending.server,
                       left);
}

Expected<Reference> against_folder(const Places& places, const std::string& name, zmi::ProcessRunner& runner) {
    const auto about = read_about(places.folder / name);
    if (!about) return tl::unexpected(about.error());
    KernelRules kernel(about->format, runner);
    const auto wanted = kernel.wanted(places.folder / name);
    if (!wanted) return tl::unexpected(wanted.error());
    const auto loaded = kernel.loaded();
    if (!loaded) return tl::unexpected(loaded.error());
    return Reference{fmt::format("{} rules for {}, plan {}", about->format, about->server, about->digest.substr(0, 12)),
                     compare(*wanted, *loaded)};
}

Expected<Reference> against_plan(const Context& context, const Places& places, ApplyOptions options,
                                 const std::string& current, zmi::ProcessRunner& runner) {
    if (options.format.empty() && !current.empty()) {
        const auto about = read_about(places.folder / current);
        if (!about) return tl::unexpected(about.error());
        options.format = about->format;
    }
    if (options.format.empty())
        return zmi::failure(zmi::ErrorKind::usage, "which rules? nothing is confirmed here", "say --format FORMAT");
    const auto plan = read_plan_of_host(options);
    if (!plan) return tl::unexpected(plan.error());
    const auto handed = render_trusted(context, options, *plan, runner);
    if (!handed) return tl::unexpected(handed.error());
    auto difference = compare_with(*handed, runner);
    if (!difference) return tl::unexpected(std::move(difference.error()));
    return Reference{
        fmt::format("{} rules for {}, plan {}", handed->format, handed->server, handed->digest.substr(0, 12)),
        std::move(*difference)};
}

/// Nothing is confirmed: then nothing should be loaded.
Expected<Reference> against_nothing(zmi::ProcessRunner& runner) {
    Reference reference{"no rules of ours", {}};
    if (find_program("nft").empty()) return reference;
    const auto loaded = KernelRules("nftables", runner).loaded();
    if (!loaded) return tl::unexpected(loaded.error());
    reference.difference.extra = *loaded;
    return reference;
}

}  // namespace

ExitStatus run_status(const Context& context, const ApplyOptions& options) {
    if (const auto status = need_root(); status != ExitStatus::done) return status;
    const Places places(context.options().system_root);
    if (auto trusted = check_way_to(places.folder); !trusted) return report(trusted.error());
    const auto pending = read_pending(places);
    if (!pending) return report(pending.error());
    const auto confirmed = read_confirmed(places);
    if (!confirmed) return report(confirmed.error());
    const auto current = *pending ? (*pending)->rules() : *confirmed;
    const auto runner = zmi::make_process_runner();
    const auto reference = !options.plan.empty() ? against_plan(context, places, options, current, *runner)
                           : current.empty()     ? against_nothing(*runner)
                                                 : against_folder(places, current, *runner);
    if (!reference) return report(reference.error());
    std::string text;
    if (*pending) text += pending_text(**pending);
    if (const auto last = zmi::read_file(places.last(), 4096); last && !*pending) text += "last: " + *last;
    const bool same = reference->difference.none();
    text += fmt::format("{}: {}\n{}", same ? "same" : "different, + is not loaded, - is loaded and should not be",
                        reference->title, text_of(reference->difference));
    const auto printed = print(text);
    if (printed != ExitStatus::done) return printed;
    return same ? ExitStatus::done : ExitStatus::findings;
}

}  // namespace zmfw
