#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <plugin/cli/commands.hpp>
#include <plugin/cli/progress.hpp>
#include <plugin/cli/style.hpp>
#include <plugin/doctor/doctor.hpp>
#include <plugin/helper/helper.hpp>
#include <plugin/render/format.hpp>
#include <set>
#include <zmintegration/support/ordered_json.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

/// The programs of all formats, each once, with what is lost without it.
std::vector<ProgramSymptoms> programs_of(const std::vector<Format>& formats) {
    std::map<std::string, std::set<std::string>> uses;
    for (const auto& format : formats) {
        if (!format.prover.empty()) {
            for (const auto* name : {"nft", "ip", "unshare"})
                uses[name].insert(fmt::format("emit {} --prove", format.name));
        }
        for (const auto& check : format.checks) {
            const auto use = fmt::format("emit {} --check", format.name);
            uses[check.program].insert(use);
            for (const auto& name : check.needs) uses[name].insert(use);
        }
    }
    std::vector<ProgramSymptoms> programs;
    for (const auto& [name, texts] : uses) {
        programs.push_back({name, fmt::format("{}", fmt::join(texts, ", ")), !find_program(name).empty()});
    }
    return programs;
}

/// What we bring, and what the site wrote for us; what to ask the sources for, where the catalogue can be read.
zmi::Wanted read_data(const Context& context, std::vector<DataSymptoms>& data, std::vector<ProgramSymptoms>& programs) {
    zmi::Wanted wanted;
    const auto catalogue = context.catalogue();
    if (catalogue) {
        wanted = catalogue->wanted();
        data.push_back({"catalogue", fmt::format("{} endpoints", catalogue->endpoints.size()), {}});
        const auto policy = context.policy(*catalogue);
        if (policy) {
            data.push_back({"policy", policy->file.empty() ? "none: the defaults" : policy->file, {}});
        } else {
            data.push_back({"policy", {}, policy.error()});
        }
    } else {
        data.push_back({"catalogue", {}, catalogue.error()});
    }
    const auto roots = context.format_roots();
    const auto formats =
        roots ? find_formats(*roots) : zmi::Expected<std::vector<Format>>(tl::unexpected(roots.error()));
    if (formats) {
        data.push_back({"templates", fmt::format("{} formats", formats->size()), {}});
        programs = programs_of(*formats);
    } else {
        data.push_back({"templates", {}, formats.error()});
    }
    return wanted;
}

std::string shown(const std::string& text) {
    return zmi::is_printable_ascii(text) ? text : zmi::quoted(text);
}

std::string doctor_text(const std::vector<Check>& checks, const Style& style) {
    std::size_t width = 0;
    for (const auto& check : checks) width = std::max(width, check.subject.size());
    std::map<Health, int> count;
    std::string text;
    for (const auto& check : checks) {
        ++count[check.health];
        const auto word = fmt::format("{:<9}", to_string(check.health));
        text += fmt::format("{}  {:<{}}  {}\n",
                            check.health == Health::ok       ? style.good(word)
                            : check.health == Health::failed ? style.bad(word)
                                                             : style.warn(word),
                            check.subject, width, shown(check.found));
        if (!check.fix.empty()) text += fmt::format("{:11}{:<{}}  fix: {}\n", "", "", width, shown(check.fix));
    }
    return text + fmt::format("\n{} ok, {} warnings, {} failed, {} not known\n", count[Health::ok],
                              count[Health::warning], count[Health::failed], count[Health::unknown]);
}

std::string doctor_json(const std::vector<Check>& checks) {
    auto list = zmi::OrderedJson::array();
    for (const auto& check : checks) {
        list.push_back({{"subject", check.subject},
                        {"health", std::string(to_string(check.health))},
                        {"found", check.found},
                        {"fix", check.fix}});
    }
    const zmi::OrderedJson json = {{"schema", "zmfirewall/doctor/1"}, {"checks", std::move(list)}};
    return json.dump(2, ' ', false, zmi::OrderedJson::error_handler_t::replace) + "\n";
}

}  // namespace

ExitStatus run_doctor(const Context& context, bool json) {
    DoctorOptions options;
    if (auto discovery = context.discovery_options()) {
        options.discovery = std::move(*discovery);
    } else if (const auto product = context.product(); product) {
        return report(discovery.error());
    } else {
        // The rest is looked at as it would be for one of them.
        auto assumed = context.options();
        assumed.product = zmi::to_string(zmi::ProductFamily::zimbra);
        auto for_one = Context(assumed).discovery_options();
        if (!for_one) return report(for_one.error());
        options.discovery = std::move(*for_one);
        options.product_problem = product.error();
    }
    options.inventory = context.options().inventory.string();
    std::vector<DataSymptoms> data;
    std::vector<ProgramSymptoms> programs;
    const auto wanted = read_data(context, data, programs);
    const auto processes = zmi::make_process_runner();
    const auto http = zmi::make_http_transport();
    const auto resolver = zmi::make_system_resolver();
    const zmi::SystemClock clock;
    std::vector<Check> checks;
    {
        Progress progress;
        auto symptoms = examine(options, wanted, {*processes, *http, *resolver, clock},
                                [&progress](const std::string& step) { progress.step(step); });
        symptoms.data = std::move(data);
        symptoms.programs = std::move(programs);
        checks = judge(symptoms);
    }
    const auto written = print(json ? doctor_json(checks) : doctor_text(checks, Style::of_stdout()));
    if (written != ExitStatus::done) return written;
    const bool failed =
        std::any_of(checks.begin(), checks.end(), [](const Check& check) { return check.health == Health::failed; });
    return failed ? ExitStatus::findings : ExitStatus::done;
}

}  // namespace zmfw
