#include <algorithm>
#include <plugin/catalogue/catalogue.hpp>

namespace zmfw {

std::string_view to_string(Audience audience) {
    switch (audience) {
        case Audience::open_to_public: return "public";
        case Audience::admin: return "admin";
        case Audience::ssh: return "ssh";
        case Audience::cluster: return "cluster";
        case Audience::loopback: return "loopback";
        case Audience::nobody: return "nobody";
    }
    return "nobody";
}

std::string_view to_string(Severity severity) {
    switch (severity) {
        case Severity::info: return "info";
        case Severity::warning: return "warning";
        case Severity::blocker: return "blocker";
    }
    return "info";
}

const Endpoint* Catalogue::find(std::string_view endpoint_id) const {
    const auto at = std::find_if(endpoints.begin(), endpoints.end(),
                                 [&](const Endpoint& endpoint) { return endpoint.id == endpoint_id; });
    return at == endpoints.end() ? nullptr : &*at;
}

const Egress* Catalogue::find_egress(std::string_view egress_id) const {
    const auto at = std::find_if(egress.begin(), egress.end(), [&](const Egress& one) { return one.id == egress_id; });
    return at == egress.end() ? nullptr : &*at;
}

zmi::Wanted Catalogue::wanted() const {
    zmi::Wanted wanted;
    for (const auto& [name, spec] : attributes) wanted.attributes.insert(name);
    for (const auto& [name, spec] : localconfig) wanted.localconfig.emplace(name, spec.keep);
    return wanted;
}

}  // namespace zmfw
