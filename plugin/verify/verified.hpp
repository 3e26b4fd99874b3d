#pragma once

#include <plugin/verify/asker.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace zmfw {

/// An answer beside the plan.
enum class Outcome {
    as_planned,
    closed_but_needed,   ///< the plan lets us in and nothing comes back
    refused_but_needed,  ///< the plan lets us in, the packet gets there, and nothing listens (or a rule rejects)
    open_but_unneeded,   ///< something answers that the plan does not let us reach
    cannot_tell,
    not_asked,  ///< the time was over: not known
};
[[nodiscard]] std::string_view to_string(Outcome outcome);  ///< "as-planned", "closed-but-needed", ...
[[nodiscard]] std::string_view to_string(Answer answer);    ///< "answers", "refused", "silent", ...

[[nodiscard]] Outcome outcome_of(const Ask& ask, Answer answer);
[[nodiscard]] bool is_difference(Outcome outcome);

struct Tried {
    Ask ask;
    Answer answer = Answer::not_asked;
    Outcome outcome = Outcome::not_asked;
};

struct PeerVerified {
    std::string name;
    std::vector<Tried> tried;  ///< in the order of the asks
    std::vector<zmi::IpAddress>
        silent_at;  ///< its addresses at which nothing answers or refuses, though something must
    [[nodiscard]] std::size_t count(Outcome outcome) const;
};

struct Verified {
    std::string from;
    std::string made_at;               ///< RFC 3339, UTC
    std::vector<PeerVerified> peers;   ///< by name
    std::vector<std::string> unknown;  ///< what could not be verified, and why: the answer is incomplete
    [[nodiscard]] bool differs() const;
};

/// Pure: `answers` is as long as `asks`.
[[nodiscard]] Verified judge(const std::vector<Ask>& asks, const std::vector<Answer>& answers);

/// Schema zmfirewall/verify/1 (templates/schema/verify-1.schema.json).
[[nodiscard]] std::string to_json(const Verified& verified);

}  // namespace zmfw
