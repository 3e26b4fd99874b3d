#include <fmt/format.h>
#include <algorithm>
#include <plugin/state/remembered.hpp>
#include <zmintegration/support/clock.hpp>
#include <zmintegration/support/network.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

using std::chrono::sys_seconds;

bool counts(sys_seconds seen, sys_seconds now) {
    // A time to come is of a clock that was wrong.
    return seen <= now && now - seen < k_remembered_for;
}

bool listens(const std::set<zmi::LiveListener>& live, const zmi::LiveListener& wanted) {
    return std::any_of(live.begin(), live.end(), [&](const zmi::LiveListener& one) {
        return one.protocol == wanted.protocol && one.port == wanted.port;
    });
}

}  // namespace

std::string to_text(const Remembered& remembered) {
    std::string text;
    for (const auto& [seen, at] : remembered)
        text += fmt::format("{} {} {} {} {}\n", zmi::to_rfc3339(at), seen.server, seen.listener.protocol,
                            seen.listener.port, seen.listener.address);
    return text;
}

Remembered parse_remembered(std::string_view text) {
    Remembered remembered;
    for (const auto line : zmi::split_lines(text)) {
        const auto words = zmi::split_words(line);
        if (words.size() != 5) continue;
        const auto at = zmi::parse_rfc3339(words[0]);
        const auto port = zmi::parse_port(words[3]);
        const bool known = words[2] == "tcp" || words[2] == "udp";
        if (!at || !port || !known || !zmi::parse_address(words[4]) || !zmi::is_host_name(words[1])) continue;
        remembered[{std::string(words[1]), {std::string(words[2]), *port, std::string(words[4])}}] = *at;
    }
    return remembered;
}

Remembered add_remembered(const Remembered& remembered, sys_seconds now, zmi::Inventory& inventory) {
    Remembered added;
    for (const auto& entry : remembered) {
        const auto& [seen, at] = entry;
        const auto facts = inventory.local.find(seen.server);
        if (facts == inventory.local.end() || !counts(at, now) || listens(facts->second.live, seen.listener)) continue;
        added.insert(entry);
    }
    for (const auto& [seen, at] : added) inventory.local[seen.server].live.insert(seen.listener);
    return added;
}

std::vector<std::string> in_words(const Remembered& added) {
    std::vector<std::string> lines;
    for (const auto& [seen, at] : added) {
        lines.push_back(fmt::format("{}/{} on {} of {} does not listen now; it was last seen at {} and counts until {}",
                                    seen.listener.protocol, seen.listener.port, seen.listener.address, seen.server,
                                    zmi::to_rfc3339(at), zmi::to_rfc3339(at + k_remembered_for)));
    }
    return lines;
}

std::vector<Seen> listeners_in_use(const Plan& plan, const zmi::Inventory& inventory, const Catalogue& catalogue) {
    std::vector<Seen> seen;
    for (const auto& server : plan.servers) {
        const auto facts = inventory.local.find(server.name);
        if (facts == inventory.local.end()) continue;
        for (const auto& open : server.open) {
            const auto* endpoint = catalogue.find(open.endpoint);
            if (endpoint == nullptr || endpoint->verified) continue;
            for (const auto& listener : facts->second.live) {
                if (listener.protocol == open.protocol && open.port.contains(listener.port))
                    seen.push_back({server.name, listener});
            }
        }
    }
    return seen;
}

Remembered remember(Remembered before, const std::vector<Seen>& seen, const Remembered& added, sys_seconds now) {
    std::erase_if(before, [&](const auto& entry) { return !counts(entry.second, now); });
    for (const auto& one : seen) {
        if (!added.contains(one)) before[one] = now;
    }
    return before;
}

}  // namespace zmfw
