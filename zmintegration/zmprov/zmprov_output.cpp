#include <zmintegration/zmprov/zmprov_output.hpp>

#include <fmt/format.h>
#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <utility>
#include <zmintegration/support/network.hpp>
#include <zmintegration/support/text.hpp>
#include <zmintegration/zmprov/base64.hpp>

namespace zmi {
namespace {

constexpr std::string_view k_prompt = "prov> ";
constexpr std::string_view k_header = "# name ";

bool starts_with(std::string_view text, std::string_view prefix) {
    return text.substr(0, prefix.size()) == prefix;
}

tl::unexpected<Error> incomprehensible(std::string what) {
    return failure(ErrorKind::knowledge, std::move(what));
}

/// What one line of the batch asked for.
struct Question {
    std::string_view line;
    std::string_view server;     ///< of gs
    std::string_view attribute;  ///< of gcf
    bool is_exit = false;

    [[nodiscard]] std::string subject() const {
        return server.empty() ? std::string("global config") : fmt::format("server {}", zmi::quoted(server));
    }
};

Question question_of(std::string_view line) {
    const auto words = split_words(line);
    Question question{line, {}, {}, false};
    if (words.size() == 1 && words[0] == "exit") question.is_exit = true;
    if (words.size() > 1 && words[0] == "gcf") question.attribute = words[1];
    if (words.size() > 1 && words[0] == "gs") question.server = words[words.size() > 2 && words[1] == "-e" ? 2 : 1];
    return question;
}

/// The text after each prompt that stands at the start of a line or right after another prompt.
Expected<std::vector<std::string_view>> split_at_prompts(std::string_view out) {
    if (!starts_with(out, k_prompt)) return incomprehensible("the output does not begin with a prompt");
    std::vector<std::string_view> answers;
    std::size_t at = k_prompt.size();
    std::size_t start = at;
    while (at < out.size()) {
        if (starts_with(out.substr(at), k_prompt)) {
            answers.push_back(out.substr(start, at - start));
            start = at += k_prompt.size();
        } else {
            at = std::min(out.find('\n', at), out.size() - 1) + 1;
        }
    }
    answers.push_back(out.substr(start));
    return answers;
}

/// Some terminal libraries echo each command after its prompt, others do not.
std::string_view without_echo(std::string_view answer, std::string_view command) {
    const auto end = answer.find('\n');
    if (end == std::string_view::npos) return trim(answer) == command ? std::string_view() : answer;
    return trim(answer.substr(0, end)) == command ? answer.substr(end + 1) : answer;
}

/// "NAME: value" or "NAME:: base64".
struct AttributeLine {
    std::string_view name;
    std::string_view value;
    bool is_base64 = false;
};

std::optional<AttributeLine> attribute_line(std::string_view line) {
    const auto colon = line.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
    if (colon == 0 || colon == std::string_view::npos) return std::nullopt;
    const auto rest = line.substr(colon);
    if (starts_with(rest, ": ")) return AttributeLine{line.substr(0, colon), rest.substr(2), false};
    if (starts_with(rest, ":: ")) return AttributeLine{line.substr(0, colon), rest.substr(3), true};
    return std::nullopt;
}

/// "zimbraX", "carbonioX": no word of a text looks like that.
bool is_ours(std::string_view name) {
    constexpr std::string_view k_carbonio = "carbonio";
    if (starts_with(name, "zimbra")) return true;
    return starts_with(name, k_carbonio) && name.size() > k_carbonio.size() && name[k_carbonio.size()] >= 'A' &&
           name[k_carbonio.size()] <= 'Z';
}

/// Collects the attribute lines of one answer. They come in ASCII order of their names, so a line that does not is
/// part of a value over several lines, made to look like an attribute.
class AttributeReader {
public:
    using Asked = std::function<bool(std::string_view)>;

    AttributeReader(std::string subject, Asked asked) : m_subject(std::move(subject)), m_asked(std::move(asked)) {}

    [[nodiscard]] Expected<void> take(std::string_view line) {
        const auto start = attribute_line(line);
        if (start && m_asked(start->name)) return begin(*start);
        if (m_name.empty()) {
            return incomprehensible(
                fmt::format("{}: {} is no attribute that was asked for", m_subject, zmi::quoted(line)));
        }
        if (start && is_ours(start->name)) {
            return incomprehensible(fmt::format("{}: attribute {} was not asked for", m_subject, start->name));
        }
        m_text += '\n';
        m_text += line;
        return {};
    }

    [[nodiscard]] Expected<Attributes> finish() {
        if (auto done = end_value(); !done) return tl::unexpected(std::move(done.error()));
        return std::move(m_attributes);
    }

private:
    Expected<void> begin(const AttributeLine& line) {
        if (auto done = end_value(); !done) return done;
        if (line.name < m_name) {
            return incomprehensible(fmt::format(
                "{}: attribute {} stands after {}, where it cannot; a value over several lines may forge it", m_subject,
                line.name, m_name));
        }
        m_name = line.name;
        m_text = line.value;
        m_is_base64 = line.is_base64;
        return {};
    }

    Expected<void> end_value() {
        if (m_name.empty()) return {};
        if (m_is_base64) {
            auto decoded = decode_base64(m_text);
            if (!decoded) {
                return incomprehensible(fmt::format("{}: attribute {} is not valid base64", m_subject, m_name));
            }
            m_text = std::move(*decoded);
        }
        m_attributes[m_name].push_back(std::move(m_text));
        return {};
    }

    std::string m_subject;
    Asked m_asked;
    Attributes m_attributes;
    std::string m_name;  ///< of the value being read; empty before the first
    std::string m_text;
    bool m_is_base64 = false;
};

Expected<Attributes> read_attributes(std::string_view text, AttributeReader reader) {
    for (const auto line : split_lines(text)) {
        if (auto done = reader.take(line); !done) return tl::unexpected(std::move(done.error()));
    }
    return reader.finish();
}

Expected<DumpBlock> read_server(std::string_view answer, const Question& question,
                                const std::set<std::string, std::less<>>& asked) {
    const auto header = answer.substr(0, answer.find('\n'));
    if (!starts_with(header, k_header)) {
        return incomprehensible(
            fmt::format("{}: no block of attributes but {}", question.subject(), zmi::quoted(header)));
    }
    const auto name = header.substr(k_header.size());
    if (!equal_ignoring_case(name, question.server)) {
        return incomprehensible(fmt::format("{}: the answer is for {}", question.subject(), zmi::quoted(name)));
    }
    auto body = answer.substr(header.size());
    if (body.size() < 2 || body.substr(body.size() - 2) != "\n\n") {
        return incomprehensible(fmt::format("{}: its block has no end", question.subject()));
    }
    body = body.substr(1, body.size() - 2);  // the line break of the header, the blank line after the block
    auto attributes = read_attributes(
        body, AttributeReader(question.subject(), [&](std::string_view a) { return asked.find(a) != asked.end(); }));
    if (!attributes) return tl::unexpected(std::move(attributes.error()));
    return DumpBlock{std::string(name), std::move(*attributes)};
}

Expected<DumpBlock> read_config(std::string_view answer, const Question& question) {
    if (!answer.empty() && answer.back() != '\n') {
        return incomprehensible(fmt::format("{}: attribute {} has no end", question.subject(), question.attribute));
    }
    auto attributes = read_attributes(
        answer, AttributeReader(question.subject(), [&](std::string_view a) { return a == question.attribute; }));
    if (!attributes) return tl::unexpected(std::move(attributes.error()));
    return DumpBlock{{}, std::move(*attributes)};
}

Expected<void> check_count(std::size_t answers, const std::vector<std::string>& commands) {
    // Without `exit`, one more prompt stands before the end of the input.
    const bool exits = !commands.empty() && question_of(commands.back()).is_exit;
    const auto expected = commands.size() + (exits ? 0 : 1);
    if (answers < expected) {
        return incomprehensible(fmt::format("the output ends after {} of {} commands", answers, commands.size()));
    }
    if (answers > expected) {
        return incomprehensible(fmt::format("{} prompts for {} commands; a value over several lines may forge one",
                                            answers, commands.size()));
    }
    return {};
}

}  // namespace

Expected<std::vector<std::string>> parse_server_names(std::string_view out) {
    std::vector<std::string> names;
    std::set<std::string> seen;
    if (!out.empty() && out.back() != '\n') return incomprehensible("the list of servers breaks off");
    for (const auto line : split_lines(out)) {
        if (!is_host_name(line)) {
            return incomprehensible(fmt::format("{} in the list of servers is not a host name", zmi::quoted(line)));
        }
        if (!seen.insert(to_lower(line)).second) {
            return incomprehensible(fmt::format("server {} is listed twice", zmi::quoted(line)));
        }
        names.emplace_back(line);
    }
    if (names.empty()) return incomprehensible("the list of servers is empty");
    return names;
}

Expected<std::vector<DumpBlock>> parse_batch(std::string_view out, const std::vector<std::string>& commands,
                                             const std::set<std::string, std::less<>>& asked) {
    const auto answers = split_at_prompts(out);
    if (!answers) return tl::unexpected(answers.error());
    if (auto done = check_count(answers->size(), commands); !done) return tl::unexpected(std::move(done.error()));
    std::vector<DumpBlock> blocks;
    for (std::size_t i = 0; i < commands.size(); ++i) {
        const auto question = question_of(commands[i]);
        const auto answer = without_echo((*answers)[i], question.line);
        if (question.is_exit && trim(answer).empty()) continue;
        if (question.server.empty() && question.attribute.empty()) {
            return incomprehensible(fmt::format("an answer to {} was not expected", zmi::quoted(question.line)));
        }
        auto block = question.server.empty() ? read_config(answer, question) : read_server(answer, question, asked);
        if (!block) return tl::unexpected(std::move(block.error()));
        blocks.push_back(std::move(*block));
    }
    return blocks;
}

std::vector<std::string> error_lines(std::string_view err) {
    std::vector<std::string> errors;
    for (const auto line : split_lines(err)) {
        if (starts_with(line, "ERROR:")) errors.emplace_back(trim(line));
    }
    return errors;
}

}  // namespace zmi
