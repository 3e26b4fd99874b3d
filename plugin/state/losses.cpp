#include <fmt/format.h>
#include <algorithm>
#include <plugin/state/losses.hpp>
#include <zmintegration/support/clock.hpp>
#include <zmintegration/support/network.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {

std::string to_text(const Missing& missing) {
    std::string text;
    for (const auto& [name, since] : missing) text += fmt::format("{} {}\n", zmi::to_rfc3339(since), name);
    return text;
}

Missing parse_missing(std::string_view text) {
    Missing missing;
    for (const auto line : zmi::split_lines(text)) {
        const auto words = zmi::split_words(line);
        if (words.empty()) continue;
        const auto since = words.size() == 2 ? zmi::parse_rfc3339(words[0]) : std::nullopt;
        if (!since || !zmi::is_host_name(words[1])) return {};
        missing[std::string(words[1])] = *since;
    }
    return missing;
}

Losses judge_losses(const std::vector<std::string>& before, const std::vector<std::string>& now_there,
                    const Missing& seen, std::chrono::sys_seconds now, const std::set<std::string>& accepted) {
    Losses losses;
    for (const auto& name : before) {
        if (std::find(now_there.begin(), now_there.end(), name) != now_there.end()) continue;
        const auto at = seen.find(name);
        // A time to come is of a clock that was wrong.
        const bool known = at != seen.end() && at->second <= now;
        const auto since = known ? at->second : now;
        if (accepted.contains(name) || (known && now - since >= k_loss_age)) {
            losses.left.push_back(name);
        } else {
            losses.doubted.push_back(name);
        }
        losses.next[name] = since;
    }
    // The plan that is made now is the one that later answers are compared with.
    if (losses.doubted.empty()) losses.next.clear();
    return losses;
}

}  // namespace zmfw
