#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <plugin/host/containers.hpp>
#include <zmintegration/local/process_hints.hpp>
#include <zmintegration/support/network.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

using nlohmann::json;

tl::unexpected<zmi::Error> odd(std::string_view what, std::string_view text) {
    return zmi::failure(zmi::ErrorKind::knowledge, fmt::format("{} {} cannot be read", what, zmi::quoted(text)));
}

bool is_protocol(std::string_view text) {
    return text == "tcp" || text == "udp" || text == "sctp";
}

/// Names of containers are [a-zA-Z0-9_.-]; whatever else there is must not reach a terminal.
bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= 253 && zmi::is_printable_ascii(text) &&
           text.find_first_of(" \"'`$\\<>") == std::string_view::npos;
}

/// "8080" or "8000-8010"
bool take_ports(PublishedPort& port, std::string_view text) {
    const auto dash = text.find('-');
    const auto first = zmi::parse_port(text.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : zmi::parse_port(text.substr(dash + 1));
    if (!first || !last || *first > *last) return false;
    port.first = *first;
    port.last = *last;
    return true;
}

/// An address without brackets; empty means all.
bool take_address(PublishedPort& port, std::string_view text) {
    if (text.size() > 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
    port.address = text.empty() ? "0.0.0.0" : std::string(text);
    return zmi::parse_address(port.address).has_value();
}

/// "0.0.0.0:8080->80/tcp", ":::8080->80/tcp", "[::]:8080->80/tcp"
std::optional<PublishedPort> parse_mapping(std::string_view text, std::string_view container) {
    PublishedPort port;
    port.engine = "docker";
    port.container = container;
    const auto arrow = text.find("->");
    const auto slash = text.rfind('/');
    const auto host = text.substr(0, arrow);
    const auto colon = host.rfind(':');
    if (slash == std::string_view::npos || slash < arrow || colon == std::string_view::npos) return std::nullopt;
    port.protocol = text.substr(slash + 1);
    if (!is_protocol(port.protocol) || !take_ports(port, host.substr(colon + 1))) return std::nullopt;
    return take_address(port, host.substr(0, colon)) ? std::optional(port) : std::nullopt;
}

zmi::Expected<void> take_container(std::vector<PublishedPort>& ports, const json& line) {
    if (!line.is_object() || !line.contains("Names") || !line["Names"].is_string() || !line.contains("Ports") ||
        !line["Ports"].is_string())
        return odd("docker ps: the line", line.dump(-1, ' ', true, json::error_handler_t::replace));
    const auto name = line["Names"].get<std::string>();
    if (!is_name(name)) return odd("docker ps: the name", name);
    const auto listed = line["Ports"].get<std::string>();
    for (const auto part : zmi::split(listed, ',')) {
        const auto mapping = zmi::trim(part);
        // What is exposed only is not published.
        if (mapping.find("->") == std::string_view::npos) continue;
        const auto port = parse_mapping(mapping, name);
        if (!port) return odd("docker ps: the port", mapping);
        ports.push_back(*port);
    }
    return {};
}

std::optional<PublishedPort> parse_podman_port(const json& entry, const std::string& name) {
    PublishedPort port;
    port.engine = "podman";
    port.container = name;
    try {
        const auto first = entry.at("host_port").get<long>();
        const auto range = std::max(1L, entry.value("range", 1L));
        port.protocol = entry.value("protocol", "tcp");
        if (first < 1 || range > 65'536 || first + range - 1 > 65'535 || !is_protocol(port.protocol))
            return std::nullopt;
        port.first = static_cast<std::uint16_t>(first);
        port.last = static_cast<std::uint16_t>(first + range - 1);
        return take_address(port, entry.value("host_ip", "")) ? std::optional(port) : std::nullopt;
    } catch (const json::exception&) {
        return std::nullopt;
    }
}

}  // namespace

std::optional<PublishedPort> parse_docker_proxy(std::string_view cmdline) {
    const auto words = zmi::split(cmdline, '\0');
    const auto program = words.empty() ? std::string_view() : words[0];
    if (program.substr(program.rfind('/') + 1) != "docker-proxy") return std::nullopt;
    auto options = zmi::docker_proxy_options(cmdline);
    PublishedPort port;
    port.engine = "docker";
    port.protocol = options["-proto"];
    if (!is_protocol(port.protocol) || !take_ports(port, options["-host-port"]) ||
        !take_address(port, options["-host-ip"]))
        return std::nullopt;
    const auto inside = zmi::parse_address(options["-container-ip"]);
    const auto inside_port = zmi::parse_port(options["-container-port"]);
    port.container = fmt::format("{} port {}", inside ? inside->to_string() : "?", inside_port.value_or(0));
    return port;
}

zmi::Expected<std::vector<PublishedPort>> parse_docker_ps(std::string_view text) {
    std::vector<PublishedPort> ports;
    for (const auto line : zmi::split_lines(text)) {
        if (zmi::trim(line).empty()) continue;
        if (auto taken = take_container(ports, json::parse(line, nullptr, false)); !taken)
            return tl::unexpected(taken.error());
    }
    return ports;
}

zmi::Expected<std::vector<PublishedPort>> parse_podman_ps(std::string_view text) {
    const auto all = json::parse(text, nullptr, false);
    if (!all.is_array()) return odd("podman ps: the answer", text);
    std::vector<PublishedPort> ports;
    for (const auto& container : all) {
        if (!container.is_object() || !container.contains("Names") || !container["Names"].is_array() ||
            container["Names"].empty() || !container["Names"][0].is_string())
            return odd("podman ps: the container", container.dump(-1, ' ', true, json::error_handler_t::replace));
        const auto name = container["Names"][0].get<std::string>();
        if (!is_name(name)) return odd("podman ps: the name", name);
        const auto listed = container.find("Ports");
        if (listed == container.end() || listed->is_null()) continue;
        for (const auto& entry : *listed) {
            const auto port = parse_podman_port(entry, name);
            if (!port) return odd("podman ps: the port", entry.dump(-1, ' ', true, json::error_handler_t::replace));
            ports.push_back(*port);
        }
    }
    return ports;
}

}  // namespace zmfw
