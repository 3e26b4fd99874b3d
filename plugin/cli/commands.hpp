#pragma once

#include <filesystem>
#include <plugin/cli/context.hpp>
#include <string>
#include <vector>

/// One function a command; each returns what the process exits with.
namespace zmfw {

[[nodiscard]] ExitStatus run_discover(const Context& context, bool json);

struct PlanOptions {
    Selection selection;
    bool json = false;
    bool outbound = false;  ///< also what the servers must reach
    std::string fail_on;    ///< "", "info", "warning", "blocker": findings of that severity or worse give status 1
};
[[nodiscard]] ExitStatus run_plan(const Context& context, const PlanOptions& options);

[[nodiscard]] ExitStatus run_explain(const Context& context, const std::string& what, const Selection& selection);

struct EmitOptions {
    std::string format;
    Selection selection;
    std::filesystem::path output;  ///< empty: stdout
    std::string target;            ///< name of the system that the rules are for; empty: this host's
    bool outbound = false;
    bool observe = false;  ///< rules that accept everything and count what would be dropped
    bool check = false;
    bool prove = false;
};
[[nodiscard]] ExitStatus run_emit(const Context& context, const EmitOptions& options);

struct VerifyOptions {
    std::string from;  ///< which server of the inventory we are; empty: this node
    std::string to;    ///< only this server; empty: all others
    bool json = false;
    int rate = 100;           ///< probes a second, at most
    int total_seconds = 120;  ///< what is not probed by then is not known
};
[[nodiscard]] ExitStatus run_verify(const Context& context, const VerifyOptions& options);

struct HardenOptions {
    Selection selection;
    std::filesystem::path output;  ///< empty: stdout; else this file, and the same with .undo
};
[[nodiscard]] ExitStatus run_harden(const Context& context, const HardenOptions& options);

struct ObservedOptions {
    std::string server;         ///< empty: this node
    std::filesystem::path log;  ///< empty: the sets and the log of this host
    bool json = false;
};
[[nodiscard]] ExitStatus run_observed(const Context& context, const ObservedOptions& options);

struct ApplyOptions {
    std::filesystem::path plan;
    std::string format;
    std::string server;  ///< empty: the one that this host is
    int timeout = 60;    ///< seconds until the rules are taken back
    int max_age_hours = 24;
    bool dry_run = false;
};
[[nodiscard]] ExitStatus run_apply(const Context& context, const ApplyOptions& options);
[[nodiscard]] ExitStatus run_confirm(const Context& context);
[[nodiscard]] ExitStatus run_rollback(const Context& context);
/// `options.plan` may be empty: then against the rules that are confirmed or pending.
[[nodiscard]] ExitStatus run_status(const Context& context, const ApplyOptions& options);
[[nodiscard]] ExitStatus run_remove(const Context& context);
[[nodiscard]] ExitStatus run_watch_inside(const Context& context, const std::string& token, int pid);

/// What recompute, diff and accept have in common.
struct StateOptions {
    std::filesystem::path state;  ///< empty: data/zmfirewall of the installation
};
struct DiffOptions {
    StateOptions state;
    std::string before;  ///< a record's number, "accepted", "last" or a file; empty: "accepted"
    std::string after;   ///< empty: "last"
    bool json = false;
    bool markdown = false;
};
[[nodiscard]] ExitStatus run_diff(const Context& context, const DiffOptions& options);
struct RecomputeOptions {
    StateOptions state;
    std::string format;  ///< empty: no rules are written
    std::filesystem::path output;
    std::string target;  ///< as of EmitOptions
    std::string notify_command;
    std::vector<std::string> mail;
    std::vector<std::string> accept_loss;  ///< servers that are gone for good
    std::size_t keep = 20;                 ///< records, and folders of rules
    int wait_limit = 7200;                 ///< seconds
    int settle = 120;                      ///< seconds without change after an upgrade
    bool wait = false;
    bool check = false;
    bool syslog = false;
    bool outbound = false;
    bool json = false;
    bool markdown = false;
};
[[nodiscard]] ExitStatus run_recompute(const Context& context, const RecomputeOptions& options);
/// `name`: a record's number; empty or "last": the newest.
[[nodiscard]] ExitStatus run_accept(const Context& context, const StateOptions& state, const std::string& name);

struct AuditOptions {
    bool json = false;
    bool nagios = false;  ///< one line; the process exits with 0, 1, 2 or 3 as nagios has it
    bool prometheus = false;
};
/// Of this node, from its live sockets.
[[nodiscard]] ExitStatus run_audit(const Context& context, const AuditOptions& options);

[[nodiscard]] ExitStatus run_doctor(const Context& context, bool json);

[[nodiscard]] ExitStatus run_formats(const Context& context);
[[nodiscard]] ExitStatus run_host(const Context& context, bool json);
[[nodiscard]] ExitStatus run_catalogue(const Context& context, const std::string& what);

}  // namespace zmfw
