#include <zmintegration/facts/inventory.hpp>

#include <algorithm>
#include <array>
#include <zmintegration/support/text.hpp>

namespace zmi {

std::string_view to_string(Origin origin) {
    switch (origin) {
        case Origin::server: return "server";
        case Origin::global: return "global";
        case Origin::schema_default: return "default";
        case Origin::localconfig: return "localconfig";
        case Origin::localconfig_default: return "localconfig default";
        case Origin::file: return "file";
        case Origin::packaged_default: return "packaged default";
        case Origin::resolver: return "resolver";
        case Origin::policy: return "policy";
        case Origin::catalogue: return "catalogue";
        case Origin::package: return "package";
        case Origin::unit: return "unit";
        case Origin::mesh: return "mesh";
        case Origin::module: return "module";
        case Origin::live: return "live";
    }
    return "catalogue";
}

const Server* Inventory::find(std::string_view name) const {
    const auto at =
        std::lower_bound(servers.begin(), servers.end(), name,
                         [](const Server& server, std::string_view wanted) { return server.name < wanted; });
    return at != servers.end() && at->name == name ? &*at : nullptr;
}

bool may_be_secret(std::string_view attribute_or_key) {
    // Asked for every value of every server: no copy is made, and a word is compared only where its letter stands.
    constexpr std::array<std::string_view, 7> k_words{"password", "passwd",        "secret",    "privatekey",
                                                      "tokenkey", "keyselfsigned", "sslprivate"};
    for (std::size_t i = 0; i + 6 <= attribute_or_key.size(); ++i) {
        const char letter = static_cast<char>(attribute_or_key[i] | 0x20);
        if (letter != 'p' && letter != 's' && letter != 't' && letter != 'k') continue;
        for (const auto word : k_words) {
            if (word.front() == letter && equal_ignoring_case(attribute_or_key.substr(i, word.size()), word))
                return true;
        }
    }
    return false;
}

std::string without_credentials(std::string_view value) {
    std::string cleaned;
    for (;;) {
        const auto scheme = value.find("://");
        if (scheme == std::string_view::npos) return cleaned += value;
        const auto start = scheme + 3;
        const auto end = std::min(value.find_first_of("/?# \t\r\n", start), value.size());
        const auto at = value.substr(start, end - start).rfind('@');
        cleaned += value.substr(0, start);
        value.remove_prefix(at == std::string_view::npos ? start : start + at + 1);
    }
}

}  // namespace zmi
