#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>
#include <algorithm>
#include <plugin/cli/context.hpp>
#include <plugin/cli/verify_text.hpp>

namespace zmfw {
namespace {

constexpr int k_full = 1000;

std::string meaning(const Tried& one) {
    switch (one.answer) {
        case Answer::silent: return "no answer: filtered, or lost";
        case Answer::refused: return "refused: it gets there, and nothing listens";
        case Answer::unreachable: return "turned away on the way";
        case Answer::blocked_here: return "not sent: kept back on this host";
        default: return one.ask.reason;
    }
}

bool is_silent(const PeerVerified& peer, const Tried& one) {
    return one.outcome == Outcome::closed_but_needed &&
           std::find(peer.silent_at.begin(), peer.silent_at.end(), one.ask.destination) != peer.silent_at.end();
}

std::string differences(const PeerVerified& peer) {
    std::vector<std::vector<std::string>> rows = {{"WHAT", "ADDRESS", "PORT", "ENDPOINT", "WHY"}};
    for (const auto& address : peer.silent_at) {
        const auto lost = std::count_if(peer.tried.begin(), peer.tried.end(), [&](const Tried& one) {
            return one.ask.destination == address && one.outcome == Outcome::closed_but_needed;
        });
        rows.push_back({std::string(to_string(Outcome::closed_but_needed)), address.to_string(),
                        fmt::format("all {} needed", lost), "-", "nothing answers at all: down, or all is closed"});
    }
    for (const auto& one : peer.tried) {
        if (!is_difference(one.outcome) || is_silent(peer, one)) continue;
        rows.push_back({std::string(to_string(one.outcome)), one.ask.destination.to_string(),
                        fmt::format("{}/{}", one.ask.port, one.ask.protocol),
                        fmt::format("{}", fmt::join(one.ask.endpoints, ", ")), meaning(one)});
    }
    return rows.size() == 1 ? std::string() : table(rows, 2);
}

std::string summary(const PeerVerified& peer) {
    const auto told = [&](bool needed) {
        return std::count_if(peer.tried.begin(), peer.tried.end(), [&](const Tried& one) {
            return one.outcome == Outcome::as_planned && one.ask.needed == needed;
        });
    };
    auto text = fmt::format("  as planned: {} reached, {} not", told(true), told(false));
    if (const auto n = peer.count(Outcome::cannot_tell); n > 0) text += fmt::format("; cannot tell: {}", n);
    if (const auto n = peer.count(Outcome::not_asked); n > 0) text += fmt::format("; not asked in time: {}", n);
    return text + "\n";
}

}  // namespace

std::string verified_text(const Verified& verified, const Style& style) {
    auto text = fmt::format("from {}\n", verified.from);
    for (const auto& peer : verified.peers) {
        text += "\n" + style.heading(peer.name) + "\n";
        text += style.bad(differences(peer)) + style.faint(summary(peer));
    }
    if (verified.peers.empty()) text += "  nothing to ask\n";
    return text;
}

ProgressBar::ProgressBar() : m_wanted(!wants_no_colour() && is_terminal(STDERR_FILENO)) {}

ProgressBar::~ProgressBar() {
    if (m_wanted && m_shown >= 0) say("\r\x1b[K");
}

void ProgressBar::show(std::size_t done, std::size_t all) {
    if (!m_wanted || all == 0) return;
    const auto now = static_cast<int>(done * k_full / all);
    if (now == m_shown) return;
    m_shown = now;
    constexpr std::size_t k_width = 40;
    const auto filled = done * k_width / all;
    say(fmt::format("\r[{}{}] {} of {}\x1b[K", std::string(filled, '#'), std::string(k_width - filled, ' '), done,
                    all));
}

}  // namespace zmfw
