#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <zmintegration/support/network.hpp>

namespace zmfw {

/// Who tried what: a source address, a protocol ("tcp", "udp", "icmp", "47") and a port (0: the protocol has none, or
/// the packet was a later fragment).
struct Attempt {
    zmi::IpAddress source;
    std::string protocol;
    std::uint16_t port = 0;
    auto operator<=>(const Attempt&) const = default;
};

struct Tally {
    std::uint64_t counted = 0;  ///< packets, by the kernel's sets
    std::uint64_t logged = 0;   ///< lines of the kernel's log, which is rate-limited
    bool operator==(const Tally&) const = default;
};

/// All that was counted and logged, of however many senders: more than k_most attempts are only numbered.
struct Sightings {
    static constexpr std::size_t k_most = 100'000;

    std::map<Attempt, Tally> attempts;
    std::uint64_t not_understood = 0;  ///< lines and entries of ours that do not read as they should
    std::uint64_t left_out = 0;        ///< of attempts beyond k_most
    bool set_is_full = false;          ///< then the kernel could not count newcomers

    /// The tally of an attempt; null where there are too many.
    [[nodiscard]] Tally* of(const Attempt& attempt);
};

}  // namespace zmfw
