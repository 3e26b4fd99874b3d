#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <zmintegration/support/network.hpp>

namespace zmi {

/// A host name (lower case), an address, or nothing ("ldap:///", "*").
struct Host {
    std::string text;
    std::optional<IpAddress> address;

    [[nodiscard]] bool is_loopback() const;  ///< a loopback address or one of its usual names, as "localhost"
};

/// "name", "10.0.0.1", "::1" or "[::1]"; nullopt for anything else, an empty text included. The one dot that may end a
/// fully qualified name is dropped.
[[nodiscard]] std::optional<Host> parse_host(std::string_view text);

/// What a setting that names a peer says: "http://host:7780/path", "clam://host:3310/", "host:11211", "[::1]:53",
/// "host".
struct Authority {
    std::string scheme;                 ///< lower case; empty where there is none
    std::string host_text;              ///< may be empty ("ldap:///")
    std::optional<Host> host;           ///< nullopt where host_text is empty or no host
    std::optional<std::uint16_t> port;  ///< as written, or the scheme's own (http, https, ldap, ldaps)
    bool port_is_bad = false;           ///< something stands for a port that is none
};
[[nodiscard]] Authority parse_authority(std::string_view text);

}  // namespace zmi
