#pragma once

#include <plugin/prove/proof_probes.hpp>
#include <string>
#include <string_view>
#include <vector>
#include <zmintegration/support/error.hpp>

/// What the process outside of the namespaces tells the one inside, and what it hears back, as JSON.
namespace zmfw {

struct ProofSpec {
    std::string rules;  ///< text for "nft -f"
    std::vector<zmi::IpAddress> addresses;
    std::vector<Probe> probes;
    bool operator==(const ProofSpec&) const = default;
};

struct ProofResult {
    std::string problem;              ///< why there is no result; empty if there is one
    std::string refused;              ///< what nft says where it does not load the rules; empty otherwise
    std::vector<std::string> notes;   ///< what was left out
    std::vector<char> without_rules;  ///< per probe, before the rules were loaded: 'y' arrived, 'n' not, '-' not sent
    std::vector<char> with_rules;     ///< the same with the rules in force
    bool operator==(const ProofResult&) const = default;
};

[[nodiscard]] std::string to_json(const ProofSpec& spec);
[[nodiscard]] zmi::Expected<ProofSpec> parse_proof_spec(std::string_view text);
[[nodiscard]] std::string to_json(const ProofResult& result);
/// `probes`: how many answers there must be.
[[nodiscard]] zmi::Expected<ProofResult> parse_proof_result(std::string_view text, std::size_t probes);

}  // namespace zmfw
