#include "bench_deployment.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <stdexcept>
#include <zmintegration/soap/envelope.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw::bench {
namespace {

struct Part {
    const char* name;
    const char* services;
    zmi::Attributes attributes;
};

const Part k_ldap{"ldap", "ldap stats snmp", {}};
const Part k_mta{"mta", "mta dnscache amavis antivirus antispam opendkim stats snmp", {}};
const Part k_proxy{"proxy",
                   "memcached proxy stats snmp",
                   {{"zimbraReverseProxyMailMode", {"https"}},
                    {"zimbraReverseProxyHttpEnabled", {"TRUE"}},
                    {"zimbraReverseProxyMailEnabled", {"TRUE"}},
                    {"zimbraMailProxyPort", {"80"}},
                    {"zimbraMailSSLProxyPort", {"443"}},
                    {"zimbraImapProxyBindPort", {"143"}},
                    {"zimbraImapSSLProxyBindPort", {"993"}},
                    {"zimbraPop3ProxyBindPort", {"110"}},
                    {"zimbraPop3SSLProxyBindPort", {"995"}}}};
const Part k_mailstore{"mbox",
                       "mailbox service zimbra zimbraAdmin zimlet logger spell stats snmp",
                       {{"zimbraMailMode", {"https"}},
                        {"zimbraMailLocalBind", {"TRUE"}},
                        {"zimbraMtaAuthTarget", {"TRUE"}},
                        {"zimbraReverseProxyLookupTarget", {"TRUE"}},
                        {"zimbraMailPort", {"8080"}},
                        {"zimbraMailSSLPort", {"8443"}},
                        {"zimbraImapBindPort", {"7143"}},
                        {"zimbraImapSSLBindPort", {"7993"}},
                        {"zimbraPop3BindPort", {"7110"}},
                        {"zimbraPop3SSLBindPort", {"7995"}}}};

void add_server(zmi::Inventory& inventory, const std::string& label, const std::vector<const Part*>& parts) {
    zmi::Server server{label + ".example.com", {}};
    auto& own = server.own;
    for (const auto* part : parts) {
        for (const auto service : zmi::split_words(part->services)) {
            own["zimbraServiceEnabled"].emplace_back(service);
        }
        for (const auto& [name, values] : part->attributes) own[name] = values;
    }
    own["zimbraServiceInstalled"] = own["zimbraServiceEnabled"];
    own["zimbraServiceHostname"] = {server.name};
    own["zimbraServerVersion"] = {"10.1.2_GA_4652"};
    const auto number = inventory.servers.size();
    const auto address = zmi::parse_address(fmt::format("10.20.{}.{}", number / 250, number % 250 + 1));
    if (!address) throw std::logic_error("more servers than addresses");
    inventory.resolved[server.name] = {{*address}, ""};
    inventory.servers.push_back(std::move(server));
}

std::string padding(std::size_t bytes) {
    std::string text;
    while (text.size() < bytes) text += "MIIDkTCCAnmgAwIBAgIUbkzAs7ZgH0r2vLCMBOq4V9mXkS8wDQYJKoZIhvcNAQ\n";
    text.resize(bytes);
    return text;
}

void append_attributes(std::string& out, const zmi::Attributes& attributes) {
    for (const auto& [name, values] : attributes) {
        for (const auto& value : values) {
            out += "<a n=\"" + name + "\">";
            zmi::append_xml(out, value);
            out += "</a>";
        }
    }
}

/// What the engine tells beside what we want: many short values on the global config, certificates on a server.
void append_unasked(std::string& out, std::size_t count, std::size_t certificate_bytes) {
    for (std::size_t i = 0; i < count; ++i) out += fmt::format("<a n=\"zimbraNobodyAsksFor{}\">TRUE</a>", i);
    if (certificate_bytes > 0) out += "<a n=\"zimbraSSLCertificate\">" + padding(certificate_bytes) + "</a>";
}

}  // namespace

zmi::Inventory make_inventory(std::size_t servers) {
    zmi::Inventory inventory;
    inventory.source = {"soap", "https://localhost:7071", true, "2026-11-24T06:15:47Z"};
    inventory.version = "10.1.2_GA_4652.FOSS";
    if (servers == 1) {
        add_server(inventory, "mail", {&k_ldap, &k_mta, &k_proxy, &k_mailstore});
    } else {
        const auto share = [servers](std::size_t one_in) { return std::max<std::size_t>(1, servers / one_in); };
        for (std::size_t i = 1; i <= share(50); ++i) add_server(inventory, fmt::format("ldap{}", i), {&k_ldap});
        for (std::size_t i = 1; i <= share(10); ++i) add_server(inventory, fmt::format("mta{}", i), {&k_mta});
        for (std::size_t i = 1; i <= share(20); ++i) add_server(inventory, fmt::format("proxy{}", i), {&k_proxy});
        for (std::size_t i = 1; inventory.servers.size() < servers; ++i) {
            add_server(inventory, fmt::format("mbox{}", i), {&k_mailstore});
        }
    }
    inventory.this_node = inventory.servers.back().name;
    inventory.global = {{"zimbraIPMode", {"ipv4"}},
                        {"zimbraLogHostname", {inventory.this_node}},
                        {"zimbraReverseProxySSLToUpstreamEnabled", {"TRUE"}},
                        {"zimbraAdminPort", {"7071"}}};
    std::string ldap_url;
    for (const auto& server : inventory.servers) {
        const auto& services = server.own.at("zimbraServiceEnabled");
        if (std::find(services.begin(), services.end(), "ldap") == services.end()) continue;
        ldap_url += (ldap_url.empty() ? "ldap://" : " ldap://") + server.name + ":389";
    }
    inventory.local[inventory.this_node].localconfig = {{"ldap_url", ldap_url}, {"mysql_port", "7306"}};
    std::sort(inventory.servers.begin(), inventory.servers.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    return inventory;
}

Policy make_policy(const zmi::Inventory& inventory) {
    std::string text = "<policy><network name=\"admin\"><cidr>192.168.1.0/24</cidr></network>";
    for (const auto* server : {&inventory.servers.front(), &inventory.servers.back()}) {
        text += fmt::format("<server name=\"{}\"><address>{}</address></server>", server->name,
                            inventory.resolved.at(server->name).addresses.front().to_string());
        if (inventory.servers.size() == 1) break;
    }
    auto policy = parse_policy(text + "</policy>", "policy.xml");
    if (!policy) throw std::logic_error(policy.error().what);
    return std::move(*policy);
}

std::string make_soap_answer(const zmi::Inventory& inventory) {
    std::string out =
        R"(<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:Header><context xmlns="urn:zimbra"/>)"
        R"(</soap:Header><soap:Body><BatchResponse xmlns="urn:zimbra"><FlushCacheResponse xmlns="urn:zimbraAdmin"/>)"
        R"(<GetAllServersResponse xmlns="urn:zimbraAdmin">)";
    for (const auto& server : inventory.servers) {
        out += "<server name=\"" + server.name + "\" id=\"7c3f5a0e-3c1f-4b0e-9d53-3a5a1b0f6d11\">";
        append_attributes(out, server.own);
        append_unasked(out, 6, 1800);
        out += "</server>";
    }
    out += R"(</GetAllServersResponse><GetAllConfigResponse xmlns="urn:zimbraAdmin">)";
    append_attributes(out, inventory.global);
    append_unasked(out, 1000, 0);
    out += R"(</GetAllConfigResponse><GetVersionInfoResponse xmlns="urn:zimbraAdmin"><info version=")" +
           inventory.version + R"("/></GetVersionInfoResponse></BatchResponse></soap:Body></soap:Envelope>)";
    return out;
}

}  // namespace zmfw::bench
