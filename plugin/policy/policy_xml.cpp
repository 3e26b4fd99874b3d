#include <fmt/format.h>
#include <algorithm>
#include <plugin/policy/policy.hpp>
#include <plugin/xml/strict_xml.hpp>
#include <zmintegration/support/file.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

constexpr std::size_t k_limit = 1024 * 1024;
constexpr std::size_t k_comment_limit = 80;

std::vector<zmi::Cidr> any_source() {
    return {zmi::any_cidr(zmi::Family::ipv4), zmi::any_cidr(zmi::Family::ipv6)};
}

std::vector<zmi::Cidr> parse_source(const XmlElement& element, std::string_view word) {
    if (word == "any") return any_source();
    const auto cidr = zmi::parse_cidr(word);
    if (!cidr) {
        element.fail(fmt::format("{} is no address and no network (a.b.c.d/n or x::y/n, host bits zero, or 'any')",
                                 zmi::quoted(word)));
    }
    if (cidr->network.is_loopback() || cidr->network.is_multicast()) {
        element.fail(fmt::format("{} is no source that a packet may come from", zmi::quoted(word)));
    }
    return {*cidr};
}

bool is_name(std::string_view text) {
    return text.size() <= 40 && text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
}

std::string read_name(const XmlElement& element, const char* attribute) {
    const auto name = element.required(attribute);
    if (!is_name(name)) element.fail(fmt::format("{} is no name (a-z, 0-9 and -, at most 40)", zmi::quoted(name)));
    return name;
}

std::string read_server(const XmlElement& element, const char* attribute) {
    const auto name = element.required(attribute);
    if (!zmi::is_host_name(name)) element.fail(fmt::format("{} is no host name", zmi::quoted(name)));
    return zmi::to_lower(name);
}

void read_network(const XmlElement& element, Policy& policy) {
    element.allow_attributes({"name"});
    element.allow_children({"cidr"});
    const auto name = read_name(element, "name");
    if (policy.networks.contains(name)) element.fail(fmt::format("network '{}' is defined twice", name));
    std::vector<zmi::Cidr> networks;
    for (const auto& child : element.children("cidr")) {
        child.allow_attributes({});
        child.allow_children({});
        for (const auto& cidr : parse_source(child, child.text())) networks.push_back(cidr);
    }
    if (networks.empty()) element.fail(fmt::format("network '{}' has no <cidr>", name));
    policy.networks.emplace(name, zmi::merge(std::move(networks)));
}

zmi::IpAddress read_address(const XmlElement& element) {
    element.allow_attributes({});
    element.allow_children({});
    const auto address = zmi::parse_address(element.text());
    if (!address || address->is_unspecified() || address->is_multicast() || address->is_link_local()) {
        element.fail(fmt::format("{} is no address of a server", zmi::quoted(element.text())));
    }
    return *address;
}

std::uint16_t read_port(const XmlElement& element, std::string_view text) {
    const auto port = zmi::parse_port(text);
    if (!port) element.fail(fmt::format("{} is no port (1 to 65535)", zmi::quoted(text)));
    return *port;
}

/// The components that run on a server, all of them; none: it is a server that runs none.
std::set<std::string, std::less<>> read_components(const XmlElement& element) {
    element.allow_attributes({});
    element.allow_children({});
    std::set<std::string, std::less<>> ids;
    const auto text = element.text();
    for (const auto word : zmi::split_words(text)) {
        if (!is_name(word))
            element.fail(fmt::format("{} is no component (a-z, 0-9 and -, at most 40)", zmi::quoted(word)));
        if (!ids.emplace(word).second) element.fail(fmt::format("the component '{}' stands twice", word));
    }
    return ids;
}

void read_server_facts(const XmlElement& element, Policy& policy) {
    element.allow_attributes({"name"});
    element.allow_children({"address", "local", "sshd", "components"});
    const auto name = read_server(element, "name");
    if (policy.servers.contains(name)) element.fail(fmt::format("server '{}' stands twice", name));
    Policy::ServerFacts facts;
    for (const auto& child : element.children("address")) facts.addresses.push_back(read_address(child));
    for (const auto& child : element.children("local")) {
        child.allow_attributes({"name"});
        child.allow_children({});
        facts.local.insert_or_assign(child.required("name"), child.text());
    }
    for (const auto& child : element.children("sshd")) {
        child.allow_attributes({"port"});
        child.allow_children({});
        facts.sshd_ports.push_back(read_port(child, child.required("port")));
    }
    if (const auto components = element.child("components")) facts.components = read_components(*components);
    std::sort(facts.addresses.begin(), facts.addresses.end());
    facts.addresses.erase(std::unique(facts.addresses.begin(), facts.addresses.end()), facts.addresses.end());
    policy.servers.emplace(name, std::move(facts));
}

std::string read_comment(const XmlElement& element) {
    const auto comment = element.value_or("comment", "");
    const bool legal = comment.size() <= k_comment_limit && is_comment(comment);
    if (!legal) element.fail("a comment is printable ASCII without quotes, $ and backslash, at most 80 characters");
    return comment;
}

/// Networks that an <allow> names are looked up when the whole policy is read.
std::vector<zmi::Cidr> resolve_networks(const XmlElement& element, const char* attribute, const Policy& policy) {
    std::vector<zmi::Cidr> sources;
    for (const auto& word : element.words(attribute)) {
        const auto* network = policy.network(word);
        const auto found = network != nullptr ? *network : parse_source(element, word);
        sources.insert(sources.end(), found.begin(), found.end());
    }
    if (sources.empty()) element.fail(fmt::format("<{}> needs the attribute '{}'", element.name(), attribute));
    return zmi::merge(std::move(sources));
}

/// <allow from="..."> or <egress to="...">.
Policy::Allow read_allow(const XmlElement& element, const char* networks, const Policy& policy) {
    element.allow_attributes({"port", "protocol", networks, "server", "comment"});
    element.allow_children({});
    Policy::Allow allow;
    allow.line = element.line();
    const auto port = element.required("port");
    const auto dash = port.find('-');
    allow.first_port = read_port(element, std::string_view(port).substr(0, dash));
    allow.last_port =
        dash == std::string::npos ? allow.first_port : read_port(element, std::string_view(port).substr(dash + 1));
    if (allow.last_port < allow.first_port) element.fail(fmt::format("{} is no range of ports", zmi::quoted(port)));
    allow.protocol = element.required("protocol");
    if (allow.protocol != "tcp" && allow.protocol != "udp") element.fail("protocol is tcp or udp");
    allow.from = resolve_networks(element, networks, policy);
    if (element.optional("server")) allow.server = read_server(element, "server");
    allow.comment = read_comment(element);
    return allow;
}

void read_accept(const XmlElement& element, Policy& policy) {
    element.allow_attributes({"finding", "endpoint"});
    element.allow_children({});
    const bool finding = element.optional("finding").has_value();
    if (finding == element.optional("endpoint").has_value()) element.fail("<accept> needs either finding or endpoint");
    if (finding) {
        policy.accepted_findings.insert(read_name(element, "finding"));
    } else {
        policy.accepted_endpoints.insert(read_name(element, "endpoint"));
    }
}

/// A network that nothing uses is a slip in its name: "amdin" would leave the admin network unnamed.
void check_network_is_used(const XmlElement& network, const XmlElement& root) {
    const auto name = network.required("name");
    if (name == "public" || name == "admin" || name == "ssh") return;
    for (const auto& allow : root.children("allow")) {
        const auto sources = allow.words("from");
        if (std::find(sources.begin(), sources.end(), name) != sources.end()) return;
    }
    for (const auto& egress : root.children("egress")) {
        const auto destinations = egress.words("to");
        if (std::find(destinations.begin(), destinations.end(), name) != destinations.end()) return;
    }
    network.fail(
        fmt::format("nothing uses the network '{}': public, admin and ssh have a meaning, others stand in <allow "
                    "from=...> or <egress to=...>",
                    name));
}

void read_root(const XmlElement& root, Policy& policy) {
    root.allow_attributes({});
    root.allow_children({"network", "server", "allow", "egress", "close", "accept"});
    for (const auto& element : root.children("network")) {
        read_network(element, policy);
        check_network_is_used(element, root);
    }
    for (const auto& element : root.children("server")) read_server_facts(element, policy);
    for (const auto& element : root.children("allow")) policy.allow.push_back(read_allow(element, "from", policy));
    for (const auto& element : root.children("egress")) policy.egress.push_back(read_allow(element, "to", policy));
    for (const auto& element : root.children("accept")) read_accept(element, policy);
    for (const auto& element : root.children("close")) {
        element.allow_attributes({"endpoint"});
        element.allow_children({});
        policy.close.insert(read_name(element, "endpoint"));
    }
}

}  // namespace

zmi::Expected<Policy> parse_policy(std::string_view xml, const std::string& file_name) {
    Policy policy;
    policy.file = file_name;
    const auto read = read_xml(xml, file_name, "policy", [&](const XmlElement& root) { read_root(root, policy); });
    if (!read) return tl::unexpected(read.error());
    return policy;
}

zmi::Expected<Policy> read_policy(const std::filesystem::path& file, bool required) {
    std::error_code code;
    if (!required && !std::filesystem::exists(file, code)) return Policy{};
    const auto text = zmi::read_file(file, k_limit);
    if (!text) return zmi::failure(zmi::ErrorKind::data, text.error().what, "name the policy with --policy FILE");
    return parse_policy(*text, file.string());
}

}  // namespace zmfw
