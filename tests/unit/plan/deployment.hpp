#pragma once

#include <gtest/gtest.h>
#include <algorithm>
#include <filesystem>
#include <initializer_list>
#include <plugin/plan/plan.hpp>
#include <string>
#include <vector>
#include <zmintegration/facts/inventory.hpp>
#include <zmintegration/support/text.hpp>

#include "policy_of.hpp"

/// Deployments for tests of the derivation, written down in a few words. The catalogue is the real one.
namespace zmfw::test {

inline const Catalogue& catalogue() {
    static const Catalogue loaded = [] {
        auto result = load_catalogue({std::filesystem::path(ZMFIREWALL_SOURCE_DIR) / "templates" / "catalogue"});
        if (!result) throw std::runtime_error(result.error().what);
        return std::move(*result);
    }();
    return loaded;
}

class Deployment {
public:
    Deployment() {
        m_inventory.source = {"soap", "https://localhost:7071", true, "2026-11-24T06:15:47Z"};
        m_inventory.global = {{"zimbraIPMode", {"ipv4"}},
                              {"zimbraReverseProxySSLToUpstreamEnabled", {"TRUE"}},
                              {"zimbraReverseProxyHttpEnabled", {"TRUE"}},
                              {"zimbraReverseProxyMailEnabled", {"TRUE"}}};
    }

    /// A server with its services ("mta amavis") and one address; the first one is this node.
    Deployment& server(const std::string& name, const std::string& services, const std::string& address) {
        zmi::Server server;
        server.name = name;
        server.own["zimbraServiceHostname"] = {name};
        server.own["zimbraServerVersion"] = {"10.0.8_GA_4655"};
        for (const auto service : zmi::split_words(services)) server.own["zimbraServiceEnabled"].emplace_back(service);
        server.own["zimbraServiceInstalled"] = server.own["zimbraServiceEnabled"];
        if (m_inventory.servers.empty()) m_inventory.this_node = name;
        m_inventory.servers.push_back(server);
        return addresses(name, {address});
    }

    /// A mailstore behind a proxy, as zmsetup leaves it.
    Deployment& mailstore(const std::string& name, const std::string& address, const std::string& more_services = {}) {
        server(name, "mailbox service zimbra zimbraAdmin zimlet " + more_services, address);
        set(name, "zimbraReverseProxyLookupTarget", "TRUE").set(name, "zimbraMtaAuthTarget", "TRUE");
        set(name, "zimbraMailMode", "https").set(name, "zimbraMailLocalBind", "TRUE");
        set(name, "zimbraMailPort", "8080").set(name, "zimbraMailSSLPort", "8443");
        set(name, "zimbraMailProxyPort", "80").set(name, "zimbraMailSSLProxyPort", "443");
        set(name, "zimbraImapBindPort", "7143").set(name, "zimbraImapSSLBindPort", "7993");
        return set(name, "zimbraPop3BindPort", "7110").set(name, "zimbraPop3SSLBindPort", "7995");
    }

    Deployment& proxy(const std::string& name, const std::string& address, const std::string& more_services = {}) {
        server(name, "proxy memcached " + more_services, address);
        set(name, "zimbraReverseProxyMailMode", "https");
        return set(name, "zimbraMailProxyPort", "80").set(name, "zimbraMailSSLProxyPort", "443");
    }

    Deployment& set(const std::string& server, const std::string& attribute, const std::string& value) {
        return set(server, attribute, std::vector{value});
    }
    Deployment& set(const std::string& server, const std::string& attribute, std::vector<std::string> values) {
        find(server).own[attribute] = std::move(values);
        return *this;
    }
    Deployment& unset(const std::string& server, const std::string& attribute) {
        find(server).own.erase(attribute);
        return *this;
    }
    Deployment& global(const std::string& attribute, const std::string& value) {
        m_inventory.global[attribute] = {value};
        return *this;
    }
    Deployment& local(const std::string& server, const std::string& key, const std::string& value) {
        m_inventory.local[server].localconfig[key] = value;
        return *this;
    }
    Deployment& addresses(const std::string& name, std::initializer_list<std::string> texts) {
        zmi::Resolution resolution;
        for (const auto& text : texts) resolution.addresses.push_back(*zmi::parse_address(text));
        if (resolution.addresses.empty()) resolution.problem = "name or service not known";
        m_inventory.resolved[name] = resolution;
        return *this;
    }
    Deployment& policy(const std::string& content) {
        m_policy = policy_of(content);
        return *this;
    }

    [[nodiscard]] zmi::Inventory& inventory() { return m_inventory; }
    [[nodiscard]] const Policy& policy_value() const { return m_policy; }

    [[nodiscard]] Plan plan() const {
        auto sorted = m_inventory;
        std::sort(sorted.servers.begin(), sorted.servers.end(),
                  [](const auto& a, const auto& b) { return a.name < b.name; });
        return derive_plan(sorted, catalogue(), m_policy);
    }
    [[nodiscard]] ServerPlan plan(const std::string& server) const {
        for (auto& found : plan().servers) {
            if (found.name == server) return found;
        }
        throw std::runtime_error("no server " + server);
    }

private:
    zmi::Server& find(const std::string& name) {
        const auto at = std::find_if(m_inventory.servers.begin(), m_inventory.servers.end(),
                                     [&](const auto& server) { return server.name == name; });
        if (at == m_inventory.servers.end()) throw std::runtime_error("no server " + name);
        return *at;
    }

    zmi::Inventory m_inventory;
    Policy m_policy;
};

/// "smtp/25 public", "lmtp/7025 cluster mta1", sorted: all that is open, in words.
inline std::vector<std::string> open_in_words(const ServerPlan& plan) {
    std::vector<std::string> words;
    for (const auto& open : plan.open) {
        auto text = open.endpoint + "/" + open.port.to_string() + " " + open.audience;
        for (const auto& peer : open.peers) text += " " + peer;
        words.push_back(text);
    }
    std::sort(words.begin(), words.end());
    return words;
}

inline const OpenPort* find_open(const ServerPlan& plan, std::string_view endpoint, std::string_view audience = {}) {
    for (const auto& open : plan.open) {
        if (open.endpoint == endpoint && (audience.empty() || open.audience == audience)) return &open;
    }
    return nullptr;
}

inline std::string closed_reason(const ServerPlan& plan, std::string_view endpoint) {
    for (const auto& closed : plan.closed) {
        if (closed.endpoint == endpoint) return closed.reason;
    }
    return "(not closed)";
}

inline std::vector<std::string> finding_ids(const ServerPlan& plan) {
    std::vector<std::string> ids;
    for (const auto& finding : plan.findings) ids.push_back(finding.id);
    return ids;
}

inline bool has_finding(const ServerPlan& plan, std::string_view id) {
    const auto ids = finding_ids(plan);
    return std::find(ids.begin(), ids.end(), id) != ids.end();
}

}  // namespace zmfw::test
