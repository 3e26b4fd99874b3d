#pragma once

#include <plugin/observe/sighting.hpp>
#include <string_view>
#include <zmintegration/support/error.hpp>

namespace zmfw {

/// What `nft -j list table inet zmfirewall_observe` printed. Text that is no such JSON is an error of kind program;
/// single entries that do not read as they should are counted as not understood.
[[nodiscard]] zmi::Expected<void> read_nft_sets(std::string_view json, Sightings& into);

/// What `ipset save NAME` printed, of the sets zmfirewall-seen4 and zmfirewall-seen6.
void read_ipset(std::string_view text, Sightings& into);

}  // namespace zmfw
