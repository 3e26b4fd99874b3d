#include <map>
#include <tuple>

#include "condition_text.hpp"
#include "shipped_catalogue.hpp"

/// The conditions of the shipped catalogue a second time, in one line each: a change of one must be meant, for it opens
/// or closes ports on real servers. Writing: condition_text.hpp.
namespace zmfw::test {
namespace {

constexpr const char* k_upstream =
    "RP:LookupTarget & zimbraMailMode in http https both mixed redirect & (service zimbra | service service)";
constexpr const char* k_imap_pool = "named in RP:UpstreamImapServers";

struct Reached {
    std::string from = "always";
    std::string to = "always";
    std::string pair = "always";
    bool operator==(const Reached&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Reached& reached) {
    return out << "from: " << reached.from << "; to: " << reached.to << "; pair: " << reached.pair;
}

const std::map<std::string, Reached>& expected_flows() {
    static const std::map<std::string, Reached> flows = {
        {"f-proxy-web/mailboxd-https", {"RP:HttpEnabled & RP:SSLToUpstreamEnabled", k_upstream, "always"}},
        {"f-proxy-web-plain/mailboxd-http", {"RP:HttpEnabled & !RP:SSLToUpstreamEnabled", k_upstream, "always"}},
        {"f-proxy-admin-up/mailboxd-admin", {"RP:HttpEnabled & RP:AdminEnabled", "always", "always"}},
        {"f-proxy-lookup/mailboxd-extension",
         {"(RP:MailEnabled | RP:HttpEnabled)", "RP:LookupTarget", "in RP:AvailableLookupTargets or unset"}},
        {"f-proxy-mail-tls/mailbox-imaps",
         {"RP:SSLToUpstreamEnabled & RP:MailEnabled & (RP:MailImapEnabled | RP:MailImapsEnabled)", "always", "always"}},
        {"f-proxy-mail-tls/mailbox-pop3s",
         {"RP:SSLToUpstreamEnabled & RP:MailEnabled & (RP:MailPop3Enabled | RP:MailPop3sEnabled)", "always", "always"}},
        {"f-proxy-mail-plain/mailbox-imap",
         {"!RP:SSLToUpstreamEnabled & RP:MailEnabled & (RP:MailImapEnabled | RP:MailImapsEnabled)", "always",
          "always"}},
        {"f-proxy-mail-plain/mailbox-pop3",
         {"!RP:SSLToUpstreamEnabled & RP:MailEnabled & (RP:MailPop3Enabled | RP:MailPop3sEnabled)", "always",
          "always"}},
        {"f-proxy-imapd/imapd",
         {"!RP:SSLToUpstreamEnabled & RP:MailEnabled & (RP:MailImapEnabled | RP:MailImapsEnabled)", k_imap_pool,
          "always"}},
        {"f-proxy-imapd/imapd-ssl",
         {"RP:SSLToUpstreamEnabled & RP:MailEnabled & (RP:MailImapEnabled | RP:MailImapsEnabled)", k_imap_pool,
          "always"}},
        {"f-proxy-office/onlyoffice-docservice", {"RP:HttpEnabled", "always", "always"}},
        {"f-proxy-docs/zimbra-docs", {"RP:HttpEnabled", "always", "always"}},
        {"f-proxy-zx/zx-http", {"RP:HttpEnabled & !RP:SSLToUpstreamEnabled", "always", "always"}},
        {"f-proxy-zx/zx-https", {"RP:HttpEnabled & RP:SSLToUpstreamEnabled", "always", "always"}},
        {"fz-zx/z-zx-8742", {"RP:HttpEnabled & !RP:SSLToUpstreamEnabled", "always", "always"}},
        {"fz-zx/z-zx-8743", {"RP:HttpEnabled & RP:SSLToUpstreamEnabled", "always", "always"}},
        {"fz-proxy-docs/z-docs-9980", {"RP:HttpEnabled", "always", "always"}},
        {"f-mta-sasl/mailboxd-mta-auth", {"always", "zimbraMtaAuthTarget & version 8.7.0 to ", "always"}},
        {"f-mta-train/mailboxd-admin", {"service antispam", "always", "always"}},
        {"f-mta-train/mailboxd-https", {"service antispam", "!zimbraMailMode in http", "always"}},
        {"f-mta-train/mailboxd-http", {"service antispam", "zimbraMailMode in http", "always"}},
        {"f-imapd-mailstore/mailboxd-https", {"always", "!zimbraMailMode in http", "always"}},
        {"f-imapd-mailstore/mailboxd-http", {"always", "zimbraMailMode in http", "always"}},
        {"f-mailstore-mailstore/mailboxd-https", {"always", "!zimbraMailMode in http", "always"}},
        {"f-mailstore-mailstore/mailboxd-http", {"always", "zimbraMailMode in http", "always"}},
        {"f-mailstore-memcached/memcached", {"always", "always", "in zimbraMemcachedClientServerList"}},
        {"f-mailstore-spell/spell", {"always", "service spell", "in zimbraSpellCheckURL"}},
        {"f-mailstore-convertd/convertd", {"always", "service convertd", "in zimbraConvertdURL"}},
        {"f-antispam-db/mariadb-antispam", {"service antispam", "always", "always"}},
        {"f-clam/clamd", {"zimbraAttachmentsScanEnabled", "service antivirus", "in zimbraAttachmentsScanURL"}},
        {"f-web-direct/mailboxd-http", {"always", "!<proxy-exists>", "always"}},
        {"f-web-direct/mailboxd-https", {"always", "!<proxy-exists>", "always"}},
        {"f-web-direct/mailboxd-client-cert", {"always", "!<proxy-exists>", "always"}},
        {"f-mailclients-direct/mailbox-imap", {"always", "!<proxy-exists>", "always"}},
        {"f-mailclients-direct/mailbox-imaps", {"always", "!<proxy-exists>", "always"}},
        {"f-mailclients-direct/mailbox-pop3", {"always", "!<proxy-exists>", "always"}},
        {"f-mailclients-direct/mailbox-pop3s", {"always", "!<proxy-exists>", "always"}},
        {"f-mailstore-ssdb/ssdb", {"!zimbraEphemeralBackendURL in ldap://default or unset", "always", "always"}},
        {"f-mailstore-zookeeper/zookeeper", {"zimbraAlwaysOnClusterId is set", "always", "always"}}};
    return flows;
}

TEST(ShippedConditions, LetServersConnectOnlyWhenTheyWould) {
    std::size_t conditional = 0;
    for (const auto& flow : shipped_catalogue().flows) {
        for (const auto& reach : flow.reaches) {
            const auto name = flow.id + "/" + reach.endpoint;
            const auto expected = expected_flows().find(name);
            const Reached found{condition_text(reach.from_when), condition_text(reach.to_when),
                                condition_text(reach.pair)};
            EXPECT_EQ(found, expected == expected_flows().end() ? Reached{} : expected->second) << name;
            conditional += expected == expected_flows().end() ? 0 : 1;
        }
    }
    EXPECT_EQ(conditional, expected_flows().size());
}

/// Those that ask for more than one service; always, never and one service are left to the tests beside this.
const std::map<std::string, std::string>& expected_listeners() {
    static const std::map<std::string, std::string> listeners = {
        {"zx-http", "service mailbox & zimbraNetworkModulesNGEnabled & version  to 10.0.0 & !component suite-drive"},
        {"zx-https", "service mailbox & zimbraNetworkModulesNGEnabled & version  to 10.0.0 & !component suite-drive"},
        {"chat-xmpp",
         "service mailbox & zimbraChatServiceEnabled & version 8.7.6 to 10.0.0 & !component chat-extension"},
        {"chat-xmpp-ssl",
         "service mailbox & zimbraChatServiceEnabled & version 8.7.6 to 10.0.0 & zimbraChatXmppSslPortEnabled & "
         "!component chat-extension"},
        {"chat-s2s",
         "service mailbox & zimbraChatServiceEnabled & version 8.7.6 to 10.0.0 & !component chat-extension"},
        {"z-core-8735", "service mailbox & component suite"},
        {"z-core-8736", "service mailbox & component suite"},
        {"z-zx-8742", "service mailbox & component suite-drive"},
        {"z-zx-8743", "service mailbox & component suite-drive"},
        {"z-ldapab-8389", "service mailbox & component suite-address-book"},
        {"z-video-8188", "component suite-video-server"},
        {"z-video-rtp", "component suite-video-server"},
        {"z-docs-9980", "component suite-docs-server & !service docs"},
        {"z-docs-8443", "service mailbox & some server ((service docs | component suite-docs-server))"},
        {"z-chat-5222",
         "service mailbox & version 8.7.6 to 10.0.0 & zimbraChatServiceEnabled & component chat-extension"},
        {"z-chat-5223",
         "service mailbox & version 8.7.6 to 10.0.0 & zimbraChatServiceEnabled & component chat-extension & "
         "zimbraChatXmppSslPortEnabled"},
        {"z-chat-5269",
         "service mailbox & version 8.7.6 to 10.0.0 & zimbraChatServiceEnabled & component chat-extension"},
        {"memcached-udp", "service memcached & version  to 8.8.9"},
        {"ssdb", "!zimbraEphemeralBackendURL in ldap://default or unset & named by zimbraEphemeralBackendURL"},
        {"zookeeper", "some server (zimbraZookeeperClientServerList is set & zimbraAlwaysOnClusterId is set)"},
        {"mailboxd-http", "service mailbox & zimbraMailMode in http redirect mixed both or unset"},
        {"mailboxd-http-local", "service mailbox & zimbraMailLocalBind"},
        {"mailboxd-https", "service mailbox & zimbraMailMode in https redirect mixed both or unset"},
        {"mailboxd-client-cert", "service mailbox & zimbraMailSSLClientCertMode in NeedClientAuth WantClientAuth"},
        {"mailboxd-admin-local", "service mailbox & zimbraAdminLocalBind"},
        {"mailboxd-doc-callback", "service mailbox & version 10.0.0 to "},
        {"mailbox-imap", "service mailbox & zimbraImapServerEnabled"},
        {"mailbox-imaps", "service mailbox & zimbraImapSSLServerEnabled"},
        {"mailbox-pop3", "service mailbox & zimbraPop3ServerEnabled"},
        {"mailbox-pop3s", "service mailbox & zimbraPop3SSLServerEnabled"},
        {"imapd", "service imapd & zimbraRemoteImapServerEnabled"},
        {"imapd-ssl", "service imapd & zimbraRemoteImapSSLServerEnabled"},
        {"mariadb", "(service mailbox | service onlyoffice)"},
        {"smtp-to-lmtp", "service mailbox & smtp_to_lmtp_enabled"},
        {"convertd", "service convertd & some server (zimbraConvertdURL is set)"},
        {"mariadb-antispam", "service antispam & antispam_mysql_enabled & at antispam_mysql_host"},
        {"milter", "service mta & zimbraMilterServerEnabled"},
        {"onlyoffice-docservice", "service onlyoffice & version 10.0.0 to "},
        {"license-daemon", "service license-daemon & version 10.1.0 to  & named by zimbraLicenseDaemonServerHost"},
        {"nalpeiron", "service nalpeiron-daemon & version 10.1.0 to "},
        {"proxy-http",
         "service proxy & RP:HttpEnabled & <web-available> & <memcached-available> & !RP:MailMode in https"},
        {"proxy-https",
         "service proxy & RP:HttpEnabled & <web-available> & <memcached-available> & !RP:MailMode in http"},
        {"proxy-imap",
         "service proxy & <lookup-available> & <memcached-available> & RP:MailEnabled & RP:MailImapEnabled"},
        {"proxy-imaps",
         "service proxy & <lookup-available> & <memcached-available> & RP:MailEnabled & RP:MailImapsEnabled"},
        {"proxy-pop3",
         "service proxy & <lookup-available> & <memcached-available> & RP:MailEnabled & RP:MailPop3Enabled"},
        {"proxy-pop3s",
         "service proxy & <lookup-available> & <memcached-available> & RP:MailEnabled & RP:MailPop3sEnabled"},
        {"proxy-client-cert",
         "service proxy & RP:HttpEnabled & <web-available> & <memcached-available> & RP:ClientCertMode in on optional"},
        {"proxy-admin", "service proxy & RP:HttpEnabled & <web-available> & <memcached-available> & RP:AdminEnabled"},
        {"dnscache-tcp", "service dnscache & zimbraDNSUseTCP in yes"},
        {"dnscache-udp", "service dnscache & zimbraDNSUseUDP in yes"},
        {"syslog", "named by zimbraLogHostname"}};
    return listeners;
}

TEST(ShippedConditions, LetEndpointsListenOnlyWhenTheyDo) {
    for (const auto& endpoint : shipped_catalogue().endpoints) {
        const auto expected = expected_listeners().find(endpoint.id);
        if (expected != expected_listeners().end()) {
            EXPECT_EQ(condition_text(endpoint.listens), expected->second) << endpoint.id;
        } else {
            EXPECT_TRUE(endpoint.listens.children.empty() && endpoint.listens.name.empty()) << endpoint.id;
        }
    }
}

TEST(ShippedConditions, AddOnlyTheseFlowsOfOurOwn) {
    const std::set<std::string> expected = {
        "f-web-direct: internet -> mailstore: mailboxd-http mailboxd-https mailboxd-client-cert",
        "f-mailclients-direct: internet -> mailstore: mailbox-imap mailbox-imaps mailbox-pop3 mailbox-pop3s",
        "f-client-cert: internet -> proxy: proxy-client-cert",
        "f-ssh: ssh-client -> every-node: ssh",
        "f-imapd-mailstore: imapd -> mailstore: mailboxd-https mailboxd-http",
        "f-node-smtp: every-node -> mta: smtp",
        "f-mailstore-docs: mailstore -> docs: zimbra-docs",
        "f-chat: internet -> mailstore: chat-xmpp chat-xmpp-ssl",
        "f-chat-s2s: mailstore -> mailstore: chat-s2s",
        "f-mailstore-ssdb: mailstore -> every-node: ssdb",
        "f-mailstore-zookeeper: mailstore -> every-node: zookeeper",
        "fz-media: internet -> suite-video-server: z-video-rtp",
        "fz-chat: internet -> mailstore: z-chat-5222 z-chat-5223",
        "fz-address-book: internet -> mailstore: z-ldapab-8389"};
    std::set<std::string> found;
    for (const auto& flow : shipped_catalogue().flows) {
        auto text = flow.id + ": " + flow.from + " -> " + flow.to + ":";
        for (const auto& reach : flow.reaches) text += " " + reach.endpoint;
        if (flow.own) found.insert(text);
    }
    EXPECT_EQ(found, expected);
}

TEST(ShippedConditions, MeanTheSameByTheirNames) {
    const std::map<std::string, std::string> named = {
        {"lookup-available", "some server (RP:LookupTarget & in RP:AvailableLookupTargets or unset)"},
        {"memcached-available", "some server (service memcached)"},
        {"proxy-exists", "some server (service proxy)"},
        {"web-available",
         "some server (service zimbra & RP:LookupTarget & zimbraMailMode in http https both mixed redirect)"}};
    std::map<std::string, std::string> found;
    for (const auto& [id, condition] : shipped_catalogue().conditions) found[id] = condition_text(condition);
    EXPECT_EQ(found, named);
}

TEST(ShippedConditions, GiveEveryRoleItsServers) {
    const std::map<std::string, std::string> roles = {
        {"admin-workstation", "always"},
        {"antivirus", "service antivirus"},
        {"convertd", "service convertd"},
        {"docs", "service docs"},
        {"every-node", "always"},
        {"imapd", "service imapd"},
        {"internet", "always"},
        {"ldap", "service ldap"},
        {"license-daemon", "service license-daemon"},
        {"logger-host", "named by zimbraLogHostname"},
        {"mailstore", "service mailbox"},
        {"memcached", "service memcached"},
        {"mta", "service mta"},
        {"onlyoffice", "service onlyoffice"},
        {"outside", "always"},
        {"proxy", "service proxy"},
        {"spell", "service spell"},
        {"ssh-client", "always"},
        {"suite-docs-server", "(service docs | component suite-docs-server)"},
        {"suite-video-server", "component suite-video-server"}};
    std::map<std::string, std::string> found;
    for (const auto& [id, role] : shipped_catalogue().roles) found[id] = condition_text(role.members);
    EXPECT_EQ(found, roles);
}

/// Section 0 of the reference: these are set on the server entry alone, whatever global config says.
TEST(ShippedFacts, AreInheritedUnlessTheyBelongToTheServer) {
    const std::set<std::string> server_only = {
        "zimbraServiceEnabled",     "zimbraServiceInstalled",     "zimbraServiceHostname",
        "zimbraServerVersion",      "zimbraAdminBindAddress",     "zimbraAdminLocalBind",
        "zimbraMailBindAddress",    "zimbraMailSSLBindAddress",   "zimbraMailSSLClientCertBindAddress",
        "zimbraMailLocalBind",      "zimbraExtensionBindAddress", "zimbraLmtpBindAddress",
        "zimbraImapBindAddress",    "zimbraImapSSLBindAddress",   "zimbraPop3BindAddress",
        "zimbraPop3SSLBindAddress", "zimbraMemcachedBindAddress", "zimbraMilterBindAddress",
        "zimbraAlwaysOnClusterId"};
    std::set<std::string> found;
    for (const auto& [name, spec] : shipped_catalogue().attributes) {
        if (!spec.inherited) found.insert(name);
    }
    EXPECT_EQ(found, server_only);
}

TEST(ShippedFacts, HaveNoDefaultWhereUnsetMeansSomethingOfItsOwn) {
    for (const auto* name : {"zimbraMailMode", "zimbraReverseProxyMailMode"}) {
        EXPECT_FALSE(shipped_catalogue().attributes.at(name).fallback.has_value()) << name;
    }
}

TEST(ShippedFacts, KnowAllLegalValues) {
    const std::map<std::string, std::vector<std::string>> legal = {
        {"zimbraIPMode", {"ipv4", "ipv6", "both"}},
        {"zimbraMailMode", {"http", "https", "both", "mixed", "redirect"}},
        {"zimbraReverseProxyMailMode", {"http", "https", "both", "mixed", "redirect"}},
        {"zimbraReverseProxyClientCertMode", {"on", "off", "optional"}},
        {"zimbraMailSSLClientCertMode", {"Disabled", "NeedClientAuth", "WantClientAuth"}},
        {"zimbraDNSUseTCP", {"yes", "no"}},
        {"zimbraDNSUseUDP", {"yes", "no"}}};
    std::map<std::string, std::vector<std::string>> found;
    for (const auto& [name, spec] : shipped_catalogue().attributes) {
        if (spec.type == ValueType::enumeration) found[name] = spec.values;
    }
    EXPECT_EQ(found, legal);
}

}  // namespace
}  // namespace zmfw::test
