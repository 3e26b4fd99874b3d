#include <fmt/format.h>
#include <algorithm>
#include <map>
#include <plugin/catalogue/catalogue_reader.hpp>
#include <set>
#include <zmintegration/support/file.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

constexpr std::size_t k_file_limit = 4 * 1024 * 1024;

ValueType read_type(const XmlElement& element) {
    static const std::map<std::string, ValueType, std::less<>> types = {
        {"port", ValueType::port},       {"boolean", ValueType::boolean}, {"enum", ValueType::enumeration},
        {"address", ValueType::address}, {"host", ValueType::host},       {"url", ValueType::url},
        {"version", ValueType::version}, {"text", ValueType::text}};
    const auto found = types.find(element.required("type"));
    if (found == types.end()) element.fail(fmt::format("{} is no type", zmi::quoted(element.required("type"))));
    return found->second;
}

/// Names go into command lines and requests.
std::string read_name(const XmlElement& element, std::string_view more) {
    const auto name = element.required("name");
    const auto legal = [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               more.find(c) != std::string::npos;
    };
    if (!std::all_of(name.begin(), name.end(), legal)) element.fail(fmt::format("{} is no name", zmi::quoted(name)));
    if (zmi::may_be_secret(name)) element.fail(fmt::format("'{}' may hold a secret and cannot be asked for", name));
    return name;
}

Condition optional_condition(const XmlElement& element, std::string_view child_name) {
    const auto child = element.child(child_name);
    if (!child) return {};
    child->allow_attributes({});
    return read_condition(*child);
}

PortPair read_pair(const XmlElement& element) {
    element.allow_attributes({"front", "backend", "well-known"});
    element.allow_children({});
    const auto ports = read_ports(element, "well-known");
    if (ports.size() != 1) element.fail("<pair> needs one well-known port");
    return {read_id(element, "front"), read_id(element, "backend"), ports.front()};
}

void read_frame(const XmlElement& element, Catalogue& catalogue) {
    element.allow_attributes({"services-enabled", "services-installed", "host-name", "server-version", "ip-mode"});
    if (!catalogue.services_enabled.empty()) element.fail("a second <frame>");
    catalogue.services_enabled = element.required("services-enabled");
    catalogue.services_installed = element.required("services-installed");
    catalogue.host_name = element.required("host-name");
    catalogue.server_version = element.required("server-version");
    catalogue.ip_mode = element.required("ip-mode");
}

/// Adds to a map; the same name twice in one folder is a mistake, in a later folder it replaces.
template <class T>
void add(std::map<std::string, T, std::less<>>& map, const XmlElement& element, const std::string& name, T value,
         bool may_replace) {
    if (!may_replace && map.contains(name)) element.fail(fmt::format("'{}' is defined twice", name));
    map.insert_or_assign(name, std::move(value));
}

template <class T>
void add(std::vector<T>& list, const XmlElement& element, T value, bool may_replace) {
    const auto same = std::find_if(list.begin(), list.end(), [&](const T& other) { return other.id == value.id; });
    if (same == list.end()) {
        list.push_back(std::move(value));
    } else if (may_replace) {
        *same = std::move(value);
    } else {
        element.fail(fmt::format("'{}' is defined twice", value.id));
    }
}

void read_entry(const XmlElement& element, Catalogue& catalogue, bool may_replace) {
    const auto kind = element.name();
    const auto id = element.value_or(kind == "attribute" || kind == "key" ? "name" : "id", "");
    if (!id.empty())
        catalogue.places[fmt::format("{} {}", kind, id)] = fmt::format("{}:{}", element.file(), element.line());
    if (kind == "frame") {
        read_frame(element, catalogue);
    } else if (kind == "attribute") {
        add(catalogue.attributes, element, element.required("name"), read_attribute(element), may_replace);
    } else if (kind == "key") {
        add(catalogue.localconfig, element, element.required("name"), read_local_key(element), may_replace);
    } else if (kind == "component") {
        add(catalogue.components, element, read_id(element, "id"), read_component(element), may_replace);
    } else if (kind == "file") {
        add(catalogue.files, element, element.required("key"), read_file_spec(element), may_replace);
    } else if (kind == "condition") {
        element.allow_attributes({"id"});
        add(catalogue.conditions, element, read_id(element, "id"), read_condition(element), may_replace);
    } else if (kind == "role") {
        add(catalogue.roles, element, read_id(element, "id"), read_role(element), may_replace);
    } else if (kind == "endpoint") {
        add(catalogue.endpoints, element, read_endpoint(element), may_replace);
    } else if (kind == "egress") {
        add(catalogue.egress, element, read_egress(element), may_replace);
    } else if (kind == "flow") {
        add(catalogue.flows, element, read_flow(element), may_replace);
    } else if (kind == "finding") {
        add(catalogue.findings, element, read_finding(element), may_replace);
    } else if (kind == "pair") {
        catalogue.pairs.push_back(read_pair(element));
    } else {
        element.fail(fmt::format("<catalogue> has no child {}", zmi::quoted(kind)));
    }
}

/// Without a product (nullopt) the file's own first one counts. A file of other products adds nothing.
zmi::Expected<void> read_into(Catalogue& catalogue, std::string_view xml, const std::string& file, bool may_replace,
                              std::optional<std::string_view> wanted) {
    return read_xml(xml, file, "catalogue", [&](const XmlElement& root) {
        root.allow_attributes({"product", "format"});
        if (root.required("format") != "1") root.fail("only catalogue format 1 is understood");
        const auto products = root.words("product");
        if (products.empty()) root.fail("<catalogue> names no product");
        const auto product = std::string(wanted.value_or(products.front()));
        if (std::find(products.begin(), products.end(), product) == products.end()) return;
        catalogue.product = product;
        for (const auto& element : root.children()) read_entry(element, catalogue, may_replace);
    });
}

zmi::Expected<std::vector<std::filesystem::path>> xml_files(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> files;
    std::error_code code;
    for (auto at = std::filesystem::directory_iterator(folder, code);
         !code && at != std::filesystem::directory_iterator(); at.increment(code)) {
        if (at->path().extension() == ".xml") files.push_back(at->path());
    }
    if (code) {
        return zmi::failure(zmi::ErrorKind::data,
                            fmt::format("cannot read the catalogue folder {}: {}", folder.string(), code.message()),
                            "name the data folder with --data");
    }
    std::sort(files.begin(), files.end());
    return files;
}

zmi::Expected<void> read_folder(Catalogue& catalogue, const std::filesystem::path& folder, bool may_replace,
                                std::string_view product) {
    const auto files = xml_files(folder);
    if (!files) return tl::unexpected(files.error());
    for (const auto& file : *files) {
        const auto text = zmi::read_file(file, k_file_limit);
        if (!text) return tl::unexpected(zmi::Error{zmi::ErrorKind::data, text.error().what, text.error().hint});
        if (auto read = read_into(catalogue, *text, file.string(), may_replace, product); !read) return read;
    }
    return {};
}

}  // namespace

std::string read_id(const XmlElement& element, const char* attribute) {
    const auto id = element.required(attribute);
    const bool legal =
        id.size() <= 40 && id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
    if (!legal) element.fail(fmt::format("{} is no id (a-z, 0-9 and -, at most 40)", zmi::quoted(id)));
    return id;
}

AttributeSpec read_attribute(const XmlElement& element) {
    element.allow_attributes({"name", "type", "inherited", "default", "values"});
    element.allow_children({});
    AttributeSpec spec;
    spec.name = read_name(element, "");
    spec.type = read_type(element);
    spec.inherited = element.flag("inherited", false);
    spec.fallback = element.optional("default");
    spec.values = element.words("values");
    if ((spec.type == ValueType::enumeration) == spec.values.empty()) element.fail("type and values do not fit");
    return spec;
}

LocalKeySpec read_local_key(const XmlElement& element) {
    element.allow_attributes({"name", "type", "default", "keep"});
    element.allow_children({});
    LocalKeySpec spec;
    spec.name = read_name(element, "_");
    spec.type = read_type(element);
    spec.fallback = element.optional("default");
    spec.keep = element.words("keep");
    return spec;
}

Role read_role(const XmlElement& element) {
    element.allow_attributes({"id", "network", "outside"});
    Role role;
    role.id = read_id(element, "id");
    role.network = element.value_or("network", "");
    role.outside = element.flag("outside", false);
    role.members = read_condition(element);
    return role;
}

Flow read_flow(const XmlElement& element) {
    element.allow_attributes({"id", "from", "to", "own"});
    element.allow_children({"why", "reach"});
    Flow flow;
    flow.id = read_id(element, "id");
    flow.from = read_id(element, "from");
    flow.to = read_id(element, "to");
    flow.own = element.flag("own", false);
    if (const auto why = element.child("why")) flow.why = why->text();
    if (flow.why.empty()) element.fail("a flow needs <why>");
    for (const auto& reach : element.children("reach")) {
        reach.allow_attributes({"endpoint"});
        reach.allow_children({"from-when", "to-when", "pair"});
        flow.reaches.push_back({read_id(reach, "endpoint"), optional_condition(reach, "from-when"),
                                optional_condition(reach, "to-when"), optional_condition(reach, "pair")});
    }
    return flow;
}

/// What audit knows to look for in the sockets of a node.
bool is_audit_kind(std::string_view kind) {
    static const std::set<std::string_view> kinds = {
        "live-reachable",    "live-wildcard",      "live-public",     "live-debug",
        "listener-missing",  "listener-elsewhere", "listener-wider",  "listener-narrower",
        "listener-disabled", "listener-unknown",   "listener-docker", "listener-master-cf",
        "listener-foreign",  "dual-stack-gap",     "rules-drift",     "rules-absent"};
    return kinds.contains(kind);
}

/// What plan/findings.cpp knows how to look for.
bool is_finding_kind(std::string_view kind) {
    static const std::set<std::string_view> kinds = {
        "condition",       "bind-any",        "public-address",        "loopback-but-needed",       "static-list",
        "ports-swapped",   "port-conflict",   "only-loopback-address", "name-resolves-to-loopback", "unresolvable-name",
        "invalid-value",   "file-unreadable", "master-cf-extra",       "admin-network-missing",     "admin-network-any",
        "sshd-unknown",    "sshd-unreadable", "unverified-endpoint",   "remote-facts-assumed",      "closed-but-needed",
        "mesh-port-wrong", "unknown-host",    "installed-not-enabled"};
    return kinds.contains(kind) || is_audit_kind(kind);
}

FindingSpec read_finding(const XmlElement& element) {
    static const std::map<std::string, Severity, std::less<>> severities = {
        {"info", Severity::info}, {"warning", Severity::warning}, {"blocker", Severity::blocker}};
    element.allow_attributes({"id", "severity", "kind", "endpoints", "ports", "programs"});
    element.allow_children({"when", "text", "remedy"});
    FindingSpec finding;
    finding.id = read_id(element, "id");
    const auto severity = severities.find(element.required("severity"));
    if (severity == severities.end()) element.fail("severity is info, warning or blocker");
    finding.severity = severity->second;
    finding.kind = element.required("kind");
    if (!is_finding_kind(finding.kind))
        element.fail(fmt::format("{} is no kind of finding", zmi::quoted(finding.kind)));
    finding.endpoints = element.words("endpoints");
    finding.ports = read_ports(element, "ports");
    finding.programs = element.words("programs");
    finding.when = optional_condition(element, "when");
    if (const auto text = element.child("text")) finding.text = text->text();
    if (finding.text.empty()) element.fail("a finding needs <text>");
    for (const auto& remedy : element.children("remedy")) finding.remedy.push_back(read_remedy(remedy));
    return finding;
}

zmi::Expected<Catalogue> load_catalogue(const std::vector<std::filesystem::path>& folders, std::string_view product) {
    Catalogue catalogue;
    bool first = true;
    for (const auto& folder : folders) {
        if (auto read = read_folder(catalogue, folder, !first, product); !read) return tl::unexpected(read.error());
        first = false;
    }
    if (catalogue.product.empty())
        return zmi::failure(zmi::ErrorKind::data,
                            fmt::format("no file of the catalogue is for the product '{}'", product));
    if (auto checked = check_references(catalogue); !checked) return tl::unexpected(checked.error());
    return catalogue;
}

zmi::Expected<Catalogue> parse_catalogue(std::string_view xml, const std::string& file_name) {
    Catalogue catalogue;
    if (auto read = read_into(catalogue, xml, file_name, false, std::nullopt); !read)
        return tl::unexpected(read.error());
    if (auto checked = check_references(catalogue); !checked) return tl::unexpected(checked.error());
    return catalogue;
}

}  // namespace zmfw
