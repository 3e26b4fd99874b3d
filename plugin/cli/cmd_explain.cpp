#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <functional>
#include <plugin/cli/commands.hpp>
#include <plugin/cli/endpoint_text.hpp>
#include <plugin/cli/plan_text.hpp>
#include <plugin/cli/planned.hpp>
#include <plugin/plan/component.hpp>
#include <set>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

/// Which entries of a plan a question is about.
struct Question {
    std::function<bool(const OpenPort&)> open;
    std::function<bool(const ClosedPort&)> closed;
};

std::string open_text(const OpenPort& open, const Style& style) {
    auto text = fmt::format("  {} {}/{} {}: {} ({})\n", style.good("open"), open.port.to_string(), open.protocol,
                            open.endpoint, sources_text(open), open.audience);
    std::vector<std::string> sources;
    for (const auto& source : open.sources) sources.push_back(source.to_short_string());
    text += wrapped(fmt::format("from {}", fmt::join(sources, ", ")), 6);
    if (!open.destinations.empty()) {
        std::vector<std::string> destinations;
        for (const auto& destination : open.destinations) destinations.push_back(destination.to_string());
        text += wrapped(fmt::format("only on {}", fmt::join(destinations, ", ")), 6);
    }
    text += fmt::format("      reason {}\n", open.reason);
    for (const auto& because : open.because) text += fmt::format("      because {}\n", because_text(because));
    return text;
}

std::string closed_text(const ClosedPort& closed, const Style& style) {
    const auto port = closed.port ? fmt::format("{}/{} ", closed.port->to_string(), closed.protocol) : std::string();
    auto text = fmt::format("  {} {}{}: {}\n", style.warn("closed"), port, closed.endpoint, closed.reason);
    if (!closed.settled_by.empty()) text += wrapped("a candidate; settled by " + closed.settled_by, 6);
    for (const auto& because : closed.because) text += fmt::format("      because {}\n", because_text(because));
    return text;
}

std::string outbound_text(const OpenPort& out, const Style& style) {
    auto text = fmt::format("  {} {}/{} {}: {} ({})\n", style.good("may leave"), out.port.to_string(), out.protocol,
                            out.endpoint, destinations_text(out), out.audience);
    std::vector<std::string> destinations;
    for (const auto& destination : out.sources) destinations.push_back(destination.to_short_string());
    text += wrapped(fmt::format("to {}", fmt::join(destinations, ", ")), 6);
    text += fmt::format("      reason {}\n", out.reason);
    for (const auto& because : out.because) text += fmt::format("      because {}\n", because_text(because));
    return text;
}

std::string entries_text(const ServerPlan& plan, const Question& question, const Style& style) {
    std::string text;
    for (const auto& open : plan.open) {
        if (question.open(open)) text += open_text(open, style);
    }
    for (const auto& closed : plan.closed) {
        if (question.closed(closed)) text += closed_text(closed, style);
    }
    for (const auto& out : plan.outbound.value_or(std::vector<OpenPort>())) {
        if (question.open(out)) text += outbound_text(out, style);
    }
    for (const auto& closed : plan.outbound_closed) {
        if (question.closed(closed)) text += "  outbound:" + closed_text(closed, style).substr(1);
    }
    return text;
}

/// The chosen servers in full, what is open on the others in a line each.
std::string answers_text(const Planned& planned, const std::optional<std::string>& chosen, const Question& question,
                         const Style& style) {
    std::string text;
    std::string elsewhere;
    for (const auto& plan : planned.plan.servers) {
        if (!chosen || plan.name == *chosen) {
            if (!plan.complete()) {
                text += fmt::format("on {}: no plan, knowledge is incomplete\n", plan.name);
            } else if (const auto entries = entries_text(plan, question, style); !entries.empty()) {
                text += fmt::format("on {}\n{}", style.heading(plan.name), entries);
            }
            continue;
        }
        for (const auto& open : plan.open) {
            if (!plan.complete() || !question.open(open)) continue;
            elsewhere += fmt::format("  {}: {}/{} {} open to {}\n", plan.name, open.port.to_string(), open.protocol,
                                     open.endpoint, sources_text(open));
        }
        for (const auto& out : plan.outbound.value_or(std::vector<OpenPort>())) {
            if (!question.open(out)) continue;
            elsewhere += fmt::format("  {}: {}/{} {} may leave to {}\n", plan.name, out.port.to_string(), out.protocol,
                                     out.endpoint, destinations_text(out));
        }
    }
    return text + (elsewhere.empty() ? std::string() : "on other servers\n" + elsewhere);
}

std::string explain_port(const Planned& planned, const std::optional<std::string>& chosen, std::uint16_t port,
                         const Style& style) {
    const auto within = [&](const std::optional<PortRange>& range) {
        return range && range->first <= port && port <= range->last;
    };
    const Question question{[&](const OpenPort& open) { return within(open.port); },
                            [&](const ClosedPort& closed) { return within(closed.port); }};
    auto text = answers_text(planned, chosen, question, style);
    std::set<std::string> concerned;
    for (const auto& plan : planned.plan.servers) {
        for (const auto& open : plan.open) {
            if (within(open.port)) concerned.insert(open.endpoint);
        }
        for (const auto& closed : plan.closed) {
            if (within(closed.port)) concerned.insert(closed.endpoint);
        }
    }
    std::string known;
    for (const auto& endpoint : planned.catalogue.endpoints) {
        if (!concerned.contains(endpoint.id) && !usually_on(endpoint, port)) continue;
        known += "\n" + endpoint_text(planned.catalogue, endpoint, style);
    }
    if (text.empty() && known.empty()) {
        return fmt::format(
            "port {0}: never heard of it. No endpoint of the catalogue uses it here or by default, so nothing opens "
            "it.\n"
            "If something of yours listens there, the policy may open it:\n"
            "  <allow port=\"{0}\" protocol=\"tcp\" from=\"ADDRESS\" comment=\"...\"/>\n",
            port);
    }
    if (text.empty()) text = fmt::format("port {}: nothing of this deployment uses it\n", port);
    return text + known;
}

std::string explain_finding(const Planned& planned, const FindingSpec& spec, const std::optional<std::string>& chosen,
                            const Style& style) {
    auto text = fmt::format("{} ({})\n{}", style.heading(spec.id), to_string(spec.severity), wrapped(spec.text, 2));
    if (spec.severity == Severity::blocker) {
        text +=
            fmt::format("  stops emit until it is gone or the policy accepts it: <accept finding=\"{}\"/>\n", spec.id);
    }
    std::string found;
    for (const auto& plan : planned.plan.servers) {
        if (chosen && plan.name != *chosen) continue;
        for (const auto& finding : plan.findings) {
            if (finding.id == spec.id) found += fmt::format("on {}\n{}", plan.name, finding_text(finding, style));
        }
    }
    return text + (found.empty() ? "not found here\n" : found);
}

std::string explain_reason(const Planned& planned, const std::string& reason, const Style& style) {
    std::string text;
    for (const auto& plan : planned.plan.servers) {
        for (const auto& open : plan.open) {
            if (open.reason == reason)
                text += fmt::format("on {}\n{}", style.heading(plan.name), open_text(open, style));
        }
        for (const auto& out : plan.outbound.value_or(std::vector<OpenPort>())) {
            if (out.reason == reason)
                text += fmt::format("on {}\n{}", style.heading(plan.name), outbound_text(out, style));
        }
    }
    return text;
}

/// What the catalogue says of somebody outside to whom servers connect.
std::string egress_text(const Egress& egress, const Style& style) {
    auto text =
        fmt::format("{} (outbound, {})\n{}", style.heading(egress.id), egress.protocol, wrapped(egress.title, 2));
    text += fmt::format("  ports {}\n  confidence: {}\n", fmt::join(egress.ports, ", "), egress.confidence);
    if (!egress.closed_because.empty()) text += wrapped(egress.closed_because, 2);
    if (!egress.note.empty()) text += wrapped("note: " + egress.note, 2);
    for (const auto& source : egress.sources) text += wrapped("source: " + source, 2);
    return text;
}

/// On which servers it is, and who says so.
std::string explain_component(const Planned& planned, const Component& component, const Style& style) {
    auto text = component_text(planned.catalogue, component, style);
    const FactsView view(planned.inventory, planned.catalogue, planned.policy);
    for (std::size_t server = 0; server < view.size(); ++server) {
        const auto truth = component_truth(view, component, server);
        text += fmt::format("on {}: ", style.heading(view.name(server)));
        if (truth.verdict == Verdict::unknown) {
            text += style.bad("unknown") + "\n" + wrapped(truth.problems.front().text, 2);
            continue;
        }
        text += truth.verdict == Verdict::yes ? style.good("there") + "\n" : "not there\n";
        for (const auto& because : truth.because) text += fmt::format("  because {}\n", because_text(because));
        for (const auto& assumed : truth.assumed) text += fmt::format("  assumed: {}\n", assumed);
    }
    return text;
}

zmi::Error unknown_subject(const Catalogue& catalogue, const std::string& what) {
    std::vector<std::string> names;
    for (const auto& endpoint : catalogue.endpoints) names.push_back(endpoint.id);
    for (const auto& egress : catalogue.egress) names.push_back(egress.id);
    for (const auto& finding : catalogue.findings) names.push_back(finding.id);
    for (const auto& [id, component] : catalogue.components) names.push_back(id);
    const auto near = zmi::nearest(what, names);
    return {zmi::ErrorKind::usage,
            fmt::format("{} is no port, endpoint, component, finding or reason id", zmi::quoted(what)),
            near.empty() ? "`zmfirewall catalogue` lists the endpoints" : fmt::format("did you mean '{}'", near)};
}

zmi::Expected<std::string> explain(const Planned& planned, const std::optional<std::string>& chosen,
                                   const std::string& what, const Style& style) {
    // "7073", "7073/tcp" and "tcp/7073" are the same question.
    const auto slash = what.find('/');
    const bool protocol_first = what.starts_with("tcp/") || what.starts_with("udp/");
    const auto number = protocol_first ? what.substr(slash + 1) : what.substr(0, slash);
    if (const auto port = zmi::parse_port(number)) return explain_port(planned, chosen, *port, style);
    if (const auto* endpoint = planned.catalogue.find(what)) {
        const Question question{[&](const OpenPort& open) { return open.endpoint == what; },
                                [&](const ClosedPort& closed) { return closed.endpoint == what; }};
        return answers_text(planned, chosen, question, style) + "\n" +
               endpoint_text(planned.catalogue, *endpoint, style);
    }
    if (const auto* egress = planned.catalogue.find_egress(what)) {
        const Question question{[&](const OpenPort& open) { return open.endpoint == what; },
                                [&](const ClosedPort& closed) { return closed.endpoint == what; }};
        return answers_text(planned, chosen, question, style) + "\n" + egress_text(*egress, style);
    }
    if (const auto component = planned.catalogue.components.find(what); component != planned.catalogue.components.end())
        return explain_component(planned, component->second, style);
    for (const auto& finding : planned.catalogue.findings) {
        if (finding.id == what) return explain_finding(planned, finding, chosen, style);
    }
    if (auto text = explain_reason(planned, what, style); !text.empty()) return text;
    return tl::unexpected(unknown_subject(planned.catalogue, what));
}

/// What leaves, where that can be told; where it cannot, the rest is answered all the same.
void add_outbound(Planned& planned) {
    auto outbound = derive_plan(planned.inventory, planned.catalogue, planned.policy, std::nullopt, true);
    for (std::size_t i = 0; i < outbound.servers.size(); ++i) {
        if (!outbound.servers[i].complete()) continue;
        planned.plan.servers[i].outbound = std::move(outbound.servers[i].outbound);
        planned.plan.servers[i].outbound_closed = std::move(outbound.servers[i].outbound_closed);
    }
}

}  // namespace

ExitStatus run_explain(const Context& context, const std::string& what, const Selection& selection) {
    auto planned = make_plan(context, {.server = {}, .all = true});
    if (!planned) return report(planned.error());
    add_outbound(*planned);
    const auto chosen = Context::selected(selection, planned->inventory, planned->policy);
    if (!chosen) return report(chosen.error());
    const auto text = explain(*planned, *chosen, what, Style::of_stdout());
    if (!text) return report(text.error());
    if (const auto printed = print(*text); printed != ExitStatus::done) return printed;
    Plan asked = planned->plan;
    std::erase_if(asked.servers, [&](const ServerPlan& server) { return *chosen && server.name != **chosen; });
    return tell_problems(asked);
}

ExitStatus run_catalogue(const Context& context, const std::string& what) {
    const auto catalogue = context.catalogue();
    if (!catalogue) return report(catalogue.error());
    if (!what.empty()) {
        const auto* endpoint = catalogue->find(what);
        const auto* egress = catalogue->find_egress(what);
        if (egress != nullptr) return print(egress_text(*egress, Style::of_stdout()));
        const auto component = catalogue->components.find(what);
        if (endpoint == nullptr && component != catalogue->components.end())
            return print(component_text(*catalogue, component->second, Style::of_stdout()));
        if (endpoint == nullptr) return report(unknown_subject(*catalogue, what));
        return print(endpoint_text(*catalogue, *endpoint, Style::of_stdout()));
    }
    std::vector<std::vector<std::string>> rows = {{"ENDPOINT", "PROTO", "PORT", "MEANT FOR", "STATE", "WHAT"}};
    for (const auto& endpoint : catalogue->endpoints) {
        const auto* state = endpoint.dead ? "dead" : endpoint.verified ? "" : "unverified";
        rows.push_back({endpoint.id, endpoint.protocol, endpoint.default_port,
                        std::string(to_string(endpoint.audience)), state, endpoint.title});
    }
    for (const auto& egress : catalogue->egress) {
        rows.push_back({egress.id, egress.protocol, fmt::format("{}", fmt::join(egress.ports, " ")), "outbound",
                        egress.verified ? "" : "unverified", egress.title});
    }
    auto text = table(rows, 0);
    if (catalogue->components.empty()) return print(text);
    rows = {{"COMPONENT", "WHAT"}};
    for (const auto& [id, component] : catalogue->components) rows.push_back({id, component.title});
    return print(text + "\n" + table(rows, 0));
}

}  // namespace zmfw
