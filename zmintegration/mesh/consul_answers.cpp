#include <fmt/format.h>
#include <algorithm>
#include <zmintegration/facts/json_tree.hpp>
#include <zmintegration/mesh/consul.hpp>
#include <zmintegration/support/text.hpp>

namespace zmi {
namespace {

using Type = JsonNode::Type;

constexpr std::size_t k_max_depth = 32;
constexpr std::size_t k_most_values = 500'000;
constexpr std::size_t k_most_nodes = 1'000;
constexpr std::size_t k_most_services = 2'000;

tl::unexpected<Error> odd(std::string_view what, std::string_view why) {
    return failure(ErrorKind::knowledge, fmt::format("{}: {}", what, why), "is it Consul that answers there");
}

/// What may stand in the path of a request and in an inventory.
bool is_consul_name(std::string_view text) {
    constexpr std::size_t k_longest = 253;
    return !text.empty() && text.size() <= k_longest && text.front() != '.' &&
           std::all_of(text.begin(), text.end(), [](char c) {
               const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
               return letter || c == '-' || c == '_' || c == '.';
           });
}

/// The text of a member; empty where it is not there or no text.
std::string_view text_of(const JsonNode& object, std::string_view name) {
    const auto* node = object.type == Type::object ? object.member(name) : nullptr;
    return node != nullptr && node->type == Type::string ? std::string_view(node->text) : std::string_view();
}

bool is_sidecar(const JsonNode& service) {
    const auto kind = text_of(service, "Kind");
    return kind == "connect-proxy";
}

Expected<JsonNode> tree_of(std::string_view json, Type type, std::string_view what) {
    auto tree = parse_json(json, k_max_depth, k_most_values);
    if (!tree) return odd(what, tree.error().what);
    if (tree->type != type)
        return odd(what, fmt::format("expected {}, found {}", to_string(type), to_string(tree->type)));
    return tree;
}

}  // namespace

Expected<std::vector<ConsulNode>> parse_consul_nodes(std::string_view json, std::string_view what) {
    const auto tree = tree_of(json, Type::array, what);
    if (!tree) return tl::unexpected(tree.error());
    if (tree->children.size() > k_most_nodes) return odd(what, fmt::format("more than {} nodes", k_most_nodes));
    std::vector<ConsulNode> nodes;
    for (const auto& item : tree->children) {
        ConsulNode node{std::string(text_of(item, "Node")), std::string(text_of(item, "Address")), {}};
        if (!is_consul_name(node.name)) return odd(what, quoted(text_of(item, "Node")) + " is no name of a node");
        if (!parse_address(node.address) && !is_host_name(node.address))
            return odd(what, fmt::format("node {}: {} is no address", node.name, zmi::quoted(node.address)));
        nodes.push_back(std::move(node));
    }
    std::sort(nodes.begin(), nodes.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    const auto twice =
        std::adjacent_find(nodes.begin(), nodes.end(), [](const auto& a, const auto& b) { return a.name == b.name; });
    if (twice != nodes.end()) return odd(what, fmt::format("node {} stands twice", twice->name));
    return nodes;
}

Expected<std::set<std::string, std::less<>>> parse_consul_services(std::string_view json, std::string_view node,
                                                                   std::string_view what) {
    const auto tree = tree_of(json, Type::object, what);
    if (!tree) return tl::unexpected(tree.error());
    const auto* owner = tree->member("Node");
    if (owner == nullptr || text_of(*owner, "Node") != node) return odd(what, "the answer is not of that node");
    std::set<std::string, std::less<>> names;
    const auto* services = tree->member("Services");
    // null: a node with none.
    if (services == nullptr || services->type == Type::null) return names;
    if (services->type != Type::array) return odd(what, "Services is no array");
    if (services->children.size() > k_most_services) return odd(what, "too many services");
    for (const auto& service : services->children) {
        const auto name = text_of(service, "Service");
        if (!is_consul_name(name)) return odd(what, quoted(name) + " is no name of a service");
        if (!is_sidecar(service)) names.emplace(name);
    }
    return names;
}

Expected<std::vector<AgentService>> parse_agent_services(std::string_view json, std::string_view what) {
    const auto tree = tree_of(json, Type::object, what);
    if (!tree) return tl::unexpected(tree.error());
    if (tree->children.size() > k_most_services) return odd(what, "too many services");
    std::vector<AgentService> services;
    for (const auto& item : tree->children) {
        AgentService service;
        service.name = text_of(item, "Service");
        if (!is_consul_name(service.name)) return odd(what, zmi::quoted(service.name) + " is no name of a service");
        const auto* port = item.member("Port");
        if (port == nullptr || port->type != Type::integer || port->number < 0 || port->number > 65535)
            return odd(what, fmt::format("service {} has no port", service.name));
        service.port = static_cast<std::uint16_t>(port->number);
        if (is_sidecar(item)) {
            const auto* proxy = item.member("Proxy");
            service.sidecar_for = proxy == nullptr ? "" : text_of(*proxy, "DestinationServiceName");
            if (!is_consul_name(service.sidecar_for))
                return odd(what, fmt::format("sidecar {} is of no service", service.name));
        }
        services.push_back(std::move(service));
    }
    std::sort(services.begin(), services.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return services;
}

}  // namespace zmi
