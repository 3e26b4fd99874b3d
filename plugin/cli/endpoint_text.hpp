#pragma once

#include <plugin/catalogue/catalogue.hpp>
#include <plugin/cli/style.hpp>
#include <string>

namespace zmfw {

/// What the catalogue knows of one endpoint: title, process, port source, flows, security, sources.
[[nodiscard]] std::string endpoint_text(const Catalogue& catalogue, const Endpoint& endpoint, const Style& style);

/// What the catalogue knows of a component: what tells of it, which endpoints need it, sources.
[[nodiscard]] std::string component_text(const Catalogue& catalogue, const Component& component, const Style& style);

/// Where the port comes from, in words: "attribute zimbraMailPort", "master.cf service smtp".
[[nodiscard]] std::string port_source_text(const PortSource& port);

/// Does the endpoint's usual port text or constant name this number?
[[nodiscard]] bool usually_on(const Endpoint& endpoint, std::uint16_t port);

}  // namespace zmfw
