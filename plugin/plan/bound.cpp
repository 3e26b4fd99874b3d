#include <fmt/format.h>
#include <algorithm>
#include <plugin/plan/filled.hpp>
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
    auto mode = view.attribute(server, view.catalogue().ip_mode);
    if (!mode.is_set()) mode.values = {"ipv4"};
    const auto value = mode.joined();
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

/// "mbox1" for mbox1.example.com.
bool is_short_name(const FactsView& view, const zmi::Host& host, std::size_t server) {
    const auto first_label = [](std::string_view name) { return name.substr(0, name.find('.')); };
    return host.text == first_label(view.name(server)) || host.text == first_label(view.host_name(server));
}

/// The host in "127.78.0.18:10000", "[::]:9090" or ":9090"; "*" where only a port is named.
std::string_view host_of(std::string_view word) {
    if (parse_port_range(word)) return "*";
    const auto colon = word.rfind(':');
    if (colon == std::string_view::npos || !zmi::parse_port(word.substr(colon + 1))) return word;
    const auto host = word.substr(0, colon);
    if (host.empty()) return "*";
    const bool bare_ipv6 = host.find(':') != std::string_view::npos && host.front() != '[';
    return bare_ipv6 ? word : host;
}

/// One word of a bind setting; false where it makes no sense.
bool add_word(const FactsView& view, const BindSource& bind, std::size_t server, std::string_view word, Bound& bound) {
    if (word == "loopback-only") return true;
    if (!bind.setting.empty()) word = host_of(word);
    if (word == "all" || word == "*" || word == "$myhostname") {
        add_any(view, bind.families, server, bound);
        return true;
    }
    const auto host = zmi::parse_host(word);
    if (!host) return false;
    if (host->is_loopback()) return true;
    const bool own = view.names(*host, server) || is_short_name(view, *host, server);
    if (host->address) {
        if (view.names_any(*host) && !own) return false;
        add_address(*host->address, bound);
        return true;
    }
    // Its own name: which of its addresses that is, the node alone knows, so the rule names none.
    if (!own) return false;
    add_any(view, bind.families, server, bound);
    bound.by_name = true;
    return true;
}

std::vector<std::string_view> words_of(const BindSource& bind, std::string_view value) {
    std::vector<std::string_view> words;
    for (const auto part : zmi::split_words(value)) {
        if (bind.take == BindSource::Take::first) {
            words.push_back(part);
            continue;
        }
        for (const auto word : zmi::split(part, ',')) {
            if (!word.empty()) words.push_back(word);
        }
    }
    return words;
}

void add_values(const FactsView& view, const BindSource& bind, std::size_t server, const Fact& fact, Bound& bound) {
    bound.because.push_back(because_of(view, server, fact));
    const auto bad = [&](const std::string& value) {
        bound.problems.push_back(bad_value(view, server, fact, value, "address of this server"));
    };
    for (const auto& value : fact.values) {
        const auto words = words_of(bind, value);
        const bool single = bind.take == BindSource::Take::first;
        if (words.empty() || (single && words.size() > 1)) bad(value);
        for (const auto word : words) {
            if (!add_word(view, bind, server, word, bound)) bad(value);
        }
        if (single) return;
    }
}

/// main.cf and the like: what the file says, or as packaged where we are not on the node.
std::optional<Fact> file_setting(const FactsView& view, const BindSource& bind, std::size_t server) {
    if (bind.setting.empty()) return std::nullopt;
    const auto* file = file_state(view, bind.setting_file, server);
    if (file == nullptr) return std::nullopt;
    const auto value = file->settings.find(bind.setting);
    if (value == file->settings.end() || value->second.empty()) return std::nullopt;
    Fact fact;
    fact.name = fmt::format("{} in {}", bind.setting, file->path);
    fact.values = {std::string(unquoted(value->second))};
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

Bound bound_to(const zmi::IpAddress& address) {
    Bound bound;
    add_address(address, bound);
    return bound;
}

const zmi::FileState* file_state(const FactsView& view, std::string_view key, std::size_t server) {
    const auto* local = view.local(server);
    if (local == nullptr) return nullptr;
    const auto found = local->files.find(key);
    return found == local->files.end() ? nullptr : &found->second;
}

Problem unread_file(const FactsView& view, const zmi::FileState& file, std::string_view setting, std::size_t server) {
    const auto name = fmt::format("{} in {}", setting, file.path);
    return {view.name(server), name,
            fmt::format("{} of {} is not known: {}", name, view.name(server), plain(file.problem))};
}

std::string_view unquoted(std::string_view value) {
    const bool quoted =
        value.size() > 1 && (value.front() == '"' || value.front() == '\'') && value.front() == value.back();
    return quoted ? value.substr(1, value.size() - 2) : value;
}

Bound bound(const FactsView& view, const BindSource& bind, std::size_t server) {
    Bound bound;
    // Of the files that are read on every node, a finding tells; of another one nothing stands in.
    const auto* file = is_own_file(bind.setting_file) ? nullptr : file_state(view, bind.setting_file, server);
    if (file != nullptr && !file->problem.empty() && file->problem != zmi::k_no_such_file)
        bound.problems.push_back(unread_file(view, *file, bind.setting, server));
    if (const auto fact = bind_fact(view, bind, server)) {
        add_values(view, bind, server, *fact, bound);
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
