#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <plugin/plan/component.hpp>
#include <plugin/plan/filled.hpp>

namespace zmfw {
namespace {

constexpr std::string_view k_subject = "component ";
// The reason of a problem stands between these.
constexpr std::string_view k_not_known = " is not known: ";
constexpr std::string_view k_ways_out = "; run zmfirewall discover there and join its inventory";

std::string origin(zmi::Origin origin) {
    return std::string(zmi::to_string(origin));
}

Truth found(Because because) {
    return {Verdict::yes, {std::move(because)}, {}, {}, {}};
}

Truth absent(const Component& component, std::string why, zmi::Origin told_by) {
    return {Verdict::no,
            {{"component " + component.id, why, origin(told_by), {}}},
            fmt::format("the component '{}' ({}) is not on this server: {}", component.id, component.title, why),
            {},
            {}};
}

/// One kind of evidence: what the component names of it, and the key under which its problem would stand.
struct EvidenceKind {
    const char* key;
    const std::vector<std::string>& names;
    zmi::Origin told_by;
};

std::vector<EvidenceKind> kinds_of(const Component& component) {
    std::vector<EvidenceKind> kinds;
    for (const auto& kind : {EvidenceKind{"packages", component.packages, zmi::Origin::package},
                             EvidenceKind{"present", component.present, zmi::Origin::file},
                             EvidenceKind{"units", component.units, zmi::Origin::unit},
                             EvidenceKind{"modules", component.modules, zmi::Origin::module},
                             EvidenceKind{"mesh", component.mesh, zmi::Origin::mesh}}) {
        if (!kind.names.empty()) kinds.push_back(kind);
    }
    return kinds;
}

std::optional<Because> evidence(const Component& component, const zmi::LocalFacts& local) {
    for (const auto& name : component.packages) {
        if (local.packages.contains(name)) return Because{"package", name, origin(zmi::Origin::package), {}};
    }
    for (const auto& path : component.present) {
        if (local.present.contains(path)) return Because{path, "there", origin(zmi::Origin::file), {}};
    }
    for (const auto& name : component.units) {
        const auto unit = local.units.find(name);
        if (unit != local.units.end() && unit->second == "active")
            return Because{"unit", name + " " + unit->second, origin(zmi::Origin::unit), {}};
    }
    for (const auto& name : component.modules) {
        const auto module = local.modules.find(name);
        if (module != local.modules.end() && module->second == "running")
            return Because{"module", name + " " + module->second, origin(zmi::Origin::module), {}};
    }
    for (const auto& service : local.mesh) {
        if (std::find(component.mesh.begin(), component.mesh.end(), service.name) != component.mesh.end())
            return Because{
                fmt::format("{}:{}", service.path, service.line), service.name, origin(zmi::Origin::mesh), {}};
    }
    return std::nullopt;
}

std::optional<Because> registered(const Component& component, const zmi::Server& server) {
    if (!server.mesh_services) return std::nullopt;
    for (const auto& name : component.mesh) {
        if (server.mesh_services->contains(name)) return Because{"mesh service", name, origin(zmi::Origin::mesh), {}};
    }
    return std::nullopt;
}

/// Was anybody asked for evidence on that node? Local facts of before there were components say nothing of them.
bool has_evidence(const zmi::LocalFacts& local) {
    const auto asked = [&](const char* key) { return local.files.contains(key); };
    return asked("packages") || asked("present") || asked("units") || asked("mesh") || asked("modules") ||
           !local.packages.empty() || !local.present.empty() || !local.units.empty() || !local.modules.empty() ||
           !local.mesh.empty();
}

/// Kinds that the component names and that could not be read, in words.
std::vector<std::string> unread(const std::vector<EvidenceKind>& kinds, const zmi::LocalFacts& local) {
    std::vector<std::string> missing;
    for (const auto& kind : kinds) {
        const auto state = local.files.find(kind.key);
        if (state == local.files.end() || state->second.problem.empty()) continue;
        // No folder of the mesh is an answer: nothing is registered with it.
        if (kind.told_by == zmi::Origin::mesh && state->second.problem == zmi::k_no_such_file) continue;
        missing.push_back(fmt::format("{}: {}", kind.key, plain(state->second.problem)));
    }
    return missing;
}

Truth unknown(const FactsView& view, const Component& component, std::size_t server,
              const std::vector<std::string>& missing) {
    const auto& name = view.name(server);
    const auto why = missing.empty() ? std::string("nothing on this node tells of it")
                                     : fmt::format("it could not be read ({})", fmt::join(missing, "; "));
    const auto token =
        component.mesh.empty() ? "" : ", or give a token with which Consul tells of it (--consul-token-file FILE)";
    return {Verdict::unknown,
            {},
            {},
            {{name, std::string(k_subject) + component.id,
              fmt::format("whether {0} runs '{1}' ({2}){3}{4}{5} (--join FILE), say in the policy all that runs there, "
                          "and not this alone (<server name=\"{0}\"><components>...</components></server>){6}",
                          name, component.id, component.title, k_not_known, why, k_ways_out, token)}},
            {}};
}

/// What was seen on the server itself; nullopt where nobody looked. `missing` gets what could not be read.
std::optional<Truth> seen(const FactsView& view, const Component& component, std::size_t server,
                          std::vector<std::string>& missing) {
    const auto* local = view.local(server);
    if (local == nullptr) return std::nullopt;
    if (auto because = evidence(component, *local)) return found(std::move(*because));
    if (!has_evidence(*local)) return std::nullopt;
    const auto kinds = kinds_of(component);
    missing = unread(kinds, *local);
    if (!missing.empty()) return std::nullopt;
    std::vector<std::string> looked_at;
    for (const auto& kind : kinds) looked_at.push_back(fmt::format("{} {}", kind.key, fmt::join(kind.names, " ")));
    return absent(component, fmt::format("none of {}", fmt::join(looked_at, ", ")), kinds.front().told_by);
}

/// What the policy says of the server: those components and no others.
std::optional<Truth> told(const FactsView& view, const Component& component, std::size_t server) {
    const auto* facts = view.policy_facts(server);
    if (facts == nullptr || !facts->components) return std::nullopt;
    if (facts->components->contains(component.id))
        return found({"component " + component.id, "said to be there", origin(zmi::Origin::policy), {}});
    return absent(component, "the policy does not name it", zmi::Origin::policy);
}

}  // namespace

Truth component_truth(const FactsView& view, const Component& component, std::size_t server) {
    std::vector<std::string> missing;
    const auto& entry = view.server(server);
    auto here = seen(view, component, server, missing);
    if (here && here->verdict == Verdict::yes) return *here;
    if (view.local(server) != nullptr) {
        if (auto because = registered(component, entry)) return found(std::move(*because));
    }
    if (here) return *here;
    if (auto said = told(view, component, server)) return *said;
    if (!missing.empty()) return unknown(view, component, server, missing);
    if (auto because = registered(component, entry)) return found(std::move(*because));
    if (entry.mesh_services && !component.mesh.empty())
        return absent(component, fmt::format("none of {} is registered there", fmt::join(component.mesh, " ")),
                      zmi::Origin::mesh);
    if (!component.absent_if_unknown) return unknown(view, component, server, missing);
    auto truth = absent(component, "nothing on this node tells of it", zmi::Origin::catalogue);
    truth.assumed.push_back(fmt::format("the absence of {} on {}", component.id, view.name(server)));
    return truth;
}

std::optional<UnknownComponent> unknown_component(const Problem& problem) {
    const std::string_view text = problem.text;
    const auto from = text.find(k_not_known);
    const auto to = text.rfind(k_ways_out);
    if (!problem.subject.starts_with(k_subject) || from == std::string_view::npos || to == std::string_view::npos ||
        to < from + k_not_known.size())
        return std::nullopt;
    const auto start = from + k_not_known.size();
    return UnknownComponent{problem.subject.substr(k_subject.size()), std::string(text.substr(start, to - start))};
}

}  // namespace zmfw
