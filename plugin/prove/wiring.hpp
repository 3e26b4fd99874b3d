#pragma once

#include <sys/types.h>
#include <plugin/prove/proof_spec.hpp>
#include <zmintegration/process/process_runner.hpp>
#include <zmintegration/support/error.hpp>

/// The network of a proof: two namespaces, "node" (the server) and "world" (all clients), joined by one cable.
namespace zmfw {

/// In the node's namespace: makes the cable to the namespace of process `world` and the server's addresses.
[[nodiscard]] zmi::Expected<void> wire_node(const ProofSpec& spec, pid_t world, zmi::ProcessRunner& runner);

/// In the world's namespace, after wire_node(): the addresses of all sources.
[[nodiscard]] zmi::Expected<void> wire_world(const ProofSpec& spec, zmi::ProcessRunner& runner);

/// Loads the rules in the namespace where we are.
[[nodiscard]] zmi::Expected<void> load_rules(const ProofSpec& spec, zmi::ProcessRunner& runner);

}  // namespace zmfw
