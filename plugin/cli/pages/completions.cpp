#include <fmt/format.h>
#include <fmt/ranges.h>
#include <plugin/cli/pages/pages.hpp>

namespace zmfw {
namespace {

std::string replaced(std::string_view text, char what, std::string_view with) {
    std::string result;
    for (const char c : text) {
        if (c == what) {
            result += with;
        } else {
            result += c;
        }
    }
    return result;
}

std::vector<std::string> flags_of(const CommandPage& page) {
    std::vector<std::string> names;
    for (const auto& option : page.options) {
        if (!option.positional) names.insert(names.end(), option.names.begin(), option.names.end());
    }
    return names;
}

/// The options that take a value, each after a blank.
std::string with_value(const CommandPage& page) {
    std::string names;
    for (const auto& option : page.options) {
        if (!option.positional && !option.value.empty()) names += fmt::format(" {}", fmt::join(option.names, " "));
    }
    return names;
}

/// The names of commands, for a shell's list of words.
std::vector<std::string> names_of(const std::vector<CommandPage>& commands) {
    std::vector<std::string> names;
    for (const auto& command : commands) names.push_back(command.name);
    return names;
}

/// The value of one option, or one positional, in bash: an action that fills COMPREPLY.
std::string bash_value(const OptionPage& option) {
    if (!option.choices.empty()) {
        return fmt::format("COMPREPLY=($(compgen -W {} -- \"$word\"))",
                           shell_quoted(fmt::format("{}", fmt::join(option.choices, " "))));
    }
    const auto list = lister(option);
    if (!list.empty()) return fmt::format("COMPREPLY=($(compgen -W \"$({})\" -- \"$word\"))", list);
    if (option.value == "INT" || option.value == "UINT") return "COMPREPLY=()";
    return "COMPREPLY=($(compgen -f -- \"$word\"))";
}

/// "global:--policy" and "plan:--server": which values follow which option of which command.
std::string bash_values(const CommandPage& page, const std::string& scope) {
    std::string text;
    for (const auto& option : page.options) {
        if (option.positional || option.value.empty()) continue;
        std::string patterns;
        for (const auto& name : option.names) {
            patterns += fmt::format("{}{}:{}", patterns.empty() ? "" : "|", scope, name);
        }
        text += fmt::format("        {}) {}; return ;;\n", patterns, bash_value(option));
    }
    return text;
}

std::string bash_positionals(const CommandPage& command) {
    int place = 0;
    std::string text;
    for (const auto& option : command.options) {
        if (option.positional) text += fmt::format("        {}:{}) {} ;;\n", command.name, place++, bash_value(option));
    }
    return text;
}

std::string zsh_text(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (c == '[' || c == ']' || c == ':' || c == '\\') result += '\\';
        result += c;
    }
    return result;
}

std::string zsh_action(const OptionPage& option) {
    if (!option.choices.empty()) return fmt::format("({})", fmt::join(option.choices, " "));
    const auto list = lister(option);
    if (!list.empty()) return fmt::format("{{compadd -- $({})}}", list);
    if (option.value == "INT" || option.value == "UINT") return " ";
    return "_files";
}

/// `end` closes each line: a continuation in a command, nothing in an array.
std::string zsh_arguments(const CommandPage& page, std::string_view indent, std::string_view end) {
    std::string text;
    for (const auto& option : page.options) {
        if (option.positional) {
            text += fmt::format("{}{}{}\n", indent,
                                shell_quoted(fmt::format("{}{}:{}", option.required ? ":" : "::",
                                                         zsh_text(option.names.front()), zsh_action(option))),
                                end);
            continue;
        }
        for (const auto& name : option.names) {
            auto spec = fmt::format("{}[{}]", name, zsh_text(option.description));
            if (!option.value.empty()) spec += fmt::format(":{}:{}", zsh_text(option.value), zsh_action(option));
            text += fmt::format("{}{}{}\n", indent, shell_quoted(spec), end);
        }
    }
    return text;
}

std::string fish_quoted(std::string_view text) {
    return "'" + replaced(replaced(text, '\\', "\\\\"), '\'', "\\'") + "'";
}

std::string fish_values(const OptionPage& option) {
    if (!option.choices.empty())
        return fmt::format("-f -a {}", fish_quoted(fmt::format("{}", fmt::join(option.choices, " "))));
    const auto list = lister(option);
    if (!list.empty()) return fmt::format("-f -a {}", fish_quoted("(" + list + ")"));
    return option.value == "INT" || option.value == "UINT" ? "-f" : "-F";
}

std::string fish_options(const CommandPage& page, const std::string& condition) {
    std::string text;
    for (const auto& option : page.options) {
        std::string line = fmt::format("complete -c zmfirewall -n {}", fish_quoted(condition));
        if (option.positional) {
            text += fmt::format("{} {}\n", line, fish_values(option));
            continue;
        }
        for (const auto& name : option.names) {
            line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
        }
        if (!option.value.empty()) line += " -r " + fish_values(option);
        text += fmt::format("{} -d {}\n", line, fish_quoted(option.description));
    }
    return text;
}

}  // namespace

std::string shell_quoted(std::string_view text) {
    return "'" + replaced(text, '\'', "'\\''") + "'";
}

std::string lister(const OptionPage& option) {
    if (option.names.empty() || !option.choices.empty()) return {};
    const auto& name = option.names.front();
    if (name == "format" || name == "--format") return "zmfirewall formats 2>/dev/null | awk \"NR > 1 {print \\$1}\"";
    if (name == "what") return "zmfirewall catalogue 2>/dev/null | awk \"{print \\$1}\"";
    return {};
}

std::string bash_completion(const CommandPage& program) {
    std::string values = bash_values(program, "*");
    std::string positionals;
    std::string flags;
    const auto global = flags_of(program);
    for (const auto& command : program.commands) {
        values = bash_values(command, command.name) + values;
        positionals += bash_positionals(command);
        auto own = flags_of(command);
        own.insert(own.end(), global.begin(), global.end());
        flags += fmt::format("        {}) flags={} ;;\n", command.name,
                             shell_quoted(fmt::format("{}", fmt::join(own, " "))));
    }
    std::string takes_value = with_value(program);
    for (const auto& command : program.commands) takes_value += with_value(command);
    return fmt::format(
        R"(# bash completion for zmfirewall; generated from its own --help
_zmfirewall() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}}
    local command= flags={global} place=0 i
    local with_value={takes_value}
    COMPREPLY=()
    # The command is the first word that is neither an option nor an option's value; then come its own words.
    for ((i = 1; i < COMP_CWORD; i++)); do
        if [[ ${{COMP_WORDS[i]}} == -* ]]; then
            [[ $with_value == *" ${{COMP_WORDS[i]}} "* ]] && ((i++))
        elif [[ -z $command ]]; then
            command=${{COMP_WORDS[i]}}
        else
            ((place++))
        fi
    done
    case $command:$before in
{values}    esac
    case $command in
{flags}    esac
    if [[ $word == -* ]]; then
        COMPREPLY=($(compgen -W "$flags" -- "$word"))
        return
    fi
    case $command:$place in
        :*) COMPREPLY=($(compgen -W {commands} -- "$word")) ;;
{positionals}    esac
}}
complete -o filenames -F _zmfirewall zmfirewall
)",
        fmt::arg("global", shell_quoted(fmt::format("{}", fmt::join(global, " ")))),
        fmt::arg("takes_value", shell_quoted(takes_value + " ")), fmt::arg("values", values), fmt::arg("flags", flags),
        fmt::arg("commands", shell_quoted(fmt::format("{}", fmt::join(names_of(program.commands), " ")))),
        fmt::arg("positionals", positionals));
}

std::string zsh_completion(const CommandPage& program) {
    std::string commands;
    std::string cases;
    for (const auto& command : program.commands) {
        commands +=
            fmt::format("        {}\n", shell_quoted(zsh_text(command.name) + ":" + zsh_text(command.description)));
        cases +=
            fmt::format("{0}{1})\n{0}    _arguments \\\n{2}{0}        $common && ret=0\n{0}    ;;\n",
                        "                ", command.name, zsh_arguments(command, "                        ", " \\"));
    }
    return fmt::format(
        R"(#compdef zmfirewall
# zsh completion for zmfirewall; generated from its own --help
_zmfirewall() {{
    local curcontext="$curcontext" state line ret=1
    local -a common commands
    common=(
{globals}    )
    commands=(
{commands}    )
    _arguments -C $common ':command:->command' '*::argument:->argument' && ret=0
    case $state in
        command) _describe -t commands command commands && ret=0 ;;
        argument)
            case $line[1] in
{cases}            esac
            ;;
    esac
    return ret
}}
_zmfirewall "$@"
)",
        fmt::arg("globals", zsh_arguments(program, "        ", "")), fmt::arg("commands", commands),
        fmt::arg("cases", cases));
}

std::string fish_completion(const CommandPage& program) {
    std::string text = "# fish completion for zmfirewall; generated from its own --help\ncomplete -c zmfirewall -f\n";
    const auto all = fmt::format("{}", fmt::join(names_of(program.commands), " "));
    const auto none = "not __fish_seen_subcommand_from " + all;
    for (const auto& command : program.commands) {
        text += fmt::format("complete -c zmfirewall -n {} -a {} -d {}\n", fish_quoted(none), command.name,
                            fish_quoted(command.description));
    }
    text += fish_options(program, "true");
    for (const auto& command : program.commands) {
        text += fish_options(command, "__fish_seen_subcommand_from " + command.name);
    }
    return text;
}

}  // namespace zmfw
