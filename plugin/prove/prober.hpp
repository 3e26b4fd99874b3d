#pragma once

#include <chrono>
#include <plugin/prove/proof_probes.hpp>
#include <string>
#include <vector>

namespace zmfw {

struct ProbeTimes {
    std::chrono::milliseconds expected{2500};   ///< how long to wait for a connection that should be: one repeated SYN
    std::chrono::milliseconds unexpected{500};  ///< for one that should not
    std::chrono::milliseconds total{6000};      ///< for all together; what is not done then counts as not sent
};

/// What to do with each probe of a round, one character a probe.
constexpr char k_expected = 'e';    ///< send it, and give it time
constexpr char k_unexpected = 'u';  ///< send it, and do not wait long
constexpr char k_leave_out = '.';

/// The world's side of a proof: connects to the TCP probes, many at a time, and sends the datagram of the UDP
/// probes (its number, 32 bits of host order). `orders` is as long as `probes`. One character a probe: 'y' connected,
/// 'n' not, '-' not sent, 'u' sent.
[[nodiscard]] std::string send_probes(const std::vector<Probe>& probes, const std::string& orders,
                                      const ProbeTimes& times);

}  // namespace zmfw
