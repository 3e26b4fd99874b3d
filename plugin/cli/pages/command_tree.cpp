#include <plugin/cli/pages/command_tree.hpp>

#include <CLI/CLI.hpp>
#include <string_view>

namespace zmfw {
namespace {

/// "TEXT:{info,warning,blocker}": the parser tells what it accepts in the name of the type.
std::vector<std::string> choices_of(std::string_view type) {
    const auto open = type.find('{');
    const auto close = type.find('}', open);
    if (open == std::string_view::npos || close == std::string_view::npos) return {};
    std::vector<std::string> choices;
    std::string word;
    for (const char c : type.substr(open + 1, close - open - 1)) {
        if (c == ',') {
            choices.push_back(std::move(word));
            word.clear();
        } else {
            word += c;
        }
    }
    choices.push_back(std::move(word));
    return choices;
}

OptionPage read_option(const CLI::Option& option) {
    OptionPage page;
    page.positional = option.get_positional();
    if (page.positional) {
        page.names = {option.get_name(true, false)};
    } else {
        for (const auto& name : option.get_snames()) page.names.push_back("-" + name);
        for (const auto& name : option.get_lnames()) page.names.push_back("--" + name);
    }
    page.description = option.get_description();
    page.required = option.get_required();
    page.default_value = option.get_default_str();
    if (page.positional || option.get_items_expected_max() > 0) {
        const auto type = option.get_type_name();
        page.choices = choices_of(type);
        page.value = type.substr(0, type.find(':'));
        if (page.value.empty()) page.value = "TEXT";
    }
    return page;
}

}  // namespace

CommandPage read_command_tree(const CLI::App& app) {
    CommandPage page;
    page.name = app.get_name();
    page.description = app.get_description();
    page.footer = app.get_footer();
    for (const auto* option : app.get_options()) {
        if (!option->get_group().empty()) page.options.push_back(read_option(*option));
    }
    for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
        if (!command->get_group().empty()) page.commands.push_back(read_command_tree(*command));
    }
    return page;
}

}  // namespace zmfw
