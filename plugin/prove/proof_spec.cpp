#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <plugin/prove/proof_spec.hpp>

namespace zmfw {
namespace {

using nlohmann::json;

tl::unexpected<zmi::Error> wrong(const std::string& what) {
    return zmi::failure(zmi::ErrorKind::bug, "proof: " + what);
}

std::optional<Probe> probe_from(const json& item) {
    if (!item.is_array() || item.size() != 5) return std::nullopt;
    const auto source = zmi::parse_address(item[0].get<std::string>());
    const auto destination = zmi::parse_address(item[1].get<std::string>());
    const auto protocol = item[2].get<std::string>();
    if (!source || !destination || (protocol != "tcp" && protocol != "udp")) return std::nullopt;
    return Probe{*source, *destination, protocol, item[3].get<std::uint16_t>(), item[4].get<bool>()};
}

std::vector<char> chars(const std::string& text) {
    return {text.begin(), text.end()};
}

std::string text(const std::vector<char>& chars) {
    return {chars.begin(), chars.end()};
}

}  // namespace

std::string to_json(const ProofSpec& spec) {
    auto addresses = json::array();
    for (const auto& address : spec.addresses) addresses.push_back(address.to_string());
    auto probes = json::array();
    for (const auto& p : spec.probes) {
        probes.push_back(json::array({p.source.to_string(), p.destination.to_string(), p.protocol, p.port, p.allowed}));
    }
    return json{{"rules", spec.rules}, {"addresses", addresses}, {"probes", probes}}.dump();
}

zmi::Expected<ProofSpec> parse_proof_spec(std::string_view text) try {
    const auto root = json::parse(text);
    ProofSpec spec;
    spec.rules = root.at("rules").get<std::string>();
    for (const auto& item : root.at("addresses")) {
        const auto address = zmi::parse_address(item.get<std::string>());
        if (!address) return wrong("the specification holds a wrong address");
        spec.addresses.push_back(*address);
    }
    for (const auto& item : root.at("probes")) {
        auto probe = probe_from(item);
        if (!probe) return wrong("the specification holds a wrong probe");
        spec.probes.push_back(std::move(*probe));
    }
    return spec;
} catch (const json::exception& problem) {
    return wrong(fmt::format("the specification cannot be read: {}", problem.what()));
}

std::string to_json(const ProofResult& result) {
    return json{{"problem", result.problem},
                {"refused", result.refused},
                {"notes", result.notes},
                {"without_rules", text(result.without_rules)},
                {"with_rules", text(result.with_rules)}}
               .dump() +
           "\n";
}

zmi::Expected<ProofResult> parse_proof_result(std::string_view text, std::size_t probes) try {
    const auto root = json::parse(text);
    ProofResult result;
    result.problem = root.at("problem").get<std::string>();
    result.refused = root.at("refused").get<std::string>();
    result.notes = root.at("notes").get<std::vector<std::string>>();
    result.without_rules = chars(root.at("without_rules").get<std::string>());
    result.with_rules = chars(root.at("with_rules").get<std::string>());
    const bool complete = result.without_rules.size() == probes && result.with_rules.size() == probes;
    if (result.problem.empty() && result.refused.empty() && !complete)
        return wrong("the result does not fit the specification");
    return result;
} catch (const json::exception& problem) {
    return wrong(fmt::format("the result cannot be read: {}", problem.what()));
}

}  // namespace zmfw
