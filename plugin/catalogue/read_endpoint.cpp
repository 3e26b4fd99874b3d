#include <fmt/format.h>
#include <map>
#include <plugin/catalogue/catalogue_reader.hpp>
#include <zmintegration/support/network.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

using PortKind = PortSource::Kind;

template <class T>
T one_of(const XmlElement& element, const char* attribute, const std::map<std::string, T, std::less<>>& choices,
         std::string_view otherwise = {}) {
    const auto word = otherwise.empty() ? element.required(attribute) : element.value_or(attribute, otherwise);
    const auto found = choices.find(word);
    if (found == choices.end()) element.fail(fmt::format("{} is no {}", zmi::quoted(word), attribute));
    return found->second;
}

void set_kind(const XmlElement& element, PortSource& port, PortKind kind) {
    if (port.kind != PortKind::none) element.fail("<port> names two sources");
    port.kind = kind;
}

PortSource read_port(const XmlElement& element) {
    element.allow_attributes({"attribute", "localconfig", "url-attribute", "url-localconfig", "scheme", "file",
                              "services", "other-schemes", "sshd", "constant", "none", "default",
                              "override-localconfig", "setting", "mesh-exposed"});
    element.allow_children({});
    PortSource port;
    const auto take = [&](const char* attribute, PortKind kind) {
        if (!element.optional(attribute)) return;
        set_kind(element, port, kind);
        port.name = element.required(attribute);
    };
    take("attribute", PortKind::attribute);
    take("localconfig", PortKind::localconfig);
    take("url-attribute", PortKind::url_attribute);
    take("url-localconfig", PortKind::url_local);
    take("file", element.optional("setting") ? PortKind::setting : PortKind::file);
    take("mesh-exposed", PortKind::mesh_exposed);
    take("sshd", PortKind::sshd);
    take("constant", PortKind::constant);
    if (port.kind == PortKind::none) static_cast<void>(element.required("none"));
    if (port.kind == PortKind::url_local) {
        port.names = element.words("url-localconfig");
        port.scheme = element.required("scheme");
        port.other_schemes = element.words("other-schemes");
    }
    if (port.kind == PortKind::file) {
        port.file = element.required("file");
        port.names = element.words("services");
        if (port.names.empty()) element.fail("<port file=...> needs services");
    }
    if (port.kind == PortKind::setting) {
        port.file = read_word(element, "file", "._-");
        port.name = read_word(element, "setting", "._-");
        if (element.optional("services")) element.fail("<port file=...> has either services or a setting");
    } else if (element.optional("setting")) {
        element.fail("a setting is one of a file");
    }
    if (port.kind == PortKind::mesh_exposed) port.name = read_word(element, "mesh-exposed", "_-");
    port.constants = read_port_ranges(element, port.kind == PortKind::constant ? "constant" : "default");
    const bool needs_default = port.kind == PortKind::setting || port.kind == PortKind::mesh_exposed;
    if (needs_default && port.constants.empty()) element.fail("this <port> needs a default");
    port.overriding_key = element.value_or("override-localconfig", "");
    return port;
}

BindSource read_bind(const XmlElement& element) {
    using Families = BindSource::Families;
    using Default = BindSource::Default;
    element.allow_attributes({"families", "default", "attribute", "localconfig", "file", "setting", "take"});
    element.allow_children({});
    BindSource bind;
    bind.families = one_of<Families>(
        element, "families", {{"ip-mode", Families::ip_mode}, {"both", Families::both}, {"ipv4", Families::ipv4}},
        "ip-mode");
    bind.fallback = one_of<Default>(element, "default",
                                    {{"any", Default::any},
                                     {"loopback", Default::loopback},
                                     {"url-host", Default::url_host},
                                     {"unknown", Default::unknown}},
                                    "any");
    bind.take = one_of<BindSource::Take>(element, "take",
                                         {{"first", BindSource::Take::first}, {"all", BindSource::Take::all}}, "first");
    bind.attribute = element.value_or("attribute", "");
    bind.localconfig = element.value_or("localconfig", "");
    bind.setting_file = element.value_or("file", "");
    bind.setting = element.value_or("setting", "");
    if (bind.setting.empty() != bind.setting_file.empty()) element.fail("<bind> needs file and setting together");
    return bind;
}

std::string read_text(const XmlElement& element, std::string_view name) {
    const auto child = element.child(name);
    if (!child) return {};
    child->allow_attributes({});
    child->allow_children({});
    return child->text();
}

void check_closed_reason(const XmlElement& element, const Endpoint& endpoint) {
    const bool never_opened = endpoint.dead || !endpoint.verified || endpoint.audience == Audience::loopback ||
                              endpoint.audience == Audience::nobody;
    if (never_opened && endpoint.closed_because.empty())
        element.fail("this endpoint needs <closed>: why nothing is opened");
}

/// Hexadecimal digits, two a byte.
std::string read_query(const XmlElement& element) {
    const auto text = element.value_or("query", "");
    if (text.size() % 2 != 0 || text.size() > 256 || text.find_first_not_of("0123456789abcdef") != std::string::npos)
        element.fail("query is a row of bytes in hexadecimal digits, at most 128 bytes");
    if (!text.empty() && element.required("protocol") != "udp") element.fail("only an endpoint of udp has a query");
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); i += 2)
        bytes += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
    return bytes;
}

}  // namespace

std::vector<std::uint16_t> read_ports(const XmlElement& element, const char* attribute) {
    std::vector<std::uint16_t> ports;
    for (const auto& word : element.words(attribute)) {
        const auto port = zmi::parse_port(word);
        if (!port) element.fail(fmt::format("{} is no port", zmi::quoted(word)));
        ports.push_back(*port);
    }
    return ports;
}

std::vector<PortRange> read_port_ranges(const XmlElement& element, const char* attribute) {
    std::vector<PortRange> ranges;
    for (const auto& word : element.words(attribute)) {
        const auto range = parse_port_range(word);
        if (!range) element.fail(fmt::format("{} is no port or range", zmi::quoted(word)));
        ranges.push_back(*range);
    }
    return ranges;
}

Endpoint read_endpoint(const XmlElement& element) {
    element.allow_attributes(
        {"id", "protocol", "process", "audience", "confidence", "verified", "dead", "default-port", "query"});
    element.allow_children(
        {"title", "versions", "port", "bind", "listens", "closed", "settled-by", "security", "note", "source"});
    Endpoint endpoint;
    endpoint.id = read_id(element, "id");
    endpoint.file = element.file();
    endpoint.line = element.line();
    endpoint.protocol = one_of<std::string>(element, "protocol", {{"tcp", "tcp"}, {"udp", "udp"}, {"unix", "unix"}});
    endpoint.audience = one_of<Audience>(element, "audience",
                                         {{"public", Audience::open_to_public},
                                          {"admin", Audience::admin},
                                          {"ssh", Audience::ssh},
                                          {"cluster", Audience::cluster},
                                          {"loopback", Audience::loopback},
                                          {"nobody", Audience::nobody}});
    endpoint.process = element.value_or("process", "");
    endpoint.confidence = element.required("confidence");
    endpoint.verified = element.flag("verified", true);
    endpoint.dead = element.flag("dead", false);
    endpoint.default_port = element.value_or("default-port", "");
    endpoint.query = read_query(element);
    endpoint.title = read_text(element, "title");
    endpoint.versions = read_text(element, "versions");
    endpoint.closed_because = read_text(element, "closed");
    endpoint.settled_by = read_text(element, "settled-by");
    if (endpoint.verified && !endpoint.settled_by.empty()) element.fail("<settled-by> is of an unverified endpoint");
    endpoint.security = read_text(element, "security");
    endpoint.note = read_text(element, "note");
    for (const auto& source : element.children("source")) endpoint.sources.push_back(source.text());
    const auto port = element.child("port");
    const auto listens = element.child("listens");
    if (endpoint.title.empty() || !port || !listens || endpoint.sources.empty()) {
        element.fail("an endpoint needs <title>, <port>, <listens> and <source>");
    }
    endpoint.port = read_port(*port);
    listens->allow_attributes({});
    endpoint.listens = read_condition(*listens);
    if (const auto bind = element.child("bind")) endpoint.bind = read_bind(*bind);
    check_closed_reason(element, endpoint);
    return endpoint;
}

}  // namespace zmfw
