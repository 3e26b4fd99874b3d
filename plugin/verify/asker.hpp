#pragma once

#include <chrono>
#include <functional>
#include <plugin/verify/asks.hpp>
#include <vector>

namespace zmfw {

enum class Answer {
    answers,       ///< connected, or the question was answered
    refused,       ///< a reset, or "port unreachable": the packet got there and nothing listens, or a rule rejects
    silent,        ///< nothing came back in time
    unreachable,   ///< the network says that the host cannot be reached
    blocked_here,  ///< this host itself did not send it: its own rules, or no route
    cannot_tell,   ///< udp without a question: no answer would mean nothing
    not_asked,     ///< the time was over
};

struct AskBounds {
    int rate = 100;                            ///< packets that open something, a second
    std::chrono::milliseconds patience{3500};  ///< for one answer: the kernel repeats a SYN after 1 and 3 seconds
    std::chrono::milliseconds total{120'000};  ///< for all
};

/// Told after every change how many of all are done.
using AskProgress = std::function<void(std::size_t done, std::size_t all)>;

/// Asks them all, several at a time, within the bounds: connects and closes, or sends the question once (and once more
/// after half the patience). Nothing else leaves. One answer for each, in their order.
[[nodiscard]] std::vector<Answer> ask_all(const std::vector<Ask>& asks, const AskBounds& bounds,
                                          const AskProgress& progress);

/// Is it an address of this host (can a socket be bound to it)?
[[nodiscard]] bool is_own_address(const zmi::IpAddress& address);

}  // namespace zmfw
