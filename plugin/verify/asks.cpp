#include <algorithm>
#include <map>
#include <plugin/verify/asks.hpp>
#include <set>

namespace zmfw {
namespace {

struct Place {
    std::string protocol;
    std::uint16_t port = 0;
    auto operator<=>(const Place&) const = default;
};

struct Known {
    std::vector<const OpenPort*> open;
    std::vector<const ClosedPort*> closed;
};

/// Of a range both ends and the middle.
std::set<std::uint16_t> samples(const PortRange& range) {
    return {range.first, static_cast<std::uint16_t>((range.first + range.last) / 2), range.last};
}

/// Everything that could be at an address of this server.
std::map<Place, Known> places_of(const ServerPlan& plan) {
    std::map<Place, Known> places;
    for (const auto& open : plan.open) {
        for (const auto port : samples(open.port)) places[{open.protocol, port}].open.push_back(&open);
    }
    for (const auto& closed : plan.closed) {
        if (!closed.port || closed.protocol == "unix") continue;
        for (const auto port : samples(*closed.port)) places[{closed.protocol, port}].closed.push_back(&closed);
    }
    // A range may lie over ports that have an entry of their own.
    for (auto& [place, known] : places) {
        for (const auto& open : plan.open) {
            const bool inside = open.protocol == place.protocol && open.port.contains(place.port);
            if (inside && !samples(open.port).contains(place.port)) known.open.push_back(&open);
        }
    }
    return places;
}

bool lets_in(const OpenPort& open, const zmi::IpAddress& source, const zmi::IpAddress& destination) {
    const bool here = open.destinations.empty() || std::find(open.destinations.begin(), open.destinations.end(),
                                                             destination) != open.destinations.end();
    return here && std::any_of(open.sources.begin(), open.sources.end(),
                               [&](const zmi::Cidr& cidr) { return cidr.contains(source); });
}

void add_once(std::vector<std::string>& list, const std::string& item) {
    if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
}

std::string question_for(const Catalogue& catalogue, const Known& known) {
    const auto of = [&](const std::string& id) {
        const auto* endpoint = catalogue.find(id);
        return endpoint == nullptr ? std::string() : endpoint->query;
    };
    for (const auto* open : known.open) {
        if (auto question = of(open->endpoint); !question.empty()) return question;
    }
    for (const auto* closed : known.closed) {
        if (auto question = of(closed->endpoint); !question.empty()) return question;
    }
    return {};
}

/// Who needs it, or else whose it is and why it is closed.
void judge_need(Ask& ask, const Known& known, const zmi::IpAddress& source) {
    for (const auto* open : known.open) {
        if (!lets_in(*open, source, ask.destination)) continue;
        if (!ask.needed) ask.reason = open->reason;
        ask.needed = true;
        add_once(ask.endpoints, open->endpoint);
    }
    if (ask.needed) return;
    for (const auto* open : known.open) {
        add_once(ask.endpoints, open->endpoint);
        ask.reason = "it is open to others only";
    }
    for (const auto* closed : known.closed) {
        add_once(ask.endpoints, closed->endpoint);
        if (ask.reason.empty()) ask.reason = closed->reason;
    }
}

}  // namespace

std::vector<Ask> asks_of(const Plan& plan, const Catalogue& catalogue, const AskScope& scope) {
    std::vector<Ask> asks;
    for (const auto& server : plan.servers) {
        if (server.name == scope.from || (!scope.to.empty() && server.name != scope.to) || !server.complete()) continue;
        const auto places = places_of(server);
        for (const auto& destination : server.addresses) {
            const bool own = std::find(scope.sources.begin(), scope.sources.end(), destination) != scope.sources.end();
            if (own || destination.is_loopback() || !destination.is_of_a_host()) continue;
            for (const auto& source : scope.sources) {
                if (source.family != destination.family || source.is_loopback()) continue;
                for (const auto& [place, known] : places) {
                    Ask ask;
                    ask.peer = server.name;
                    if (scope.bind) ask.source = source;
                    ask.destination = destination;
                    ask.protocol = place.protocol;
                    ask.port = place.port;
                    if (place.protocol == "udp") ask.question = question_for(catalogue, known);
                    judge_need(ask, known, source);
                    asks.push_back(std::move(ask));
                }
                // Not bound, the kernel takes one of ours: once is all there is to ask.
                if (!scope.bind) break;
            }
        }
    }
    return asks;
}

}  // namespace zmfw
