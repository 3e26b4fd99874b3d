#include <fmt/format.h>

#include <plugin/helper/helper.hpp>
#include <plugin/prove/prove.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

using zmi::ErrorKind;
using zmi::Expected;

constexpr std::size_t k_mismatch_limit = 20;  ///< more of them say nothing more

ProofReport skipped(const std::string& reason) {
    ProofReport report;
    report.skipped_reason = reason;
    return report;
}

/// Why a proof is not possible on this host; empty if it is.
std::string obstacle(zmi::ProcessRunner& runner) {
    for (const auto* program : {"nft", "ip", "unshare"}) {
        if (find_program(program).empty()) return fmt::format("{} is not installed", program);
    }
    const auto permitted = namespaces_permitted(runner);
    return permitted ? "" : permitted.error().what;
}

}  // namespace

bool can_prove(const Format& format) {
    return format.prover == "nft";
}

ProofReport judge(const ProofSpec& spec, const ProofResult& result) {
    ProofReport report;
    report.notes = result.notes;
    if (!result.refused.empty()) {
        report.mismatches.push_back("the rules do not load: " + result.refused);
        return report;
    }
    std::size_t unreachable = 0, wrong = 0;
    for (std::size_t i = 0; i < spec.probes.size(); ++i) {
        const auto& probe = spec.probes[i];
        if (result.without_rules[i] == '-') continue;  // left out, as a note says
        // What does not arrive without rules either says nothing about the rules.
        if (result.without_rules[i] != 'y' || result.with_rules[i] == '-') {
            ++unreachable;
            continue;
        }
        ++(probe.allowed ? report.allowed_checked : report.denied_checked);
        const bool passed = result.with_rules[i] == 'y';
        if (passed == probe.allowed || ++wrong > k_mismatch_limit) continue;
        report.mismatches.push_back(fmt::format(
            "{} {}", probe.to_string(), passed ? "passes, the plan denies it" : "is blocked, the plan allows it"));
    }
    if (wrong > k_mismatch_limit) report.mismatches.push_back(fmt::format("and {} more", wrong - k_mismatch_limit));
    if (unreachable > 0) {
        report.notes.push_back(fmt::format("{} probes did not arrive without any rules either", unreachable));
    }
    report.proven = wrong == 0 && unreachable == 0 && report.denied_checked > 0;
    return report;
}

Expected<ProofReport> prove(const ServerPlan& plan, const std::string& nft_text, zmi::ProcessRunner& runner,
                            const std::filesystem::path& self) {
    if (!plan.complete()) {
        return zmi::failure(ErrorKind::knowledge, fmt::format("there is no plan for {} to prove", plan.name));
    }
    if (const auto reason = obstacle(runner); !reason.empty()) return skipped(reason);
    const ProofSpec spec{nft_text, proof_addresses(plan), make_probes(plan)};
    auto command =
        helper_command("unshare", {"-r", "-n", "--", self.string(), k_prove_inside_command}, std::chrono::seconds(60));
    command.stdin_text = to_json(spec);
    const auto outcome = runner.run(command);
    if (!outcome) return tl::unexpected(outcome.error());
    if (!outcome->ok()) {
        return zmi::failure(ErrorKind::program, fmt::format("proof of the rules of {}: {}: {}", plan.name,
                                                            outcome->describe(command), zmi::quoted(outcome->err)));
    }
    const auto result = parse_proof_result(outcome->out, spec.probes.size());
    if (!result) return tl::unexpected(result.error());
    if (!result->problem.empty()) return skipped(result->problem);
    return judge(spec, *result);
}

}  // namespace zmfw
