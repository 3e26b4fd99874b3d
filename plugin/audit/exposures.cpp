#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <functional>
#include <plugin/audit/exposures.hpp>
#include <plugin/plan/remedy_text.hpp>
#include <set>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

bool is_public(const zmi::IpAddress& address) {
    return address.is_of_a_host() && !address.is_private() && !address.is_loopback();
}

class ExposureFinder {
public:
    ExposureFinder(const AuditInput& input, const Evaluator& evaluator, std::size_t server, const PortTable& table,
                   const std::vector<AuditedPort>& ports)
        : m_input(input), m_evaluator(evaluator), m_server(server), m_table(table), m_ports(ports) {}

    std::vector<AuditFinding> all() {
        static const std::map<std::string, void (ExposureFinder::*)(const FindingSpec&), std::less<>> kinds = {
            {"live-reachable", &ExposureFinder::reaching},    {"live-wildcard", &ExposureFinder::reaching},
            {"live-public", &ExposureFinder::reaching},       {"live-debug", &ExposureFinder::debugging},
            {"listener-missing", &ExposureFinder::by_state},  {"listener-elsewhere", &ExposureFinder::by_state},
            {"listener-wider", &ExposureFinder::by_state},    {"listener-narrower", &ExposureFinder::by_state},
            {"listener-disabled", &ExposureFinder::by_state}, {"listener-unknown", &ExposureFinder::by_state},
            {"listener-docker", &ExposureFinder::by_state},   {"listener-master-cf", &ExposureFinder::by_state},
            {"listener-foreign", &ExposureFinder::foreign},   {"dual-stack-gap", &ExposureFinder::by_state},
            {"rules-drift", &ExposureFinder::drift},          {"rules-absent", &ExposureFinder::drift}};
        for (const auto& spec : m_input.catalogue.findings) {
            const auto kind = kinds.find(spec.kind);
            if (kind == kinds.end() || m_evaluator.about(spec.when, m_server).verdict != Verdict::yes) continue;
            std::invoke(kind->second, this, spec);
        }
        std::stable_sort(m_found.begin(), m_found.end(), [](const AuditFinding& a, const AuditFinding& b) {
            return a.finding.severity > b.finding.severity;
        });
        return std::move(m_found);
    }

private:
    void reaching(const FindingSpec& spec);
    void debugging(const FindingSpec& spec);
    void by_state(const FindingSpec& spec);
    void foreign(const FindingSpec& spec);
    void drift(const FindingSpec& spec);

    [[nodiscard]] bool is_about(const FindingSpec& spec, const AuditedPort& one) const;
    [[nodiscard]] bool is_of_kind(const std::string& kind, const AuditedPort& one) const;
    [[nodiscard]] std::vector<std::string> public_addresses(const Port& port) const;
    [[nodiscard]] bool meant_for_all(const Port& port) const;
    [[nodiscard]] std::vector<std::uint16_t> debug_ports(const FindingSpec& spec) const;
    [[nodiscard]] Words words_of(const AuditedPort& one) const;
    void add_node(Words& words) const;
    void report(const FindingSpec& spec, Words words, const AuditedPort* one);

    const AuditInput& m_input;
    const Evaluator& m_evaluator;
    std::size_t m_server;
    const PortTable& m_table;
    const std::vector<AuditedPort>& m_ports;
    std::set<const Port*> m_told;  ///< how far it reaches
    std::vector<AuditFinding> m_found;
};

bool ExposureFinder::is_about(const FindingSpec& spec, const AuditedPort& one) const {
    return std::any_of(one.owners.begin(), one.owners.end(), [&](const Endpoint* owner) {
        return std::find(spec.endpoints.begin(), spec.endpoints.end(), owner->id) != spec.endpoints.end();
    });
}

/// The plan lets anybody in, because that is what the service is for or what the policy says.
bool ExposureFinder::meant_for_all(const Port& port) const {
    const auto& open = m_input.plan.open;
    return std::any_of(open.begin(), open.end(), [&](const OpenPort& one) {
        const bool any =
            std::any_of(one.sources.begin(), one.sources.end(), [](const auto& cidr) { return cidr.is_any(); });
        return any && one.protocol == port.protocol && one.port.contains(port.number);
    });
}

std::vector<std::string> ExposureFinder::public_addresses(const Port& port) const {
    std::set<zmi::IpAddress> found;
    for (const auto* socket : port.live) {
        if (!socket->is_wildcard()) {
            if (is_public(socket->address)) found.insert(socket->address);
            continue;
        }
        const auto add = [&](const std::vector<zmi::IpAddress>& addresses) {
            for (const auto& address : addresses) {
                const bool taken = address.family == socket->address.family || socket->also_ipv4;
                if (taken && is_public(address)) found.insert(address);
            }
        };
        add(m_input.plan.addresses);
        // Others may know the node by an internal name alone.
        add(m_input.sockets.addresses);
    }
    std::vector<std::string> texts;
    for (const auto& address : found) texts.push_back(address.to_string());
    return texts;
}

void ExposureFinder::reaching(const FindingSpec& spec) {
    for (const auto& one : m_ports) {
        const auto& port = *one.port;
        if (!port.is_live() || port.is_loopback() || !is_about(spec, one) || m_told.contains(&port)) continue;
        const auto reachable = public_addresses(port);
        const bool fits = spec.kind == "live-reachable" || (spec.kind == "live-wildcard" && port.is_wildcard()) ||
                          (spec.kind == "live-public" && !reachable.empty() && !meant_for_all(port));
        if (!fits) continue;
        m_told.insert(&port);
        auto words = words_of(one);
        words["public"] = fmt::format("{}", fmt::join(reachable, ", "));
        report(spec, std::move(words), &one);
    }
}

/// Ports that options of Java in the facts of <when> name: "address=*:8000", "jmxremote.port=9000".
std::vector<std::uint16_t> ExposureFinder::debug_ports(const FindingSpec& spec) const {
    std::vector<std::uint16_t> ports;
    std::vector<const Condition*> open = {&spec.when};
    while (!open.empty()) {
        const auto* condition = open.back();
        open.pop_back();
        for (const auto& child : condition->children) open.push_back(&child);
        if (condition->kind != Condition::Kind::is_set) continue;
        for (const auto& value : m_evaluator.view().fact(m_server, condition->fact, condition->name).values) {
            for (std::size_t i = 0; i < value.size(); ++i) {
                const std::string_view rest = std::string_view(value).substr(i);
                if (!rest.starts_with("address=") && !rest.starts_with("port=")) continue;
                auto text = rest.substr(rest.find('=') + 1);
                text = text.substr(0, text.find_first_of(", "));
                if (const auto port = zmi::parse_port(text.substr(text.rfind(':') + 1))) ports.push_back(*port);
            }
        }
    }
    return ports;
}

void ExposureFinder::debugging(const FindingSpec& spec) {
    const auto numbers = debug_ports(spec);
    for (const auto& one : m_ports) {
        const bool named = std::find(numbers.begin(), numbers.end(), one.port->number) != numbers.end();
        if (!named || one.port->protocol != "tcp" || !one.port->is_live() || one.port->is_loopback()) continue;
        m_told.insert(one.port);
        report(spec, words_of(one), &one);
    }
}

bool ExposureFinder::is_of_kind(const std::string& kind, const AuditedPort& one) const {
    const auto state = one.listener.state;
    if (kind == "listener-missing") return state == ListenerState::missing;
    if (kind == "dual-stack-gap") return one.dual_stack_gap;
    if (kind == "listener-elsewhere") return state == ListenerState::elsewhere;
    if (kind == "listener-narrower") return state == ListenerState::narrower && !one.dual_stack_gap;
    // What nobody but this node itself reaches is nobody's business.
    if (!one.port->is_live() || one.port->is_loopback()) return false;
    if (kind == "listener-wider") return state == ListenerState::wider && !one.dual_stack_gap;
    if (kind == "listener-disabled") return state == ListenerState::disabled && !m_told.contains(one.port);
    if (kind == "listener-master-cf") return one.listener.endpoint == "master.cf";
    const bool docker =
        std::any_of(one.port->live.begin(), one.port->live.end(), [](const auto* s) { return s->docker; });
    if (kind == "listener-docker") return docker && state == ListenerState::unknown;
    return kind == "listener-unknown" && state == ListenerState::unknown && !docker && !m_told.contains(one.port);
}

void ExposureFinder::by_state(const FindingSpec& spec) {
    for (const auto& one : m_ports) {
        const bool spared = std::find(spec.ports.begin(), spec.ports.end(), one.port->number) != spec.ports.end();
        const bool meant = spec.endpoints.empty() || is_about(spec, one);
        if (!spared && meant && is_of_kind(spec.kind, one)) report(spec, words_of(one), &one);
    }
}

/// A process that may not have the port of an endpoint has it.
void ExposureFinder::foreign(const FindingSpec& spec) {
    for (const auto& one : m_ports) {
        const auto program = one.port->process();
        if (!one.port->is_live() || program.empty() || !one.port->should_listen() || !is_about(spec, one)) continue;
        if (!m_table.fits(*one.owners.front(), program)) report(spec, words_of(one), &one);
    }
}

void ExposureFinder::drift(const FindingSpec& spec) {
    const auto& rules = m_input.rules;
    if (!rules || rules->same() || (spec.kind == "rules-absent") != rules->format.empty()) return;
    report(spec,
           {{"missing", std::to_string(rules->missing)},
            {"extra", std::to_string(rules->extra)},
            {"past", std::to_string(rules->past)},
            {"format", rules->format}},
           nullptr);
}

Words ExposureFinder::words_of(const AuditedPort& one) const {
    const auto& listener = one.listener;
    const auto ports = PortRange{listener.port, std::max(listener.port, listener.last_port)}.to_string();
    Words words = {{"endpoint", listener.endpoint},
                   {"title", listener.title},
                   {"protocol", listener.protocol},
                   {"port", ports},
                   {"addresses", one.port->addresses()},
                   {"expected", listener.expected.empty() ? "nothing" : listener.expected},
                   {"expected-port", std::to_string(one.expected_port)},
                   {"configured", listener.configured.empty() ? "nowhere that could be read" : listener.configured},
                   {"program", listener.process.empty() ? "an unknown process" : listener.process}};
    words["cause"] = one.file_says.empty()
                         ? "Most likely it was not restarted since that changed"
                         : one.file_says + " says so: a hand changed it, or it is older than the configuration";
    words["comment"] = listener.process.empty() ? fmt::format("{} {}", listener.protocol, ports) : listener.process;
    return words;
}

/// What is said of the node: there is no "internal" where it has no internal address, and no "internal-name" where its
/// name leads elsewhere as well.
void ExposureFinder::add_node(Words& words) const {
    words["server"] = m_input.plan.name;
    const auto& addresses = m_input.plan.addresses;
    if (!addresses.empty()) words["address"] = addresses.front().to_string();
    const auto is_internal = [](const zmi::IpAddress& address) { return address.is_private(); };
    const auto internal = std::find_if(addresses.begin(), addresses.end(), is_internal);
    if (internal == addresses.end()) return;
    words["internal"] = internal->to_string();
    if (std::all_of(addresses.begin(), addresses.end(), is_internal))
        words["internal-name"] = plain(m_evaluator.view().host_name(m_server));
}

void ExposureFinder::report(const FindingSpec& spec, Words words, const AuditedPort* one) {
    add_node(words);
    AuditFinding found;
    found.finding.id = spec.id;
    found.finding.severity = spec.severity;
    found.finding.server = m_input.plan.name;
    found.finding.text = filled(spec.text, words);
    found.finding.accepted = m_input.policy.accepted_findings.contains(spec.id);
    add_remedies(spec.remedy, words, m_evaluator, m_server, found.finding);
    if (one != nullptr) {
        found.endpoint = one->listener.endpoint;
        found.protocol = one->listener.protocol;
        found.port = one->listener.port;
        // Loaded rules keep strangers out; they do not start what is missing.
        const bool exposure = one->port->is_live() && !one->port->is_loopback() && spec.kind != "listener-foreign" &&
                              spec.kind != "listener-elsewhere" && spec.kind != "listener-narrower" &&
                              spec.kind != "listener-docker";
        found.guarded = exposure && m_input.rules && m_input.rules->same();
    }
    m_found.push_back(std::move(found));
}

}  // namespace

std::vector<AuditFinding> find_exposures(const AuditInput& input, const Evaluator& evaluator, std::size_t server,
                                         const PortTable& table, const std::vector<AuditedPort>& ports) {
    return ExposureFinder(input, evaluator, server, table, ports).all();
}

}  // namespace zmfw
