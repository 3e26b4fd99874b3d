#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>
#include <zmintegration/facts/answer.hpp>
#include <zmintegration/soap/soap_document.hpp>

namespace zmi {

/// The attributes to keep; none that may hold a secret, whoever asks.
class WantedAttributes {
public:
    explicit WantedAttributes(const Wanted& wanted);
    [[nodiscard]] bool contains(std::string_view attribute) const { return m_names.count(attribute) != 0; }

private:
    std::unordered_set<std::string_view> m_names;  // into the Wanted, which outlives the reading
};

/// The token of an AuthResponse.
[[nodiscard]] SoapResult<Secret> read_auth_response(const SoapDocument& document);

/// The wanted attributes in the <a n="..."> children of `parent`. `who` names it in problems ("server x").
[[nodiscard]] SoapResult<Attributes> read_attributes(pugi::xml_node parent, const WantedAttributes& wanted,
                                                     std::string_view who);

/// The servers of a GetAllServersResponse, sorted by name.
[[nodiscard]] SoapResult<std::vector<Server>> read_servers(pugi::xml_node response, const WantedAttributes& wanted);

/// What the batch of make_discovery_request() brings.
struct DiscoveryAnswer {
    std::string version;
    Attributes global;
    std::vector<Server> servers;
    std::string refused_flush;  ///< why FlushCache was refused; empty if it was not
};
[[nodiscard]] SoapResult<DiscoveryAnswer> read_discovery_response(const SoapDocument& document,
                                                                  const WantedAttributes& wanted);

}  // namespace zmi
