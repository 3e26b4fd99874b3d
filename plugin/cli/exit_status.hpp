#pragma once

#include <zmintegration/support/error.hpp>

namespace zmfw {

/// The documented exit statuses; README and --help show the same table.
enum class ExitStatus : int {
    done = 0,
    findings =
        1,  ///< done, with findings or differences where the command is asked for them; emit stopped by a blocker
    usage = 2,
    knowledge = 3,  ///< no source answered, or knowledge is incomplete
    program = 4,    ///< a program failed or timed out, or the result could not be written
    data = 5,       ///< bad catalogue, template, policy or inventory file
    bug = 70,
};

[[nodiscard]] ExitStatus to_status(zmi::ErrorKind kind);

/// The table, a line a status.
inline constexpr const char* k_exit_status_table =
    "Exit status:\n"
    "  0   done\n"
    "  1   done, with findings or differences where the command is asked for them;\n"
    "      emit: a blocker that the policy does not accept, nothing written;\n"
    "      apply: a blocker, SSH would be cut, or rules wait for confirm; status: different;\n"
    "      audit: findings (audit --nagios has the statuses of a plugin: 0 to 3); doctor: something failed\n"
    "  2   usage\n"
    "  3   no source answered, or knowledge is incomplete; a plan that is old or of another host\n"
    "  4   a program failed or timed out, or the result could not be written\n"
    "  5   bad catalogue, template, policy, inventory or plan file\n"
    "  70  a bug in zmfirewall\n";

}  // namespace zmfw
