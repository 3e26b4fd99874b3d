#pragma once

#include <filesystem>
#include <plugin/cli/context.hpp>
#include <string>

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
    bool outbound = false;
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

[[nodiscard]] ExitStatus run_doctor(const Context& context, bool json);

[[nodiscard]] ExitStatus run_formats(const Context& context);
[[nodiscard]] ExitStatus run_catalogue(const Context& context, const std::string& what);

}  // namespace zmfw
