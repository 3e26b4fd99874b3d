#include <plugin/plan/policy_port.hpp>

#include <fmt/format.h>
#include <plugin/plan/digest.hpp>

namespace zmfw {
namespace {

/// How an element of the policy is told.
struct Manner {
    const char* element;
    const char* title;      ///< where it has no comment
    const char* direction;  ///< "from" or "to"
    const char* id;         ///< part of the reason's id
};

OpenPort port_of(const Policy& policy, const Policy::Allow& line, std::string_view server, const Manner& manner) {
    OpenPort open;
    open.endpoint = "policy";
    open.title = line.comment.empty() ? manner.title : line.comment;
    open.protocol = line.protocol;
    open.port = {line.first_port, line.last_port};
    open.audience = "policy";
    open.sources = line.from;
    open.comment = line.comment;
    auto value = fmt::format("{}/{} {}", open.port.to_string(), open.protocol, manner.direction);
    for (const auto& network : line.from) value += " " + network.to_short_string();
    open.because.push_back({fmt::format("{} ({}:{})", manner.element, policy.file, line.line),
                            value,
                            std::string(zmi::to_string(zmi::Origin::policy)),
                            {}});
    // Where the policy file lies does not decide anything, so it is no part of the id.
    open.reason = "r" + sha256_hex(fmt::format("{}|{}|{}", server, manner.id, value)).substr(0, 8);
    return open;
}

}  // namespace

OpenPort allowed_port(const Policy& policy, const Policy::Allow& allow, std::string_view server) {
    return port_of(policy, allow, server, {"allow", "allowed by the policy", "from", "policy"});
}

OpenPort egress_port(const Policy& policy, const Policy::Allow& egress, std::string_view server) {
    return port_of(policy, egress, server, {"egress", "let out by the policy", "to", "out|policy"});
}

}  // namespace zmfw
