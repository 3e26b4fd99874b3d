#include <fmt/format.h>
#include <algorithm>
#include <map>
#include <plugin/harden/harden.hpp>
#include <plugin/harden/settings.hpp>
#include <plugin/plan/remedy_text.hpp>
#include <set>
#include <tuple>
#include <zmintegration/local/prov_command.hpp>
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
    BatchMaker(const zmi::Inventory& inventory, const Catalogue& catalogue)
        : m_catalogue(catalogue), m_settings(inventory, catalogue) {}

    void add(const Finding& finding, bool live);
    [[nodiscard]] Hardening result(const zmi::Inventory& inventory) &&;

private:
    /// A setting that some finding wants.
    struct Wish {
        Change change;
        std::string finding;
        bool live = false;
    };

    void add_remedy(const Finding& finding, std::size_t index, bool live);
    void add_attributes(const Finding& finding, const std::vector<Change>& changes, bool live);
    void propose_attributes(const std::vector<Change>& changes);
    void add_localconfig(const Change& change, bool proposed);
    [[nodiscard]] const Wish* conflict(const std::vector<Change>& changes) const;
    void refuse(const Finding& finding, const std::string& why);

    const Catalogue& m_catalogue;
    Settings m_settings;
    Hardening m_made;
    std::vector<std::string> m_undo;                               ///< in the order of the batch
    std::map<std::pair<std::string, std::string>, Wish> m_wanted;  ///< by server and name
    std::set<Change> m_told;                                       ///< of localconfig
};

void BatchMaker::refuse(const Finding& finding, const std::string& why) {
    m_made.batch += comments("left out: " + why, 2);
    m_made.refused.push_back(fmt::format("{} of {}: {}", finding.id, finding.server, why));
}

/// Two findings may ask for different values; the first, more severe one has it.
const BatchMaker::Wish* BatchMaker::conflict(const std::vector<Change>& changes) const {
    for (const auto& change : changes) {
        const auto earlier = m_wanted.find({change.server, change.name});
        const bool lists = change.kind == Change::Kind::add || change.kind == Change::Kind::remove;
        if (earlier == m_wanted.end() || earlier->second.change == change) continue;
        if (lists && earlier->second.change.kind == change.kind) continue;
        return &earlier->second;
    }
    return nullptr;
}

void BatchMaker::add_attributes(const Finding& finding, const std::vector<Change>& changes, bool live) {
    if (const auto* earlier = conflict(changes); earlier != nullptr) {
        const auto& change = earlier->change;
        // What listens says more than what is configured.
        if (earlier->live && !live) {
            m_made.batch += comments(fmt::format("{} settles {} above", earlier->finding, change.name), 2);
            return;
        }
        return refuse(finding, fmt::format("a change above is about {} {} already", change.name,
                                           change.server.empty() ? "in global config" : "of " + change.server));
    }
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
    for (const auto& change : changes) m_wanted.emplace(std::pair(server, change.name), Wish{change, finding.id, live});
    m_settings = std::move(settings);
    m_made.batch += *line;
    m_undo.push_back(*undo);
    m_made.changes += forward.size();
}

/// What a person has to think about: the command, the value of now and what brings it back, all as comments.
void BatchMaker::propose_attributes(const std::vector<Change>& changes) {
    const auto& server = changes.front().server;
    auto settings = m_settings;
    Words backward;
    for (const auto& change : changes) {
        if (!settings.knows(server)) break;
        const auto before = settings.own(server, change.name);
        const auto after = settings.after(change);
        m_made.batch += comments("now: " + settings.described(server, change.name), 2);
        if (!after) continue;
        for (auto& word : difference(change.name, *after, before)) backward.push_back(std::move(word));
        settings.put(server, change.name, *after);
    }
    m_made.batch += comment("  if that fits, as nobody else can tell: " + command_text(changes, m_catalogue.product));
    const auto undo = command(server, backward);
    if (!backward.empty() && undo)
        m_undo.push_back(comment("if it was done by hand: " + undo->substr(0, undo->size() - 1)));
}

/// Only the node itself can change its localconfig, so these stay comments, on both sides.
void BatchMaker::add_localconfig(const Change& change, bool proposed) {
    if (!m_told.insert(change).second) {
        m_made.batch += comments(fmt::format("as above: {} on {}", change.name, change.server), 2);
        return;
    }
    const auto now = m_settings.localconfig(change.server, change.name);
    const auto key = shell_word(change.name);
    if (!now) {
        const auto part = m_settings.localconfig_part(change.server, change.name);
        m_made.batch += comments(fmt::format("now: {} on {} {}: zmlocalconfig -m nokey {}", change.name, change.server,
                                             part ? fmt::format("holds {}, and more", zmi::quoted(*part, 200))
                                                  : std::string("is known to that node alone"),
                                             key),
                                 2);
        m_undo.push_back(comment(fmt::format(
            "on {}, what zmlocalconfig -m nokey {} said before: zmlocalconfig -e {}=...", change.server, key, key)));
    } else if (change.kind == Change::Kind::set && *now == zmi::Values{change.value}) {
        m_made.batch += comments(
            fmt::format("{} on {} is {} already", change.name, change.server, zmi::quoted(change.value, 200)), 2);
        return;
    } else {
        const auto kind = now->empty() ? Change::Kind::unset : Change::Kind::set;
        const auto old = now->empty() ? std::string() : now->front();
        m_made.batch += comments(fmt::format("now: {} on {} is {}", change.name, change.server,
                                             now->empty() ? "not set" : zmi::quoted(old, 200)),
                                 2);
        const Change back{kind, FactKind::localconfig, change.server, change.name, old, {}};
        m_undo.push_back(comment(fmt::format("on {}: {}", change.server, command_text({back}, m_catalogue.product))));
    }
    m_made.batch += comment(fmt::format("  {}on {}: {}", proposed ? "if that fits, " : "", change.server,
                                        command_text({change}, m_catalogue.product)));
}

void BatchMaker::add_remedy(const Finding& finding, std::size_t index, bool live) {
    const auto of = [&](const std::vector<std::vector<Change>>& list) {
        return index < list.size() ? list[index] : std::vector<Change>();
    };
    const auto changes = of(finding.changes);
    const auto proposed = of(finding.proposed);
    const auto& either = changes.empty() ? proposed : changes;
    if (!either.empty() && either.front().fact == FactKind::localconfig) {
        for (const auto& change : either) add_localconfig(change, changes.empty());
    } else if (!changes.empty()) {
        add_attributes(finding, changes, live);
    } else if (!proposed.empty()) {
        propose_attributes(proposed);
    } else {
        const auto& text = finding.remedy[index];
        m_made.batch +=
            comment(text.starts_with('<')
                        ? fmt::format("  {}in conf/zmfirewall.xml: {}", index == 0 ? "" : "or ", text)
                        : fmt::format("  {}, on {}: {}", index > 0 ? "then" : "by hand", finding.server, text));
    }
}

void BatchMaker::add(const Finding& finding, bool live) {
    if (finding.remedy.empty()) return;
    m_made.batch +=
        "\n" + comment(fmt::format("{} ({}) on {}{}", finding.id, to_string(finding.severity), finding.server,
                                   finding.accepted ? ": accepted by the policy, left as it is" : ""));
    if (finding.accepted) return;
    m_made.batch += comments(finding.text, 2);
    for (std::size_t i = 0; i < finding.remedy.size(); ++i) add_remedy(finding, i, live);
}

Hardening BatchMaker::result(const zmi::Inventory& inventory) && {
    const auto facts = fmt::format("facts of {} ({})", inventory.source.taken_at, inventory.source.kind);
    const auto head = [&](const char* what, const char* other) {
        return comments(fmt::format("zmfirewall harden: {}, from {}. Nothing was executed. Read it, then, as user "
                                    "{}: zmprov -f THIS-FILE. zmprov calls each of these comments an unknown "
                                    "command; that does no harm. {}",
                                    what, facts, zmi::prov_user(m_catalogue.product), other),
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

Hardening harden(const zmi::Inventory& inventory, const Catalogue& catalogue, const std::vector<Finding>& findings,
                 const std::vector<Finding>& live) {
    BatchMaker maker(inventory, catalogue);
    for (const auto& finding : live) maker.add(finding, true);
    for (const auto& finding : findings) maker.add(finding, false);
    return std::move(maker).result(inventory);
}

}  // namespace zmfw
