#pragma once

#include <plugin/cli/context.hpp>
#include <plugin/render/render.hpp>
#include <vector>

namespace zmfw {

using Files = std::vector<RenderedFile>;

/// All files of all servers of a plan: everything is rendered before anything is written.
[[nodiscard]] zmi::Expected<Files> render_all(const Format& format, const Plan& plan, bool observe = false);

/// Tells the blockers that the policy does not accept; done, or ExitStatus::findings where there are any.
[[nodiscard]] ExitStatus tell_blockers(const Plan& plan);

}  // namespace zmfw
