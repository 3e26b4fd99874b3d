#include <algorithm>
#include <plugin/plan/endpoint_traits.hpp>

namespace zmfw {

bool is_vouched_for(const Endpoint& endpoint, const Policy& policy) {
    return endpoint.verified || policy.accepted_endpoints.contains(endpoint.id);
}

bool is_real(const EndpointState& state, const Policy& policy) {
    const bool known = is_vouched_for(*state.endpoint, policy) || !state.open.empty();
    return state.listens() && !state.endpoint->dead && known;
}

bool get_along(const Endpoint& a, const Endpoint& b) {
    using Kind = PortSource::Kind;
    if (a.port.kind == Kind::constant && b.port.kind == Kind::constant) return true;
    return a.port.kind == Kind::attribute && b.port.kind == Kind::attribute && a.port.name == b.port.name &&
           a.bind.attribute == b.bind.attribute && a.bind.fallback == b.bind.fallback;
}

bool overlap(const Bound& a, const Bound& b) {
    if (a.is_loopback() != b.is_loopback()) return (a.any && b.is_loopback()) || (b.any && a.is_loopback());
    if (a.any || b.any || a.is_loopback()) return true;
    return std::any_of(a.addresses.begin(), a.addresses.end(), [&](const auto& address) {
        return std::find(b.addresses.begin(), b.addresses.end(), address) != b.addresses.end();
    });
}

bool names_servers_by(const Condition& condition, FactKind kind, std::string_view name) {
    using Kind = Condition::Kind;
    const bool naming = condition.kind == Kind::client_names || condition.kind == Kind::named_in ||
                        condition.kind == Kind::named_by || condition.kind == Kind::hosted_here;
    if (naming && condition.fact == kind && condition.name == name) return true;
    return std::any_of(condition.children.begin(), condition.children.end(),
                       [&](const Condition& child) { return names_servers_by(child, kind, name); });
}

std::set<std::string> components_in(const Condition& condition) {
    std::set<std::string> ids;
    if (condition.kind == Condition::Kind::component) ids.insert(condition.name);
    for (const auto& child : condition.children) ids.merge(components_in(child));
    return ids;
}

}  // namespace zmfw
