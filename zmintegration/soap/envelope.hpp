#pragma once

#include <string>
#include <string_view>
#include <zmintegration/soap/secret.hpp>

namespace zmi {

/// True when every character may stand in an XML 1.0 document: valid UTF-8 without control characters other than
/// tab and line ends. What is not cannot be sent, whatever the escaping.
[[nodiscard]] bool is_xml_text(std::string_view text);

/// Appends `text` with all that is markup in element content or in a quoted attribute escaped.
void append_xml(std::string& out, std::string_view text);

/// SOAP 1.2 AuthRequest (urn:zimbraAdmin). No session is asked for.
[[nodiscard]] Secret make_auth_request(std::string_view user, std::string_view password);

/// The one request of a discovery: BatchRequest of FlushCache, GetAllServers without applied config, GetAllConfig and
/// GetVersionInfo, in this order.
[[nodiscard]] Secret make_discovery_request(std::string_view token);

}  // namespace zmi
