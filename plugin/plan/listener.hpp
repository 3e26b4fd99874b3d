#pragma once

#include <optional>
#include <plugin/plan/truth.hpp>
#include <string>
#include <vector>

namespace zmfw {

/// Where a socket is reachable.
struct Bound {
    bool by_name = false;  ///< bound to the server's own name: one address, which one is its affair
    bool any = false;      ///< every address of the node, in the families below
    bool ipv4 = false;     ///< of the wildcard, or of one of `addresses`
    bool ipv6 = false;
    std::vector<zmi::IpAddress> addresses;  ///< where not any: without the loopback ones
    std::vector<Because> because;
    std::vector<Problem> problems;

    [[nodiscard]] bool is_loopback() const { return !any && addresses.empty() && problems.empty(); }
};

/// One listening socket of an endpoint, as configuration says.
struct Socket {
    PortRange port;
    Bound bound;
    std::vector<Because> because;  ///< the facts behind the port
};

/// What an endpoint does on one server.
struct Listening {
    Truth truth;                    ///< does it listen
    std::vector<Socket> sockets;    ///< where; also when it does not listen, if the port is known
    std::vector<Problem> problems;  ///< why a port or an address is not known
    std::vector<std::string> assumed;
};

[[nodiscard]] Listening listening(const Evaluator& evaluator, const Endpoint& endpoint, std::size_t server);

/// Bind address of a socket that the endpoint's <bind> describes (not one that a file gives with the port).
[[nodiscard]] Bound bound(const FactsView& view, const BindSource& bind, std::size_t server);

/// A socket on exactly this address, which is not the unspecified one; on a loopback address it is reachable by nobody.
[[nodiscard]] Bound bound_to(const zmi::IpAddress& address);

/// What is known of a file of that node; nullptr where we were not there, or did not ask for it.
[[nodiscard]] const zmi::FileState* file_state(const FactsView& view, std::string_view key, std::size_t server);

/// "rtp_port_range of video1 is not known: /etc/janus/janus.jcfg: permission denied"
[[nodiscard]] Problem unread_file(const FactsView& view, const zmi::FileState& file, std::string_view setting,
                                  std::size_t server);

/// Without the quotes around it.
[[nodiscard]] std::string_view unquoted(std::string_view value);

/// Ports at which the client's URLs in `attribute` reach the listener.
[[nodiscard]] std::vector<std::uint16_t> ports_named_by(const FactsView& view, std::size_t client,
                                                        std::string_view attribute, std::size_t listener,
                                                        const std::vector<PortRange>& otherwise);

}  // namespace zmfw
