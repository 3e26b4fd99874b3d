#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace zmi {

/// What kind of thing went wrong. The command turns it into an exit status, in one place.
enum class ErrorKind {
    usage,      ///< the user asked for something that does not exist
    knowledge,  ///< no source answered, or what was learnt is incomplete or contradictory
    program,    ///< an external program failed or timed out
    data,       ///< a catalogue, template, policy or inventory file is wrong
    bug,        ///< ours
};

/// One failure: `what` names the step and the object (host, file:line, attribute) and ends in the cause;
/// `hint` is the next step for the administrator, or empty. Neither may ever hold a secret.
struct Error {
    ErrorKind kind = ErrorKind::bug;
    std::string what;
    std::string hint;

    /// The same failure, seen from one step further out: "STEP: what".
    [[nodiscard]] Error within(std::string_view step) && {
        what = std::string(step) + ": " + what;
        return std::move(*this);
    }
};

template <class T>
using Expected = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> failure(ErrorKind kind, std::string what, std::string hint = {}) {
    return tl::unexpected<Error>(Error{kind, std::move(what), std::move(hint)});
}

}  // namespace zmi
