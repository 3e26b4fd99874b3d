#pragma once

#include <filesystem>
#include <plugin/observe/sighting.hpp>
#include <string>
#include <vector>
#include <zmintegration/process/process_runner.hpp>
#include <zmintegration/support/error.hpp>

namespace zmfw {

struct Gathered {
    Sightings seen;
    std::vector<std::string> read;     ///< sources that answered: "nftables", "ipset", "journal", a path
    std::vector<std::string> missing;  ///< those that did not, and why; for people
};

/// From one file of log lines, and nothing else.
[[nodiscard]] zmi::Expected<Gathered> gather_file(const std::filesystem::path& log);

/// From this host: the sets of the observing rules (root), and the kernel's log in the journal or else in
/// var/log/kern.log and var/log/messages below `system_root`. That nothing at all could be read is an error of kind
/// knowledge.
[[nodiscard]] zmi::Expected<Gathered> gather_here(const std::filesystem::path& system_root, zmi::ProcessRunner& runner);

}  // namespace zmfw
