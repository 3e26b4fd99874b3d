#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

/// The command line as values, read from the parser itself: what --help, the man page and the completions all tell.
namespace zmfw {

struct OptionPage {
    std::vector<std::string> names;    ///< "--server"; a positional's one name without dashes
    std::string description;           ///< for people
    std::string value;                 ///< "TEXT", "INT"; empty for a flag
    std::vector<std::string> choices;  ///< all values that are taken, where the parser knows them
    std::string default_value;
    bool positional = false;
    bool required = false;
};

struct CommandPage {
    std::string name;
    std::string description;
    std::string footer;
    std::vector<OptionPage> options;
    std::vector<CommandPage> commands;  ///< hidden ones are left out
};

[[nodiscard]] CommandPage read_command_tree(const CLI::App& app);

}  // namespace zmfw
