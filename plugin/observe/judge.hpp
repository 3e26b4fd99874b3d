#pragma once

#include <plugin/observe/sighting.hpp>
#include <plugin/plan/plan.hpp>
#include <string>
#include <vector>

namespace zmfw {

/// Why a packet that was seen is likely not in the plan.
enum class Likely {
    let_in_now,    ///< the plan of now lets it in: the observing rules are older
    no_port,       ///< a protocol without ports, or a fragment
    scan,          ///< one peer, many ports
    not_its_role,  ///< a server of the deployment whose roles do not need this port
    not_for_admins,
    closed,       ///< an endpoint that we know and keep closed
    not_for_all,  ///< a port that is open, to others
    unknown_port,
};
[[nodiscard]] std::string_view to_string(Likely likely);  ///< "let-in-now", "no-port", "scan", ...

struct Observed {
    Attempt attempt;
    Tally tally;
    Likely likely = Likely::unknown_port;
    std::string peer;         ///< name of the server, or "admin network", "ssh network"; empty: a stranger
    std::string endpoint;     ///< the one that the port belongs to, where it does
    std::string why;          ///< in words
    std::string policy_line;  ///< the element of the policy that would let it in; empty where none should or can
};

/// Pure: what the plan of `server`, one of `plan`, says about each attempt. Most packets first. `plan` holds all
/// servers of the deployment, for their addresses. Addresses that a policy line cannot hold get none.
[[nodiscard]] std::vector<Observed> judge(const Sightings& seen, const Plan& plan, const ServerPlan& server,
                                          const Policy& policy);

/// `<allow port="25" protocol="tcp" from="192.0.2.7" server="mail.example.com"/>`
[[nodiscard]] std::string policy_line(const Attempt& attempt, const std::string& server);

}  // namespace zmfw
