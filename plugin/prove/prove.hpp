#pragma once

#include <filesystem>
#include <iosfwd>
#include <plugin/plan/plan.hpp>
#include <plugin/prove/proof_probes.hpp>
#include <plugin/prove/proof_spec.hpp>
#include <plugin/render/format.hpp>
#include <string>
#include <vector>
#include <zmintegration/process/process_runner.hpp>
#include <zmintegration/support/error.hpp>

namespace zmfw {

struct ProofReport {
    bool proven = false;                  ///< packets were really sent, and there are no mismatches
    std::string skipped_reason;           ///< why nothing could be sent here; empty otherwise
    std::vector<std::string> mismatches;  ///< where the rules differ from the plan; for people
    std::vector<std::string> notes;       ///< what was left out
    std::size_t allowed_checked = 0;
    std::size_t denied_checked = 0;
};

/// Whether prove() can load what the format makes: the first file of each server.
[[nodiscard]] bool can_prove(const Format& format);

/// The argument with which `self` must call prove_inside().
inline constexpr const char* k_prove_inside_command = "prove-inside";

/// Really loads the rules in a throw-away user and network namespace, as a plain user, and compares what passes
/// with the plan. `self` is our own executable. Not to be permitted to, or to lack a program, is a skip; errors
/// are those of our own programs (kind program or bug) and of a plan with problems (kind knowledge).
[[nodiscard]] zmi::Expected<ProofReport> prove(const ServerPlan& plan, const std::string& nft_text,
                                               zmi::ProcessRunner& runner, const std::filesystem::path& self);

/// Inside of the namespaces: reads a ProofSpec, prints a ProofResult, returns the exit status: 0, also where the
/// result tells of a problem. To be called in a process without threads that has just entered a new user and
/// network namespace.
int prove_inside(std::istream& input, std::ostream& output);

/// Pure: what the answers mean.
[[nodiscard]] ProofReport judge(const ProofSpec& spec, const ProofResult& result);

}  // namespace zmfw
