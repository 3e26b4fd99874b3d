#pragma once

#include <chrono>
#include <plugin/prove/proof_probes.hpp>
#include <string>
#include <vector>

namespace zmfw {

struct ProbeTimes {
    std::chrono::milliseconds allowed{2500};  ///< how long to wait for a connection that should be: one repeated SYN
    std::chrono::milliseconds denied{500};    ///< for one that should not
    std::chrono::milliseconds total{6000};    ///< for all together; what is not done then counts as not sent
};

/// The world's side of a proof: connects to every TCP probe, many at a time, and sends the datagram of every UDP
/// probe (its number, 32 bits of host order). One character a probe: 'y' connected, 'n' not, '-' not sent, 'u' sent.
[[nodiscard]] std::string send_probes(const std::vector<Probe>& probes, const ProbeTimes& times);

}  // namespace zmfw
