#pragma once

#include <plugin/cli/commands.hpp>
#include <plugin/cli/context.hpp>
#include <plugin/diff/diff.hpp>
#include <plugin/state/store.hpp>
#include <string>
#include <zmintegration/support/file_lock.hpp>

namespace zmfw {

/// The records of earlier runs. Fails where no folder is named and the product, whose home has it, cannot be told.
[[nodiscard]] zmi::Expected<Store> open_store(const Context& context, const StateOptions& options);

/// How long a run waits for another one before it says so.
inline constexpr int k_state_lock_seconds = 300;
[[nodiscard]] zmi::Error lock_failure(const Store& store, const zmi::FileLock& lock);

/// What "accepted", "last", a number or a file (an inventory or a plan) means. Where nothing is accepted that side is
/// empty, which is told.
[[nodiscard]] zmi::Expected<Side> find_side(const Context& context, const Store& store, const std::string& name);

/// The side before anything was accepted.
[[nodiscard]] Side nothing_accepted();

/// Problems of a plan as one error of kind knowledge; nothing where it is complete.
[[nodiscard]] zmi::Expected<void> need_complete(const Plan& plan);

}  // namespace zmfw
