#pragma once

#include <optional>
#include <plugin/observe/sighting.hpp>
#include <string_view>

namespace zmfw {

/// What the observing rules write in front of each line; at most 29 bytes, or iptables cuts it.
inline constexpr std::string_view k_observe_prefix = "zmfirewall would drop: ";

/// Adds the observed packets of a log: lines of syslog ("Nov 24 06:15:47 mail kernel: [12.3] ..." or with a time of
/// RFC 3339), or objects of `journalctl -o json`. Lines of other programs are nobody's business even where they hold
/// our prefix; of the kernel's, those that hold it and are not wholly understood are counted as such.
void read_log(std::string_view text, Sightings& into);

/// One packet in the kernel's words, without the prefix: "IN=eth0 OUT= ... SRC=192.0.2.1 DST=... PROTO=TCP ... DPT=25".
[[nodiscard]] std::optional<Attempt> parse_packet(std::string_view text);

}  // namespace zmfw
