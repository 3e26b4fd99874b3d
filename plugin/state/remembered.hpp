#pragma once

#include <chrono>
#include <map>
#include <plugin/catalogue/catalogue.hpp>
#include <plugin/plan/plan.hpp>
#include <string>
#include <string_view>
#include <vector>
#include <zmintegration/facts/inventory.hpp>

/// Listeners that a rule stands on, beyond the day on which they are gone: an upgrade of Zimbra takes the Suite away
/// until somebody installs it anew, and its rules must not go with it at once.
namespace zmfw {

/// One listener on one server.
struct Seen {
    std::string server;
    zmi::LiveListener listener;
    auto operator<=>(const Seen&) const = default;
};
/// When each was last seen.
using Remembered = std::map<Seen, std::chrono::sys_seconds>;
[[nodiscard]] std::string to_text(const Remembered& remembered);
/// Lines that are not of that form are nothing.
[[nodiscard]] Remembered parse_remembered(std::string_view text);

/// How long a listener counts after it was seen.
inline constexpr std::chrono::hours k_remembered_for{7 * 24};

/// Adds to the local facts of the inventory's servers what is remembered, not too old, and does not listen there now
/// on any address. Returns what it added.
[[nodiscard]] Remembered add_remembered(const Remembered& remembered, std::chrono::sys_seconds now,
                                        zmi::Inventory& inventory);

/// "tcp/8735 on 0.0.0.0 of mbox1 does not listen now; it was last seen at ... and counts until ...", one each.
[[nodiscard]] std::vector<std::string> in_words(const Remembered& added);

/// The listeners of the inventory that open ports of endpoints stand on which only a listener confirms.
[[nodiscard]] std::vector<Seen> listeners_in_use(const Plan& plan, const zmi::Inventory& inventory,
                                                 const Catalogue& catalogue);

/// For the next run: what is `seen` now, and of the rest what is not too old. What was `added` is no listener that was
/// seen.
[[nodiscard]] Remembered remember(Remembered before, const std::vector<Seen>& seen, const Remembered& added,
                                  std::chrono::sys_seconds now);

}  // namespace zmfw
