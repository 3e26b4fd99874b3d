#pragma once

#include <gtest/gtest.h>
#include <algorithm>
#include <map>
#include <plugin/catalogue/catalogue.hpp>
#include <set>
#include <string>
#include <vector>

/// The catalogue that we ship, and what its conditions are made of.
namespace zmfw::test {

/// Loaded once; a mistake in it fails the test that asks first.
inline const Catalogue& shipped_catalogue(const std::string& product = "zimbra") {
    static std::map<std::string, zmi::Expected<Catalogue>> loaded;
    static const Catalogue nothing;
    auto found = loaded.find(product);
    if (found == loaded.end())
        found = loaded.emplace(product, load_catalogue({ZMFIREWALL_SOURCE_DIR "/templates/catalogue"}, product)).first;
    EXPECT_TRUE(found->second.has_value()) << (found->second ? "" : found->second.error().what);
    return found->second ? *found->second : nothing;
}

/// Calls `visit` for the condition and all that it is made of; named conditions only where `follow` is true.
template <class Visit>
void walk(const Catalogue& catalogue, const Condition& condition, bool follow, const Visit& visit) {
    visit(condition);
    for (const auto& child : condition.children) walk(catalogue, child, follow, visit);
    if (!follow || condition.kind != Condition::Kind::use) return;
    const auto named = catalogue.conditions.find(condition.values.front());
    if (named != catalogue.conditions.end()) walk(catalogue, named->second, follow, visit);
}

inline std::set<std::string> attributes_in(const Catalogue& catalogue, const Condition& condition) {
    std::set<std::string> names;
    walk(catalogue, condition, true, [&](const Condition& one) {
        if (one.kind != Condition::Kind::component && one.fact == FactKind::attribute && !one.name.empty())
            names.insert(one.name);
    });
    return names;
}

/// Services of the server itself: those of named conditions are about other servers.
inline std::set<std::string> services_in(const Catalogue& catalogue, const Condition& condition) {
    std::set<std::string> names;
    walk(catalogue, condition, false, [&](const Condition& one) {
        if (one.kind == Condition::Kind::service) names.insert(one.values.front());
    });
    return names;
}

inline bool uses(const Catalogue& catalogue, const Condition& condition, Condition::Kind kind,
                 const std::string& value = {}) {
    bool found = false;
    walk(catalogue, condition, true, [&](const Condition& one) {
        found = found || (one.kind == kind && (value.empty() || one.values.front() == value));
    });
    return found;
}

inline std::vector<const Flow*> flows_to(const Catalogue& catalogue, const std::string& endpoint) {
    std::vector<const Flow*> found;
    for (const auto& flow : catalogue.flows) {
        if (std::any_of(flow.reaches.begin(), flow.reaches.end(),
                        [&](const Flow::Reach& reach) { return reach.endpoint == endpoint; }))
            found.push_back(&flow);
    }
    return found;
}

}  // namespace zmfw::test
