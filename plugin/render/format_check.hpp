#pragma once

#include <plugin/render/render.hpp>
#include <string>
#include <vector>
#include <zmintegration/process/process_runner.hpp>
#include <zmintegration/support/error.hpp>

namespace zmfw {

struct CheckReport {
    std::size_t checked = 0;           ///< how many outputs a program has read without complaint
    std::vector<std::string> skipped;  ///< what could not be checked, and why; for people
};

/// Runs the checks of the format's manifest on its rendered files, as a plain user. An output that is refused is an
/// error of kind data with the program's own words; a missing program or forbidden namespaces is a skip.
[[nodiscard]] zmi::Expected<CheckReport> check_output(const Format& format, const std::vector<RenderedFile>& files,
                                                      zmi::ProcessRunner& runner);

}  // namespace zmfw
