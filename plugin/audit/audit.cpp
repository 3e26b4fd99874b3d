#include <fmt/format.h>
#include <algorithm>
#include <plugin/audit/audit.hpp>
#include <plugin/audit/exposures.hpp>
#include <plugin/audit/port_table.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

/// Inet services of master.cf have a name of their own, even if they are nobody's endpoint.
constexpr std::string_view k_master_cf = "master.cf";

class Auditor {
public:
    explicit Auditor(const AuditInput& input)
        : m_input(input),
          m_view(input.inventory, input.catalogue, input.policy),
          m_evaluator(m_view),
          m_server(index_of(m_view, input.plan.name)),
          m_table(m_evaluator, m_server, input.sockets),
          m_elsewhere(m_table.elsewhere()),
          m_missing(m_table.missing()) {}

    AuditReport report() {
        m_report.server = m_input.plan.name;
        m_report.facts_taken = m_input.inventory.source.taken_at;
        m_report.problems = m_input.plan.problems;
        m_report.rules = m_input.rules;
        m_report.rules_unseen = m_input.rules_unseen;
        m_report.clients = m_table.clients();
        for (const auto& [name, file] : m_input.files.files) {
            if (!file.problem.empty() && file.problem != zmi::k_no_such_file)
                m_report.unreadable.push_back(fmt::format("{}: {}", plain(file.path), plain(file.problem)));
        }
        if (const auto& problem = m_input.sockets.addresses_problem; !problem.empty())
            m_report.unreadable.push_back(plain(problem) + ": addresses that no name has are not known");
        std::vector<AuditedPort> audited;
        for (const auto& [key, port] : m_table.ports()) {
            if (auto one = look_at(port)) audited.push_back(std::move(*one));
        }
        for (const auto& one : audited) m_report.listeners.push_back(one.listener);
        m_report.findings = find_exposures(m_input, m_evaluator, m_server, m_table, audited);
        return std::move(m_report);
    }

private:
    static std::size_t index_of(const FactsView& view, const std::string& name) {
        std::size_t server = 0;
        while (server + 1 < view.size() && view.name(server) != name) ++server;
        return server;
    }

    [[nodiscard]] std::optional<AuditedPort> look_at(const Port& port) const {
        AuditedPort one;
        one.port = &port;
        one.listener.protocol = port.protocol;
        one.listener.port = port.number;
        one.listener.last_port = port.last;
        one.listener.process = port.process();
        for (const auto* socket : port.live) {
            auto& addresses = one.listener.addresses;
            // The sockets of a range are mostly on the same addresses.
            if (std::find(addresses.begin(), addresses.end(), socket->address) == addresses.end())
                addresses.push_back(socket->address);
        }
        if (!port.is_live()) return look_at_silent(port, std::move(one));
        if (const auto moved = m_elsewhere.find({port.protocol, port.number}); moved != m_elsewhere.end()) {
            own(one, moved->second, ListenerState::elsewhere);
            one.expected_port = moved->second.socket->port.first;
        } else if (port.should_listen()) {
            compare(one);
        } else if (!port.claims.empty() && port.claims.front().verdict == Verdict::unknown) {
            own(one, port.claims.front(), ListenerState::undecided);
        } else {
            name_stranger(one);
        }
        return one;
    }

    [[nodiscard]] std::optional<AuditedPort> look_at_silent(const Port& port, AuditedPort one) const {
        for (const auto& claim : m_missing) {
            const bool here = claim.endpoint->protocol == port.protocol && claim.socket->port.first == port.number;
            const bool moved = std::any_of(m_elsewhere.begin(), m_elsewhere.end(),
                                           [&](const auto& other) { return other.second.endpoint == claim.endpoint; });
            if (!here || moved) continue;
            own(one, claim, ListenerState::missing);
            one.listener.expected = compare_sockets(port, false).expected;
            return one;
        }
        return std::nullopt;
    }

    void compare(AuditedPort& one) const {
        const auto& port = *one.port;
        bool verified = true;
        for (const auto& claim : port.claims) {
            if (claim.verdict != Verdict::yes) continue;
            verified = verified && claim.endpoint->verified;
            own(one, claim, ListenerState::as_configured);
        }
        // Which ports of a range listen, and where, is different from one moment to the next.
        if (!verified || port.last != port.number) return;
        const auto& own_addresses = m_view.addresses(m_server).addresses;
        const bool has_ipv6 = std::any_of(own_addresses.begin(), own_addresses.end(),
                                          [](const auto& address) { return address.family == zmi::Family::ipv6; });
        const auto compared = compare_sockets(port, m_input.sockets.ipv6 && has_ipv6);
        one.listener.state = compared.state;
        one.listener.expected = compared.expected;
        one.dual_stack_gap = compared.dual_stack_gap;
        const auto lines = lines_of(port.protocol, port.number);
        if (compared.state == ListenerState::as_configured || !is_as_lines_say(port, lines)) return;
        // A file that nothing but a hand changes is the configuration; else it may be older than the facts.
        const auto& bind = one.owners.front()->bind;
        const bool only_file = bind.attribute.empty() && bind.localconfig.empty() && bind.setting.empty();
        if (only_file && compared.state == ListenerState::narrower) {
            one.listener.state = ListenerState::as_configured;
            one.listener.expected = port.addresses();
        }
        one.file_says = fmt::format("{}:{}", plain(lines.front()->path), lines.front()->line);
    }

    /// Nothing that runs by its configuration has the port.
    void name_stranger(AuditedPort& one) const {
        const auto& port = *one.port;
        const auto* file = configured_in(port.protocol, port.number);
        if (allowed_by_policy(port)) {
            one.listener.endpoint = "policy";
            one.listener.title = "allowed by the policy";
            one.listener.state = ListenerState::policy;
        } else if (!port.claims.empty() && m_table.fits(*port.claims.front().endpoint, port.process())) {
            own(one, port.claims.front(), ListenerState::disabled);
        } else if (file != nullptr && file->file == k_master_cf) {
            one.listener.endpoint = k_master_cf;
            one.listener.title = fmt::format("inet service {}", plain(file->service));
            one.listener.configured = fmt::format("{}:{}", plain(file->path), file->line);
            one.listener.state = ListenerState::as_configured;
        } else {
            one.listener.title = one.listener.process;
            if (file != nullptr) one.listener.configured = fmt::format("{}:{}", plain(file->path), file->line);
        }
    }

    [[nodiscard]] bool allowed_by_policy(const Port& port) const {
        const auto& open = m_input.plan.open;
        return std::any_of(open.begin(), open.end(), [&](const OpenPort& one) {
            return one.endpoint == "policy" && one.protocol == port.protocol && one.port.contains(port.number);
        });
    }

    /// The first owner gives the listener its name.
    void own(AuditedPort& one, const Claim& claim, ListenerState state) const {
        one.owners.push_back(claim.endpoint);
        if (one.owners.size() > 1) return;
        auto& listener = one.listener;
        listener.endpoint = claim.endpoint->id;
        listener.title = claim.endpoint->title;
        listener.state = state;
        const auto number = claim.socket->port.first;
        if (const auto* file = configured_in(claim.endpoint->protocol, number)) {
            listener.configured = where(*file);
        } else if (!claim.socket->because.empty()) {
            const auto& because = claim.socket->because.front();
            listener.configured = fmt::format("{} {} ({})", because.fact, plain(because.value), because.origin);
        }
    }

    /// FILE:LINE, with what the file says of all its listeners.
    [[nodiscard]] std::string where(const zmi::FileListener& line) const {
        auto text = plain(line.path);
        // What goes without any line: sshd's own port.
        if (line.line > 0) text += fmt::format(":{}", line.line);
        const auto file = m_input.files.files.find(line.file);
        if (file == m_input.files.files.end()) return text;
        for (const auto& [name, value] : file->second.settings) text += fmt::format("; {} {}", name, plain(value));
        return text;
    }

    /// The lines of files of this node that name the port; the node's own before those of services.
    [[nodiscard]] std::vector<const zmi::FileListener*> lines_of(const std::string& protocol,
                                                                 std::uint16_t port) const {
        std::vector<const zmi::FileListener*> found;
        const auto add = [&](const std::vector<zmi::FileListener>& list) {
            for (const auto& one : list) {
                if (one.port == port && one.protocol == protocol) found.push_back(&one);
            }
        };
        if (const auto* local = m_view.local(m_server)) add(local->listeners);
        add(m_input.files.listeners);
        return found;
    }

    /// The first of them.
    [[nodiscard]] const zmi::FileListener* configured_in(const std::string& protocol, std::uint16_t port) const {
        const auto lines = lines_of(protocol, port);
        return lines.empty() ? nullptr : lines.front();
    }

    const AuditInput& m_input;
    FactsView m_view;
    Evaluator m_evaluator;
    std::size_t m_server;
    PortTable m_table;
    std::map<PortTable::Key, Claim> m_elsewhere;
    std::vector<Claim> m_missing;
    AuditReport m_report;
};

}  // namespace

std::string_view to_string(ListenerState state) {
    switch (state) {
        case ListenerState::as_configured: return "as-configured";
        case ListenerState::missing: return "missing";
        case ListenerState::elsewhere: return "elsewhere";
        case ListenerState::wider: return "wider";
        case ListenerState::narrower: return "narrower";
        case ListenerState::disabled: return "disabled";
        case ListenerState::undecided: return "undecided";
        case ListenerState::policy: return "policy";
        case ListenerState::unknown: return "unknown";
    }
    return "unknown";
}

std::size_t AuditReport::count(ListenerState state) const {
    return static_cast<std::size_t>(
        std::count_if(listeners.begin(), listeners.end(), [&](const auto& one) { return one.state == state; }));
}

std::size_t AuditReport::count(Severity severity) const {
    return static_cast<std::size_t>(std::count_if(findings.begin(), findings.end(), [&](const AuditFinding& one) {
        return one.counts() && one.finding.severity == severity;
    }));
}

AuditReport audit(const AuditInput& input) {
    return Auditor(input).report();
}

}  // namespace zmfw
