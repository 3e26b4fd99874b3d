#include <fmt/format.h>

#include <plugin/helper/helper.hpp>
#include <plugin/prove/wiring.hpp>
#include <set>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

using zmi::Expected;

/// Every address of the world is behind these, so that the server needs to know one neighbour only: the kernel
/// keeps 1024 neighbours for all namespaces together.
constexpr const char* k_gateway4 = "198.18.255.253";
constexpr const char* k_gateway6 = "2001:db8:fffe::fd";

Expected<void> run(const char* program, std::vector<std::string> arguments, std::string input,
                   zmi::ProcessRunner& runner) {
    auto command = helper_command(program, std::move(arguments), std::chrono::seconds(10));
    if (command.program.empty()) {
        return zmi::failure(zmi::ErrorKind::program, fmt::format("{} is not installed", program));
    }
    command.stdin_text = std::move(input);
    const auto outcome = runner.run(command);
    if (!outcome) return tl::unexpected(outcome.error());
    if (outcome->ok()) return {};
    return zmi::failure(zmi::ErrorKind::program,
                        fmt::format("{}: {}: {}", program, outcome->describe(command), zmi::quoted(outcome->err, 400)));
}

bool has_ipv6(const ProofSpec& spec) {
    for (const auto& address : spec.addresses) {
        if (address.family == zmi::Family::ipv6) return true;
    }
    return false;
}

/// "nodad": an address is usable at once.
std::string add_address(const zmi::IpAddress& address, const char* device) {
    return fmt::format("addr add {}/{} dev {}{}\n", address.to_string(), address.width(), device,
                       address.family == zmi::Family::ipv6 ? " nodad" : "");
}

}  // namespace

Expected<void> wire_node(const ProofSpec& spec, pid_t world, zmi::ProcessRunner& runner) {
    auto batch =
        fmt::format("link add node0 type veth peer name world0 netns {}\nlink set lo up\nlink set node0 up\n", world);
    for (const auto& address : spec.addresses) batch += add_address(address, "node0");
    batch += fmt::format("route add default via {} dev node0 onlink\n", k_gateway4);
    if (has_ipv6(spec)) batch += fmt::format("route add ::/0 via {} dev node0 onlink\n", k_gateway6);
    return run("ip", {"-batch", "-"}, batch, runner);
}

Expected<void> wire_world(const ProofSpec& spec, zmi::ProcessRunner& runner) {
    std::set<zmi::IpAddress> sources = {*zmi::parse_address(k_gateway4)};
    if (has_ipv6(spec)) sources.insert(*zmi::parse_address(k_gateway6));
    for (const auto& probe : spec.probes) sources.insert(probe.source);
    std::string batch = "link set lo up\nlink set world0 up\n";
    for (const auto& address : sources) batch += add_address(address, "world0");
    batch += "route add default dev world0\n";
    if (has_ipv6(spec)) batch += "route add ::/0 dev world0\n";
    return run("ip", {"-batch", "-"}, batch, runner);
}

Expected<void> load_rules(const ProofSpec& spec, zmi::ProcessRunner& runner) {
    return run("nft", {"-f", "-"}, spec.rules, runner);
}

}  // namespace zmfw
