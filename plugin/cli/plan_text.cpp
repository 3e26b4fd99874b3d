#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <plugin/cli/plan_text.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

constexpr std::size_t k_shown = 4;

std::string cut_list(const std::vector<std::string>& items) {
    if (items.size() <= k_shown) return fmt::format("{}", fmt::join(items, ", "));
    const std::vector<std::string> first(items.begin(), items.begin() + k_shown);
    return fmt::format("{} and {} more", fmt::join(first, ", "), items.size() - k_shown);
}

std::string any_text(const std::vector<zmi::Cidr>& sources) {
    bool ipv4 = false;
    bool ipv6 = false;
    for (const auto& source : sources) {
        if (!source.is_any()) continue;
        (source.network.family == zmi::Family::ipv4 ? ipv4 : ipv6) = true;
    }
    if (ipv4 && ipv6) return "anyone";
    if (ipv4 && sources.size() == 1) return "anyone (IPv4)";
    if (ipv6 && sources.size() == 1) return "anyone (IPv6)";
    return {};
}

std::string with_faint_heading(const std::string& text, const Style& style) {
    const auto end = text.find('\n');
    return style.faint(text.substr(0, end)) + text.substr(end);
}

std::string listed(const ServerPlan& plan, const Style& style) {
    if (plan.open.empty()) return "  nothing\n";
    std::vector<std::vector<std::string>> rows = {{"PORT", "FOR", "FROM", "ENDPOINT", "WHAT"}};
    for (const auto& open : plan.open) {
        const auto port = fmt::format("{}/{}", open.port.to_string(), open.protocol);
        rows.push_back({port, open.audience, sources_text(open), open.endpoint, open.title});
    }
    return with_faint_heading(table(rows, 2), style);
}

std::string outbound_list(const ServerPlan& plan, const Style& style) {
    std::vector<std::vector<std::string>> rows = {{"PORT", "FOR", "TO", "ENDPOINT", "WHAT"}};
    for (const auto& out : *plan.outbound) {
        const auto port = fmt::format("{}/{}", out.port.to_string(), out.protocol);
        rows.push_back({port, out.audience, destinations_text(out), out.endpoint, out.title});
    }
    auto text = style.good("outbound") + "\n" + with_faint_heading(table(rows, 2), style);
    if (plan.outbound_closed.empty()) return text;
    rows = {{"PORT", "ENDPOINT", "WHY"}};
    for (const auto& closed : plan.outbound_closed) {
        rows.push_back({fmt::format("{}/{}", closed.port ? closed.port->to_string() : "?", closed.protocol),
                        closed.endpoint, closed.reason});
    }
    return text + style.warn("not let out") + "\n" + with_faint_heading(table(rows, 2), style);
}

/// What runs here and is closed all the same; what does not even run is for `explain` and --json.
std::string closed_list(const ServerPlan& plan, const Style& style) {
    std::vector<std::vector<std::string>> rows = {{"PORT", "ENDPOINT", "WHY"}};
    std::size_t idle = 0;
    for (const auto& closed : plan.closed) {
        if (!closed.settled_by.empty()) continue;
        if (!closed.listens || !closed.port) {
            ++idle;
            continue;
        }
        rows.push_back(
            {fmt::format("{}/{}", closed.port->to_string(), closed.protocol), closed.endpoint, closed.reason});
    }
    auto text = rows.size() > 1 ? with_faint_heading(table(rows, 2), style) : std::string();
    return text + style.faint(fmt::format("  {} others do not run here: zmfirewall explain PORT or ENDPOINT\n", idle));
}

/// Documented, and nobody could check it: closed until somebody does.
std::string candidate_list(const ServerPlan& plan, const Style& style) {
    std::string text;
    for (const auto& closed : plan.closed) {
        if (closed.settled_by.empty()) continue;
        const auto port =
            closed.port ? fmt::format("{}/{} ", closed.port->to_string(), closed.protocol) : std::string();
        text += fmt::format("  {}{}: {}\n", port, closed.endpoint, closed.title);
        text += wrapped("settled by " + closed.settled_by, 6);
    }
    return text.empty() ? text : style.warn("candidates") + ": unverified, closed until settled\n" + text;
}

}  // namespace

std::string sources_text(const OpenPort& open) {
    if (auto any = any_text(open.sources); !any.empty()) return any;
    if (!open.peers.empty()) return cut_list(open.peers);
    std::vector<std::string> sources;
    for (const auto& source : open.sources) sources.push_back(source.to_short_string());
    return cut_list(sources);
}

std::string destinations_text(const OpenPort& out) {
    const auto any = any_text(out.sources);
    if (any.empty() || out.peers.empty()) return sources_text(out);
    return fmt::format("{} ({})", any, cut_list(out.peers));
}

std::string because_text(const Because& because) {
    const bool shown = zmi::is_printable_ascii(because.value);
    return fmt::format("{} = {}  [{}{}]", because.fact, shown ? because.value : zmi::quoted(because.value, 200),
                       because.origin, because.server.empty() ? "" : " of " + because.server);
}

std::string finding_text(const Finding& finding, const Style& style) {
    std::string severity(to_string(finding.severity));
    if (finding.severity == Severity::blocker) severity = style.bad(severity);
    if (finding.severity == Severity::warning) severity = style.warn(severity);
    std::string text = fmt::format("  {} {}{}\n", severity, style.heading(finding.id),
                                   finding.accepted ? " (accepted by the policy)" : "");
    text += wrapped(finding.text, 6);
    for (const auto& remedy : finding.remedy) text += fmt::format("      remedy: {}\n", remedy);
    return text;
}

std::string plan_text(const ServerPlan& plan, const Style& style) {
    std::vector<std::string> addresses;
    for (const auto& address : plan.addresses) addresses.push_back(address.to_string());
    std::string text = style.heading(plan.name);
    text += fmt::format(" ({})\n", addresses.empty() ? "no address" : fmt::format("{}", fmt::join(addresses, ", ")));
    if (plan.complete()) {
        text += style.good("open") + "\n" + listed(plan, style);
        text += style.warn("closed") + "\n" + closed_list(plan, style);
        text += candidate_list(plan, style);
        if (plan.outbound) text += outbound_list(plan, style);
        text += style.faint(fmt::format("plan {}", plan.digest.substr(0, 16))) + "\n";
    } else {
        text += style.bad("no plan: knowledge is incomplete") + "\n";
        for (const auto& problem : plan.problems) text += wrapped(problem.text, 2);
    }
    if (!plan.findings.empty()) text += "findings\n";
    for (const auto& finding : plan.findings) text += finding_text(finding, style);
    return text;
}

}  // namespace zmfw
