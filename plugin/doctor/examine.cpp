#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>
#include <algorithm>
#include <plugin/doctor/doctor.hpp>
#include <plugin/helper/helper.hpp>
#include <zmintegration/facts/inventory_json.hpp>
#include <zmintegration/local/localconfig.hpp>
#include <zmintegration/local/node_file.hpp>
#include <zmintegration/local/node_files.hpp>
#include <zmintegration/support/file.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

constexpr std::size_t k_inventory_limit = 32 * 1024 * 1024;
constexpr std::chrono::seconds k_resolver_deadline{10};

std::string user_name() {
    const auto* entry = ::getpwuid(::geteuid());
    return entry != nullptr && entry->pw_name != nullptr ? entry->pw_name : fmt::format("user {}", ::geteuid());
}

std::chrono::sys_seconds written_at(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? std::chrono::sys_seconds{std::chrono::seconds{status.st_mtime}}
                                              : std::chrono::sys_seconds{};
}

/// Reading asks the kernel alone, and changes nothing.
bool clock_is_synchronised() {
    timex state{};
    const int answer = ::adjtimex(&state);
    // A container may not be allowed to ask; then nobody knows, and nobody should worry.
    return answer < 0 || (answer != TIME_ERROR && (state.status & STA_UNSYNC) == 0);
}

void read_localconfig_of(const zmi::DiscoveryOptions& options, Symptoms& symptoms) {
    symptoms.localconfig_path = (options.product.home / "conf" / "localconfig.xml").string();
    const auto config = zmi::read_localconfig(options.product.home, options.product.user);
    if (!config) {
        symptoms.localconfig = config.error();
        return;
    }
    const auto name = config->get("zimbra_server_hostname");
    if (name && *name && zmi::is_host_name(**name)) {
        symptoms.own_name = zmi::to_lower(**name);
    } else {
        symptoms.localconfig =
            zmi::Error{zmi::ErrorKind::knowledge, "localconfig key zimbra_server_hostname is not a host name",
                       "zmlocalconfig -e zimbra_server_hostname=NAME, as zmprov -l gas lists it"};
    }
    const auto url = config->get("ldap_url");
    if (url && *url) symptoms.ldap_url = zmi::without_credentials(**url);
}

void read_files(const zmi::DiscoveryOptions& options, Symptoms& symptoms) {
    const auto facts = zmi::read_node_files(options.product.home, options.system_root);
    if (facts) {
        for (const auto& [name, state] : facts->files) symptoms.files.push_back({name, state.path, state.problem});
    } else {
        symptoms.files.push_back({"files of the node", {}, facts.error().what});
    }
    const auto ca = options.tls_ca.empty() ? options.product.home / "conf" / "ca" / "ca.pem" : options.tls_ca;
    const auto text = zmi::read_node_file(ca);
    symptoms.files.push_back({"ca.pem", ca.string(), text ? std::string() : text.error().what});
    symptoms.newest_file = written_at(symptoms.localconfig_path);
    for (const auto& file : symptoms.files)
        symptoms.newest_file = std::max(symptoms.newest_file, written_at(file.path));
}

void keep_names(const zmi::Inventory& inventory, const std::string& from, Symptoms& symptoms) {
    if (!symptoms.servers_from.empty()) return;
    symptoms.servers_from = from;
    symptoms.resolved = inventory.resolved;
}

SourceSymptoms ask(zmi::SourceKind kind, const DoctorOptions& options, const zmi::Wanted& wanted, zmi::Outside outside,
                   Symptoms& symptoms) {
    SourceSymptoms source;
    source.name = zmi::to_string(kind);
    source.asked = true;
    auto discovery = options.discovery;
    discovery.only = kind;
    // Policies that give addresses are the plan's affair: here it is the resolver that is looked at.
    const auto inventory = zmi::discover(discovery, wanted, outside, [&source](const std::string& line) {
        if (line.starts_with("warning: ")) source.warnings.push_back(line.substr(9));
    });
    if (!inventory) {
        source.problem = inventory.error().what;
        source.hint = inventory.error().hint;
        return source;
    }
    source.answer = fmt::format("{}, {} servers", inventory->source.server, inventory->servers.size());
    keep_names(*inventory, source.name, symptoms);
    return source;
}

/// Whom the last inventory names, where no source answers today.
void read_last_inventory(const std::filesystem::path& path, zmi::Resolver& resolver, Symptoms& symptoms) {
    if (!symptoms.servers_from.empty()) return;
    const auto inventory = zmi::read_file(path, k_inventory_limit).and_then([&](const auto& text) {
        return zmi::parse_inventory(text, path.string());
    });
    if (!inventory) return;
    std::vector<std::string> names;
    for (const auto& [name, resolution] : inventory->resolved) names.push_back(name);
    symptoms.servers_from = path.string();
    symptoms.resolved = resolver.resolve(names, k_resolver_deadline);
}

std::string state_problem(const std::filesystem::path& folder) {
    std::error_code code;
    if (std::filesystem::exists(folder, code)) {
        if (!std::filesystem::is_directory(folder, code)) return "it is no folder";
        return ::access(folder.c_str(), W_OK | X_OK) == 0 ? std::string() : "it cannot be written";
    }
    auto above = folder.parent_path();
    while (!above.empty() && above != above.parent_path() && !std::filesystem::exists(above, code)) {
        above = above.parent_path();
    }
    return ::access(above.c_str(), W_OK | X_OK) == 0 ? std::string() : "it is not there and cannot be made";
}

}  // namespace

Symptoms examine(const DoctorOptions& options, const zmi::Wanted& wanted, zmi::Outside outside,
                 const std::function<void(const std::string& step)>& begins) {
    Symptoms symptoms;
    const auto& discovery = options.discovery;
    symptoms.user = user_name();
    symptoms.product = discovery.product;
    symptoms.product_problem = options.product_problem;
    begins("reading the files of this node");
    read_localconfig_of(discovery, symptoms);
    read_files(discovery, symptoms);
    for (const auto kind : {zmi::SourceKind::soap, zmi::SourceKind::zmprov, zmi::SourceKind::zmprov_ldap}) {
        SourceSymptoms source;
        source.name = zmi::to_string(kind);
        if (!options.inventory.empty() || (discovery.only && *discovery.only != kind)) {
            source.problem = "not asked, as --source or --inventory says";
        } else if (symptoms.localconfig) {
            source.problem = "cannot be asked without localconfig.xml";
        } else {
            begins("asking " + source.name);
            source = ask(kind, options, wanted, outside, symptoms);
        }
        symptoms.sources.push_back(std::move(source));
    }
    begins("resolving names");
    read_last_inventory(options.inventory.empty() ? discovery.last_inventory : std::filesystem::path(options.inventory),
                        outside.resolver, symptoms);
    if (!symptoms.own_name.empty() && !symptoms.resolved.contains(symptoms.own_name)) {
        symptoms.resolved.merge(outside.resolver.resolve({symptoms.own_name}, k_resolver_deadline));
    }
    const auto permitted = namespaces_permitted(outside.processes);
    if (!permitted) symptoms.namespaces = permitted.error().what;
    symptoms.state_folder = discovery.last_inventory.parent_path().string();
    symptoms.state_problem = state_problem(symptoms.state_folder);
    symptoms.now = outside.clock.now();
    symptoms.clock_synchronised = clock_is_synchronised();
    return symptoms;
}

}  // namespace zmfw
