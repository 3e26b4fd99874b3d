#pragma once

#include "deployment.hpp"

/// Deployments of Carbonio, written down in a few words. The catalogue is the real one.
namespace zmfw::test {

inline const Catalogue& carbonio_catalogue() {
    static const Catalogue loaded = [] {
        auto result =
            load_catalogue({std::filesystem::path(ZMFIREWALL_SOURCE_DIR) / "templates" / "catalogue"}, "carbonio");
        if (!result) throw std::runtime_error(result.error().what);
        return std::move(*result);
    }();
    return loaded;
}

class Carbonio : public Deployment {
public:
    Carbonio() {
        inventory().product = "carbonio";
        inventory().edition = "ce";
        inventory().global.erase("zimbraReverseProxySSLToUpstreamEnabled");
        global("zimbraReverseProxySSLToUpstreamEnabled", "TRUE");
    }

    /// A server that LDAP knows, with what bootstrap writes for its services, and with its packages.
    Carbonio& node(const std::string& name, const std::string& address, const std::string& services,
                   const std::string& packages) {
        server(name, services, address);
        unset(name, "zimbraServerVersion");
        const auto has = [&](std::string_view service) {
            for (const auto word : zmi::split_words(services)) {
                if (word == service) return true;
            }
            return false;
        };
        if (has("mailbox")) {
            set(name, "zimbraMailPort", "8080").set(name, "zimbraMailSSLPort", "8443");
            set(name, "zimbraReverseProxyLookupTarget", "TRUE").set(name, "zimbraMtaAuthTarget", "TRUE");
        }
        if (has("proxy")) {
            set(name, "zimbraMailProxyPort", "80").set(name, "zimbraMailSSLProxyPort", "443");
            set(name, "zimbraReverseProxyMailMode", "https");
            set(name, "zimbraReverseProxySSLToUpstreamEnabled", "FALSE");
        }
        return with(name, "carbonio-core " + packages);
    }

    /// A server that only the mesh knows.
    Carbonio& mesh_node(const std::string& name, const std::string& address, const std::string& packages) {
        zmi::Server server;
        server.name = name;
        server.known_from = "mesh";
        inventory().servers.push_back(server);
        addresses(name, {address});
        return with(name, packages);
    }

    /// Packages that are installed there, seen on the server itself.
    Carbonio& with(const std::string& name, const std::string& packages) {
        for (const auto package : zmi::split_words(packages)) inventory().local[name].packages.emplace(package);
        return local_url(name);
    }
    /// Nobody looked at that server.
    Carbonio& unseen(const std::string& name) {
        inventory().local.erase(name);
        return *this;
    }
    Carbonio& live(const std::string& name, const std::string& protocol, std::uint16_t port) {
        inventory().local[name].live.insert({protocol, port, "0.0.0.0"});
        return *this;
    }
    Carbonio& wish(const std::string& content) {
        policy(content);
        return *this;
    }
    Carbonio& directory(const std::string& url) {
        m_url = url;
        for (auto& [name, facts] : inventory().local) facts.localconfig["ldap_url"] = url;
        return *this;
    }

    [[nodiscard]] ServerPlan of(const std::string& name) {
        auto sorted = inventory();
        std::sort(sorted.servers.begin(), sorted.servers.end(),
                  [](const auto& a, const auto& b) { return a.name < b.name; });
        auto plan = derive_plan(sorted, carbonio_catalogue(), policy_value());
        for (auto& found : plan.servers) {
            if (found.name == name) return found;
        }
        throw std::runtime_error("no server " + name);
    }

private:
    Carbonio& local_url(const std::string& name) {
        if (!m_url.empty()) inventory().local[name].localconfig["ldap_url"] = m_url;
        return *this;
    }
    std::string m_url;
};

/// All on one server, as the script for one server installs it.
inline Carbonio one_server() {
    Carbonio carbonio;
    carbonio.directory("ldap://mail.example.com:389");
    carbonio.node("mail.example.com", "192.0.2.10",
                  "mailbox service mta amavis antispam antivirus opendkim proxy memcached directory-server stats "
                  "service-discover",
                  "carbonio-appserver carbonio-mta carbonio-proxy carbonio-memcached carbonio-directory-server "
                  "service-discover-server carbonio-files-ce carbonio-files-db carbonio-preview-ce "
                  "carbonio-message-broker carbonio-message-dispatcher-ce carbonio-ws-collaboration-ce "
                  "carbonio-ws-collaboration-db carbonio-videoserver-ce carbonio-docs-editor postgresql-16 "
                  "carbonio-prometheus carbonio-prometheus-node-exporter");
    return carbonio;
}

/// Five servers, as the documentation splits them: database and directory, MTA, proxy, mailstore, video and monitoring.
inline Carbonio five_servers() {
    Carbonio carbonio;
    carbonio.directory("ldap://srv1:389");
    const std::string exporters = " carbonio-prometheus-node-exporter carbonio-prometheus-process-exporter";
    carbonio.node("srv1", "10.0.0.1", "directory-server service-discover",
                  "carbonio-directory-server service-discover-server postgresql-16 carbonio-files-db "
                  "carbonio-ws-collaboration-db carbonio-message-broker carbonio-prometheus-postgres-exporter "
                  "carbonio-prometheus-openldap-exporter" +
                      exporters);
    carbonio.node("srv2", "10.0.0.2", "mta amavis antispam antivirus opendkim",
                  "carbonio-mta carbonio-clamav" + exporters);
    carbonio.node("srv3", "10.0.0.3", "proxy memcached",
                  "carbonio-proxy carbonio-memcached carbonio-prometheus-nginx-exporter" + exporters);
    carbonio.node("srv4", "10.0.0.4", "mailbox service",
                  "carbonio-appserver carbonio-files-ce carbonio-prometheus-mysqld-exporter" + exporters);
    carbonio.mesh_node("srv5", "10.0.0.5",
                       "carbonio-core carbonio-videoserver-ce carbonio-ws-collaboration-ce "
                       "carbonio-message-dispatcher-ce carbonio-prometheus" +
                           exporters);
    return carbonio;
}

}  // namespace zmfw::test
