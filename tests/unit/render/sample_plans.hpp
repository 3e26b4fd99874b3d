#pragma once

#include <plugin/plan/plan.hpp>
#include <plugin/render/format.hpp>
#include <plugin/render/render.hpp>
#include <string>
#include <utility>
#include <vector>

/// Plans made by hand, for the tests of render and prove.
namespace sample {

inline std::vector<zmi::Cidr> cidrs(const std::vector<std::string>& texts) {
    std::vector<zmi::Cidr> result;
    for (const auto& text : texts) result.push_back(zmi::parse_cidr(text).value());
    return result;
}

inline zmfw::OpenPort open_port(const std::string& endpoint, const std::string& protocol, int first,
                                const std::string& audience, const std::vector<std::string>& sources, int last = 0) {
    zmfw::OpenPort port;
    port.endpoint = endpoint;
    port.title = endpoint;
    port.protocol = protocol;
    port.port.first = static_cast<std::uint16_t>(first);
    port.port.last = static_cast<std::uint16_t>(last == 0 ? first : last);
    port.audience = audience;
    port.sources = cidrs(sources);
    port.reason = "r0a1b2c3d";
    return port;
}

inline zmfw::ServerPlan plan(std::vector<zmfw::OpenPort> open, const std::vector<std::string>& addresses = {}) {
    zmfw::ServerPlan plan;
    plan.name = "mail.example.com";
    for (const auto& address : addresses) plan.addresses.push_back(zmi::parse_address(address).value());
    plan.open = std::move(open);
    plan.digest = std::string(64, 'a');
    return plan;
}

inline const std::vector<std::string>& anyone() {
    static const std::vector<std::string> both = {"0.0.0.0/0", "::/0"};
    return both;
}

/// A bit of everything: both families, peers, a range, a limit to one address, udp, two audiences on one port.
inline zmfw::ServerPlan mixed_plan() {
    auto ldap = open_port("ldap", "tcp", 389, "cluster", {"10.0.0.11/32", "10.0.1.0/24", "2001:db8:5::11/128"});
    ldap.peers = {"mbox1.example.com", "mbox2.example.com"};
    auto bound = open_port("memcached", "tcp", 11211, "cluster", {"10.0.0.11/32", "2001:db8:5::11/128"});
    bound.destinations = {zmi::parse_address("10.0.0.5").value()};
    auto range = open_port("policy", "tcp", 20000, "policy", {"10.9.9.9/32"}, 20010);
    range.comment = "backup (night); ask #42";
    return plan({open_port("ssh", "tcp", 22, "ssh", anyone()), open_port("smtp", "tcp", 25, "public", anyone()),
                 open_port("http", "tcp", 80, "public", {"0.0.0.0/0"}), ldap,
                 open_port("admin", "tcp", 7071, "admin", {"192.168.7.0/24"}),
                 open_port("admin", "tcp", 7071, "cluster", {"10.0.0.11/32"}), bound, range,
                 open_port("syslog", "udp", 514, "cluster", {"10.0.0.11/32"})},
                {"10.0.0.5", "10.0.0.6", "2001:db8:5::5"});
}

inline zmi::Source source() {
    return {"soap", "https://localhost:7071", true, "2026-11-24T06:15:47Z"};
}

inline std::filesystem::path templates() {
    return std::filesystem::path(ZMFIREWALL_SOURCE_DIR) / "templates";
}

inline std::vector<zmfw::RenderedFile> rendered(const std::string& format_name, const zmfw::ServerPlan& plan) {
    const auto format = zmfw::find_format({templates()}, format_name);
    if (!format) throw std::runtime_error(format.error().what);
    auto files = zmfw::render(*format, plan, source(), {"1.2.3"});
    if (!files) throw std::runtime_error(files.error().what);
    return *files;
}

}  // namespace sample
