#include <zmintegration/zmprov/zmprov_source.hpp>

#include <fmt/format.h>
#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <zmintegration/support/network.hpp>
#include <zmintegration/support/text.hpp>
#include <zmintegration/zmprov/zmprov_output.hpp>

namespace zmi {
namespace {

using Names = std::set<std::string, std::less<>>;

constexpr std::size_t k_output_limit = 64 * 1024 * 1024;
constexpr std::size_t k_quote_limit = 200;  // of what a failed program says

/// "com.zimbra.cs.ldap.LdapException: LDAP error: ..." gives the message; other lines give nothing.
std::optional<std::string_view> exception_message(std::string_view line) {
    const auto colon = line.find(": ");
    if (colon == std::string_view::npos) return std::nullopt;
    const auto type = line.substr(0, colon);
    if (type.find_first_of(" \t") != std::string_view::npos || type.find('.') == std::string_view::npos) {
        return std::nullopt;
    }
    const bool is_exception =
        type.find("Exception") != std::string_view::npos || type.find("Error") != std::string_view::npos;
    return is_exception ? std::optional(line.substr(colon + 2)) : std::nullopt;
}

bool is_talk(std::string_view line) {
    return line.empty() || line.front() == '\t' || line.front() == ' ' || line.substr(0, 6) == "log4j:" ||
           line.find("] INFO") != std::string_view::npos || line.find("] WARN") != std::string_view::npos;
}

/// The one line of a failed program's output that says most; never a dump. Empty where it said nothing.
std::string most_useful_line(const Outcome& outcome) {
    if (outcome.end == Outcome::End::flooded) return {};
    std::string_view best;
    for (const auto line : split_lines(outcome.err)) {
        if (line.substr(0, 6) == "ERROR:") return zmi::quoted(without_credentials(line), k_quote_limit);
    }
    for (const auto line : split_lines(outcome.err)) {
        if (const auto message = exception_message(line)) {
            return zmi::quoted(without_credentials(*message), k_quote_limit);
        }
        if (best.empty() && !is_talk(line)) best = line;
    }
    // Complaints about the command line, which have status 1, go to stdout.
    const bool is_usage = outcome.end == Outcome::End::exited && outcome.code == 1;
    for (const auto line : split_lines(is_usage ? std::string_view(outcome.out) : std::string_view())) {
        if (best.empty()) best = trim(line);
    }
    return best.empty() ? std::string() : zmi::quoted(without_credentials(best), k_quote_limit);
}

class Zmprov {
public:
    Zmprov(ZmprovAccess access, const Product& product, ProcessRunner& runner, std::chrono::milliseconds deadline)
        : m_access(access), m_user(product.user), m_runner(runner), m_end(std::chrono::steady_clock::now() + deadline) {
        std::error_code ignored;
        m_home = std::filesystem::absolute(product.home, ignored);
        const auto bin = m_home / "bin";
        m_by_carbonio = product.family == ProductFamily::carbonio &&
                        !std::filesystem::exists(bin / "zmprov", ignored) &&
                        std::filesystem::exists(bin / "carbonio", ignored);
    }

    [[nodiscard]] std::string display() const {
        return fmt::format("{}{}", m_by_carbonio ? "carbonio prov" : "zmprov",
                           m_access == ZmprovAccess::ldap ? " -l" : "");
    }

    [[nodiscard]] Expected<std::vector<std::string>> names() {
        const auto out = run({"gas"}, {});
        if (!out) return tl::unexpected(out.error());
        return parse_server_names(*out).map_error([&](Error error) { return std::move(error).within(step("gas")); });
    }

    [[nodiscard]] Expected<std::vector<DumpBlock>> batch(const std::vector<std::string>& commands, const Names& asked) {
        std::string input;
        for (const auto& command : commands) input += command + "\n";
        const auto out = run({}, std::move(input));
        if (!out) return tl::unexpected(out.error());
        return parse_batch(*out, commands, asked).map_error([&](Error error) {
            return std::move(error).within(step("batch"));
        });
    }

private:
    [[nodiscard]] std::string step(std::string_view what) const { return fmt::format("{} {}", display(), what); }

    [[nodiscard]] Command command(std::vector<std::string> arguments, std::string input) const {
        Command command;
        command.program = m_home / "bin" / (m_by_carbonio ? "carbonio" : "zmprov");
        if (m_by_carbonio) command.arguments.emplace_back("prov");
        if (m_access == ZmprovAccess::ldap) command.arguments.emplace_back("-l");
        for (auto& argument : arguments) command.arguments.push_back(std::move(argument));
        command.environment = {{"PATH", (m_home / "bin").string() + ":/usr/bin:/bin"},
                               {"HOME", m_home.string()},
                               {"LC_ALL", "C.UTF-8"},
                               {"USER", m_user},
                               {"LOGNAME", m_user}};
        command.stdin_text = std::move(input);
        command.output_limit = k_output_limit;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(m_end - std::chrono::steady_clock::now());
        command.deadline = std::max(left, std::chrono::milliseconds(1));
        return command;
    }

    /// stdout of a run that succeeded in every respect.
    [[nodiscard]] Expected<std::string> run(std::vector<std::string> arguments, std::string input) {
        const auto what = step(arguments.empty() ? "batch" : arguments.front());
        const auto hint = fmt::format("try `{}/bin/{} gas` as the {} user", m_home.string(), display(), m_user);
        const auto asked = command(std::move(arguments), std::move(input));
        auto outcome = m_runner.run(asked);
        if (!outcome) return tl::unexpected(std::move(outcome.error()).within(what));
        if (outcome->ok() && error_lines(outcome->err).empty()) return std::move(outcome->out);
        const auto line = most_useful_line(*outcome);
        const auto end = outcome->ok() ? std::string("it reports an error") : outcome->describe(asked);
        return failure(ErrorKind::program, fmt::format("{}: {}{}{}", what, end, line.empty() ? "" : ": ", line), hint);
    }

    ZmprovAccess m_access;
    std::string m_user;
    std::filesystem::path m_home;
    bool m_by_carbonio = false;
    ProcessRunner& m_runner;
    std::chrono::steady_clock::time_point m_end;
};

/// Without secrets. What goes into a command line of zmprov must not be able to become another one.
Expected<Names> attributes_to_ask(const Wanted& wanted) {
    Names attributes;
    for (const auto& attribute : wanted.attributes) {
        const bool plain = !attribute.empty() && std::all_of(attribute.begin(), attribute.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        });
        if (!plain) {
            return failure(ErrorKind::data, fmt::format("{} is not the name of an attribute", zmi::quoted(attribute)));
        }
        if (!may_be_secret(attribute)) attributes.insert(attribute);
    }
    return attributes;
}

std::vector<std::string> batch_for(const std::vector<std::string>& names, const Names& attributes) {
    std::string list;
    for (const auto& attribute : attributes) list += " " + attribute;
    std::vector<std::string> commands;
    for (const auto& name : names) commands.push_back("gs -e " + name + list);
    for (const auto& attribute : attributes) commands.push_back("gcf " + attribute);
    commands.emplace_back("exit");
    return commands;
}

Expected<void> clean(Attributes& attributes, std::string_view owner) {
    for (auto& [name, values] : attributes) {
        for (auto& value : values) {
            if (!is_valid_utf8(value)) {
                return failure(ErrorKind::knowledge, fmt::format("{}: attribute {} is not valid UTF-8", owner, name));
            }
            value = without_credentials(value);
        }
    }
    return {};
}

Expected<void> add(DumpBlock block, Answer& answer) {
    const auto owner = block.name.empty() ? std::string("global config") : "server " + block.name;
    if (auto done = clean(block.attributes, owner); !done) return done;
    if (block.name.empty()) {
        answer.global.merge(block.attributes);
    } else {
        answer.servers.push_back({to_lower(block.name), std::move(block.attributes)});
    }
    return {};
}

}  // namespace

Expected<Answer> ask_zmprov(ZmprovAccess access, const Product& product, const Wanted& wanted, ProcessRunner& runner,
                            std::chrono::milliseconds deadline) {
    const auto attributes = attributes_to_ask(wanted);
    if (!attributes) return tl::unexpected(attributes.error());
    Zmprov zmprov(access, product, runner, deadline);
    const auto names = zmprov.names();
    if (!names) return tl::unexpected(names.error());
    Answer answer;
    answer.server = zmprov.display();
    // `gs` without attributes would give them all.
    if (attributes->empty()) {
        for (const auto& name : *names) answer.servers.push_back({to_lower(name), {}});
    } else {
        auto blocks = zmprov.batch(batch_for(*names, *attributes), *attributes);
        if (!blocks) return tl::unexpected(std::move(blocks.error()));
        for (auto& block : *blocks) {
            if (auto done = add(std::move(block), answer); !done) return tl::unexpected(std::move(done.error()));
        }
    }
    std::sort(answer.servers.begin(), answer.servers.end(),
              [](const Server& a, const Server& b) { return a.name < b.name; });
    return answer;
}

}  // namespace zmi
