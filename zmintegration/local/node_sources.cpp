#include <zmintegration/local/node_sources.hpp>

#include <algorithm>
#include <iterator>
#include <zmintegration/local/file_pattern.hpp>
#include <zmintegration/local/mesh_files.hpp>
#include <zmintegration/local/modules.hpp>
#include <zmintegration/local/product.hpp>
#include <zmintegration/local/setting_files.hpp>
#include <zmintegration/local/units.hpp>

namespace zmi {
namespace {

constexpr int k_widest_udp_range = 1024;

void note(LocalFacts& facts, const char* source, std::string path, std::string problem) {
    facts.files[source] = {std::move(path), std::move(problem), {}};
}

PackageNames add_packages(const Wanted& wanted, const NodePlaces& places, ProcessRunner& processes, LocalFacts& facts) {
    const auto core = core_package_of(parse_family(places.product).value_or(ProductFamily::zimbra));
    auto installed = read_packages(places.system_root, core, processes);
    std::set_intersection(installed.names.begin(), installed.names.end(), wanted.packages.begin(),
                          wanted.packages.end(), std::inserter(facts.packages, facts.packages.end()));
    note(facts, "packages", std::move(installed.path), std::move(installed.problem));
    return std::move(installed.names);
}

void add_present(const Wanted& wanted, const NodePlaces& places, LocalFacts& facts) {
    std::string problem;
    for (const auto& path : wanted.present) {
        const auto found = wanted_paths(places.home, places.system_root, path);
        if (!found && problem.empty()) problem = found.error().what;
        if (found && !found->empty()) facts.present.insert(path);
    }
    note(facts, "present", places.system_root.string(), std::move(problem));
}

void add_units(const Wanted& wanted, const NodePlaces& places, ProcessRunner& processes, LocalFacts& facts) {
    auto units = read_units(places.system_root, wanted.units, processes);
    facts.units = std::move(units.states);
    note(facts, "units", std::move(units.path), std::move(units.problem));
}

void add_modules(const Wanted& wanted, const NodePlaces& places, ProcessRunner& processes, LocalFacts& facts) {
    auto modules = read_modules(places.product, places.home, places.system_root, wanted.modules, processes);
    facts.modules = std::move(modules.states);
    note(facts, "modules", std::move(modules.path), std::move(modules.problem));
}

void add_mesh(const NodePlaces& places, LocalFacts& facts) {
    auto mesh = read_mesh_files(places.system_root);
    facts.mesh = std::move(mesh.services);
    note(facts, "mesh", std::move(mesh.path), std::move(mesh.problem));
}

void add_live(const Wanted& wanted, const NodePlaces& places, LocalFacts& facts) {
    auto path = (places.system_root / "proc/net").string();
    const auto sockets = read_socket_tables(places.system_root);
    if (!sockets) return note(facts, "sockets", std::move(path), sockets.error().what);
    facts.live = live_listeners(*sockets, wanted.ports);
    note(facts, "sockets", std::move(path), {});
}

}  // namespace

std::set<LiveListener> live_listeners(const ListeningSockets& sockets, const std::set<WantedPorts>& ports) {
    std::set<LiveListener> found;
    for (const auto& socket : sockets.sockets) {
        if (socket.address.is_loopback()) continue;
        const bool udp = socket.protocol == "udp";
        const bool clients = udp && socket.port >= sockets.first_ephemeral && socket.port <= sockets.last_ephemeral;
        const bool wanted = std::any_of(ports.begin(), ports.end(), [&](const WantedPorts& range) {
            const bool too_wide = udp && range.last - range.first >= k_widest_udp_range;
            return !too_wide && range.protocol == socket.protocol && range.first <= socket.port &&
                   socket.port <= range.last;
        });
        if (wanted && !clients) found.insert({socket.protocol, socket.port, socket.address.to_string()});
    }
    return found;
}

PackageNames read_node_sources(const Wanted& wanted, const NodePlaces& places, ProcessRunner& processes,
                               LocalFacts& facts) {
    PackageNames installed;
    if (!wanted.packages.empty()) installed = add_packages(wanted, places, processes, facts);
    if (!wanted.present.empty()) add_present(wanted, places, facts);
    if (!wanted.units.empty()) add_units(wanted, places, processes, facts);
    if (!wanted.modules.empty()) add_modules(wanted, places, processes, facts);
    if (wanted.mesh) add_mesh(places, facts);
    if (!wanted.ports.empty()) add_live(wanted, places, facts);
    for (const auto& [key, file] : wanted.files) {
        facts.files[key] = read_settings(file, places.home, places.system_root);
    }
    return installed;
}

}  // namespace zmi
