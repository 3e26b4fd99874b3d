#pragma once

#include <filesystem>
#include <string_view>
#include <zmintegration/facts/inventory.hpp>
#include <zmintegration/local/listening_sockets.hpp>
#include <zmintegration/local/packages.hpp>
#include <zmintegration/process/process_runner.hpp>

namespace zmi {

/// Where to look on this node.
struct NodePlaces {
    std::string_view product;  ///< "zimbra" or "carbonio"
    std::filesystem::path home;
    std::filesystem::path system_root;
};

/// The wanted ones of the sockets that listen off loopback; see WantedPorts for those that are left out.
[[nodiscard]] std::set<LiveListener> live_listeners(const ListeningSockets& sockets,
                                                    const std::set<WantedPorts>& ports);

/// Asks what only the node knows beside its localconfig and postfix: packages, paths, units, modules, the mesh's files,
/// sockets, settings of files, each only where something of it is wanted. What could not be read is told in
/// LocalFacts::files (see there), never guessed. All packages that are installed are returned, wanted or not.
[[nodiscard]] PackageNames read_node_sources(const Wanted& wanted, const NodePlaces& places, ProcessRunner& processes,
                                             LocalFacts& facts);

}  // namespace zmi
