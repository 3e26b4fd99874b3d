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

[[nodiscard]] ExitStatus run_formats(const Context& context);
[[nodiscard]] ExitStatus run_catalogue(const Context& context, const std::string& what);

}  // namespace zmfw
