#pragma once

#include <plugin/diff/diff.hpp>
#include <string>

namespace zmfw {

/// For a person at a terminal; no escape sequence of an attribute's value comes through. Ends in a newline.
[[nodiscard]] std::string diff_text(const Diff& diff);

/// The same for a mail or a ticket.
[[nodiscard]] std::string diff_markdown(const Diff& diff);

/// The public contract "zmfirewall/diff/1" (templates/schema/diff-1.schema.json); ends in a newline.
[[nodiscard]] std::string to_json(const Diff& diff);

/// "zimbraLmtpBindPort of mbox1.example.com: 7025 -> 7026", "node joined: mta2.example.com", ...
[[nodiscard]] std::string cause_text(const Cause& cause);

/// "opens 25/tcp smtp to anyone", without the server.
[[nodiscard]] std::string change_text(const PortChange& change);

/// "2 ports open, 1 closes, node joined: mta2.example.com", or "no change".
[[nodiscard]] std::string summary(const Diff& diff);

}  // namespace zmfw
