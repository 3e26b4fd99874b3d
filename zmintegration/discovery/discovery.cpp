#include <zmintegration/discovery/discovery.hpp>

#include <fmt/format.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <system_error>
#include <zmintegration/discovery/last_inventory.hpp>
#include <zmintegration/discovery/soap_targets.hpp>
#include <zmintegration/facts/inventory_json.hpp>
#include <zmintegration/local/localconfig.hpp>
#include <zmintegration/local/node_files.hpp>
#include <zmintegration/local/node_sources.hpp>
#include <zmintegration/mesh/members.hpp>
#include <zmintegration/soap/soap_source.hpp>
#include <zmintegration/support/file.hpp>
#include <zmintegration/support/text.hpp>
#include <zmintegration/zmprov/zmprov_source.hpp>

namespace zmi {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t k_inventory_limit = 32 * 1024 * 1024;
constexpr std::chrono::milliseconds k_resolver_deadline{15'000};
// A policy that gives the addresses of a large deployment does so because the names do not resolve here: hundreds of
// questions in vain would slow every run down, for an inventory that is hardly ever used elsewhere.
constexpr std::size_t k_most_known_names = 50;
constexpr std::string_view k_service_host = "zimbraServiceHostname";
constexpr std::string_view k_last_resort = "start LDAP and mailboxd, or use a saved inventory with --inventory FILE";

/// Passes everything on and remembers whether the last post found nobody listening.
class WatchedTransport final : public HttpTransport {
public:
    explicit WatchedTransport(HttpTransport& real) : m_real(real) {}

    tl::expected<HttpResponse, HttpFailure> post(const HttpEndpoint& endpoint, const std::string& content_type,
                                                 const std::string& body, const HttpLimits& limits) override {
        auto result = m_real.post(endpoint, content_type, body, limits);
        m_nobody_listened = !result && result.error().kind == HttpFailure::Kind::connect;
        return result;
    }
    tl::expected<HttpResponse, HttpFailure> get(const HttpEndpoint& endpoint, const std::vector<HttpHeader>& headers,
                                                const HttpLimits& limits) override {
        return m_real.get(endpoint, headers, limits);
    }
    [[nodiscard]] bool nobody_listened() const { return m_nobody_listened; }

private:
    HttpTransport& m_real;
    bool m_nobody_listened = false;
};

/// A file of this node that is wrong means that we do not know enough; it is no file of ours.
tl::unexpected<Error> not_known(Error error) {
    if (error.kind == ErrorKind::data) error.kind = ErrorKind::knowledge;
    return tl::unexpected(std::move(error));
}

/// The host name under which the deployment knows a server.
std::string service_host(const Server& server) {
    const auto at = server.own.find(k_service_host);
    return to_lower(at == server.own.end() || at->second.empty() ? server.name : at->second.front());
}

class Discovery {
public:
    Discovery(const DiscoveryOptions& options, const Wanted& wanted, Outside outside, const Tell& tell)
        : m_options(options), m_wanted(wanted), m_outside(outside), m_tell(tell) {
        // What discovery itself needs: addresses now, and whom to ask the next time.
        for (const auto* name : {"zimbraServiceHostname", "zimbraServiceEnabled", "zimbraAdminPort"}) {
            m_wanted.attributes.insert(name);
        }
    }
    [[nodiscard]] Expected<Inventory> run();

private:
    [[nodiscard]] Expected<void> read_node();
    [[nodiscard]] Expected<Answer> ask_sources(SourceKind& kind);
    [[nodiscard]] Expected<Answer> ask(SourceKind kind);
    [[nodiscard]] Expected<Answer> ask_soap_source();
    [[nodiscard]] Expected<Answer> ask_peers(AdminService service, const Error& reason, SteadyClock::time_point end);
    [[nodiscard]] std::optional<KnownMailboxes> last_mailboxes() const;
    [[nodiscard]] bool is_skipped(SourceKind kind) const {
        return kind == SourceKind::zmprov && m_no_mailbox_here && !m_options.only;
    }
    [[nodiscard]] TlsChoice tls() const {
        return {m_options.tls_ca, m_options.product.home / "conf" / "ca" / "ca.pem", m_options.tls_verify};
    }
    [[nodiscard]] bool may_be_unknown_to_ldap() const;
    [[nodiscard]] Error not_listed(const std::string& source) const;
    void add_this_node(Inventory& inventory) const;
    void add_addresses(Inventory& inventory);
    [[nodiscard]] Expected<void> ask_mesh(Inventory& inventory);

    const DiscoveryOptions& m_options;
    Wanted m_wanted;
    Outside m_outside;
    const Tell& m_tell;
    std::optional<LocalConfig> m_config;
    std::string m_this_node;
    LocalFacts m_local;
    PackageNames m_installed;  ///< all packages of this node, where they could be read
    bool m_no_mailbox_here = false;
};

Expected<void> Discovery::read_node() {
    auto config = read_localconfig(m_options.product.home, m_options.product.user);
    if (!config) return not_known(std::move(config.error()));
    m_config = std::move(*config);
    auto name = m_config->get("zimbra_server_hostname");
    if (!name) return not_known(std::move(name.error()));
    m_this_node = to_lower(name->value_or(""));
    if (!is_host_name(m_this_node)) {
        return failure(
            ErrorKind::knowledge,
            fmt::format("localconfig key zimbra_server_hostname: {} is not a host name", zmi::quoted(m_this_node)),
            "see zmlocalconfig zimbra_server_hostname");
    }
    auto files = read_node_files(m_options.product.home, m_options.system_root);
    if (!files) return not_known(std::move(files.error()));
    m_local = std::move(*files);
    auto keys = m_config->select(m_wanted);
    if (!keys) return not_known(std::move(keys.error()));
    m_local.localconfig = std::move(*keys);
    m_installed = read_node_sources(
        m_wanted, {to_string(m_options.product.family), m_options.product.home, m_options.system_root},
        m_outside.processes, m_local);
    return {};
}

/// Files, databases, video servers and the like have nodes of their own, which LDAP need not know. What LDAP enables
/// comes with one of these packages.
bool Discovery::may_be_unknown_to_ldap() const {
    constexpr std::array k_of_ldap = {"carbonio-appserver", "carbonio-directory-server",
                                      "carbonio-mailbox",   "carbonio-memcached",
                                      "carbonio-mta",       "carbonio-proxy"};
    const auto packages = m_local.files.find("packages");
    const bool known = packages != m_local.files.end() && packages->second.problem.empty();
    return m_options.product.family == ProductFamily::carbonio && known &&
           std::none_of(k_of_ldap.begin(), k_of_ldap.end(),
                        [this](const char* name) { return m_installed.contains(name); });
}

Error Discovery::not_listed(const std::string& source) const {
    auto what = fmt::format("{} does not list this node, {}: its answer is not complete", source, m_this_node);
    std::string hint = "compare zmlocalconfig zimbra_server_hostname with zmprov -l gas";
    const auto packages = m_local.files.find("packages");
    const bool unread = packages != m_local.files.end() && !packages->second.problem.empty();
    if (m_options.product.family == ProductFamily::carbonio && unread) {
        what += fmt::format(
            ", unless LDAP need not know this node, which its packages would tell, but they could not "
            "be read: {}",
            packages->second.problem);
        hint = fmt::format("see that {} can be read and is whole, and run this again; else {}", packages->second.path,
                           hint);
    }
    return {ErrorKind::knowledge, std::move(what), std::move(hint)};
}

void Discovery::add_this_node(Inventory& inventory) const {
    if (inventory.find(m_this_node) != nullptr) return;
    Server server;
    server.name = m_this_node;
    server.known_from = "node";
    auto& servers = inventory.servers;
    servers.insert(std::upper_bound(servers.begin(), servers.end(), server,
                                    [](const Server& a, const Server& b) { return a.name < b.name; }),
                   std::move(server));
}

Expected<void> Discovery::ask_mesh(Inventory& inventory) {
    if (m_options.consul.token_file.empty()) return {};
    if (!m_wanted.mesh) {
        m_tell(fmt::format("Consul is not asked: {} has no mesh", to_string(m_options.product.family)));
        return {};
    }
    const auto catalogue = ask_consul(m_options.consul, m_outside.http, m_options.deadline);
    if (!catalogue) return tl::unexpected(catalogue.error());
    return add_mesh_members(*catalogue, m_options.known_servers, inventory);
}

std::optional<KnownMailboxes> Discovery::last_mailboxes() const {
    std::error_code code;
    if (m_options.last_inventory.empty() || !std::filesystem::exists(m_options.last_inventory, code)) {
        return std::nullopt;
    }
    const auto inventory = read_file(m_options.last_inventory, k_inventory_limit).and_then([&](const auto& text) {
        return parse_inventory(text, m_options.last_inventory.string());
    });
    if (inventory) return known_mailboxes(*inventory, m_this_node);
    m_tell(fmt::format("warning: the last inventory is of no use: {}", inventory.error().what));
    return std::nullopt;
}

/// The mailbox servers of the last inventory, by name and with their certificates verified.
Expected<Answer> Discovery::ask_peers(AdminService service, const Error& reason, SteadyClock::time_point end) {
    const auto known = last_mailboxes();
    if (!known) return tl::unexpected(reason);
    m_no_mailbox_here = known->this_node_known && !known->this_node_is_one;
    Error all = reason;
    service.tls = true;
    for (const auto& peer : known->others) {
        service.host = Host{peer.host, std::nullopt};
        service.port = peer.admin_port;
        auto target = make_soap_target(service, {}, m_this_node, tls());
        if (!target) return tl::unexpected(target.error());
        m_tell(fmt::format("soap: {}; trying {} of the last inventory", all.what, target->display));
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - SteadyClock::now());
        auto answer = ask_soap(*target, m_wanted, m_outside.http, left, m_tell);
        wipe(target->password);
        if (answer) return answer;
        all.what += "; " + answer.error().what;
    }
    return tl::unexpected(std::move(all));
}

Expected<Answer> Discovery::ask_soap_source() {
    const auto end = SteadyClock::now() + m_options.deadline;
    auto service = read_admin_service(*m_config);
    if (!service) return tl::unexpected(std::move(service.error()));
    const auto loopback = loopback_addresses(service->host, m_outside.resolver);
    auto target = make_soap_target(*service, loopback, m_this_node, tls());
    if (!target) return tl::unexpected(target.error());
    if (!m_options.tls_verify && service->tls) {
        m_tell(
            fmt::format("warning: the certificate of {} is not verified (--tls-no-verify): whoever answers there "
                        "gets the admin password",
                        target->display));
    }
    WatchedTransport transport(m_outside.http);
    auto answer = ask_soap(*target, m_wanted, transport, m_options.deadline, m_tell);
    wipe(target->password);
    if (answer || !transport.nobody_listened() || service->host.text != "localhost") return answer;
    return ask_peers(std::move(*service), answer.error(), end);
}

Expected<Answer> Discovery::ask(SourceKind kind) {
    auto answer = kind == SourceKind::soap
                      ? ask_soap_source()
                      : ask_zmprov(kind == SourceKind::zmprov ? ZmprovAccess::soap : ZmprovAccess::ldap,
                                   m_options.product, m_wanted, m_outside.processes, m_options.deadline);
    if (!answer) return answer;
    const auto& servers = answer->servers;
    const bool lists_us = std::any_of(servers.begin(), servers.end(),
                                      [this](const Server& server) { return server.name == m_this_node; });
    // Every node has its server entry, so a list without us is not the whole list.
    if (!lists_us && !may_be_unknown_to_ldap()) return tl::unexpected(not_listed(answer->server));
    return answer;
}

Expected<Answer> Discovery::ask_sources(SourceKind& kind) {
    std::vector<SourceKind> kinds{SourceKind::soap, SourceKind::zmprov, SourceKind::zmprov_ldap};
    if (m_options.only) kinds = {*m_options.only};
    std::string reasons;
    std::string hint;
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        std::string reason = "skipped: it asks this node, which has no mailbox service";
        if (!is_skipped(kinds[i])) {
            auto answer = ask(kinds[i]);
            if (answer) {
                kind = kinds[i];
                return answer;
            }
            reason = answer.error().what;
            if (hint.empty()) hint = answer.error().hint;
        }
        if (i + 1 < kinds.size())
            m_tell(fmt::format("{}: {}; trying {}", to_string(kinds[i]), reason, to_string(kinds[i + 1])));
        reasons += fmt::format("{}{}: {}", reasons.empty() ? "" : "; ", to_string(kinds[i]), reason);
    }
    return failure(ErrorKind::knowledge, "no source answered: " + reasons,
                   hint.empty() ? std::string(k_last_resort) : fmt::format("{}; or {}", hint, k_last_resort));
}

void Discovery::add_addresses(Inventory& inventory) {
    std::vector<std::string> needed;
    std::vector<std::string> known;
    for (const auto& server : inventory.servers) {
        const auto host = service_host(server);
        if (is_host_name(host)) {
            (m_options.known_addresses.contains(server.name) ? known : needed).push_back(host);
        } else {
            inventory.resolved[host] = {{}, zmi::quoted(host) + " is not a valid host name"};
        }
    }
    const auto welcome = known.size() > k_most_known_names ? std::vector<std::string>() : known;
    if (needed.empty() && known.empty()) return;
    const auto found = m_outside.resolver.resolve(needed, std::min(m_options.deadline, k_resolver_deadline), welcome);
    for (const auto& name : known) {
        const auto at = found.find(name);
        inventory.resolved[name] =
            at != found.end() && !at->second.addresses.empty()
                ? at->second
                : Resolution{{}, fmt::format("its address was given by the policy of {}", m_this_node)};
    }
    // A host that another server shares is needed all the same, so these come last.
    for (const auto& name : needed) {
        const auto at = found.find(name);
        inventory.resolved[name] = at == found.end() ? Resolution{{}, "the resolver gave no answer"} : at->second;
    }
}

Expected<Inventory> Discovery::run() {
    if (!m_options.tls_ca.empty() && ::access(m_options.tls_ca.c_str(), R_OK) != 0) {
        return failure(ErrorKind::usage, fmt::format("--tls-ca {}: cannot be read", m_options.tls_ca.string()));
    }
    if (auto node = read_node(); !node) return tl::unexpected(std::move(node.error()));
    SourceKind kind = SourceKind::soap;
    auto answer = ask_sources(kind);
    if (!answer) return tl::unexpected(std::move(answer.error()));
    Inventory inventory;
    inventory.source = {std::string(to_string(kind)), answer->server, true, to_rfc3339(m_outside.clock.now())};
    const auto& product = m_options.product;
    inventory.product = to_string(product.family);
    inventory.edition = product.edition;
    inventory.product_evidence = product.evidence;
    inventory.version = answer->version.empty() ? product.release : std::move(answer->version);
    inventory.this_node = m_this_node;
    inventory.global = std::move(answer->global);
    inventory.servers = std::move(answer->servers);
    inventory.local.emplace(m_this_node, std::move(m_local));
    add_this_node(inventory);
    add_addresses(inventory);
    if (auto asked = ask_mesh(inventory); !asked) return tl::unexpected(std::move(asked.error()));
    return inventory;
}

}  // namespace

std::string_view to_string(SourceKind kind) {
    switch (kind) {
        case SourceKind::soap: return "soap";
        case SourceKind::zmprov: return "zmprov";
        case SourceKind::zmprov_ldap: return "zmprov-ldap";
    }
    return "soap";
}

Expected<Inventory> discover(const DiscoveryOptions& options, const Wanted& wanted, Outside outside, const Tell& tell) {
    return Discovery(options, wanted, outside, tell).run();
}

}  // namespace zmi
