#pragma once

#include <plugin/audit/audit.hpp>
#include <plugin/plan/listener.hpp>
#include <string>
#include <tests/unit/plan/deployment.hpp>
#include <vector>
#include <zmintegration/local/listening_sockets.hpp>

/// A node with sockets, written down in a few words.
namespace zmfw::test {

/// "tcp 127.0.0.1 7306 mysqld": protocol, address, port, and a process where it is seen.
inline zmi::ListeningSocket socket(const std::string& text) {
    const auto words = zmi::split_words(text);
    zmi::ListeningSocket socket;
    socket.protocol = std::string(words.at(0));
    socket.address = *zmi::parse_address(words.at(1));
    socket.port = *zmi::parse_port(words.at(2));
    if (words.size() > 3) socket.process = std::string(words[3]);
    socket.docker = socket.process == "docker-proxy";
    return socket;
}

class Node {
public:
    explicit Node(Deployment& deployment) : m_deployment(deployment) {}

    Node& listens(const std::vector<std::string>& texts) {
        for (const auto& text : texts) m_sockets.sockets.push_back(socket(text));
        m_sockets.sockets = zmi::settle(m_sockets.sockets);
        return *this;
    }
    Node& has(const zmi::ListeningSockets& sockets) {
        m_sockets = sockets;
        return *this;
    }
    /// Everything that the configuration asks for.
    Node& listens_as_configured() {
        const auto inventory = sorted();
        const FactsView view(inventory, catalogue(), m_deployment.policy_value());
        const Evaluator evaluator(view);
        for (std::size_t i = 0; i < view.size(); ++i) {
            if (view.name(i) == inventory.this_node) add_all(evaluator, i);
        }
        m_sockets.sockets = zmi::settle(m_sockets.sockets);
        return *this;
    }
    Node& silent(std::uint16_t port) {
        std::erase_if(m_sockets.sockets, [&](const auto& one) { return one.port == port; });
        return *this;
    }
    Node& rules(std::size_t missing, std::size_t extra, std::size_t past = 0) {
        m_rules = LoadedRules{"nftables", missing, extra, past, false, {}};
        return *this;
    }
    Node& no_rules() {
        m_rules = LoadedRules{};
        return *this;
    }
    Node& file(const std::string& name, int line, std::uint16_t port, const std::string& address = {},
               const std::string& protocol = "tcp") {
        m_files.listeners.push_back({name, "/opt/zimbra/conf/" + name, line, "listen", address, port, protocol});
        return *this;
    }
    Node& setting(const std::string& file, const std::string& name, const std::string& value) {
        m_files.files[file].settings[name] = value;
        return *this;
    }
    /// Of interfaces, beside what its name resolves to.
    Node& has_address(const std::string& address) {
        m_sockets.addresses.push_back(*zmi::parse_address(address));
        return *this;
    }
    Node& master_cf(int line, const std::string& service, std::uint16_t port) {
        m_deployment.inventory().local[m_deployment.inventory().this_node].listeners.push_back(
            {"master.cf", "/opt/zimbra/common/conf/master.cf", line, service, "", port});
        return *this;
    }

    [[nodiscard]] AuditReport audit() const {
        const auto inventory = sorted();
        const auto plan = m_deployment.plan(inventory.this_node);
        return zmfw::audit(
            {inventory, catalogue(), m_deployment.policy_value(), plan, m_sockets, m_files, m_rules, {}});
    }

private:
    [[nodiscard]] zmi::Inventory sorted() const {
        auto inventory = m_deployment.inventory();
        std::sort(inventory.servers.begin(), inventory.servers.end(),
                  [](const auto& a, const auto& b) { return a.name < b.name; });
        return inventory;
    }
    void add_all(const Evaluator& evaluator, std::size_t server) {
        for (const auto& endpoint : catalogue().endpoints) {
            const auto found = listening(evaluator, endpoint, server);
            if (endpoint.dead || endpoint.protocol == "unix" || !endpoint.verified ||
                found.truth.verdict != Verdict::yes)
                continue;
            for (const auto& one : found.sockets) add_socket(evaluator.view(), server, endpoint.protocol, one);
        }
    }
    void add_socket(const FactsView& view, std::size_t server, const std::string& protocol, const Socket& one) {
        const auto add = [&](const std::string& address) {
            m_sockets.sockets.push_back(socket(protocol + " " + address + " " + one.port.to_string()));
        };
        if (one.bound.by_name) return add(view.addresses(server).addresses.front().to_string());
        if (one.bound.is_loopback()) return add("127.0.0.1");
        if (one.bound.any && one.bound.ipv4) add("0.0.0.0");
        if (one.bound.any && one.bound.ipv6) add("::");
        for (const auto& address : one.bound.addresses) add(address.to_string());
    }

    Deployment& m_deployment;
    zmi::ListeningSockets m_sockets;
    zmi::ServiceFiles m_files;
    std::optional<LoadedRules> m_rules;
};

/// "live-lmtp-public 7025/tcp warning", in the order of the report.
inline std::vector<std::string> findings_in_words(const AuditReport& report) {
    std::vector<std::string> words;
    for (const auto& found : report.findings) {
        words.push_back(found.finding.id + " " + std::to_string(found.port) + "/" + found.protocol +
                        (found.guarded ? " guarded" : "") + (found.finding.accepted ? " accepted" : ""));
    }
    return words;
}

inline const AuditFinding* find_finding(const AuditReport& report, std::string_view id) {
    for (const auto& found : report.findings) {
        if (found.finding.id == id) return &found;
    }
    return nullptr;
}

inline std::string state_of(const AuditReport& report, std::uint16_t port, std::string_view protocol = "tcp") {
    for (const auto& listener : report.listeners) {
        if (listener.port == port && listener.protocol == protocol) return std::string(to_string(listener.state));
    }
    return "(none)";
}

}  // namespace zmfw::test
