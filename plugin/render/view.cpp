#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <plugin/render/view.hpp>
#include <set>
#include <tuple>
#include <utility>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

using kainjow::mustache::data;
using kainjow::mustache::list;
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

/// A comment is the administrator's own text: printable ASCII without what ends a quoted text or starts an expansion.
bool is_comment(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return c >= 0x20 && c < 0x7f && std::string_view("\"'`\\$").find(c) == std::string_view::npos;
    });
}

bool is_identifier(std::string_view text) {
    return !text.empty() && text.size() <= 64 && text.find_first_not_of(k_lower) == std::string_view::npos;
}

std::string note_of(const OpenPort& port) {
    auto note = port.endpoint + " " + port.reason;
    if (!port.comment.empty()) note += ": " + port.comment;
    return note;
}

Expected<void> validate_names(const ServerPlan& plan, const OpenPort& port) {
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
    for (const auto& peer : port.peers) {
        if (!zmi::is_host_name(peer)) return wrong(plan, fmt::format("peer {} is no host name", zmi::quoted(peer)));
    }
    return {};
}

Expected<void> validate(const ServerPlan& plan, const OpenPort& port) {
    if (auto named = validate_names(plan, port); !named) return named;
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

Expected<void> validate(const ServerPlan& plan) {
    if (!zmi::is_host_name(plan.name)) {
        return zmi::failure(ErrorKind::data, fmt::format("server name {} is no host name", zmi::quoted(plan.name)));
    }
    if (!plan.complete()) {
        return zmi::failure(ErrorKind::knowledge,
                            fmt::format("there is no plan for {}: {}", plan.name, plan.problems.front().text));
    }
    if (!is_identifier(plan.digest)) return wrong(plan, "the plan has no digest");
    for (const auto& port : plan.open) {
        if (auto valid = validate(plan, port); !valid) return valid;
    }
    return {};
}

Expected<void> validate(const zmi::Source& source, const ViewHeader& header) {
    std::vector<std::pair<std::string, std::string>> texts = {{"source kind", source.kind},
                                                              {"source", source.server},
                                                              {"time", source.taken_at},
                                                              {"version", header.version}};
    for (const auto& [name, text] : texts) {
        if (!is_plain(text)) {
            return zmi::failure(ErrorKind::data,
                                fmt::format("cannot write rules: {} {} holds signs that no rule file may hold", name,
                                            zmi::quoted(text)));
        }
    }
    return {};
}

data address_item(const zmi::IpAddress& address) {
    data item;
    item.set("address", address.to_string());
    item.set("is_ipv4", address.family == Family::ipv4);
    item.set("is_ipv6", address.family == Family::ipv6);
    return item;
}

list address_list(const std::vector<zmi::IpAddress>& addresses) {
    list items;
    for (const auto& address : addresses) items.push_back(address_item(address));
    return with_positions(std::move(items));
}

list named_list(const char* field, const std::vector<std::string>& values) {
    list items;
    for (const auto& value : values) items.emplace_back(field, value);
    return with_positions(std::move(items));
}

list source_list(const std::vector<zmi::Cidr>& sources, bool any) {
    std::vector<std::string> texts;
    if (!any) {
        for (const auto& source : sources) texts.push_back(source.to_short_string());
    }
    return named_list("cidr", texts);
}

std::string safe_id(std::string text) {
    std::replace(text.begin(), text.end(), '-', '_');
    return text;
}

std::string service_id(const OpenPort& port) {
    return safe_id(port.protocol + "_" + port_text(port.port));
}

data rule_item(const ViewRule& rule, const std::string& id) {
    const auto& port = *rule.port;
    data item;
    item.set("id", id);
    item.set("endpoint", port.endpoint);
    item.set("reason", port.reason);
    item.set("audience", port.audience);
    item.set("note", note_of(port));
    item.set("comment", port.comment);
    item.set("has_comment", !port.comment.empty());
    item.set("is_tcp", port.protocol == "tcp");
    item.set("is_udp", port.protocol == "udp");
    set_port(item, port.protocol, port.port);
    item.set("any4", rule.any4());
    item.set("any6", rule.any6());
    item.set("any_both", rule.any4() && rule.any6() && port.destinations.empty());
    item.set("has_sources4", !rule.any4() && !rule.sources4.empty());
    item.set("has_sources6", !rule.any6() && !rule.sources6.empty());
    item.set("sources4", source_list(rule.sources4, rule.any4()));
    item.set("sources6", source_list(rule.sources6, rule.any6()));
    item.set("has_destinations4", !rule.destinations4.empty());
    item.set("has_destinations6", !rule.destinations6.empty());
    item.set("destinations4", address_list(rule.destinations4));
    item.set("destinations6", address_list(rule.destinations6));
    item.set("has_peers", !port.peers.empty());
    item.set("peers", named_list("name", port.peers));
    return item;
}

/// All rules of one (protocol, port).
struct Service {
    PortRange range;
    std::string protocol;
    std::string id;
    list rules;
};

data service_item(const Service& service) {
    data item;
    item.set("id", service.id);
    set_port(item, service.protocol, service.range);
    item.set("rules", with_positions(service.rules));
    return item;
}

void set_services(data& view, const std::vector<ViewRule>& rules) {
    std::map<std::pair<std::string, PortRange>, Service> services;
    list all_rules;
    for (const auto& rule : rules) {
        const auto& port = *rule.port;
        auto& service = services[{port.protocol, port.port}];
        service.range = port.port;
        service.protocol = port.protocol;
        service.id = service_id(port);
        const auto item = rule_item(rule, fmt::format("{}_{}", service.id, service.rules.size() + 1));
        service.rules.push_back(item);
        all_rules.push_back(item);
    }
    list all, protocols;
    for (const auto* protocol : {"tcp", "udp"}) {
        list singles, ranges;
        for (const auto& [key, service] : services) {
            if (service.protocol != protocol) continue;
            all.push_back(service_item(service));
            (service.range.first == service.range.last ? singles : ranges).push_back(service_item(service));
        }
        if (singles.empty() && ranges.empty()) continue;
        data item;
        item.set("protocol", protocol);
        item.set("has_singles", !singles.empty());
        item.set("has_ranges", !ranges.empty());
        item.set("singles", with_positions(singles));
        item.set("ranges", with_positions(ranges));
        protocols.push_back(item);
    }
    view.set("rules", with_positions(all_rules));
    view.set("services", with_positions(all));
    view.set("protocols", with_positions(protocols));
}

Expected<void> set_server(data& view, const ServerPlan& plan) {
    if (auto valid = validate(plan); !valid) return valid;
    std::vector<ViewRule> rules;
    for (const auto& port : plan.open) {
        auto rule = make_view_rule(port);
        if (!rule.sources4.empty() || !rule.sources6.empty()) rules.push_back(std::move(rule));
    }
    // The plan's own order, whatever order it came in: the same plan must give the same bytes.
    std::stable_sort(rules.begin(), rules.end(), [](const ViewRule& a, const ViewRule& b) {
        const auto key = [](const OpenPort& p) { return std::tie(p.protocol, p.port, p.endpoint, p.audience); };
        return key(*a.port) < key(*b.port);
    });
    view.set("server", plan.name);
    view.set("digest", plan.digest);
    view.set("addresses", address_list(plan.addresses));
    view.set("has_rules", !rules.empty());
    view.set("has_ipv4", std::any_of(rules.begin(), rules.end(), [](const auto& r) { return !r.sources4.empty(); }));
    view.set("has_ipv6", std::any_of(rules.begin(), rules.end(), [](const auto& r) { return !r.sources6.empty(); }));
    set_services(view, rules);
    auto groups = make_groups(rules);
    if (!groups) return tl::unexpected(std::move(groups).error());
    view.set("groups", *groups);
    return {};
}

data text_list(const std::vector<std::string>& lines) {
    list items;
    for (const auto& line : lines) items.emplace_back(line);
    return items;
}

data header_view(const zmi::Source& source, const ViewHeader& header) {
    data view;
    view.set("program", std::string(k_program));
    view.set("version", header.version);
    view.set("taken_at", source.taken_at);
    view.set("source_kind", source.kind);
    view.set("source_server", source.server);
    view.set("apply", text_list(header.apply));
    view.set("undo", text_list(header.undo));
    return view;
}

}  // namespace

std::string port_text(const PortRange& range) {
    return range.first == range.last ? fmt::format("{}", range.first) : fmt::format("{}-{}", range.first, range.last);
}

void set_port(data& object, const std::string& protocol, const PortRange& range) {
    object.set("protocol", protocol);
    object.set("port", port_text(range));
    object.set("first_port", fmt::format("{}", range.first));
    object.set("last_port", fmt::format("{}", range.last));
    object.set("is_range", range.first != range.last);
    object.set("is_single", range.first == range.last);
}

list with_positions(list items) {
    for (std::size_t i = 0; i < items.size(); ++i) {
        items[i].set("first", i == 0);
        items[i].set("last", i + 1 == items.size());
    }
    return items;
}

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
    for (const auto& source : zmi::merge(port.sources)) {
        const bool ipv4 = source.network.family == Family::ipv4;
        if (!on_all && (ipv4 ? rule.destinations4 : rule.destinations6).empty()) continue;
        (ipv4 ? rule.sources4 : rule.sources6).push_back(source);
    }
    // Destinations of a family that nobody may come from would be a set of their own that matches nothing.
    if (rule.sources4.empty()) rule.destinations4.clear();
    if (rule.sources6.empty()) rule.destinations6.clear();
    return rule;
}

Expected<data> make_server_view(const ServerPlan& plan, const zmi::Source& source, const ViewHeader& header) {
    if (auto valid = validate(source, header); !valid) return tl::unexpected(std::move(valid).error());
    auto view = header_view(source, header);
    if (auto set = set_server(view, plan); !set) return tl::unexpected(std::move(set).error());
    return view;
}

Expected<data> make_cluster_view(const std::vector<ServerPlan>& plans, const zmi::Source& source,
                                 const ViewHeader& header) {
    if (auto valid = validate(source, header); !valid) return tl::unexpected(std::move(valid).error());
    auto view = header_view(source, header);
    list servers;
    for (const auto& plan : plans) {
        data server;
        if (auto set = set_server(server, plan); !set) return tl::unexpected(std::move(set).error());
        servers.push_back(server);
    }
    view.set("servers", with_positions(servers));
    return view;
}

}  // namespace zmfw
