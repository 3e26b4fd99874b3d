#include <fmt/format.h>
#include <algorithm>
#include <map>
#include <plugin/verify/verified.hpp>

namespace zmfw {

std::string_view to_string(Outcome outcome) {
    switch (outcome) {
        case Outcome::as_planned: return "as-planned";
        case Outcome::closed_but_needed: return "closed-but-needed";
        case Outcome::refused_but_needed: return "refused-but-needed";
        case Outcome::open_but_unneeded: return "open-but-unneeded";
        case Outcome::cannot_tell: return "cannot-tell";
        case Outcome::not_asked: break;
    }
    return "not-asked";
}

std::string_view to_string(Answer answer) {
    switch (answer) {
        case Answer::answers: return "answers";
        case Answer::refused: return "refused";
        case Answer::silent: return "silent";
        case Answer::unreachable: return "unreachable";
        case Answer::blocked_here: return "blocked-here";
        case Answer::cannot_tell: return "cannot-tell";
        case Answer::not_asked: break;
    }
    return "not-asked";
}

Outcome outcome_of(const Ask& ask, Answer answer) {
    switch (answer) {
        case Answer::answers: return ask.needed ? Outcome::as_planned : Outcome::open_but_unneeded;
        case Answer::refused: return ask.needed ? Outcome::refused_but_needed : Outcome::as_planned;
        case Answer::silent:
        case Answer::unreachable: return ask.needed ? Outcome::closed_but_needed : Outcome::as_planned;
        // What this host keeps back says nothing about the peer, but the plan's connection does not work.
        case Answer::blocked_here: return ask.needed ? Outcome::closed_but_needed : Outcome::cannot_tell;
        case Answer::cannot_tell: return Outcome::cannot_tell;
        case Answer::not_asked: break;
    }
    return Outcome::not_asked;
}

bool is_difference(Outcome outcome) {
    return outcome == Outcome::closed_but_needed || outcome == Outcome::refused_but_needed ||
           outcome == Outcome::open_but_unneeded;
}

std::size_t PeerVerified::count(Outcome outcome) const {
    return static_cast<std::size_t>(
        std::count_if(tried.begin(), tried.end(), [&](const Tried& one) { return one.outcome == outcome; }));
}

bool Verified::differs() const {
    return std::any_of(peers.begin(), peers.end(), [](const PeerVerified& peer) {
        return std::any_of(peer.tried.begin(), peer.tried.end(),
                           [](const Tried& one) { return is_difference(one.outcome); });
    });
}

namespace {

void find_silence(PeerVerified& peer) {
    std::map<zmi::IpAddress, std::pair<bool, bool>> heard;  // something needed was asked; something came back
    for (const auto& one : peer.tried) {
        auto& [asked, alive] = heard[one.ask.destination];
        asked = asked || (one.ask.needed && (one.answer == Answer::silent || one.answer == Answer::unreachable));
        alive = alive || one.answer == Answer::answers || one.answer == Answer::refused;
    }
    for (const auto& [address, state] : heard) {
        if (state.first && !state.second) peer.silent_at.push_back(address);
    }
}

}  // namespace

Verified judge(const std::vector<Ask>& asks, const std::vector<Answer>& answers) {
    std::map<std::string, PeerVerified> peers;
    for (std::size_t i = 0; i < asks.size(); ++i) {
        peers[asks[i].peer].tried.push_back({asks[i], answers[i], outcome_of(asks[i], answers[i])});
    }
    Verified verified;
    for (auto& [name, peer] : peers) {
        peer.name = name;
        find_silence(peer);
        if (const auto missing = peer.count(Outcome::not_asked); missing > 0) {
            verified.unknown.push_back(
                fmt::format("{}: the time was over before {} of {} ports were told", name, missing, peer.tried.size()));
        }
        verified.peers.push_back(std::move(peer));
    }
    return verified;
}

}  // namespace zmfw
