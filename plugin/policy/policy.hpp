#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>
#include <zmintegration/support/error.hpp>
#include <zmintegration/support/network.hpp>

namespace zmfw {

/// The site's own wishes: conf/zmfirewall.xml (schema: templates/schema/policy.xsd).
struct Policy {
    struct Allow {
        std::uint16_t first_port = 0;
        std::uint16_t last_port = 0;
        std::string protocol;         ///< "tcp" or "udp"
        std::vector<zmi::Cidr> from;  ///< never empty; both families' 0/0 for "any"
        std::string server;           ///< only on this server; empty: on every server
        std::string comment;          ///< printable ASCII without quotes, at most 80 characters
        int line = 0;
    };
    struct ServerFacts {
        std::vector<zmi::IpAddress> addresses;  ///< replaces what the resolver says, when not empty
        std::map<std::string, std::string, std::less<>>
            local;  ///< localconfig keys of that node, as its own file would say
        std::vector<std::uint16_t> sshd_ports;
        /// Components (ids of the catalogue) that run there, all of them; nullopt: the policy does not say. Such a
        /// server is one of the plan even where neither LDAP nor the mesh knows it.
        std::optional<std::set<std::string, std::less<>>> components;
    };

    std::string file;  ///< where it was read; empty: no policy
    std::map<std::string, std::vector<zmi::Cidr>, std::less<>>
        networks;                                             ///< "public", "admin", "ssh", own names; merged
    std::map<std::string, ServerFacts, std::less<>> servers;  ///< by lower-case server name
    std::vector<Allow> allow;
    std::vector<Allow> egress;                 ///< outgoing connections; `from` is whom they go to
    std::set<std::string, std::less<>> close;  ///< endpoint ids
    std::set<std::string, std::less<>> accepted_findings;
    std::set<std::string, std::less<>> accepted_endpoints;  ///< unverified endpoints the site vouches for

    [[nodiscard]] const std::vector<zmi::Cidr>* network(std::string_view name) const;
    /// Does it say what runs on that server, so that it is one of the plan in any case?
    [[nodiscard]] bool adds_server(std::string_view name) const;
};

/// A comment is the administrator's own text: printable ASCII without what ends a quoted text or starts an expansion.
[[nodiscard]] bool is_comment(std::string_view text);

/// Errors of kind data: "FILE:LINE: ...".
[[nodiscard]] zmi::Expected<Policy> parse_policy(std::string_view xml, const std::string& file_name);

/// A missing file is an empty policy where `required` is false.
[[nodiscard]] zmi::Expected<Policy> read_policy(const std::filesystem::path& file, bool required);

}  // namespace zmfw
