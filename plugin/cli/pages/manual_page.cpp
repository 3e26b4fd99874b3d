#include <fmt/format.h>
#include <cctype>
#include <plugin/cli/pages/pages.hpp>
#include <utility>

namespace zmfw {
namespace {

constexpr const char* k_description =
    "zmfirewall asks a running Zimbra or Carbonio which services and ports are enabled on each server, derives the minimal "
    "firewall whitelist from that, says why each port is open or closed, and emits the rules. It runs as the user "
    "zimbra (of Carbonio: zextras) and loads nothing; loading rules is root's affair, with the commands that say so. Standard output carries "
    "the result only; everything else goes to standard error.";

constexpr std::pair<const char*, const char*> k_files[] = {
    {"/opt/zimbra/, /opt/zextras/", "HOME below: where Zimbra or Carbonio is installed."},
    {"HOME/conf/zmfirewall.xml", "The policy of the site (optional): networks, additions, exceptions."},
    {"HOME/conf/localconfig.xml", "Read for the admin service, its login and this node's own settings."},
    {"HOME/common/conf/master.cf, HOME/common/conf/main.cf", "Read for the listeners of postfix."},
    {"/etc/ssh/sshd_config", "Read for the ports of sshd, which are never cut."},
    {"HOME/data/zmfirewall/", "State of the user zimbra or zextras: the last inventory and what was recorded."},
    {"/var/lib/zmfirewall/", "State of root: the rules that wait for confirm, and those that were confirmed."},
    {"/usr/share/zmfirewall/", "The catalogue of endpoints and the templates of the formats."},
    {"/etc/zmfirewall/catalogue.d/, /etc/zmfirewall/templates/", "Additions of the site to both."},
};

/// Text for roff: nothing in it is a request, an escape or a hyphen that is no minus.
std::string roff(std::string_view text) {
    std::string result;
    bool line_starts = true;
    for (const char c : text) {
        if (line_starts && (c == '.' || c == '\'')) result += "\\&";
        if (c == '\\') {
            result += "\\e";
        } else if (c == '-') {
            result += "\\-";
        } else if (c == '\'') {
            result += "\\(aq";
        } else if (c == '`') {
            result += "\\(ga";
        } else if (c == '^') {
            result += "\\(ha";
        } else if (c == '~') {
            result += "\\(ti";
        } else {
            result += c;
        }
        line_starts = c == '\n';
    }
    return result;
}

std::string upper(std::string_view text) {
    std::string result;
    for (const char c : text) result += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return result;
}

std::string bold(std::string_view text) {
    return fmt::format("\\fB{}\\fR", roff(text));
}

std::string italic(std::string_view text) {
    return fmt::format("\\fI{}\\fR", roff(text));
}

std::string value_name(const OptionPage& option) {
    return option.positional ? upper(option.names.front()) : option.value;
}

std::string option_entry(const OptionPage& option) {
    std::string title;
    for (const auto& name : option.names) {
        if (!title.empty()) title += ", ";
        title += option.positional ? italic(value_name(option)) : bold(name);
    }
    if (!option.positional && !option.value.empty()) title += " " + italic(option.value);
    std::string text = roff(option.description);
    const auto add = [&text](const std::string& more) { text += (text.empty() ? "" : ". ") + more; };
    if (!option.choices.empty()) {
        std::string all;
        for (const auto& choice : option.choices) all += (all.empty() ? "" : ", ") + bold(choice);
        add("One of " + all);
    }
    if (!option.default_value.empty()) add("Default: " + bold(option.default_value));
    return fmt::format(".TP\n{}\n{}.\n", title, text.empty() ? "See above" : text);
}

std::string command_section(const CommandPage& command, const std::string& prefix) {
    const auto name = prefix + command.name;
    std::string synopsis = bold(name);
    for (const auto& option : command.options) {
        if (!option.positional) continue;
        synopsis +=
            option.required ? " " + italic(value_name(option)) : fmt::format(" [{}]", italic(value_name(option)));
    }
    std::string text = fmt::format(".SS {}\n{}.\n", synopsis, roff(command.description));
    for (const auto& option : command.options) text += option_entry(option);
    for (const auto& inner : command.commands) text += command_section(inner, name + " ");
    return text;
}

std::string trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(' ');
    if (first == std::string_view::npos) return {};
    return std::string(text.substr(first, text.find_last_not_of(' ') - first + 1));
}

/// "  A    b" lines, and deeper lines that continue b; lines at the margin (headings) do not count.
std::vector<std::pair<std::string, std::string>> two_columns(std::string_view text) {
    std::vector<std::pair<std::string, std::string>> rows;
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        const auto start = line.find_first_not_of(' ');
        if (start == std::string_view::npos || start == 0) continue;
        if (start > 2 && !rows.empty()) {
            rows.back().second += " " + trimmed(line);
            continue;
        }
        const auto gap = line.find("  ", start);
        rows.emplace_back(trimmed(line.substr(0, gap)),
                          gap == std::string_view::npos ? std::string() : trimmed(line.substr(gap)));
    }
    return rows;
}

std::string rows_text(std::string_view table, bool code) {
    std::string text;
    for (const auto& [left, right] : two_columns(table)) {
        text += fmt::format(".TP\n{}\n{}\n", code ? bold(left) : roff(left), right.empty() ? "\\&" : roff(right));
    }
    return text;
}

}  // namespace

std::string manual_page(const CommandPage& program, const ManualTexts& texts) {
    const auto colon = program.description.find(": ");
    const auto summary = colon == std::string::npos ? program.description : program.description.substr(colon + 2);
    std::string page = fmt::format(
        ".\\\" Generated from the command's own --help.\n"
        ".TH {} 1 \"\" \"{} {}\" \"Zimbra administration\"\n.SH NAME\n{} \\- {}\n",
        upper(program.name), program.name, texts.version, roff(program.name), roff(summary));
    page += fmt::format(".SH SYNOPSIS\n{} [{}] {} [{}]\n", bold(program.name), italic("option ..."), italic("command"),
                        italic("argument ..."));
    page += fmt::format(".SH DESCRIPTION\n{}\n.SH OPTIONS\n", roff(k_description));
    for (const auto& option : program.options) page += option_entry(option);
    page += ".SH COMMANDS\n";
    for (const auto& command : program.commands) page += command_section(command, "");
    page += ".SH FILES\n";
    for (const auto& [path, meaning] : k_files) page += fmt::format(".TP\n{}\n{}\n", italic(path), roff(meaning));
    page += ".SH EXIT STATUS\n" + rows_text(texts.exit_status, true);
    page += ".SH ENVIRONMENT\n.TP\n" + bold("NO_COLOR") + "\nWhere set and not empty: no colours.\n";
    page += ".SH EXAMPLES\n" + rows_text(texts.examples, true);
    page += ".SH SEE ALSO\n.BR nft (8),\n.BR ufw (8),\n.BR iptables (8),\n.BR firewall\\-cmd (1)\n";
    return page;
}

}  // namespace zmfw
