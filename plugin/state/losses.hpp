#pragma once

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace zmfw {

/// Servers that an answer lacked although the last record has them, and since when.
using Missing = std::map<std::string, std::chrono::sys_seconds, std::less<>>;
[[nodiscard]] std::string to_text(const Missing& missing);
/// What is not of that form is nothing: a loss then has to be seen anew.
[[nodiscard]] Missing parse_missing(std::string_view text);

/// How long a loss must have been seen before it counts.
inline constexpr std::chrono::seconds k_loss_age = std::chrono::hours(1);

struct Losses {
    std::vector<std::string> doubted;  ///< gone from this answer only: keep the last plan
    std::vector<std::string> left;     ///< gone for good
    Missing next;                      ///< for the next run
};

/// A server leaves only where somebody says so (`accepted`), or where an earlier complete answer, at least k_loss_age
/// ago and with no other in between, lacked it too: one answer alone may come from a directory that is being restored.
[[nodiscard]] Losses judge_losses(const std::vector<std::string>& before, const std::vector<std::string>& now_there,
                                  const Missing& seen, std::chrono::sys_seconds now,
                                  const std::set<std::string>& accepted);

}  // namespace zmfw
