#include <zmintegration/facts/changes.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <optional>
#include <set>
#include <zmintegration/support/text.hpp>

namespace zmi {
namespace {

using Kind = FactChange::Kind;

constexpr std::string_view k_services = "zimbraServiceEnabled";
constexpr std::string_view k_version = "zimbraServerVersion";
constexpr std::string_view k_host = "zimbraServiceHostname";
// Parts of the version, and numbers that setup writes beside it: the version says it all.
constexpr std::string_view k_version_part = "zimbraServerVersion";
const std::string k_unset = "(unset)";

std::string joined(const Values& values) {
    return values.empty() ? k_unset : fmt::format("{}", fmt::join(values, ", "));
}

const Values& values_of(const Attributes& attributes, std::string_view name) {
    static const Values none;
    const auto at = attributes.find(name);
    return at == attributes.end() ? none : at->second;
}

/// What a server has of an attribute: its own value, or what it inherits.
const Values& effective(const Inventory& inventory, const Server& server, std::string_view name) {
    const auto& own = values_of(server.own, name);
    return own.empty() ? values_of(inventory.global, name) : own;
}

std::set<std::string> sorted(const Values& values) {
    return {values.begin(), values.end()};
}

template <class Map>
std::set<std::string> keys_of(const Map& before, const Map& after) {
    std::set<std::string> keys;
    for (const auto& [key, value] : before) keys.insert(key);
    for (const auto& [key, value] : after) keys.insert(key);
    return keys;
}

/// The order of an attribute's values means nothing: LDAP keeps none.
void compare_attributes(const Inventory& before, const Inventory& after, const Server& was, const Server& is,
                        std::vector<FactChange>& into) {
    for (const auto& name : keys_of(was.own, is.own)) {
        if (name == k_services || name.starts_with(k_version_part)) continue;
        // A server that takes over, as its own, what it inherited is what it was.
        const auto& old_values = effective(before, was, name);
        const auto& new_values = effective(after, is, name);
        if (sorted(old_values) == sorted(new_values)) continue;
        into.push_back({Kind::attribute, is.name, name, joined(old_values), joined(new_values)});
    }
}

void compare_services(const Server& was, const Server& is, std::vector<FactChange>& into) {
    const auto old_services = sorted(values_of(was.own, k_services));
    const auto new_services = sorted(values_of(is.own, k_services));
    for (const auto& name : new_services) {
        if (!old_services.contains(name))
            into.push_back({Kind::service_added, is.name, name, "not enabled", "enabled"});
    }
    for (const auto& name : old_services) {
        if (!new_services.contains(name))
            into.push_back({Kind::service_removed, is.name, name, "enabled", "not enabled"});
    }
}

std::string addresses_of(const Inventory& inventory, const Server& server) {
    const auto& host = values_of(server.own, k_host);
    const auto at = inventory.resolved.find(host.empty() ? server.name : to_lower(host.front()));
    if (at == inventory.resolved.end() || at->second.addresses.empty()) return "(none)";
    std::vector<std::string> texts;
    for (const auto& address : at->second.addresses) texts.push_back(address.to_string());
    return fmt::format("{}", fmt::join(texts, ", "));
}

using Texts = std::map<std::string, std::string>;

void compare_texts(Kind kind, const std::string& server, const Texts& was, const Texts& is,
                   const std::string& if_absent, std::vector<FactChange>& into) {
    const auto text_of = [&](const Texts& texts, const std::string& name) {
        const auto at = texts.find(name);
        return at == texts.end() ? if_absent : at->second;
    };
    for (const auto& name : keys_of(was, is)) {
        auto old_value = text_of(was, name);
        auto new_value = text_of(is, name);
        if (old_value != new_value) into.push_back({kind, server, name, std::move(old_value), std::move(new_value)});
    }
}

template <class Names>
Texts all_with(const Names& names, const std::string& value) {
    Texts texts;
    for (const auto& name : names) texts.emplace(name, value);
    return texts;
}

/// Only what Consul's catalogue says; what a node's own files say is that node's.
void compare_mesh(const Server& was, const Server& is, std::vector<FactChange>& into) {
    if (!was.mesh_services || !is.mesh_services) return;
    compare_texts(Kind::mesh_service, is.name, all_with(*was.mesh_services, "in the catalogue of the mesh"),
                  all_with(*is.mesh_services, "in the catalogue of the mesh"), "not in the catalogue of the mesh",
                  into);
}

void compare_server(const Inventory& before, const Inventory& after, const Server& was, const Server& is,
                    std::vector<FactChange>& into) {
    const auto old_version = joined(values_of(was.own, k_version));
    const auto new_version = joined(values_of(is.own, k_version));
    if (old_version != new_version)
        into.push_back({Kind::version, is.name, std::string(k_version), old_version, new_version});
    compare_services(was, is, into);
    compare_attributes(before, after, was, is, into);
    const auto old_addresses = addresses_of(before, was);
    const auto new_addresses = addresses_of(after, is);
    if (old_addresses != new_addresses)
        into.push_back({Kind::address, is.name, "addresses", old_addresses, new_addresses});
    compare_mesh(was, is, into);
}

/// What one file says, in words; by the file's path.
std::map<std::string, std::string> file_texts(const LocalFacts& facts) {
    std::map<std::string, std::string> texts;
    for (const auto& [key, state] : facts.files) {
        auto& text = texts[state.path];
        if (!state.problem.empty()) text = state.problem;
        for (const auto& [name, value] : state.settings) {
            text += fmt::format("{}{} = {}", text.empty() ? "" : "; ", name, value);
        }
    }
    // Lines move without meaning anything, so only what stands in them counts.
    std::map<std::string, std::set<std::string>> listeners;
    for (const auto& listener : facts.listeners) {
        listeners[listener.path].insert(
            fmt::format("{}{}{} {}", listener.address, listener.address.empty() ? "" : ":", listener.service,
                        listener.port == 0 ? std::string() : std::to_string(listener.port)));
    }
    for (const auto& [path, lines] : listeners) {
        auto& text = texts[path];
        text += fmt::format("{}{}", text.empty() ? "" : "; ", fmt::join(lines, ", "));
    }
    return texts;
}

/// Whether both sides have asked the source and got an answer.
bool both_read(const LocalFacts& was, const LocalFacts& is, std::string_view source) {
    const auto read = [&](const LocalFacts& facts) {
        const auto at = facts.files.find(source);
        return at != facts.files.end() && at->second.problem.empty();
    };
    return read(was) && read(is);
}

/// What a node's files register, in words: where that stands means nothing.
Texts mesh_texts(const std::vector<MeshService>& services) {
    Texts texts;
    for (const auto& service : services) {
        auto& text = texts[service.name];
        text += fmt::format("{}registered{}{}", text.empty() ? "" : "; ",
                            service.port == 0 ? "" : fmt::format(" with port {}", service.port),
                            service.sidecar ? " and a sidecar" : "");
        if (!service.exposed.empty()) text += fmt::format(", exposes {}", fmt::join(service.exposed, ", "));
    }
    return texts;
}

Texts live_texts(const std::set<LiveListener>& listeners) {
    Texts texts;
    for (const auto& listener : listeners) {
        auto& text = texts[fmt::format("{}/{}", listener.protocol, listener.port)];
        text += (text.empty() ? "on " : ", ") + listener.address;
    }
    return texts;
}

void compare_sources(const std::string& server, const LocalFacts& was, const LocalFacts& is,
                     std::vector<FactChange>& into) {
    const auto compare = [&](std::string_view source, Kind kind, const Texts& before, const Texts& after,
                             const std::string& if_absent) {
        if (both_read(was, is, source)) compare_texts(kind, server, before, after, if_absent, into);
    };
    compare("packages", Kind::package, all_with(was.packages, "installed"), all_with(is.packages, "installed"),
            "not installed");
    compare("present", Kind::present, all_with(was.present, "there"), all_with(is.present, "there"), "not there");
    compare("units", Kind::unit, {was.units.begin(), was.units.end()}, {is.units.begin(), is.units.end()}, "absent");
    compare("modules", Kind::module, {was.modules.begin(), was.modules.end()}, {is.modules.begin(), is.modules.end()},
            "not there");
    compare("mesh", Kind::mesh_service, mesh_texts(was.mesh), mesh_texts(is.mesh), "not registered");
    compare("sockets", Kind::listener, live_texts(was.live), live_texts(is.live), "does not listen");
}

void compare_local(const std::string& server, const LocalFacts& was, const LocalFacts& is,
                   std::vector<FactChange>& into) {
    const auto text_of = [](const auto& texts, const std::string& key) {
        const auto at = texts.find(key);
        return at == texts.end() || at->second.empty() ? k_unset : at->second;
    };
    for (const auto& key : keys_of(was.localconfig, is.localconfig)) {
        const auto old_value = text_of(was.localconfig, key);
        const auto new_value = text_of(is.localconfig, key);
        if (old_value != new_value) into.push_back({Kind::localconfig, server, key, old_value, new_value});
    }
    const auto old_files = file_texts(was);
    const auto new_files = file_texts(is);
    for (const auto& path : keys_of(old_files, new_files)) {
        const auto old_value = text_of(old_files, path);
        const auto new_value = text_of(new_files, path);
        if (old_value != new_value) into.push_back({Kind::file, server, path, old_value, new_value});
    }
    compare_sources(server, was, is, into);
}

}  // namespace

std::string_view to_string(FactChange::Kind kind) {
    switch (kind) {
        case Kind::joined: return "joined";
        case Kind::left: return "left";
        case Kind::version: return "version";
        case Kind::service_added: return "service added";
        case Kind::service_removed: return "service removed";
        case Kind::attribute: return "attribute";
        case Kind::localconfig: return "localconfig";
        case Kind::file: return "file";
        case Kind::address: return "address";
        case Kind::package: return "package";
        case Kind::present: return "file present";
        case Kind::unit: return "unit";
        case Kind::module: return "module";
        case Kind::mesh_service: return "mesh service";
        case Kind::listener: return "live listener";
    }
    return "attribute";
}

std::vector<FactChange> changes_between(const Inventory& before, const Inventory& after) {
    std::vector<FactChange> changes;
    for (const auto& server : after.servers) {
        const auto* was = before.find(server.name);
        if (was == nullptr) {
            changes.push_back({Kind::joined, server.name, server.name, "", ""});
        } else {
            compare_server(before, after, *was, server, changes);
        }
    }
    for (const auto& server : before.servers) {
        if (after.find(server.name) == nullptr) changes.push_back({Kind::left, server.name, server.name, "", ""});
    }
    for (const auto& [server, facts] : after.local) {
        const auto was = before.local.find(server);
        if (was != before.local.end()) compare_local(server, was->second, facts, changes);
    }
    for (const auto& name : keys_of(before.global, after.global)) {
        const auto& old_values = values_of(before.global, name);
        const auto& new_values = values_of(after.global, name);
        if (sorted(old_values) == sorted(new_values)) continue;
        changes.push_back({Kind::attribute, "", name, joined(old_values), joined(new_values)});
    }
    return changes;
}

}  // namespace zmi
