#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <plugin/plan/facts_view.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

zmi::Values without_empty(const zmi::Values& values) {
    zmi::Values kept;
    std::copy_if(values.begin(), values.end(), std::back_inserter(kept),
                 [](const auto& value) { return !value.empty(); });
    return kept;
}

zmi::Values values_of(const zmi::Attributes& attributes, std::string_view name) {
    const auto found = attributes.find(name);
    return found == attributes.end() ? zmi::Values{} : without_empty(found->second);
}

}  // namespace

std::string Fact::joined() const {
    return values.empty() ? "(unset)" : fmt::format("{}", fmt::join(values, ", "));
}

FactsView::FactsView(const zmi::Inventory& inventory, const Catalogue& catalogue, const Policy& policy)
    : m_inventory(inventory), m_catalogue(catalogue), m_policy(policy) {
    add_servers();
    for (std::size_t server = 0; server < size(); ++server) index_server(server);
}

void FactsView::add_servers() {
    for (const auto& server : m_inventory.servers) m_servers.push_back(&server);
    for (const auto& [name, facts] : m_policy.servers) {
        if (!facts.components || m_inventory.find(name) != nullptr) continue;
        m_added.push_back({name, {}, "policy", std::nullopt});
        m_servers.push_back(&m_added.back());
    }
    if (!m_added.empty())
        std::sort(m_servers.begin(), m_servers.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
}

void FactsView::index_server(std::size_t server) {
    const auto host = attribute(server, m_catalogue.host_name);
    m_host_names.push_back(host.is_set() ? zmi::to_lower(host.values.front()) : name(server));
    zmi::Resolution resolution;
    if (addresses_from_policy(server)) {
        resolution.addresses = policy_facts(server)->addresses;
    } else if (const auto found = m_inventory.resolved.find(m_host_names.back()); found != m_inventory.resolved.end()) {
        resolution = found->second;
    }
    if (resolution.addresses.empty() && resolution.problem.empty()) {
        resolution.problem =
            m_servers[server]->known_from.empty()
                ? std::string("it was never resolved")
                : fmt::format("only the {} names it: give its <address> in the policy", m_servers[server]->known_from);
    }
    m_by_name[name(server)].push_back(server);
    if (m_host_names.back() != name(server)) m_by_name[m_host_names.back()].push_back(server);
    for (const auto& address : resolution.addresses) m_by_name[address.to_string()].push_back(server);
    m_addresses.push_back(std::move(resolution));
}

Fact FactsView::attribute(std::size_t server, std::string_view name) const {
    Fact fact;
    fact.name = std::string(name);
    fact.values = values_of(m_servers[server]->own, name);
    fact.origin = zmi::Origin::server;
    if (fact.is_set()) return fact;
    const auto spec = m_catalogue.attributes.find(name);
    if (spec != m_catalogue.attributes.end() && !spec->second.inherited) {
        fact.origin = zmi::Origin::schema_default;
        if (spec->second.fallback && !spec->second.fallback->empty()) fact.values = {*spec->second.fallback};
        return fact;
    }
    return global_attribute(name);
}

Fact FactsView::global_attribute(std::string_view name) const {
    Fact fact;
    fact.name = std::string(name);
    fact.values = values_of(m_inventory.global, name);
    fact.origin = zmi::Origin::global;
    if (fact.is_set()) return fact;
    fact.origin = zmi::Origin::schema_default;
    const auto spec = m_catalogue.attributes.find(name);
    if (spec != m_catalogue.attributes.end() && spec->second.fallback && !spec->second.fallback->empty()) {
        fact.values = {*spec->second.fallback};
    }
    return fact;
}

std::optional<std::string> FactsView::policy_local(std::size_t server, std::string_view key) const {
    const auto* facts = policy_facts(server);
    if (facts == nullptr) return std::nullopt;
    const auto found = facts->local.find(key);
    return found == facts->local.end() ? std::nullopt : std::optional(found->second);
}

Fact FactsView::localconfig(std::size_t server, std::string_view name) const {
    Fact fact;
    fact.name = std::string(name);
    if (auto value = policy_local(server, name)) {
        fact.origin = zmi::Origin::policy;
        if (!value->empty()) fact.values = {*value};
        return fact;
    }
    const auto* facts = local(server);
    if (facts != nullptr) {
        const auto found = facts->localconfig.find(name);
        if (found != facts->localconfig.end() && !found->second.empty()) {
            fact.origin = zmi::Origin::localconfig;
            fact.values = {found->second};
            return fact;
        }
    }
    fact.origin = zmi::Origin::localconfig_default;
    fact.assumed = facts == nullptr;
    const auto spec = m_catalogue.localconfig.find(name);
    if (spec != m_catalogue.localconfig.end() && spec->second.fallback && !spec->second.fallback->empty()) {
        fact.values = {*spec->second.fallback};
    }
    return fact;
}

Fact FactsView::fact(std::size_t server, FactKind kind, std::string_view name) const {
    return kind == FactKind::attribute ? attribute(server, name) : localconfig(server, name);
}

bool FactsView::has_service(std::size_t server, std::string_view service) const {
    const auto& own = m_servers[server]->own;
    const auto found = own.find(m_catalogue.services_enabled);
    return found != own.end() && std::find(found->second.begin(), found->second.end(), service) != found->second.end();
}

const zmi::LocalFacts* FactsView::local(std::size_t server) const {
    const auto found = m_inventory.local.find(name(server));
    return found == m_inventory.local.end() ? nullptr : &found->second;
}

const Policy::ServerFacts* FactsView::policy_facts(std::size_t server) const {
    const auto found = m_policy.servers.find(name(server));
    return found == m_policy.servers.end() ? nullptr : &found->second;
}

bool FactsView::addresses_from_policy(std::size_t server) const {
    const auto* facts = policy_facts(server);
    return facts != nullptr && !facts->addresses.empty();
}

bool FactsView::names(const zmi::Host& host, std::size_t server) const {
    const auto found = m_by_name.find(host.text);
    return found != m_by_name.end() &&
           std::find(found->second.begin(), found->second.end(), server) != found->second.end();
}

bool FactsView::names_any(const zmi::Host& host) const {
    return m_by_name.contains(host.text);
}

}  // namespace zmfw
