#include <plugin/diff/diff_text.hpp>
#include <zmintegration/support/ordered_json.hpp>

namespace zmfw {
namespace {

using Json = zmi::OrderedJson;

Json cause_json(const Cause& cause) {
    Json json = {{"kind", cause.kind}};
    if (!cause.server.empty()) json["server"] = cause.server;
    if (!cause.fact.empty()) json["fact"] = cause.fact;
    if (!cause.old_value.empty() || !cause.new_value.empty()) {
        json["old"] = cause.old_value;
        json["new"] = cause.new_value;
    }
    json["text"] = cause_text(cause);
    return json;
}

Json causes_json(const std::vector<Cause>& causes) {
    Json list = Json::array();
    for (const auto& cause : causes) list.push_back(cause_json(cause));
    return list;
}

template <class Items>
Json texts(const Items& items) {
    Json list = Json::array();
    for (const auto& item : items) list.push_back(item.to_string());
    return list;
}

std::string_view to_string(PortChange::What what) {
    switch (what) {
        case PortChange::What::opens: return "opens";
        case PortChange::What::closes: return "closes";
        case PortChange::What::differs: return "differs";
    }
    return "differs";
}

Json change_json(const PortChange& change) {
    return {{"change", to_string(change.what)},
            {"direction", change.outbound ? "out" : "in"},
            {"server", change.server},
            {"endpoint", change.endpoint},
            {"title", change.title},
            {"protocol", change.protocol},
            {"port", change.port.is_single() ? Json(change.port.first) : Json(change.port.to_string())},
            {"audience", change.audience},
            {"gained", texts(change.gained)},
            {"lost", texts(change.lost)},
            {"peers_gained", change.peers_gained},
            {"peers_lost", change.peers_lost},
            {"old_destinations", texts(change.old_destinations)},
            {"new_destinations", texts(change.new_destinations)},
            {"because", causes_json(change.because)}};
}

std::string_view to_string(CandidateChange::What what) {
    switch (what) {
        case CandidateChange::What::appeared: return "appeared";
        case CandidateChange::What::settled: return "settled";
        case CandidateChange::What::gone: return "gone";
    }
    return "gone";
}

Json candidate_json(const CandidateChange& change) {
    const auto& closed = change.closed;
    Json json = {{"change", to_string(change.what)}, {"server", change.server},
                 {"endpoint", closed.endpoint},      {"title", closed.title},
                 {"protocol", closed.protocol},      {"settled_by", closed.settled_by}};
    if (closed.port)
        json["port"] = closed.port->is_single() ? Json(closed.port->first) : Json(closed.port->to_string());
    json["because"] = causes_json(change.because);
    return json;
}

Json finding_json(const FindingChange& change) {
    return {{"appeared", change.appeared}, {"server", change.finding.server},
            {"id", change.finding.id},     {"severity", to_string(change.finding.severity)},
            {"text", change.finding.text}, {"accepted", change.finding.accepted}};
}

}  // namespace

std::string to_json(const Diff& diff) {
    Json json = {{"schema", "zmfirewall/diff/1"},
                 {"before", diff.before},
                 {"after", diff.after},
                 {"changed", diff.is_change()},
                 {"joined", diff.joined},
                 {"left", diff.left},
                 {"changes", Json::array()},
                 {"candidates", Json::array()},
                 {"findings", Json::array()},
                 {"other_facts", causes_json(diff.other_facts)},
                 {"notes", diff.notes}};
    for (const auto& change : diff.ports) json["changes"].push_back(change_json(change));
    for (const auto& change : diff.candidates) json["candidates"].push_back(candidate_json(change));
    for (const auto& change : diff.findings) json["findings"].push_back(finding_json(change));
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace zmfw
