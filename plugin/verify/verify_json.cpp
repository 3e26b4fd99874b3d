#include <plugin/verify/verified.hpp>
#include <zmintegration/support/ordered_json.hpp>

namespace zmfw {
namespace {

using Json = zmi::OrderedJson;

Json tried_json(const Tried& one) {
    Json json = {{"address", one.ask.destination.to_string()},
                 {"protocol", one.ask.protocol},
                 {"port", one.ask.port},
                 {"needed", one.ask.needed},
                 {"answer", to_string(one.answer)},
                 {"outcome", to_string(one.outcome)},
                 {"endpoints", one.ask.endpoints},
                 {"reason", one.ask.reason}};
    if (one.ask.source) json["source"] = one.ask.source->to_string();
    return json;
}

Json peer_json(const PeerVerified& peer) {
    Json counts;
    for (const auto outcome : {Outcome::as_planned, Outcome::closed_but_needed, Outcome::refused_but_needed,
                               Outcome::open_but_unneeded, Outcome::cannot_tell, Outcome::not_asked}) {
        counts[std::string(to_string(outcome))] = peer.count(outcome);
    }
    Json silent = Json::array();
    for (const auto& address : peer.silent_at) silent.push_back(address.to_string());
    Json probes = Json::array();
    for (const auto& one : peer.tried) probes.push_back(tried_json(one));
    return {{"name", peer.name},
            {"counts", std::move(counts)},
            {"silent_at", std::move(silent)},
            {"probes", std::move(probes)}};
}

}  // namespace

std::string to_json(const Verified& verified) {
    Json json = {{"schema", "zmfirewall/verify/1"}, {"made_at", verified.made_at},
                 {"from", verified.from},           {"complete", verified.unknown.empty()},
                 {"differs", verified.differs()},   {"unknown", verified.unknown}};
    json["peers"] = Json::array();
    for (const auto& peer : verified.peers) json["peers"].push_back(peer_json(peer));
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace zmfw
