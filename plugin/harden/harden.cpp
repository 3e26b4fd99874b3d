#include <fmt/format.h>
#include <algorithm>
#include <map>
#include <plugin/harden/harden.hpp>
#include <plugin/harden/settings.hpp>
#include <plugin/plan/remedy_text.hpp>
#include <tuple>
#include <zmintegration/support/text.hpp>
#include <zmintegration/zmprov/batch_word.hpp>

namespace zmfw {
namespace {

using Words = std::vector<std::pair<std::string, std::string>>;

/// A line that zmprov reads as a command that it does not know, whatever the text holds: plain characters, and no
/// backslash at the end, which would join the next line to it.
std::string comment(std::string_view text) {
    std::string line = "# ";
    for (const char c : text) line += c >= ' ' && c <= '~' ? c : '?';
    return line + (line.ends_with('\\') ? ".\n" : "\n");
}

std::string comments(std::string_view text, std::size_t indent) {
    constexpr std::size_t k_width = 110;
    std::string lines;
    std::string line(indent, ' ');
    for (const auto word : zmi::split_words(text)) {
        if (line.size() > indent && line.size() + 1 + word.size() > k_width) {
            lines += comment(line);
            line.assign(indent, ' ');
        }
        line += (line.size() > indent ? " " : "") + std::string(word);
    }
    return lines + comment(line);
}

/// "ms SERVER name value ...", or "mcf name value ..."; an error where a word cannot be written.
zmi::Expected<std::string> command(const std::string& server, const Words& words) {
    std::string line = server.empty() ? "mcf" : "ms";
    if (!server.empty()) {
        auto word = zmi::batch_word(server);
        if (!word) return word;
        line += " " + *word;
    }
    for (const auto& [name, value] : words) {
        const auto name_word = zmi::batch_word(name);
        if (!name_word) return name_word;
        auto value_word = zmi::batch_word(value);
        if (!value_word) return tl::unexpected(std::move(value_word.error()).within("a value of " + name));
        line += " " + *name_word + " " + *value_word;
    }
    return line + "\n";
}

class BatchMaker {
public:
    BatchMaker(const zmi::Inventory& inventory, const Catalogue& catalogue) : m_settings(inventory, catalogue) {}

    void add(const Finding& finding);
    [[nodiscard]] Hardening result(const zmi::Inventory& inventory) &&;

private:
    void add_attributes(const Finding& finding, const std::vector<Change>& changes);
    void add_localconfig(const Change& change);
    [[nodiscard]] std::string conflict(const std::vector<Change>& changes) const;
    void refuse(const Finding& finding, const std::string& why);

    Settings m_settings;
    Hardening m_made;
    std::vector<std::string> m_undo;                                 ///< in the order of the batch
    std::map<std::pair<std::string, std::string>, Change> m_wanted;  ///< by server and name
};

void BatchMaker::refuse(const Finding& finding, const std::string& why) {
    m_made.batch += comments("left out: " + why, 2);
    m_made.refused.push_back(fmt::format("{} of {}: {}", finding.id, finding.server, why));
}

/// Two findings may ask for different values; the first, more severe one has it.
std::string BatchMaker::conflict(const std::vector<Change>& changes) const {
    for (const auto& change : changes) {
        const auto earlier = m_wanted.find({change.server, change.name});
        const bool lists = change.kind == Change::Kind::add || change.kind == Change::Kind::remove;
        if (earlier == m_wanted.end() || earlier->second == change) continue;
        if (lists && earlier->second.kind == change.kind) continue;
        return fmt::format("a change above is about {} {} already", change.name,
                           change.server.empty() ? "in global config" : "of " + change.server);
    }
    return {};
}

void BatchMaker::add_attributes(const Finding& finding, const std::vector<Change>& changes) {
    if (const auto why = conflict(changes); !why.empty()) return refuse(finding, why);
    if (!m_settings.knows(changes.front().server))
        return refuse(finding, fmt::format("the inventory has no server {}", zmi::quoted(changes.front().server)));
    auto settings = m_settings;
    const auto& server = changes.front().server;
    Words forward;
    Words backward;
    std::string now;
    for (const auto& change : changes) {
        const auto before = settings.own(server, change.name);
        const auto after = settings.after(change);
        if (!after) return refuse(finding, fmt::format("{} would be empty, and so inherited again", change.name));
        now += comments("now: " + settings.described(server, change.name), 2);
        for (auto& word : difference(change.name, before, *after)) forward.push_back(std::move(word));
        for (auto& word : difference(change.name, *after, before)) backward.push_back(std::move(word));
        settings.put(server, change.name, *after);
    }
    m_made.batch += now;
    if (forward.empty()) {
        m_made.batch += comment("  nothing to change: it is so already, or a change above does it");
        return;
    }
    auto line = command(server, forward);
    auto undo = command(server, backward);
    if (!line || !undo) return refuse(finding, line ? undo.error().what : line.error().what);
    for (const auto& change : changes) m_wanted.emplace(std::pair(server, change.name), change);
    m_settings = std::move(settings);
    m_made.batch += *line;
    m_undo.push_back(*undo);
    m_made.changes += forward.size();
}

/// Only the node itself can change its localconfig, so these stay comments, on both sides.
void BatchMaker::add_localconfig(const Change& change) {
    const auto now = m_settings.localconfig(change.server, change.name);
    const auto command = command_text({change});
    if (!now) {
        m_made.batch += comments(fmt::format("now: {} on {} is known to that node alone: zmlocalconfig {}", change.name,
                                             change.server, shell_word(change.name)),
                                 2);
        m_undo.push_back(comment(fmt::format("on {}, what zmlocalconfig {} said before: zmlocalconfig -e {}=...",
                                             change.server, shell_word(change.name), shell_word(change.name))));
    } else {
        const auto kind = now->empty() ? Change::Kind::unset : Change::Kind::set;
        const auto old = now->empty() ? std::string() : now->front();
        m_made.batch += comments(fmt::format("now: {} on {} is {}", change.name, change.server,
                                             now->empty() ? "not set" : zmi::quoted(old, 200)),
                                 2);
        const Change back{kind, FactKind::localconfig, change.server, change.name, old};
        m_undo.push_back(comment(fmt::format("on {}: {}", change.server, command_text({back}))));
    }
    m_made.batch += comment(fmt::format("  on {}: {}", change.server, command));
}

void BatchMaker::add(const Finding& finding) {
    if (finding.remedy.empty()) return;
    m_made.batch +=
        "\n" + comment(fmt::format("{} ({}) on {}{}", finding.id, to_string(finding.severity), finding.server,
                                   finding.accepted ? ": accepted by the policy, left as it is" : ""));
    if (finding.accepted) return;
    m_made.batch += comments(finding.text, 2);
    bool changed = false;
    for (std::size_t i = 0; i < finding.remedy.size(); ++i) {
        const auto& text = finding.remedy[i];
        const auto changes = i < finding.changes.size() ? finding.changes[i] : std::vector<Change>{};
        if (changes.empty()) {
            const bool policy = text.starts_with('<');
            m_made.batch +=
                comment(policy ? fmt::format("  {}in conf/zmfirewall.xml: {}", i == 0 ? "" : "or ", text)
                               : fmt::format("  {}, on {}: {}", changed ? "then" : "by hand", finding.server, text));
        } else if (changes.front().fact == FactKind::localconfig) {
            for (const auto& change : changes) add_localconfig(change);
            changed = true;
        } else {
            add_attributes(finding, changes);
            changed = true;
        }
    }
}

Hardening BatchMaker::result(const zmi::Inventory& inventory) && {
    const auto facts = fmt::format("facts of {} ({})", inventory.source.taken_at, inventory.source.kind);
    const auto head = [&](const char* what, const char* other) {
        return comments(fmt::format("zmfirewall harden: {}, from {}. Nothing was executed. Read it, then, as user "
                                    "zimbra: zmprov -f THIS-FILE. zmprov calls each of these comments an unknown "
                                    "command; that does no harm. {}",
                                    what, facts, other),
                        0);
    };
    m_made.batch = head("changes for the findings", "The file beside it, with .undo, takes them back.") + m_made.batch +
                   (m_made.changes == 0 ? "\n" + comment("no setting is changed by this batch") : "") + "\nexit\n";
    m_made.undo = head("what takes the batch back", "It brings back the values of those facts.") + "\n";
    for (auto line = m_undo.rbegin(); line != m_undo.rend(); ++line) m_made.undo += *line;
    m_made.undo += "\nexit\n";
    return std::move(m_made);
}

}  // namespace

Hardening harden(const zmi::Inventory& inventory, const Catalogue& catalogue, const std::vector<Finding>& findings) {
    BatchMaker maker(inventory, catalogue);
    for (const auto& finding : findings) maker.add(finding);
    return std::move(maker).result(inventory);
}

}  // namespace zmfw
