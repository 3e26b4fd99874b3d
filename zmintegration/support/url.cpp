#include <algorithm>
#include <array>
#include <utility>
#include <zmintegration/support/text.hpp>
#include <zmintegration/support/url.hpp>

namespace zmi {
namespace {

/// The default ports that the schemes' own standards give.
std::optional<std::uint16_t> scheme_port(std::string_view scheme) {
    static constexpr std::array<std::pair<std::string_view, std::uint16_t>, 4> k_ports = {
        {{"http", 80}, {"https", 443}, {"ldap", 389}, {"ldaps", 636}}};
    for (const auto& [name, port] : k_ports) {
        if (name == scheme) return port;
    }
    return std::nullopt;
}

/// Splits "host", "host:port", "[v6]:port" and a bare IPv6 address.
std::pair<std::string_view, std::optional<std::string_view>> split_port(std::string_view text) {
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos) return {text, std::nullopt};
        const auto rest = text.substr(end + 1);
        const auto host = text.substr(0, end + 1);
        if (rest.empty()) return {host, std::nullopt};
        return rest.front() == ':' ? std::pair(host, std::optional(rest.substr(1)))
                                   : std::pair(text, std::optional<std::string_view>{});
    }
    const auto colon = text.find(':');
    if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos)
        return {text, std::nullopt};
    return {text.substr(0, colon), text.substr(colon + 1)};
}

}  // namespace

bool Host::is_loopback() const {
    if (address) return address->is_loopback();
    // What the hosts files of the usual systems call it.
    static constexpr std::array<std::string_view, 8> k_names{
        "localhost",  "localhost.localdomain",   "localhost4",    "localhost4.localdomain4",
        "localhost6", "localhost6.localdomain6", "ip6-localhost", "ip6-loopback"};
    return std::find(k_names.begin(), k_names.end(), text) != k_names.end();
}

std::optional<Host> parse_host(std::string_view text) {
    if (text.size() > 2 && text.starts_with('[') && text.ends_with(']')) {
        text = text.substr(1, text.size() - 2);
        if (text.find(':') == std::string_view::npos) return std::nullopt;
    }
    if (const auto address = parse_address(text)) return Host{address->to_string(), address};
    if (text.ends_with('.')) text.remove_suffix(1);
    const bool looks_numeric = text.find_first_not_of("0123456789.") == std::string_view::npos;
    if (looks_numeric || !is_host_name(text)) return std::nullopt;
    return Host{to_lower(text), std::nullopt};
}

Authority parse_authority(std::string_view text) {
    Authority authority;
    const auto scheme_end = text.find("://");
    if (scheme_end != std::string_view::npos) {
        authority.scheme = to_lower(text.substr(0, scheme_end));
        text.remove_prefix(scheme_end + 3);
    }
    text = text.substr(0, text.find_first_of("/?#"));
    if (const auto at = text.rfind('@'); at != std::string_view::npos) text.remove_prefix(at + 1);
    const auto [host, port] = split_port(text);
    authority.host_text = std::string(host);
    authority.host = parse_host(host);
    authority.port = port && !port->empty() ? parse_port(*port) : scheme_port(authority.scheme);
    authority.port_is_bad = port && !port->empty() && !authority.port;
    return authority;
}

}  // namespace zmi
