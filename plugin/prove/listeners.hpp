#pragma once

#include <plugin/prove/proof_probes.hpp>
#include <plugin/prove/socket.hpp>
#include <set>
#include <vector>

namespace zmfw {

/// The server's side of a proof: something listens on every port that is probed, so that only the rules can keep a
/// packet out.
class Listeners {
public:
    /// Opens one socket for each (family, protocol, port). Ports that cannot be opened are ports whose probes fail
    /// without rules, which the result then tells.
    explicit Listeners(const std::vector<Probe>& probes);

    /// Takes what has come in until `stop` is readable or `deadline_ms` have passed.
    void serve(int stop, int deadline_ms);

    /// Numbers of the probes whose datagram has arrived since the last call.
    [[nodiscard]] std::set<std::uint32_t> take_arrived();

private:
    void receive(int fd);

    std::vector<OwnedSocket> m_sockets;
    std::vector<char> m_is_udp;
    std::set<std::uint32_t> m_arrived;
};

}  // namespace zmfw
