#pragma once

#include <plugin/cli/context.hpp>
#include <plugin/render/render.hpp>
#include <vector>
#include <zmintegration/process/process_runner.hpp>

namespace zmfw {

using Files = std::vector<RenderedFile>;

/// "aerleon, nftables": those that fit, for people who chose one that does not.
[[nodiscard]] std::string names_of_formats(const std::vector<std::filesystem::path>& roots,
                                           bool (*fits)(const Format& format));

/// Rules that leave out what was asked for would be worse than none: the error for a format that has no outbound.
[[nodiscard]] zmi::Error no_outbound(const std::vector<std::filesystem::path>& roots, const Format& format);

/// All files of all servers of a plan: everything is rendered before anything is written.
[[nodiscard]] zmi::Expected<Files> render_all(const Format& format, const Plan& plan, bool observe = false);

/// Has the format's own program read the files; tells what was read and what could not be.
[[nodiscard]] ExitStatus check_files(const Format& format, const Files& files, zmi::ProcessRunner& runner);

/// Tells the blockers that the policy does not accept; done, or ExitStatus::findings where there are any.
[[nodiscard]] ExitStatus tell_blockers(const Plan& plan);

}  // namespace zmfw
