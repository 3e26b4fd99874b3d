#include <fmt/format.h>
#include <algorithm>
#include <plugin/plan/listener.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

/// The families of a wildcard socket.
void add_any(const FactsView& view, BindSource::Families families, std::size_t server, Bound& bound) {
    bound.any = true;
    if (families == BindSource::Families::both || families == BindSource::Families::ipv4) {
        bound.ipv4 = true;
        bound.ipv6 = families == BindSource::Families::both;
        return;
    }
    const auto mode = view.attribute(server, view.catalogue().ip_mode);
    const auto value = mode.is_set() ? mode.values.front() : std::string("ipv4");
    bound.ipv4 = value == "ipv4" || value == "both";
    bound.ipv6 = value == "ipv6" || value == "both";
    if (!bound.ipv4 && !bound.ipv6) {
        bound.problems.push_back(bad_value(view, server, mode, value, "mode (ipv4, ipv6 or both)"));
    } else {
        bound.because.push_back(because_of(view, server, mode, value));
    }
}

void add_address(const zmi::IpAddress& address, Bound& bound) {
    if (address.is_loopback()) return;
    if (address.is_unspecified()) {
        // A socket on :: takes IPv4 as well unless told otherwise; one on 0.0.0.0 never takes IPv6.
        bound.any = true;
        bound.ipv4 = true;
        bound.ipv6 = bound.ipv6 || address.family == zmi::Family::ipv6;
        return;
    }
    bound.addresses.push_back(address);
    (address.family == zmi::Family::ipv4 ? bound.ipv4 : bound.ipv6) = true;
}

/// One word of a bind setting; false where it makes no sense.
bool add_word(const FactsView& view, const BindSource& bind, std::size_t server, std::string_view word, Bound& bound) {
    if (word == "loopback-only") return true;
    if (word == "all" || word == "*" || word == "$myhostname") {
        add_any(view, bind.families, server, bound);
        return true;
    }
    const auto host = zmi::parse_host(word);
    if (!host) return false;
    if (host->address) {
        add_address(*host->address, bound);
        return true;
    }
    if (host->is_loopback()) return true;
    // Its own name: which of its addresses that is, the node alone knows, so the rule names none.
    if (!view.names(*host, server)) return false;
    add_any(view, bind.families, server, bound);
    return true;
}

void add_values(const FactsView& view, const BindSource& bind, std::size_t server, const Fact& fact, Bound& bound) {
    bound.because.push_back(because_of(view, server, fact));
    for (const auto& value : fact.values) {
        for (const auto part : zmi::split_words(value)) {
            for (const auto word : zmi::split(part, ',')) {
                if (word.empty()) continue;
                if (!add_word(view, bind, server, word, bound)) {
                    bound.problems.push_back(bad_value(view, server, fact, value, "address of this server"));
                }
                if (bind.take == BindSource::Take::first) return;
            }
        }
    }
}

/// main.cf and the like: what the file says, or as packaged where we are not on the node.
std::optional<Fact> file_setting(const FactsView& view, const BindSource& bind, std::size_t server) {
    const auto* local = view.local(server);
    if (bind.setting.empty() || local == nullptr) return std::nullopt;
    const auto file = local->files.find(bind.setting_file);
    if (file == local->files.end()) return std::nullopt;
    const auto value = file->second.settings.find(bind.setting);
    if (value == file->second.settings.end() || value->second.empty()) return std::nullopt;
    Fact fact;
    fact.name = fmt::format("{} in {}", bind.setting, file->second.path);
    fact.values = {value->second};
    fact.origin = zmi::Origin::file;
    return fact;
}

std::optional<Fact> bind_fact(const FactsView& view, const BindSource& bind, std::size_t server) {
    if (!bind.localconfig.empty()) {
        if (auto fact = view.localconfig(server, bind.localconfig); fact.is_set()) return fact;
    }
    if (auto fact = file_setting(view, bind, server)) return fact;
    if (!bind.attribute.empty()) {
        if (auto fact = view.attribute(server, bind.attribute); fact.is_set()) return fact;
    }
    return std::nullopt;
}

}  // namespace

Bound bound(const FactsView& view, const BindSource& bind, std::size_t server) {
    Bound bound;
    if (const auto fact = bind_fact(view, bind, server)) {
        add_values(view, bind, server, *fact, bound);
        if (fact->assumed) bound.assumed.push_back(fmt::format("{} of {}", fact->name, view.name(server)));
        std::sort(bound.addresses.begin(), bound.addresses.end());
        bound.addresses.erase(std::unique(bound.addresses.begin(), bound.addresses.end()), bound.addresses.end());
        if (bound.any) bound.addresses.clear();
        return bound;
    }
    if (bind.fallback == BindSource::Default::loopback) {
        bound.because.push_back({"bind address", "loopback", std::string(zmi::to_string(zmi::Origin::catalogue)), {}});
        return bound;
    }
    add_any(view, bind.families, server, bound);
    return bound;
}

}  // namespace zmfw
