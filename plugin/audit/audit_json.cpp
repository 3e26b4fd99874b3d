#include <plugin/audit/audit_json.hpp>
#include <plugin/audit/audit_lines.hpp>
#include <zmintegration/support/ordered_json.hpp>

namespace zmfw {
namespace {

using Json = zmi::OrderedJson;

Json of_listener(const AuditedListener& listener) {
    Json json;
    json["protocol"] = listener.protocol;
    json["port"] = listener.port;
    if (listener.last_port > listener.port) json["last_port"] = listener.last_port;
    json["endpoint"] = listener.endpoint;
    json["title"] = listener.title;
    json["state"] = to_string(listener.state);
    json["addresses"] = Json::array();
    for (const auto& address : listener.addresses) json["addresses"].push_back(address.to_string());
    json["expected"] = listener.expected;
    json["configured"] = listener.configured;
    json["process"] = listener.process;
    return json;
}

Json of_finding(const AuditFinding& found) {
    Json json;
    json["id"] = found.finding.id;
    json["severity"] = audit_severity(found.finding.severity);
    json["endpoint"] = found.endpoint;
    json["protocol"] = found.protocol;
    if (found.port != 0) json["port"] = found.port;
    json["text"] = found.finding.text;
    json["remedy"] = found.finding.remedy;
    json["accepted"] = found.finding.accepted;
    json["guarded"] = found.guarded;
    return json;
}

}  // namespace

std::string to_json(const AuditReport& report) {
    Json json;
    json["schema"] = "zmfirewall/audit/1";
    json["server"] = report.server;
    json["made_at"] = report.made_at;
    json["facts_taken"] = report.facts_taken;
    json["listeners"] = Json::array();
    for (const auto& listener : report.listeners) json["listeners"].push_back(of_listener(listener));
    json["findings"] = Json::array();
    for (const auto& found : report.findings) json["findings"].push_back(of_finding(found));
    json["unreadable"] = report.unreadable;
    json["problems"] = Json::array();
    for (const auto& problem : report.problems) json["problems"].push_back(problem.text);
    if (report.rules) {
        json["rules"] = {{"format", report.rules->format},   {"same", report.rules->same()},
                         {"missing", report.rules->missing}, {"extra", report.rules->extra},
                         {"past", report.rules->past},       {"differences", report.rules->lines}};
    }
    json["rules_unseen"] = report.rules_unseen;
    json["udp_clients"] = report.clients;
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace zmfw
