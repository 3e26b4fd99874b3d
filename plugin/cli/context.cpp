#include <fmt/format.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <plugin/cli/context.hpp>
#include <plugin/cli/progress.hpp>
#include <plugin/helper/helper.hpp>
#include <plugin/plan/digest.hpp>
#include <zmintegration/discovery/discovery.hpp>
#include <zmintegration/discovery/join.hpp>
#include <zmintegration/facts/inventory_json.hpp>
#include <zmintegration/support/file.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

constexpr std::size_t k_inventory_limit = 32 * 1024 * 1024;

bool is_data_folder(const std::filesystem::path& folder) {
    std::error_code code;
    return std::filesystem::is_directory(folder / "catalogue", code);
}

/// Drop-in folders of the site, where they exist.
std::vector<std::filesystem::path> existing(std::vector<std::filesystem::path> folders) {
    std::error_code code;
    std::erase_if(folders, [&](const auto& folder) { return !std::filesystem::is_directory(folder, code); });
    return folders;
}

zmi::Expected<std::optional<zmi::SourceKind>> parse_source(const std::string& text) {
    for (const auto kind : {zmi::SourceKind::soap, zmi::SourceKind::zmprov, zmi::SourceKind::zmprov_ldap}) {
        if (text == zmi::to_string(kind)) return kind;
    }
    if (text.empty()) return std::nullopt;
    return zmi::failure(zmi::ErrorKind::usage, fmt::format("no source is called {}", zmi::quoted(text)),
                        "sources are soap, zmprov and zmprov-ldap");
}

zmi::Expected<void> bad_policy(const Policy& policy, const std::string& what, std::string hint = {}) {
    return zmi::failure(zmi::ErrorKind::data, fmt::format("{}: {}", policy.file, what), std::move(hint));
}

/// Lines that name something real and still cannot do what they say.
zmi::Expected<void> check_effects(const Policy& policy, const Catalogue& catalogue) {
    for (const auto& id : policy.close) {
        const auto* endpoint = catalogue.find(id);
        if (endpoint != nullptr && endpoint->audience == Audience::ssh) {
            return bad_policy(policy, fmt::format("{} is never closed", id), "narrow it with <network name=\"ssh\">");
        }
    }
    for (const auto& id : policy.accepted_endpoints) {
        const auto* endpoint = catalogue.find(id);
        if (endpoint != nullptr ? endpoint->verified : catalogue.find_egress(id)->verified)
            return bad_policy(policy, fmt::format("{} is verified: there is nothing to accept", id));
    }
    std::vector<std::string> keys;
    for (const auto& [name, spec] : catalogue.localconfig) keys.push_back(name);
    for (const auto& [server, facts] : policy.servers) {
        for (const auto& [key, value] : facts.local) {
            if (catalogue.localconfig.contains(key)) continue;
            const auto near = zmi::nearest(key, keys);
            return bad_policy(policy, fmt::format("no rule depends on the localconfig key {}", zmi::quoted(key)),
                              near.empty() ? std::string() : fmt::format("did you mean '{}'", near));
        }
    }
    return {};
}

/// A slip in the policy must not silently do nothing.
zmi::Expected<void> check_policy(const Policy& policy, const Catalogue& catalogue) {
    std::vector<std::string> endpoints;
    for (const auto& endpoint : catalogue.endpoints) endpoints.push_back(endpoint.id);
    for (const auto& egress : catalogue.egress) endpoints.push_back(egress.id);
    std::vector<std::string> findings;
    for (const auto& finding : catalogue.findings) findings.push_back(finding.id);
    const auto check = [&](const auto& names, const std::vector<std::string>& known,
                           const char* kind) -> zmi::Expected<void> {
        for (const auto& name : names) {
            if (std::find(known.begin(), known.end(), name) != known.end()) continue;
            const auto near = zmi::nearest(name, known);
            return zmi::failure(zmi::ErrorKind::data,
                                fmt::format("{}: the catalogue knows no {} '{}'", policy.file, kind, name),
                                near.empty() ? std::string() : fmt::format("did you mean '{}'", near));
        }
        return {};
    };
    if (auto checked = check(policy.close, endpoints, "endpoint"); !checked) return checked;
    if (auto checked = check(policy.accepted_endpoints, endpoints, "endpoint"); !checked) return checked;
    if (auto checked = check_effects(policy, catalogue); !checked) return checked;
    std::vector<std::string> components;
    for (const auto& [id, component] : catalogue.components) components.push_back(id);
    for (const auto& [server, facts] : policy.servers) {
        if (!facts.components) continue;
        if (auto checked = check(*facts.components, components, "component"); !checked) return checked;
    }
    return check(policy.accepted_findings, findings, "finding");
}

/// What is loaded must be the whole of a deployment that this catalogue is for, with every server of the policy in it:
/// a source may leave out silently what it does not want to show.
zmi::Expected<void> check_inventory(const zmi::Inventory& inventory, const Catalogue& catalogue, const Policy& policy) {
    if (!inventory.source.complete) {
        return zmi::failure(zmi::ErrorKind::knowledge, "the inventory says of itself that it is not complete",
                            "take a new one: zmfirewall discover --json");
    }
    if (inventory.product != catalogue.product) {
        return zmi::failure(zmi::ErrorKind::data, fmt::format("the inventory is of {}, the catalogue of {}",
                                                              zmi::quoted(inventory.product), catalogue.product));
    }
    const auto missing = [&](const std::string& name) {
        return zmi::failure(
            zmi::ErrorKind::knowledge,
            fmt::format("{} names the server {}, which the deployment does not have", policy.file, name),
            "correct the policy if the server is gone; if not, the source did not tell of it");
    };
    for (const auto& [name, facts] : policy.servers) {
        if (inventory.find(name) == nullptr && !facts.components) return missing(name);
    }
    const auto known = [&](const std::string& name) {
        return name.empty() || inventory.find(name) != nullptr || policy.adds_server(name);
    };
    for (const auto& allow : policy.allow) {
        if (!known(allow.server)) return missing(allow.server);
    }
    for (const auto& egress : policy.egress) {
        if (!known(egress.server)) return missing(egress.server);
    }
    return {};
}

}  // namespace

ExitStatus to_status(zmi::ErrorKind kind) {
    switch (kind) {
        case zmi::ErrorKind::usage: return ExitStatus::usage;
        case zmi::ErrorKind::knowledge: return ExitStatus::knowledge;
        case zmi::ErrorKind::program: return ExitStatus::program;
        case zmi::ErrorKind::data: return ExitStatus::data;
        case zmi::ErrorKind::bug: return ExitStatus::bug;
    }
    return ExitStatus::bug;
}

void say(std::string_view text) {
    Progress::write_past(text);
}

void tell(std::string_view line) {
    say(fmt::format("zmfirewall: {}\n", line));
}

ExitStatus report(const zmi::Error& error) {
    tell(error.what);
    if (!error.hint.empty()) say(fmt::format("hint: {}\n", error.hint));
    return to_status(error.kind);
}

ExitStatus print(std::string_view result) {
    const bool written =
        std::fwrite(result.data(), 1, result.size(), stdout) == result.size() && std::fflush(stdout) == 0;
    if (written) return ExitStatus::done;
    tell(fmt::format("cannot write the result to standard output: {}", std::strerror(errno)));
    return ExitStatus::program;
}

zmi::Expected<zmi::Inventory> Context::saved_inventory() const {
    const std::lock_guard lock(m_memory->mutex);
    auto& saved = m_memory->inventory;
    if (!saved) {
        const auto text = zmi::read_file(m_options.inventory, k_inventory_limit);
        saved = text ? zmi::parse_inventory(*text, m_options.inventory.string())
                     : zmi::failure(zmi::ErrorKind::data, text.error().what, text.error().hint);
    }
    return *saved;
}

zmi::Expected<zmi::Product> Context::find_product() const {
    std::optional<std::filesystem::path> home;
    if (!m_options.zimbra_home.empty()) home = m_options.zimbra_home;
    std::optional<zmi::ProductFamily> family;
    if (!m_options.product.empty()) {
        family = zmi::parse_family(m_options.product);
        if (!family)
            return zmi::failure(zmi::ErrorKind::usage,
                                fmt::format("no product is called {}", zmi::quoted(m_options.product)),
                                "products are zimbra and carbonio");
    }
    if (m_options.inventory.empty()) return zmi::detect_product(m_options.system_root, home, family);
    const auto inventory = saved_inventory();
    if (!inventory) return tl::unexpected(inventory.error());
    // A product that we do not know is refused where the inventory is used.
    const auto saved = zmi::parse_family(inventory->product).value_or(zmi::ProductFamily::zimbra);
    auto product = zmi::assumed_product(family.value_or(saved), m_options.system_root, home);
    product.edition = inventory->edition;
    product.release = inventory->version;
    product.evidence = inventory->product_evidence;
    return product;
}

zmi::Expected<zmi::Product> Context::product() const {
    {
        const std::lock_guard lock(m_memory->mutex);
        if (m_memory->product) return *m_memory->product;
    }
    auto product = find_product();
    const std::lock_guard lock(m_memory->mutex);
    m_memory->product = product;
    return product;
}

std::filesystem::path Context::home() const {
    const auto found = product();
    return found ? found->home : zmi::assumed_product(zmi::ProductFamily::zimbra, m_options.system_root).home;
}

zmi::Expected<zmi::DiscoveryOptions> Context::discovery_options() const {
    const auto source = parse_source(m_options.source);
    if (!source) return tl::unexpected(source.error());
    auto found = product();
    if (!found) return tl::unexpected(std::move(found.error()));
    zmi::DiscoveryOptions discovery;
    discovery.only = *source;
    discovery.product = std::move(*found);
    discovery.system_root = m_options.system_root;
    discovery.tls_ca = m_options.tls_ca;
    discovery.tls_verify = !m_options.tls_no_verify;
    discovery.last_inventory = last_inventory();
    discovery.deadline = std::chrono::seconds(m_options.timeout_seconds);
    discovery.consul = {m_options.consul_url, m_options.consul_token_file, m_options.tls_ca};
    return discovery;
}

/// --data; beside the program as installed; the source tree of an uninstalled build; the system's place.
zmi::Expected<std::filesystem::path> Context::data_folder() const {
    if (!m_options.data.empty()) {
        if (is_data_folder(m_options.data)) return m_options.data;
        return zmi::failure(zmi::ErrorKind::usage, fmt::format("{} has no folder catalogue", m_options.data.string()));
    }
    const auto self = own_program();
    std::vector<std::filesystem::path> folders = {self.parent_path().parent_path() / "share" / "zmfirewall"};
    if (self.string().starts_with(ZMFIREWALL_BUILD_DIR "/")) folders.insert(folders.begin(), ZMFIREWALL_SOURCE_DATA);
    folders.emplace_back("/usr/share/zmfirewall");
    for (const auto& folder : folders) {
        if (is_data_folder(folder)) return folder;
    }
    return zmi::failure(zmi::ErrorKind::data, "the data folder (catalogue and templates) is nowhere to be found",
                        "name it with --data FOLDER");
}

zmi::Expected<std::vector<std::filesystem::path>> Context::catalogue_folders() const {
    auto folder = data_folder();
    if (!folder) return tl::unexpected(std::move(folder.error()));
    std::vector<std::filesystem::path> folders = {*folder / "catalogue"};
    for (auto& site : existing({"/etc/zmfirewall/catalogue.d"})) folders.push_back(std::move(site));
    return folders;
}

zmi::Expected<Catalogue> Context::catalogue() const {
    const auto found = product();
    if (!found) return tl::unexpected(found.error());
    return catalogue(std::string(zmi::to_string(found->family)));
}

zmi::Expected<Catalogue> Context::catalogue(const std::string& product) const {
    const auto folders = catalogue_folders();
    if (!folders) return tl::unexpected(folders.error());
    return load_catalogue(*folders, product);
}

zmi::Expected<std::string> Context::catalogue_digest() const {
    const auto folders = catalogue_folders();
    if (!folders) return tl::unexpected(folders.error());
    std::string all;
    for (const auto& folder : *folders) {
        std::vector<std::filesystem::path> files;
        std::error_code code;
        for (const auto& entry : std::filesystem::directory_iterator(folder, code)) {
            if (entry.path().extension() == ".xml") files.push_back(entry.path());
        }
        std::sort(files.begin(), files.end());
        for (const auto& file : files) {
            const auto text = zmi::read_file(file, k_inventory_limit);
            if (!text) return zmi::failure(zmi::ErrorKind::data, text.error().what, text.error().hint);
            all += fmt::format("{} {}\n", sha256_hex(*text), file.filename().string());
        }
    }
    return sha256_hex(all);
}

zmi::Expected<std::vector<std::filesystem::path>> Context::format_roots() const {
    auto folder = data_folder();
    if (!folder) return tl::unexpected(std::move(folder.error()));
    std::vector<std::filesystem::path> roots = {*folder};
    for (auto& site : existing({"/etc/zmfirewall/templates"})) roots.push_back(std::move(site));
    return roots;
}

zmi::Expected<std::vector<Target>> Context::targets() const {
    auto folder = data_folder();
    if (!folder) return tl::unexpected(std::move(folder.error()));
    return read_targets(*folder / "targets.xml");
}

zmi::Expected<Policy> Context::policy(const Catalogue& catalogue) const {
    const bool named = !m_options.policy.empty();
    // Without a product there is no place to look for it, and no policy would be another answer.
    if (const auto found = product(); !named && !found) return tl::unexpected(found.error());
    auto policy = read_policy(named ? m_options.policy : home() / "conf" / "zmfirewall.xml", named);
    if (!policy) return policy;
    if (auto checked = check_policy(*policy, catalogue); !checked) return tl::unexpected(std::move(checked.error()));
    return policy;
}

zmi::Expected<zmi::Inventory> Context::asked_inventory(const Catalogue& catalogue, const Policy& policy) const {
    if (!m_options.inventory.empty()) return saved_inventory();
    auto asked = discovery_options();
    if (!asked) return tl::unexpected(std::move(asked.error()));
    auto& options = *asked;
    for (const auto& [name, facts] : policy.servers) {
        options.known_servers.insert(name);
        if (!facts.addresses.empty()) options.known_addresses.insert(name);
    }
    const auto processes = zmi::make_process_runner();
    const auto http = zmi::make_http_transport();
    const auto resolver = zmi::make_system_resolver();
    const zmi::SystemClock clock;
    Progress progress;
    progress.step("asking the installation");
    return zmi::discover(options, catalogue.wanted(), {*processes, *http, *resolver, clock}, tell);
}

zmi::Expected<zmi::Inventory> Context::inventory(const Catalogue& catalogue, const Policy& policy) const {
    // A file that is wrong is told before anybody is asked.
    const auto others = zmi::read_inventories(m_options.join);
    if (!others) return tl::unexpected(others.error());
    auto inventory = asked_inventory(catalogue, policy);
    if (!inventory) return inventory;
    if (auto joined = zmi::join(*inventory, *others, std::chrono::hours(24 * m_options.join_age_days)); !joined)
        return tl::unexpected(std::move(joined.error()));
    if (auto checked = check_inventory(*inventory, catalogue, policy); !checked) return tl::unexpected(checked.error());
    return inventory;
}

zmi::Expected<std::optional<std::string>> Context::selected(const Selection& selection, const zmi::Inventory& inventory,
                                                            const Policy& policy) {
    if (selection.all) return std::nullopt;
    const auto name = selection.server.empty() ? inventory.this_node : zmi::to_lower(selection.server);
    if (inventory.find(name) != nullptr || policy.adds_server(name)) return name;
    std::vector<std::string> names;
    for (const auto& server : inventory.servers) names.push_back(server.name);
    for (const auto& [server, facts] : policy.servers) names.push_back(server);
    if (selection.server.empty()) {
        return zmi::failure(zmi::ErrorKind::knowledge,
                            fmt::format("this node ({}) is no server of the deployment", zmi::quoted(name)),
                            "name a server with --server NAME, or all with --all; `zmfirewall discover` lists them");
    }
    const auto near = zmi::nearest(name, names);
    return zmi::failure(
        zmi::ErrorKind::usage, fmt::format("the deployment has no server {}", zmi::quoted(name)),
        near.empty() ? "`zmfirewall discover` lists the servers" : fmt::format("did you mean '{}'", near));
}

}  // namespace zmfw
