#pragma once

#include <list>
#include <optional>
#include <plugin/catalogue/catalogue.hpp>
#include <plugin/plan/plan.hpp>
#include <plugin/policy/policy.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>
#include <zmintegration/facts/inventory.hpp>
#include <zmintegration/support/url.hpp>

namespace zmfw {

/// One fact of one server, as the product itself would see it: own value, global config, compiled default.
struct Fact {
    std::string name;
    zmi::Values values;  ///< never an empty string in it; empty: not set and no default
    zmi::Origin origin = zmi::Origin::schema_default;
    bool assumed = false;  ///< only the node itself knows, and we are not on it: the default stands in

    [[nodiscard]] bool is_set() const { return !values.empty(); }
    [[nodiscard]] std::string joined() const;  ///< values with ", ", or "(unset)"
};

/// Reads the inventory through the catalogue's and the policy's eyes. Servers are numbers, in the order of their names:
/// those of the inventory, and those of which the policy alone says what runs there.
class FactsView {
public:
    FactsView(const zmi::Inventory& inventory, const Catalogue& catalogue, const Policy& policy);
    FactsView(const FactsView&) = delete;
    FactsView& operator=(const FactsView&) = delete;

    [[nodiscard]] std::size_t size() const { return m_servers.size(); }
    [[nodiscard]] const zmi::Server& server(std::size_t server) const { return *m_servers[server]; }
    [[nodiscard]] const std::string& name(std::size_t server) const { return m_servers[server]->name; }
    [[nodiscard]] const zmi::Inventory& inventory() const { return m_inventory; }
    [[nodiscard]] const Catalogue& catalogue() const { return m_catalogue; }
    [[nodiscard]] const Policy& policy() const { return m_policy; }

    [[nodiscard]] Fact attribute(std::size_t server, std::string_view name) const;
    [[nodiscard]] Fact global_attribute(std::string_view name) const;
    [[nodiscard]] Fact localconfig(std::size_t server, std::string_view name) const;
    [[nodiscard]] Fact fact(std::size_t server, FactKind kind, std::string_view name) const;
    [[nodiscard]] bool has_service(std::size_t server, std::string_view service) const;

    /// What files said on that node; nullptr where we were not on it.
    [[nodiscard]] const zmi::LocalFacts* local(std::size_t server) const;
    [[nodiscard]] const Policy::ServerFacts* policy_facts(std::size_t server) const;

    /// zimbraServiceHostname in lower case, else the server's name.
    [[nodiscard]] const std::string& host_name(std::size_t server) const { return m_host_names[server]; }
    /// Does the text (name or address) mean this server?
    [[nodiscard]] bool names(const zmi::Host& host, std::size_t server) const;
    [[nodiscard]] bool names_any(const zmi::Host& host) const;

    /// All addresses, from the policy or the resolver; empty with a problem where there is none.
    [[nodiscard]] const zmi::Resolution& addresses(std::size_t server) const { return m_addresses[server]; }
    [[nodiscard]] bool addresses_from_policy(std::size_t server) const;

private:
    [[nodiscard]] std::optional<std::string> policy_local(std::size_t server, std::string_view key) const;
    void add_servers();
    void index_server(std::size_t server);

    const zmi::Inventory& m_inventory;
    const Catalogue& m_catalogue;
    const Policy& m_policy;
    std::list<zmi::Server> m_added;  ///< by the policy
    std::vector<const zmi::Server*> m_servers;
    std::vector<std::string> m_host_names;
    std::vector<zmi::Resolution> m_addresses;
    std::unordered_map<std::string, std::vector<std::size_t>> m_by_name;  ///< names and addresses, lower case
};

}  // namespace zmfw
