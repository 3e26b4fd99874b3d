#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <plugin/cli/endpoint_text.hpp>

namespace zmfw {
namespace {

std::string flows_text(const Catalogue& catalogue, const Endpoint& endpoint) {
    std::vector<std::vector<std::string>> rows;
    for (const auto& flow : catalogue.flows) {
        const bool reaches = std::any_of(flow.reaches.begin(), flow.reaches.end(),
                                         [&](const Flow::Reach& reach) { return reach.endpoint == endpoint.id; });
        if (reaches) rows.push_back({flow.id, fmt::format("{} -> {}", flow.from, flow.to), flow.why});
    }
    return rows.empty() ? std::string() : "  who may need it\n" + table(rows, 4);
}

bool names_component(const Condition& condition, const Catalogue& catalogue, const std::string& id) {
    if (condition.kind == Condition::Kind::component) return condition.name == id;
    if (condition.kind == Condition::Kind::use)
        return names_component(catalogue.conditions.find(condition.values.front())->second, catalogue, id);
    return std::any_of(condition.children.begin(), condition.children.end(),
                       [&](const Condition& child) { return names_component(child, catalogue, id); });
}

}  // namespace

std::string port_source_text(const PortSource& port) {
    using Kind = PortSource::Kind;
    switch (port.kind) {
        case Kind::attribute: return "attribute " + port.name;
        case Kind::localconfig: return "localconfig " + port.name;
        case Kind::url_attribute: return "the URL in attribute " + port.name;
        case Kind::url_local: return fmt::format("localconfig {}", fmt::join(port.names, ", "));
        case Kind::file: return fmt::format("{}, inet service {}", port.file, fmt::join(port.names, " or "));
        case Kind::sshd: return "sshd_config, and attribute " + port.name;
        case Kind::setting: return fmt::format("{} in {}", port.name, port.file);
        case Kind::mesh_exposed: return "what the mesh exposes of " + port.name;
        case Kind::constant: {
            std::vector<std::string> ranges;
            for (const auto& range : port.constants) ranges.push_back(range.to_string());
            return fmt::format("fixed: {}", fmt::join(ranges, ", "));
        }
        case Kind::none: return "none";
    }
    return "none";
}

std::string endpoint_text(const Catalogue& catalogue, const Endpoint& endpoint, const Style& style) {
    auto text = fmt::format("{}: {} ({})\n", style.heading(endpoint.id), endpoint.title, endpoint.protocol);
    std::vector<std::vector<std::string>> rows;
    if (!endpoint.process.empty()) rows.push_back({"process", endpoint.process});
    rows.push_back({"port", fmt::format("{}; usually {}", port_source_text(endpoint.port),
                                        endpoint.default_port.empty() ? "none" : endpoint.default_port)});
    rows.push_back({"meant for", std::string(to_string(endpoint.audience))});
    if (!endpoint.versions.empty()) rows.push_back({"versions", endpoint.versions});
    rows.push_back({"confidence", endpoint.confidence});
    text += table(rows, 2) + flows_text(catalogue, endpoint);
    if (!endpoint.closed_because.empty()) text += "  never opened by itself\n" + wrapped(endpoint.closed_because, 4);
    if (!endpoint.settled_by.empty()) text += "  settled by\n" + wrapped(endpoint.settled_by, 4);
    if (!endpoint.security.empty()) text += "  security\n" + wrapped(endpoint.security, 4);
    if (!endpoint.note.empty()) text += "  note\n" + wrapped(endpoint.note, 4);
    text += "  read in\n";
    for (const auto& source : endpoint.sources) text += wrapped(source, 4);
    return text;
}

std::string component_text(const Catalogue& catalogue, const Component& component, const Style& style) {
    auto text = fmt::format("{}: {} (component)\n", style.heading(component.id), component.title);
    std::vector<std::vector<std::string>> rows;
    for (const auto& [kind, names] : {std::pair{"packages", &component.packages},
                                      std::pair{"paths", &component.present}, std::pair{"units", &component.units},
                                      std::pair{"modules", &component.modules}, std::pair{"mesh", &component.mesh}}) {
        if (!names->empty()) rows.push_back({kind, fmt::format("{}", fmt::join(*names, ", "))});
    }
    text += "  told by any of\n" + table(rows, 4);
    if (component.absent_if_unknown) text += "  taken to be absent where nothing tells of it\n";
    std::vector<std::string> users;
    for (const auto& endpoint : catalogue.endpoints) {
        if (names_component(endpoint.listens, catalogue, component.id)) users.push_back(endpoint.id);
    }
    if (!users.empty()) text += wrapped(fmt::format("endpoints: {}", fmt::join(users, ", ")), 2);
    text += "  read in\n";
    for (const auto& source : component.sources) text += wrapped(source, 4);
    return text;
}

bool usually_on(const Endpoint& endpoint, std::uint16_t port) {
    const auto& fixed = endpoint.port.constants;
    if (std::any_of(fixed.begin(), fixed.end(), [&](const PortRange& range) { return range.contains(port); }))
        return true;
    const auto wanted = std::to_string(port);
    std::size_t at = 0;
    const auto& text = endpoint.default_port;
    while ((at = text.find(wanted, at)) != std::string::npos) {
        const auto digit = [&](std::size_t i) { return i < text.size() && text[i] >= '0' && text[i] <= '9'; };
        if ((at == 0 || !digit(at - 1)) && !digit(at + wanted.size())) return true;
        at += wanted.size();
    }
    return false;
}

}  // namespace zmfw
