#include <fmt/format.h>
#include <unistd.h>
#include <algorithm>
#include <plugin/cli/audited.hpp>
#include <plugin/cli/handed.hpp>
#include <plugin/handover/past_rules.hpp>
#include <plugin/helper/helper.hpp>
#include <plugin/plan/filled.hpp>
#include <zmintegration/local/localconfig.hpp>
#include <zmintegration/support/clock.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

using zmi::Expected;

/// The format of the rules that apply loaded, pending or confirmed; empty where there are none.
Expected<std::string> format_of_record(const Places& places) {
    const auto pending = read_pending(places);
    if (!pending) return tl::unexpected(pending.error());
    if (*pending) return (*pending)->format;
    const auto confirmed = read_confirmed(places);
    if (!confirmed) return tl::unexpected(confirmed.error());
    if (confirmed->empty()) return std::string();
    const auto about = read_about(places.folder / *confirmed);
    if (!about) return tl::unexpected(about.error());
    return about->format;
}

/// The format of rules of ours that are loaded, whoever loaded them; empty where none are.
Expected<std::string> format_of_kernel(zmi::ProcessRunner& runner) {
    struct Program {
        const char* format;
        const char* name;
    };
    for (const auto& [format, name] : {Program{"nftables", "nft"}, Program{"iptables", "iptables-save"},
                                       Program{"ufw", "ufw"}, Program{"firewalld", "firewall-cmd"}}) {
        if (find_program(name).empty()) continue;
        const auto loaded = KernelRules(format, runner).loaded();
        if (!loaded) return tl::unexpected(loaded.error());
        // Sets that nothing asks are no rules.
        if (std::any_of(loaded->begin(), loaded->end(), [](const auto& line) { return !line.starts_with("ipset "); }))
            return std::string(format);
    }
    return std::string();
}

void add_lines(const char* sign, const RuleLines& lines, LoadedRules& into) {
    constexpr std::size_t k_most_lines = 200;
    for (const auto& line : lines) {
        if (into.lines.size() < k_most_lines) into.lines.push_back(sign + plain(line));
    }
}

bool is_open_to_all(const ServerPlan& plan, std::string_view protocol, std::uint16_t port) {
    return std::any_of(plan.open.begin(), plan.open.end(), [&](const OpenPort& open) {
        const bool any =
            std::any_of(open.sources.begin(), open.sources.end(), [](const auto& cidr) { return cidr.is_any(); });
        return any && open.destinations.empty() && open.protocol == protocol && open.port.contains(port);
    });
}

/// What is loaded here against the plan.
Expected<LoadedRules> loaded_rules(const Context& context, const Plan& plan, const ServerPlan& server) {
    const auto runner = zmi::make_process_runner();
    LoadedRules rules;
    auto format = format_of_record(Places(context.options().system_root));
    if (format && format->empty()) format = format_of_kernel(*runner);
    if (!format) return tl::unexpected(format.error());
    rules.format = *format;
    if (format->empty()) return rules;
    ApplyOptions options;
    options.format = *format;
    const auto handed = render_trusted(context, options, PlanOfHost{plan, &server}, *runner);
    if (!handed) return tl::unexpected(handed.error());
    const auto difference = compare_with(*handed, *runner);
    if (!difference) return tl::unexpected(difference.error());
    const auto past = rules_past_ours(
        *format, [&](auto protocol, auto port) { return is_open_to_all(server, protocol, port); }, *runner);
    if (!past) return tl::unexpected(past.error());
    rules.missing = difference->missing.size();
    rules.extra = difference->extra.size();
    rules.past = past->size();
    rules.reordered = difference->reordered;
    add_lines("+ ", difference->missing, rules);
    add_lines("- ", difference->extra, rules);
    add_lines("! ", *past, rules);
    return rules;
}

}  // namespace

std::string why_not_this_node(const Context& context, const zmi::Inventory& inventory, const std::string& server) {
    if (inventory.this_node != server) return fmt::format("this node is {}", plain(inventory.this_node));
    if (context.options().inventory.empty()) return {};
    const auto product = context.product();
    if (!product) return product.error().what;
    const auto config = zmi::read_localconfig(product->home, product->user);
    if (!config) return config.error().what;
    const auto name = config->get("zimbra_server_hostname");
    if (!name) return name.error().what;
    if (name->has_value() && zmi::to_lower(**name) == server) return {};
    return fmt::format("localconfig.xml here is of {}", name->has_value() ? zmi::quoted(**name) : "no server");
}

Expected<AuditReport> audit_node(const Context& context, const Planned& planned, const ServerPlan& plan,
                                 bool look_at_rules) {
    const auto sockets = zmi::read_listening_sockets(context.options().system_root);
    if (!sockets) return tl::unexpected(sockets.error());
    const auto files = zmi::read_service_files(context.home());
    std::optional<LoadedRules> rules;
    std::string unseen;
    if (!look_at_rules) {
        unseen = "they were not asked for";
    } else if (::geteuid() != 0) {
        unseen = "only root can see them";
    } else if (!plan.complete()) {
        unseen = "there is no plan to compare them with";
    } else if (auto loaded = loaded_rules(context, planned.plan, plan); loaded) {
        rules = std::move(*loaded);
    } else {
        unseen = loaded.error().what;
    }
    auto report = audit({planned.inventory, planned.catalogue, planned.policy, plan, *sockets, files, std::move(rules),
                         std::move(unseen)});
    report.made_at = zmi::to_rfc3339(zmi::SystemClock().now());
    return report;
}

}  // namespace zmfw
