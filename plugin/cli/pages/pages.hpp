#pragma once

#include <plugin/cli/pages/command_tree.hpp>
#include <string>
#include <string_view>

/// Pure: the command line as a manual page and as completions of shells.
namespace zmfw {

struct ManualTexts {
    std::string version;
    std::string examples;     ///< lines "  COMMAND    comment" below a heading
    std::string exit_status;  ///< lines "  N   meaning", continued by deeper lines, below a heading
};

/// For man(1), in the macros of groff's man(7).
[[nodiscard]] std::string manual_page(const CommandPage& program, const ManualTexts& texts);

/// What a shell sources (bash, fish) or loads by name (zsh).
[[nodiscard]] std::string bash_completion(const CommandPage& program);
[[nodiscard]] std::string zsh_completion(const CommandPage& program);
[[nodiscard]] std::string fish_completion(const CommandPage& program);

/// A word whose values the installed program itself can list: the shell command that prints them, or empty.
[[nodiscard]] std::string lister(const OptionPage& option);

/// For a shell: in single quotes, whatever is in it.
[[nodiscard]] std::string shell_quoted(std::string_view text);

}  // namespace zmfw
