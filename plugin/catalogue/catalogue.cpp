#include <algorithm>
#include <plugin/catalogue/catalogue.hpp>
#include <set>

namespace zmfw {

std::string_view to_string(Audience audience) {
    switch (audience) {
        case Audience::open_to_public: return "public";
        case Audience::admin: return "admin";
        case Audience::ssh: return "ssh";
        case Audience::cluster: return "cluster";
        case Audience::loopback: return "loopback";
        case Audience::nobody: return "nobody";
    }
    return "nobody";
}

std::string_view to_string(Severity severity) {
    switch (severity) {
        case Severity::info: return "info";
        case Severity::warning: return "warning";
        case Severity::blocker: return "blocker";
    }
    return "info";
}

const Endpoint* Catalogue::find(std::string_view endpoint_id) const {
    const auto at = std::find_if(endpoints.begin(), endpoints.end(),
                                 [&](const Endpoint& endpoint) { return endpoint.id == endpoint_id; });
    return at == endpoints.end() ? nullptr : &*at;
}

const Egress* Catalogue::find_egress(std::string_view egress_id) const {
    const auto at = std::find_if(egress.begin(), egress.end(), [&](const Egress& one) { return one.id == egress_id; });
    return at == egress.end() ? nullptr : &*at;
}

bool is_own_file(std::string_view key) {
    static const std::set<std::string_view> keys = {"main.cf", "master.cf", "sshd_config", "resolv.conf", "packages",
                                                    "units",   "mesh",      "modules",     "sockets"};
    return keys.contains(key);
}

namespace {

/// What to look for among the sockets of a node: what would settle an unverified endpoint, and which of a range of
/// ports are in use. Sockets of UDP come and go within ranges, with any client of a name server: they tell nothing.
void add_ports(const Endpoint& endpoint, zmi::Wanted& wanted) {
    if (endpoint.dead || endpoint.audience == Audience::nobody || endpoint.protocol == "unix") return;
    for (const auto& range : endpoint.port.constants) {
        if (range.is_single() ? !endpoint.verified : endpoint.protocol == "tcp")
            wanted.ports.insert({endpoint.protocol, range.first, range.last});
    }
}

void add_components(const Catalogue& catalogue, zmi::Wanted& wanted) {
    for (const auto& [id, component] : catalogue.components) {
        wanted.packages.insert(component.packages.begin(), component.packages.end());
        wanted.present.insert(component.present.begin(), component.present.end());
        wanted.units.insert(component.units.begin(), component.units.end());
        wanted.modules.insert(component.modules.begin(), component.modules.end());
        wanted.mesh = wanted.mesh || !component.mesh.empty();
    }
}

}  // namespace

zmi::Wanted Catalogue::wanted() const {
    zmi::Wanted wanted;
    add_components(*this, wanted);
    const auto add_setting = [&](const std::string& key, const std::string& setting) {
        const auto file = files.find(key);
        if (file == files.end() || setting.empty()) return;
        wanted.files[key].path = file->second.path;
        wanted.files[key].settings.insert(setting);
    };
    for (const auto& endpoint : endpoints) {
        add_ports(endpoint, wanted);
        if (endpoint.port.kind == PortSource::Kind::setting) add_setting(endpoint.port.file, endpoint.port.name);
        add_setting(endpoint.bind.setting_file, endpoint.bind.setting);
        wanted.mesh = wanted.mesh || endpoint.port.kind == PortSource::Kind::mesh_exposed;
    }
    for (const auto& one : egress) add_setting(one.file, one.setting);
    for (const auto& [name, spec] : attributes) wanted.attributes.insert(name);
    for (const auto& [name, spec] : localconfig) wanted.localconfig.emplace(name, spec.keep);
    return wanted;
}

}  // namespace zmfw
