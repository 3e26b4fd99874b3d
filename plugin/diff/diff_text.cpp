#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <functional>
#include <plugin/diff/diff_text.hpp>
#include <plugin/render/escape.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

constexpr std::size_t k_most_shown = 8;
constexpr std::size_t k_longest = 200;

/// What was read from the installation, fit for a terminal.
std::string plain(const std::string& text) {
    if (zmi::is_printable_ascii(text) && text.size() <= k_longest) return text;
    return zmi::quoted(text, k_longest);
}

std::string cut_list(const std::vector<std::string>& items) {
    if (items.size() <= k_most_shown) return fmt::format("{}", fmt::join(items, ", "));
    const std::vector<std::string> first(items.begin(), items.begin() + k_most_shown);
    return fmt::format("{} and {} more", fmt::join(first, ", "), items.size() - k_most_shown);
}

/// "anyone", names with their addresses where there are names, else the networks.
std::string whom(const std::vector<zmi::Cidr>& networks, const std::vector<std::string>& names) {
    bool ipv4 = false;
    bool ipv6 = false;
    std::vector<std::string> texts;
    for (const auto& network : networks) {
        if (network.is_any()) (network.network.family == zmi::Family::ipv4 ? ipv4 : ipv6) = true;
        texts.push_back(network.to_short_string());
    }
    if (ipv4 && ipv6) return "anyone";
    if (texts.size() == 1 && ipv4) return "anyone (IPv4)";
    if (texts.size() == 1 && ipv6) return "anyone (IPv6)";
    if (names.empty()) return cut_list(texts);
    if (texts.empty()) return cut_list(names);
    return fmt::format("{} ({})", cut_list(names), cut_list(texts));
}

std::string addresses(const std::vector<zmi::IpAddress>& list) {
    if (list.empty()) return "all own addresses";
    std::vector<std::string> texts;
    for (const auto& address : list) texts.push_back(address.to_string());
    return cut_list(texts);
}

std::string verb(const PortChange& change) {
    switch (change.what) {
        case PortChange::What::opens: return change.outbound ? "lets out" : "opens";
        case PortChange::What::closes: return change.outbound ? "no longer lets out" : "closes";
        case PortChange::What::differs: return change.outbound ? "lets out differently" : "differs";
    }
    return "differs";
}

std::string finding_line(const FindingChange& change) {
    return fmt::format("{} {} {} on {}: {}", change.appeared ? "new" : "gone", to_string(change.finding.severity),
                       change.finding.id, change.finding.server, plain(change.finding.text));
}

std::string candidate_line(const CandidateChange& change) {
    const auto& closed = change.closed;
    const auto port = closed.port ? fmt::format("{}/{} ", closed.port->to_string(), closed.protocol) : std::string();
    const auto head = fmt::format("{}{} ({}) on {}", port, closed.endpoint, plain(closed.title), change.server);
    switch (change.what) {
        case CandidateChange::What::appeared:
            return fmt::format("new candidate {}, closed until it is settled by {}", head, plain(closed.settled_by));
        case CandidateChange::What::settled: return fmt::format("settled: {} is open now", head);
        case CandidateChange::What::gone: return fmt::format("no candidate any more: {}", head);
    }
    return head;
}

/// How one kind of document writes what diff_lines() tells.
struct Form {
    std::function<std::string(const std::string&)> title;
    std::function<std::string(const std::string&)> heading;
    std::function<std::string(const std::string&)> item;
    std::function<std::string(const std::string&)> detail;
    std::function<std::string(const std::string&)> line;
};

template <class Items, class ToText>
std::string section(const Form& form, const std::string& heading, const Items& items, ToText to_text) {
    if (items.empty()) return {};
    auto text = form.heading(heading);
    for (const auto& item : items) text += form.item(to_text(item));
    return text;
}

std::string document(const Diff& diff, const Form& form) {
    auto text = form.title(fmt::format("{} -> {}", diff.before, diff.after));
    text += form.line(summary(diff));
    const auto same = [](const std::string& name) { return name; };
    text += section(form, "nodes that joined", diff.joined, same);
    text += section(form, "nodes that left", diff.left, same);
    const std::string* server = nullptr;
    for (const auto& change : diff.ports) {
        if (server == nullptr || *server != change.server) text += form.heading("on " + change.server);
        server = &change.server;
        text += form.item(change_text(change));
        for (const auto& cause : change.because) text += form.detail("because " + cause_text(cause));
    }
    if (!diff.candidates.empty()) text += form.heading("candidates");
    for (const auto& change : diff.candidates) {
        text += form.item(candidate_line(change));
        for (const auto& cause : change.because) text += form.detail("because " + cause_text(cause));
    }
    text += section(form, "findings", diff.findings, finding_line);
    text += section(form, "other facts that changed and move no port", diff.other_facts, cause_text);
    for (const auto& note : diff.notes) text += form.line("note: " + note);
    return text;
}

std::string escaped(const std::string& text) {
    std::string out;
    append_escaped(out, text, Escape::markdown);
    return out;
}

}  // namespace

std::string cause_text(const Cause& cause) {
    const auto owner = cause.server.empty() ? std::string("global config") : cause.server;
    const auto values = fmt::format("{} -> {}", plain(cause.old_value), plain(cause.new_value));
    if (cause.kind == "joined") return "node joined: " + cause.server;
    if (cause.kind == "left") return "node left: " + cause.server;
    if (cause.kind == "version") return fmt::format("product of {}: {}", cause.server, values);
    if (cause.kind == "service added" || cause.kind == "service removed")
        return fmt::format("{} on {}: {}", cause.kind, cause.server, plain(cause.fact));
    if (cause.kind == "address") return fmt::format("addresses of {}: {}", cause.server, values);
    for (const auto* kind : {"package", "file present", "unit", "module", "mesh service", "live listener"}) {
        if (cause.kind == kind) return fmt::format("{} {} of {}: {}", kind, plain(cause.fact), owner, values);
    }
    if (cause.kind == "file") return fmt::format("file {} of {}: {}", plain(cause.fact), owner, values);
    if (cause.kind == "localconfig") return fmt::format("localconfig {} of {}: {}", plain(cause.fact), owner, values);
    if (cause.kind == "attribute" || cause.kind == "fact")
        return fmt::format("{} of {}: {}", plain(cause.fact), owner, values);
    if (cause.kind == "shipped file")
        return fmt::format("{}, which packages bring, is another: {}", plain(cause.fact), values);
    if (cause.kind == "unknown") return "no recorded fact explains it";
    return fmt::format("{} changed: {}", cause.kind, values);
}

std::string change_text(const PortChange& change) {
    const auto port = fmt::format("{}/{}", change.port.to_string(), change.protocol);
    const auto head = fmt::format("{} {} {} ({})", verb(change), port, change.endpoint, plain(change.title));
    if (change.what == PortChange::What::opens)
        return fmt::format("{} to {}{}", head, whom(change.gained, change.peers_gained),
                           change.new_destinations.empty() ? "" : ", only on " + addresses(change.new_destinations));
    if (change.what == PortChange::What::closes)
        return fmt::format("{} to {}", head, whom(change.lost, change.peers_lost));
    std::vector<std::string> parts;
    if (!change.gained.empty() || !change.peers_gained.empty())
        parts.push_back("also to " + whom(change.gained, change.peers_gained));
    if (!change.lost.empty() || !change.peers_lost.empty())
        parts.push_back("no longer to " + whom(change.lost, change.peers_lost));
    if (change.old_destinations != change.new_destinations)
        parts.push_back(
            fmt::format("on {} instead of {}", addresses(change.new_destinations), addresses(change.old_destinations)));
    return fmt::format("{}: {}", head, fmt::join(parts, "; "));
}

std::string summary(const Diff& diff) {
    const auto count = [&](PortChange::What what) {
        return std::count_if(diff.ports.begin(), diff.ports.end(),
                             [&](const PortChange& change) { return change.what == what; });
    };
    std::vector<std::string> parts;
    const auto add = [&](PortChange::What what, const char* word) {
        if (const auto number = count(what); number > 0) parts.push_back(fmt::format("{} {}", number, word));
    };
    add(PortChange::What::opens, "opening");
    add(PortChange::What::closes, "closing");
    add(PortChange::What::differs, "open to others than before");
    if (!diff.joined.empty()) parts.push_back("joined: " + cut_list(diff.joined));
    if (!diff.left.empty()) parts.push_back("left: " + cut_list(diff.left));
    return parts.empty() ? "no change of any port" : fmt::format("{}", fmt::join(parts, ", "));
}

std::string diff_text(const Diff& diff) {
    const auto line = [](const std::string& text) { return text + "\n"; };
    return document(diff, {line, line, [](const std::string& text) { return "  " + text + "\n"; },
                           [](const std::string& text) { return "      " + text + "\n"; }, line});
}

std::string diff_markdown(const Diff& diff) {
    return document(diff, {[](const std::string& text) { return "# zmfirewall: " + escaped(text) + "\n\n"; },
                           [](const std::string& text) { return "\n## " + escaped(text) + "\n\n"; },
                           [](const std::string& text) { return "- " + escaped(text) + "\n"; },
                           [](const std::string& text) { return "  - " + escaped(text) + "\n"; },
                           [](const std::string& text) { return escaped(text) + "\n"; }});
}

}  // namespace zmfw
