#include <fmt/format.h>
#include <plugin/catalogue/catalogue_reader.hpp>
#include <set>

namespace zmfw {
namespace {

/// Collects what is missing or wrong; the first one is reported.
class ReferenceCheck {
public:
    explicit ReferenceCheck(const Catalogue& catalogue) : m_catalogue(catalogue) {}

    void attribute(const std::string& name, const std::string& where) {
        if (!name.empty() && !m_catalogue.attributes.contains(name)) missing("attribute", name, where);
    }
    void key(const std::string& name, const std::string& where) {
        if (!name.empty() && !m_catalogue.localconfig.contains(name)) missing("localconfig key", name, where);
    }
    void endpoint(const std::string& id, const std::string& where) {
        if (!m_catalogue.find(id)) missing("endpoint", id, where);
    }
    void role(const std::string& id, const std::string& where) {
        if (!m_catalogue.roles.contains(id)) missing("role", id, where);
    }
    void component(const std::string& id, const std::string& where) {
        if (!m_catalogue.components.contains(id)) missing("component", id, where);
    }
    /// Only what the catalogue declares, or what is read on every node in any case.
    void file(const std::string& key, const std::string& where) {
        if (!key.empty() && !is_own_file(key) && !m_catalogue.files.contains(key)) missing("file", key, where);
    }
    void condition(const Condition& condition, const std::string& where, bool in_pair = false, int depth = 0);
    void whole_catalogue();

    [[nodiscard]] zmi::Expected<void> result() const {
        if (m_first.empty()) return {};
        return zmi::failure(zmi::ErrorKind::data, m_first);
    }

private:
    void missing(const char* kind, const std::string& name, const std::string& where) {
        complain(fmt::format("{}: the catalogue declares no {} '{}'", where, kind, name));
    }
    void complain(std::string what) {
        if (m_first.empty()) m_first = std::move(what);
    }
    /// "FILE:LINE: role 'mta'"
    [[nodiscard]] std::string place(const std::string& kind, const std::string& id) const {
        const auto found = m_catalogue.places.find(kind + " " + id);
        const auto name = fmt::format("{} '{}'", kind, id);
        return found == m_catalogue.places.end() ? name : fmt::format("{}: {}", found->second, name);
    }
    void typed(const Condition& condition, const std::string& where);
    void remedy(const RemedySpec& remedy, const std::string& where);
    void one_endpoint(const Endpoint& endpoint);
    void one_egress(const Egress& egress);

    const Catalogue& m_catalogue;
    std::string m_first;
};

void ReferenceCheck::typed(const Condition& condition, const std::string& where) {
    if (condition.fact == FactKind::attribute) {
        attribute(condition.name, where);
    } else {
        key(condition.name, where);
    }
    if (condition.kind != Condition::Kind::is || condition.fact != FactKind::attribute) return;
    const auto spec = m_catalogue.attributes.find(condition.name);
    if (spec == m_catalogue.attributes.end() || spec->second.type != ValueType::enumeration) return;
    const std::set<std::string> legal(spec->second.values.begin(), spec->second.values.end());
    for (const auto& value : condition.values) {
        if (!legal.contains(value)) complain(fmt::format("{}: '{}' is no value of {}", where, value, condition.name));
    }
}

void ReferenceCheck::condition(const Condition& condition, const std::string& where, bool in_pair, int depth) {
    using Kind = Condition::Kind;
    if (depth > 16) return complain(where + ": conditions use each other in a loop or nest too deeply");
    if (condition.kind == Kind::client_names && !in_pair)
        complain(where + ": <client-names> stands outside <pair> and <some-server>");
    if (condition.kind == Kind::use) {
        const auto used = m_catalogue.conditions.find(condition.values.front());
        if (used == m_catalogue.conditions.end()) return missing("condition", condition.values.front(), where);
        this->condition(used->second, where, in_pair, depth + 1);
    }
    if (condition.kind == Kind::component) return component(condition.name, where);
    if (!condition.name.empty()) typed(condition, where);
    const bool has_client = in_pair || condition.kind == Kind::some_server;
    for (const auto& child : condition.children) this->condition(child, where, has_client, depth + 1);
}

/// The undo needs the value that a change replaces, so it must be one that we ask for.
void ReferenceCheck::remedy(const RemedySpec& remedy, const std::string& where) {
    condition(remedy.safe_when, where);
    for (const auto& change : remedy.changes) {
        if (change.name.find('{') != std::string::npos) continue;  // filled in, and checked, where it is found
        if (change.fact == FactKind::attribute) {
            attribute(change.name, where);
        } else {
            key(change.name, where);
        }
    }
}

void ReferenceCheck::one_endpoint(const Endpoint& endpoint) {
    const auto where = fmt::format("{}:{}: endpoint '{}'", endpoint.file, endpoint.line, endpoint.id);
    using Kind = PortSource::Kind;
    const auto& port = endpoint.port;
    if (port.kind == Kind::attribute || port.kind == Kind::url_attribute || port.kind == Kind::sshd)
        attribute(port.name, where);
    if (port.kind == Kind::localconfig) key(port.name, where);
    if (port.kind == Kind::url_local) {
        for (const auto& name : port.names) key(name, where);
    }
    if (port.kind == Kind::setting || port.kind == Kind::file) file(port.file, where);
    if (port.kind == Kind::setting && is_own_file(port.file))
        complain(fmt::format("{}: '{}' has no settings that name ports", where, port.file));
    file(endpoint.bind.setting_file, where);
    key(port.overriding_key, where);
    attribute(endpoint.bind.attribute, where);
    key(endpoint.bind.localconfig, where);
    condition(endpoint.listens, where);
}

void ReferenceCheck::one_egress(const Egress& egress) {
    const auto where = fmt::format("{}:{}: egress '{}'", egress.file_name, egress.line, egress.id);
    if (m_catalogue.find(egress.id)) complain(where + ": an endpoint has the same id");
    if (egress.fact == FactKind::attribute) {
        attribute(egress.fact_name, where);
    } else {
        key(egress.fact_name, where);
    }
    file(egress.file, where);
    attribute(egress.port_fact, where);
    condition(egress.when, where);
}

void ReferenceCheck::whole_catalogue() {
    for (const auto* name : {&m_catalogue.services_enabled, &m_catalogue.services_installed, &m_catalogue.host_name,
                             &m_catalogue.server_version, &m_catalogue.ip_mode}) {
        if (name->empty()) complain("the catalogue has no <frame>");
        attribute(*name, "<frame>");
    }
    for (const auto& [id, named] : m_catalogue.conditions) condition(named, place("condition", id));
    for (const auto& [id, one] : m_catalogue.roles) condition(one.members, place("role", id));
    for (const auto& one : m_catalogue.endpoints) one_endpoint(one);
    for (const auto& one : m_catalogue.egress) one_egress(one);
    for (const auto& flow : m_catalogue.flows) {
        const auto where = place("flow", flow.id);
        role(flow.from, where);
        role(flow.to, where);
        for (const auto& reach : flow.reaches) {
            endpoint(reach.endpoint, where);
            condition(reach.from_when, where);
            condition(reach.to_when, where);
            condition(reach.pair, where, true);
        }
    }
    for (const auto& finding : m_catalogue.findings) {
        const auto where = place("finding", finding.id);
        condition(finding.when, where);
        for (const auto& remedy : finding.remedy) this->remedy(remedy, where);
        for (const auto& id : finding.endpoints) endpoint(id, where);
    }
    for (const auto& pair : m_catalogue.pairs) {
        endpoint(pair.front, "pair");
        endpoint(pair.backend, "pair");
    }
}

}  // namespace

zmi::Expected<void> check_references(const Catalogue& catalogue) {
    ReferenceCheck check(catalogue);
    check.whole_catalogue();
    return check.result();
}

}  // namespace zmfw
