#include <plugin/plan/plan_json.hpp>
#include <zmintegration/support/ordered_json.hpp>

namespace zmfw {
namespace {

using Json = zmi::OrderedJson;

Json port_json(const PortRange& port) {
    return port.is_single() ? Json(port.first) : Json(port.to_string());
}

Json because_json(const std::vector<Because>& all) {
    Json list = Json::array();
    for (const auto& because : all) {
        Json one = {{"fact", because.fact}, {"value", because.value}, {"origin", because.origin}};
        if (!because.server.empty()) one["server"] = because.server;
        list.push_back(std::move(one));
    }
    return list;
}

Json open_json(const OpenPort& open) {
    Json sources = Json::array();
    for (const auto& source : open.sources) sources.push_back(source.to_string());
    Json destinations = Json::array();
    for (const auto& destination : open.destinations) destinations.push_back(destination.to_string());
    Json json = {{"endpoint", open.endpoint},
                 {"title", open.title},
                 {"protocol", open.protocol},
                 {"port", port_json(open.port)},
                 {"audience", open.audience},
                 {"sources", std::move(sources)},
                 {"peers", open.peers},
                 {"destinations", std::move(destinations)},
                 {"because", because_json(open.because)},
                 {"reason", open.reason}};
    if (!open.comment.empty()) json["comment"] = open.comment;
    return json;
}

/// As open_json; what an entry calls its sources are the remote ends.
Json outbound_json(const OpenPort& out) {
    Json destinations = Json::array();
    for (const auto& remote : out.sources) destinations.push_back(remote.to_string());
    Json json = {{"endpoint", out.endpoint}, {"title", out.title},
                 {"protocol", out.protocol}, {"port", port_json(out.port)},
                 {"audience", out.audience}, {"destinations", std::move(destinations)},
                 {"peers", out.peers},       {"because", because_json(out.because)},
                 {"reason", out.reason}};
    if (!out.comment.empty()) json["comment"] = out.comment;
    return json;
}

Json closed_json(const ClosedPort& closed) {
    Json json = {{"endpoint", closed.endpoint}, {"title", closed.title}, {"protocol", closed.protocol}};
    if (closed.port) json["port"] = port_json(*closed.port);
    json["reason"] = closed.reason;
    json["because"] = because_json(closed.because);
    if (!closed.settled_by.empty()) json["candidate"] = {{"settled_by", closed.settled_by}};
    return json;
}

Json finding_json(const Finding& finding) {
    return {{"id", finding.id},
            {"severity", to_string(finding.severity)},
            {"text", finding.text},
            {"remedy", finding.remedy},
            {"accepted", finding.accepted}};
}

Json server_json(const ServerPlan& server) {
    Json json = {{"name", server.name}, {"digest", server.digest}};
    json["addresses"] = Json::array();
    for (const auto& address : server.addresses) json["addresses"].push_back(address.to_string());
    json["complete"] = server.complete();
    for (const auto* list : {"open", "closed", "findings", "problems"}) json[list] = Json::array();
    // What must not be used is not shown as if it could be.
    if (server.complete()) {
        for (const auto& open : server.open) json["open"].push_back(open_json(open));
        for (const auto& closed : server.closed) json["closed"].push_back(closed_json(closed));
    }
    if (server.outbound) {
        json["outbound"] = Json::array();
        json["outbound_closed"] = Json::array();
    }
    if (server.outbound && server.complete()) {
        for (const auto& out : *server.outbound) json["outbound"].push_back(outbound_json(out));
        for (const auto& closed : server.outbound_closed) json["outbound_closed"].push_back(closed_json(closed));
    }
    for (const auto& finding : server.findings) json["findings"].push_back(finding_json(finding));
    for (const auto& problem : server.problems) {
        json["problems"].push_back({{"server", problem.server}, {"subject", problem.subject}, {"text", problem.text}});
    }
    return json;
}

}  // namespace

std::string to_json(const Plan& plan) {
    Json json = {{"schema", "zmfirewall/plan/1"}};
    json["source"] = {{"kind", plan.source.kind},
                      {"server", plan.source.server},
                      {"complete", plan.source.complete},
                      {"taken_at", plan.source.taken_at}};
    json["made_at"] = plan.made_at;
    json["this_node"] = plan.this_node;
    json["servers"] = Json::array();
    for (const auto& server : plan.servers) json["servers"].push_back(server_json(server));
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace zmfw
