#include <fmt/format.h>

#include <algorithm>
#include <plugin/render/escape.hpp>
#include <plugin/render/view.hpp>
#include <plugin/render/view_rules.hpp>
#include <set>
#include <tuple>
#include <utility>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

using zmi::ErrorKind;
using zmi::Expected;
using zmi::Family;

constexpr std::size_t k_note_limit = 128;  ///< bytes; what nftables takes as a comment
constexpr std::size_t k_text_limit = 200;
constexpr std::string_view k_program = "zmfirewall";
constexpr std::string_view k_lower = "abcdefghijklmnopqrstuvwxyz0123456789-";
constexpr std::string_view k_plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 .,:_/-()[]+=@";

Expected<void> wrong(const ServerPlan& plan, const std::string& what) {
    return zmi::failure(ErrorKind::data, fmt::format("cannot write rules for {}: {}", zmi::quoted(plan.name), what));
}

bool is_plain(std::string_view text) {
    return text.size() <= k_text_limit && text.find_first_not_of(k_plain) == std::string_view::npos;
}

bool is_identifier(std::string_view text) {
    return !text.empty() && text.size() <= 64 && text.find_first_not_of(k_lower) == std::string_view::npos;
}

Expected<void> validate_names(const ServerPlan& plan, const OpenPort& port, const Wanted& wanted) {
    const auto name = zmi::quoted(port.endpoint);
    if (!is_identifier(port.endpoint)) return wrong(plan, fmt::format("endpoint id {} is no identifier", name));
    if (!is_identifier(port.reason)) return wrong(plan, fmt::format("the reason id of {} is no identifier", name));
    if (!is_identifier(port.audience)) return wrong(plan, fmt::format("the audience of {} is no identifier", name));
    if (!is_comment(port.comment)) {
        return wrong(plan, fmt::format("comment {} of {} may hold printable ASCII without quotes, $ and backslash only",
                                       zmi::quoted(port.comment), name));
    }
    if (note_of(port).size() > k_note_limit) {
        return wrong(plan, fmt::format("comment {} of {} is too long: {} bytes with the endpoint, {} at most",
                                       zmi::quoted(port.comment), name, note_of(port).size(), k_note_limit));
    }
    if (!wants(wanted, "peers")) return {};
    for (const auto& peer : port.peers) {
        if (!zmi::is_host_name(peer)) return wrong(plan, fmt::format("peer {} is no host name", zmi::quoted(peer)));
    }
    return {};
}

Expected<void> validate(const ServerPlan& plan, const OpenPort& port, const Wanted& wanted) {
    if (auto named = validate_names(plan, port, wanted); !named) return named;
    const auto name = zmi::quoted(port.endpoint);
    if (port.protocol != "tcp" && port.protocol != "udp") {
        return wrong(plan, fmt::format("{} has protocol {}, not tcp or udp", name, zmi::quoted(port.protocol)));
    }
    if (port.port.first == 0 || port.port.first > port.port.last) {
        return wrong(plan, fmt::format("{} has no valid port: {}-{}", name, port.port.first, port.port.last));
    }
    if (port.sources.empty()) return wrong(plan, fmt::format("{} has no sources", name));
    for (const auto& source : port.sources) {
        if (source.prefix < 0 || source.prefix > source.network.width()) {
            return wrong(plan, fmt::format("a source of {} has prefix length {}", name, source.prefix));
        }
    }
    return {};
}

Expected<void> validate(const ServerPlan& plan, const Wanted& wanted) {
    if (!zmi::is_host_name(plan.name)) {
        return zmi::failure(ErrorKind::data, fmt::format("server name {} is no host name", zmi::quoted(plan.name)));
    }
    if (!plan.complete()) {
        return zmi::failure(ErrorKind::knowledge,
                            fmt::format("there is no plan for {}: {}", plan.name, plan.problems.front().text));
    }
    if (!is_identifier(plan.digest)) return wrong(plan, "the plan has no digest");
    for (const auto& port : plan.open) {
        if (auto valid = validate(plan, port, wanted); !valid) return valid;
    }
    if (!plan.outbound) return {};
    for (const auto& port : *plan.outbound) {
        if (auto valid = validate(plan, port, wanted); !valid) return valid;
    }
    return {};
}

Expected<void> validate(const zmi::Source& source, const ViewHeader& header) {
    std::vector<std::pair<std::string, std::string>> texts = {
        {"source kind", source.kind}, {"source", source.server},  {"time", source.taken_at},
        {"time", header.made_at},     {"node", header.this_node}, {"version", header.version}};
    for (const auto& [name, text] : texts) {
        if (!is_plain(text)) {
            return zmi::failure(ErrorKind::data,
                                fmt::format("cannot write rules: {} {} holds signs that no rule file may hold", name,
                                            zmi::quoted(text)));
        }
    }
    return {};
}

void set_header(Record& view, const zmi::Source& source, const ViewHeader& header) {
    view.set("program", std::string(k_program));
    view.set("version", header.version);
    view.set("made_at", header.made_at);
    view.set("this_node", header.this_node);
    view.set("taken_at", source.taken_at);
    view.set("source_kind", source.kind);
    view.set("source_server", source.server);
    view.set("apply", make_texts(header.apply));
    view.set("undo", make_texts(header.undo));
}

/// Rules in the plan's own order, whatever order it came in: the same plan must give the same bytes.
std::vector<ViewRule> rules_of(const std::vector<OpenPort>& ports) {
    std::vector<ViewRule> rules;
    for (const auto& port : ports) {
        auto rule = make_view_rule(port);
        if (!rule.sources4.empty() || !rule.sources6.empty()) rules.push_back(std::move(rule));
    }
    std::stable_sort(rules.begin(), rules.end(), [](const ViewRule& a, const ViewRule& b) {
        const auto key = [](const OpenPort& p) { return std::tie(p.protocol, p.port, p.endpoint, p.audience); };
        return key(*a.port) < key(*b.port);
    });
    return rules;
}

}  // namespace

std::string note_of(const OpenPort& port) {
    auto note = port.endpoint + " " + port.reason;
    if (!port.comment.empty()) note += ": " + port.comment;
    return note;
}

std::string port_text(const PortRange& range) {
    return range.first == range.last ? fmt::format("{}", range.first) : fmt::format("{}-{}", range.first, range.last);
}

void set_port(Record& object, const std::string& protocol, const PortRange& range) {
    object.set("protocol", protocol);
    object.set("port", port_text(range));
    object.set("first_port", fmt::format("{}", range.first));
    object.set("last_port", fmt::format("{}", range.last));
    object.set("is_range", range.first != range.last);
    object.set("is_single", range.first == range.last);
}

namespace {

/// As the plan has them: a network that another one contains would stand right behind it.
bool is_merged(const std::vector<zmi::Cidr>& sources) {
    const auto out_of_order = [](const zmi::Cidr& a, const zmi::Cidr& b) { return !(a < b) || a.contains(b); };
    return std::adjacent_find(sources.begin(), sources.end(), out_of_order) == sources.end();
}

}  // namespace

ViewRule make_view_rule(const OpenPort& port) {
    ViewRule rule;
    rule.port = &port;
    for (const auto& address : port.destinations) {
        (address.family == Family::ipv4 ? rule.destinations4 : rule.destinations6).push_back(address);
    }
    for (auto* addresses : {&rule.destinations4, &rule.destinations6}) {
        std::sort(addresses->begin(), addresses->end());
        addresses->erase(std::unique(addresses->begin(), addresses->end()), addresses->end());
    }
    const bool on_all = port.destinations.empty();
    const bool merged = is_merged(port.sources);
    const auto own = merged ? std::vector<zmi::Cidr>() : zmi::merge(port.sources);
    for (const auto& source : merged ? port.sources : own) {
        const bool ipv4 = source.network.family == Family::ipv4;
        if (!on_all && (ipv4 ? rule.destinations4 : rule.destinations6).empty()) continue;
        (ipv4 ? rule.sources4 : rule.sources6).push_back(source);
    }
    // Destinations of a family that nobody may come from would be a set of their own that matches nothing.
    if (rule.sources4.empty()) rule.destinations4.clear();
    if (rule.sources6.empty()) rule.destinations6.clear();
    return rule;
}

namespace {

/// Answers of sshd are never cut, not even those of a connection that began before its packets were followed.
Items ssh_ports(const ViewSchema& schema, const ServerPlan& plan) {
    ItemsBuilder items;
    std::set<PortRange> ports;
    for (const auto& port : plan.open) {
        if (port.audience != "ssh" || !ports.insert(port.port).second) continue;
        Record item(schema);
        set_port(item, port.protocol, port.port);
        items.add(std::move(item));
    }
    return items.take();
}

/// Closed, and to be looked at by people: formats of firewalls have no use for them.
void set_candidates(Record& view, const ServerPlan& plan) {
    ItemsBuilder items;
    for (const auto& closed : plan.closed) {
        if (closed.settled_by.empty()) continue;
        Record item(view.schema().fields.at("candidates"));
        item.set("endpoint", closed.endpoint);
        item.set("title", printable(closed.title));
        item.set("reason", printable(closed.reason));
        item.set("settled_by", printable(closed.settled_by));
        item.set("protocol", closed.protocol);
        item.set("port", closed.port ? port_text(*closed.port) : std::string());
        item.set("has_port", closed.port.has_value());
        items.add(std::move(item));
    }
    view.set("has_candidates", !items.empty());
    view.set("candidates", items.take());
}

/// What comes in and, where it was asked for, what leaves.
Expected<void> set_all_rules(Record& view, const ServerPlan& plan, const Wanted& wanted) {
    if (auto set = set_rules(view, plan, rules_of(plan.open), wanted); !set) return set;
    ItemsBuilder items;
    std::string count = "0";
    if (plan.outbound && wants(wanted, "outbound")) {
        const auto& fields = view.schema().fields.at("outbound").fields;
        Record outbound(view.schema().fields.at("outbound"));
        if (auto set = set_rules(outbound, plan, rules_of(*plan.outbound), wanted); !set) return set;
        outbound.set("ssh_ports", ssh_ports(fields.at("ssh_ports"), plan));
        count = std::get<std::string>(*outbound.get("source_count"));
        items.add(std::move(outbound));
    }
    view.set("outbound", items.take());
    set_candidates(view, plan);
    view.set("outbound_count", count);
    return {};
}

}  // namespace

Expected<Record> make_server_view(const ServerPlan& plan, const zmi::Source& source, const ViewHeader& header,
                                  const Wanted& wanted) {
    if (auto valid = validate(source, header); !valid) return tl::unexpected(std::move(valid).error());
    if (auto valid = validate(plan, wanted); !valid) return tl::unexpected(std::move(valid).error());
    Record view(server_schema());
    set_header(view, source, header);
    if (auto set = set_all_rules(view, plan, wanted); !set) return tl::unexpected(std::move(set).error());
    return view;
}

Expected<Record> make_cluster_view(const std::vector<ServerPlan>& plans, const zmi::Source& source,
                                   const ViewHeader& header, const Wanted& wanted) {
    if (auto valid = validate(source, header); !valid) return tl::unexpected(std::move(valid).error());
    Record view(cluster_schema());
    set_header(view, source, header);
    ItemsBuilder servers;
    for (const auto& plan : plans) {
        if (auto valid = validate(plan, wanted); !valid) return tl::unexpected(std::move(valid).error());
        Record server(cluster_schema().fields.at("servers"));
        if (auto set = set_all_rules(server, plan, wanted); !set) return tl::unexpected(std::move(set).error());
        servers.add(std::move(server));
    }
    view.set("servers", servers.take());
    return view;
}

}  // namespace zmfw
