#include <fmt/format.h>
#include <algorithm>
#include <plugin/harden/settings.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

bool contains(const zmi::Values& values, const std::string& value) {
    return std::find(values.begin(), values.end(), value) != values.end();
}

std::string list_of(const zmi::Values& values) {
    std::string text;
    for (const auto& value : values) text += (text.empty() ? "" : ", ") + zmi::quoted(value, 200);
    return text;
}

}  // namespace

zmi::Values Settings::own(const std::string& server, const std::string& name) const {
    if (const auto changed = m_changed.find({server, name}); changed != m_changed.end()) return changed->second;
    if (server.empty()) {
        const auto found = m_inventory->global.find(name);
        return found == m_inventory->global.end() ? zmi::Values{} : found->second;
    }
    const auto* entry = m_inventory->find(server);
    if (entry == nullptr) return {};
    const auto found = entry->own.find(name);
    return found == entry->own.end() ? zmi::Values{} : found->second;
}

zmi::Values Settings::inherited(const std::string& server, const std::string& name) const {
    const auto spec = m_catalogue->attributes.find(name);
    if (server.empty() || spec == m_catalogue->attributes.end() || !spec->second.inherited) return {};
    return own({}, name);
}

zmi::Values Settings::effective(const std::string& server, const std::string& name) const {
    if (auto values = own(server, name); !values.empty()) return values;
    if (auto values = inherited(server, name); !values.empty()) return values;
    const auto spec = m_catalogue->attributes.find(name);
    if (spec == m_catalogue->attributes.end() || !spec->second.fallback) return {};
    return {*spec->second.fallback};
}

std::string Settings::described(const std::string& server, const std::string& name) const {
    const auto whose = server.empty() ? std::string("in global config") : "on " + server;
    if (const auto values = own(server, name); !values.empty())
        return fmt::format("{} {} is {}", name, whose, list_of(values));
    if (const auto values = inherited(server, name); !values.empty())
        return fmt::format("{} {} is not set; global config has {}", name, whose, list_of(values));
    const auto values = effective(server, name);
    return fmt::format("{} {} is not set{}", name, whose, values.empty() ? "" : "; the default is " + list_of(values));
}

std::optional<zmi::Values> Settings::after(const Change& change) const {
    using Kind = Change::Kind;
    const auto before = own(change.server, change.name);
    if (change.kind == Kind::unset) return zmi::Values{};
    if (change.kind == Kind::set)
        return effective(change.server, change.name) == zmi::Values{change.value} ? before : zmi::Values{change.value};
    // A server's own list replaces the inherited one, so it starts as a copy.
    auto values = before.empty() ? inherited(change.server, change.name) : before;
    const bool has = contains(values, change.value);
    if (change.kind == Kind::add) {
        if (has) return before;
        values.push_back(change.value);
        return values;
    }
    if (!has) return before;
    std::erase(values, change.value);
    if (values.empty() && !inherited(change.server, change.name).empty()) return std::nullopt;
    return values;
}

void Settings::put(const std::string& server, const std::string& name, zmi::Values values) {
    m_changed.insert_or_assign({server, name}, std::move(values));
}

std::optional<zmi::Values> Settings::localconfig(const std::string& server, const std::string& key) const {
    const auto local = m_inventory->local.find(server);
    const auto spec = m_catalogue->localconfig.find(key);
    if (local == m_inventory->local.end() || spec == m_catalogue->localconfig.end() || !spec->second.keep.empty())
        return std::nullopt;
    const auto value = local->second.localconfig.find(key);
    return value == local->second.localconfig.end() ? zmi::Values{} : zmi::Values{value->second};
}

std::optional<std::string> Settings::localconfig_part(const std::string& server, const std::string& key) const {
    const auto local = m_inventory->local.find(server);
    const auto spec = m_catalogue->localconfig.find(key);
    if (local == m_inventory->local.end() || spec == m_catalogue->localconfig.end() || spec->second.keep.empty())
        return std::nullopt;
    const auto value = local->second.localconfig.find(key);
    return value == local->second.localconfig.end() ? std::nullopt : std::optional(value->second);
}

std::vector<std::pair<std::string, std::string>> difference(const std::string& name, const zmi::Values& before,
                                                            const zmi::Values& after) {
    std::vector<std::pair<std::string, std::string>> words;
    if (before == after) return words;
    if (after.empty()) return {{name, ""}};
    if (before.size() <= 1 && after.size() == 1) return {{name, after.front()}};
    for (const auto& value : before) {
        if (!contains(after, value)) words.emplace_back("-" + name, value);
    }
    for (const auto& value : after) {
        if (!contains(before, value)) words.emplace_back("+" + name, value);
    }
    return words;
}

}  // namespace zmfw
