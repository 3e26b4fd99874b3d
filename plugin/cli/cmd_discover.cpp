#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <plugin/cli/commands.hpp>
#include <plugin/cli/style.hpp>
#include <plugin/plan/component.hpp>
#include <plugin/plan/facts_view.hpp>
#include <zmintegration/facts/inventory_json.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

std::string addresses_text(const FactsView& view, std::size_t server) {
    const auto& resolution = view.addresses(server);
    std::vector<std::string> texts;
    for (const auto& address : resolution.addresses) texts.push_back(address.to_string());
    return texts.empty() ? "does not resolve" : fmt::format("{}", fmt::join(texts, ", "));
}

/// What LDAP says goes to a terminal: quoted where it is more than plain text.
std::string shown(const std::string& value) {
    return zmi::is_printable_ascii(value) ? value : zmi::quoted(value);
}

/// Of a server that LDAP does not know.
std::string known_from(const zmi::Inventory& inventory, const std::string& name) {
    const auto* server = inventory.find(name);
    if (server == nullptr || server->known_from.empty()) return {};
    return fmt::format("  (not in LDAP: known from the {})", server->known_from);
}

/// What runs there that LDAP does not tell; empty where nothing does.
std::string components_text(const FactsView& view, std::size_t server) {
    std::vector<std::string> found;
    bool all_known = true;
    for (const auto& [id, component] : view.catalogue().components) {
        const auto verdict = component_truth(view, component, server).verdict;
        if (verdict == Verdict::yes) found.push_back(id);
        all_known = all_known && verdict != Verdict::unknown;
    }
    auto text = fmt::format("{}", fmt::join(found, ", "));
    if (all_known) return text;
    return text.empty() ? "not known from here" : text + "; of others it is not known from here";
}

std::string discover_text(const FactsView& view, const Style& style) {
    const auto& inventory = view.inventory();
    std::string text = fmt::format("{} servers, from {} ({}) at {}\n", view.size(), shown(inventory.source.kind),
                                   shown(inventory.source.server), shown(inventory.source.taken_at));
    for (std::size_t server = 0; server < view.size(); ++server) {
        const auto version = view.attribute(server, view.catalogue().server_version);
        auto services = view.attribute(server, view.catalogue().services_enabled).values;
        for (auto& service : services) service = shown(service);
        std::sort(services.begin(), services.end());
        text += fmt::format("\n{}{}{}\n", style.heading(view.name(server)),
                            view.name(server) == inventory.this_node      ? "  (this node)"
                            : inventory.local.contains(view.name(server)) ? "  (joined)"
                                                                          : "",
                            known_from(inventory, view.name(server)));
        std::vector<std::vector<std::string>> rows = {
            {"addresses", addresses_text(view, server)},
            {"version", shown(version.joined())},
            {"services", services.empty() ? "none" : fmt::format("{}", fmt::join(services, ", "))}};
        if (auto components = components_text(view, server); !components.empty())
            rows.push_back({"components", std::move(components)});
        text += table(rows, 2);
    }
    return text;
}

}  // namespace

ExitStatus run_discover(const Context& context, bool json) {
    const auto catalogue = context.catalogue();
    if (!catalogue) return report(catalogue.error());
    const auto policy = context.policy(*catalogue);
    if (!policy) return report(policy.error());
    const auto product = context.product();
    if (!product) return report(product.error());
    if (!json) tell((product->evidence.empty() ? "" : "this is ") + shown(zmi::describe(*product)));
    for (const auto& line : product->leftovers) tell(fmt::format("left over, and of no account: {}", shown(line)));
    const auto inventory = context.inventory(*catalogue, *policy);
    if (!inventory) return report(inventory.error());
    if (json) return print(zmi::to_json(*inventory));
    return print(discover_text(FactsView(*inventory, *catalogue, *policy), Style::of_stdout()));
}

}  // namespace zmfw
