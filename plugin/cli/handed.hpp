#pragma once

#include <plugin/cli/commands.hpp>
#include <plugin/handover/handover.hpp>
#include <zmintegration/process/process_runner.hpp>

namespace zmfw {

/// Done, or the status and a message where this is not root (of this user namespace).
[[nodiscard]] ExitStatus need_root();

/// The plan file, read as data, and its server that this host is.
struct PlanOfHost {
    Plan plan;
    const ServerPlan* server = nullptr;  ///< in `plan`
};
[[nodiscard]] zmi::Expected<PlanOfHost> read_plan_of_host(const ApplyOptions& options);

/// Its rules, from templates that nobody but root can have written.
[[nodiscard]] zmi::Expected<Handed> render_trusted(const Context& context, const ApplyOptions& options,
                                                   const PlanOfHost& plan, zmi::ProcessRunner& runner);

/// What is loaded against what should be, which is in `files` of this format.
[[nodiscard]] zmi::Expected<Difference> compare_with(const Handed& handed, zmi::ProcessRunner& runner);

/// Lines for people: "+ ..." is not loaded, "- ..." is loaded and should not be.
[[nodiscard]] std::string text_of(const Difference& difference);

}  // namespace zmfw
