#include <fmt/format.h>
#include <algorithm>
#include <initializer_list>
#include <plugin/plan/read_plan.hpp>
#include <set>
#include <zmintegration/facts/json_tree.hpp>
#include <zmintegration/support/clock.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

using zmi::JsonNode;
using Type = JsonNode::Type;
using Names = std::initializer_list<std::string_view>;

constexpr std::string_view k_schema = "zmfirewall/plan/1";
constexpr std::size_t k_depth = 8;
constexpr std::size_t k_values = 3'000'000;  ///< some 300 MB; a plan of ours has more than ten bytes to each
constexpr std::size_t k_servers = 5'000;
constexpr std::size_t k_entries = 5'000;     ///< of one list of one server
constexpr std::size_t k_sources = 50'000;    ///< of one open port
constexpr std::size_t k_short_text = 1'000;  ///< bytes: a title, an attribute's name
constexpr std::size_t k_long_text = 65'536;  ///< bytes: a value, a sentence with names of servers

/// Where we are in the document; lives on the stack of who descends.
struct Path {
    const Path* parent = nullptr;
    std::string_view name;
    std::size_t index = 0;

    [[nodiscard]] std::string text() const {
        if (parent == nullptr) return {};
        const auto before = parent->text();
        if (name.empty()) return fmt::format("{}[{}]", before, index);
        return before.empty() ? std::string(name) : fmt::format("{}.{}", before, name);
    }
};

bool is_id(std::string_view text) {
    return !text.empty() && text.size() <= 40 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

bool is_hex(std::string_view text) {
    return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool has_controls(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; });
}

/// The first mistake ends up in `problem`; what is read after it is of no use.
class Reader {
public:
    Plan plan(const JsonNode& root);
    [[nodiscard]] const std::string& problem() const { return m_problem; }

private:
    void fail(const Path& path, const std::string& what) {
        if (!m_problem.empty()) return;
        const auto where = path.text();
        m_problem = where.empty() ? what : fmt::format("{}: {}", where, what);
    }
    bool is(const JsonNode& node, Type type, const Path& path) {
        if (node.type != type)
            fail(path, fmt::format("expected {}, found {}", zmi::to_string(type), zmi::to_string(node.type)));
        return node.type == type;
    }

    /// An object with all of `needed`, perhaps some of `optional`, and nothing else.
    bool has_members(const JsonNode& node, const Path& path, Names needed, Names optional = {}) {
        if (!is(node, Type::object, path)) return false;
        for (const auto name : needed) {
            if (node.member(name) == nullptr) fail(path, fmt::format("{} is missing", name));
        }
        for (const auto& name : node.names) {
            const bool known = std::find(needed.begin(), needed.end(), name) != needed.end() ||
                               std::find(optional.begin(), optional.end(), name) != optional.end();
            if (!known) fail(path, fmt::format("unknown member {}", zmi::quoted(name)));
        }
        return m_problem.empty();
    }

    /// Free text for people. One line, unless `limit` is that of a long one: those quote what an attribute held.
    std::string free(const JsonNode& node, const Path& path, std::size_t limit) {
        if (!is(node, Type::string, path)) return {};
        if (node.text.size() > limit) fail(path, fmt::format("more than {} bytes", limit));
        if (limit == k_short_text && has_controls(node.text)) fail(path, "control characters");
        return node.text;
    }
    std::string text(const JsonNode& object, std::string_view name, const Path& path, std::size_t limit) {
        return free(*object.member(name), {&path, name}, limit);
    }
    std::string sentence(const JsonNode& object, std::string_view name, const Path& path) {
        auto result = text(object, name, path, k_long_text);
        if (result.empty()) fail({&path, name}, "empty");
        return result;
    }
    bool truth(const JsonNode& object, std::string_view name, const Path& path) {
        const auto& node = *object.member(name);
        return is(node, Type::boolean, {&path, name}) && node.truth;
    }
    std::string id(const JsonNode& object, std::string_view name, const Path& path) {
        auto result = text(object, name, path, k_short_text);
        if (!is_id(result)) fail({&path, name}, zmi::quoted(result) + " is not 1 to 40 of a-z, 0-9 and '-'");
        return result;
    }
    std::string one_of(const JsonNode& object, std::string_view name, const Path& path, Names known) {
        auto result = text(object, name, path, k_short_text);
        if (std::find(known.begin(), known.end(), result) == known.end())
            fail({&path, name}, "unexpected value " + zmi::quoted(result));
        return result;
    }
    std::string time(const JsonNode& object, std::string_view name, const Path& path) {
        auto result = text(object, name, path, k_short_text);
        if (!zmi::parse_rfc3339(result)) fail({&path, name}, "expected a time such as 2026-11-24T06:15:47Z");
        return result;
    }
    std::string host_name(const JsonNode& node, const Path& path) {
        auto result = free(node, path, k_short_text);
        if (!zmi::is_host_name(result) || zmi::to_lower(result) != result)
            fail(path, zmi::quoted(result) + " is not a host name in lower case");
        return result;
    }
    zmi::IpAddress address(const JsonNode& node, const Path& path) {
        const auto result = zmi::parse_address(free(node, path, k_short_text));
        if (!result) fail(path, zmi::quoted(node.text) + " is not an IP address");
        return result.value_or(zmi::IpAddress{});
    }
    zmi::Cidr network(const JsonNode& node, const Path& path) {
        const auto result = zmi::parse_cidr(free(node, path, k_short_text));
        if (!result) fail(path, zmi::quoted(node.text) + " is not a network");
        return result.value_or(zmi::Cidr{});
    }
    PortRange port(const JsonNode& node, const Path& path) {
        if (node.type == Type::integer) {
            if (node.number >= 1 && node.number <= 65535)
                return {static_cast<std::uint16_t>(node.number), static_cast<std::uint16_t>(node.number)};
        } else if (node.type == Type::string) {
            const auto range = parse_port_range(node.text);
            if (range && !range->is_single()) return *range;
        }
        fail(path, "expected a port from 1 to 65535, or a range such as \"20000-20010\"");
        return {};
    }

    template <class T, class Read>
    std::vector<T> list(const JsonNode& object, std::string_view name, const Path& path, std::size_t most, Read read) {
        std::vector<T> result;
        const auto& node = *object.member(name);
        const Path here{&path, name};
        if (!is(node, Type::array, here)) return result;
        if (node.children.size() > most) fail(here, fmt::format("more than {} entries", most));
        for (std::size_t i = 0; i < node.children.size() && m_problem.empty(); ++i)
            result.push_back(read(node.children[i], Path{&here, {}, i}));
        return result;
    }
    template <class T>
    void each_once(const std::vector<T>& values, const Path& path) {
        if (std::set<T>(values.begin(), values.end()).size() != values.size()) fail(path, "an entry stands twice");
    }

    zmi::Source source(const JsonNode& node, const Path& path);
    std::vector<Because> because(const JsonNode& object, const Path& path);
    OpenPort open(const JsonNode& node, const Path& path);
    OpenPort outbound(const JsonNode& node, const Path& path);
    void common(const JsonNode& node, const Path& path, std::string_view networks, OpenPort& port);
    ClosedPort closed(const JsonNode& node, const Path& path);
    Finding finding(const JsonNode& node, const Path& path, const std::string& server);
    Problem problem(const JsonNode& node, const Path& path);
    void read_outbound(const JsonNode& node, const Path& path, ServerPlan& plan);
    void conclusions(const JsonNode& node, const Path& path, ServerPlan& plan);
    ServerPlan server(const JsonNode& node, const Path& path);

    std::string m_problem;
};

zmi::Source Reader::source(const JsonNode& node, const Path& path) {
    zmi::Source result;
    if (!has_members(node, path, {"kind", "server", "complete", "taken_at"})) return result;
    result.kind = one_of(node, "kind", path, {"soap", "zmprov", "zmprov-ldap"});
    result.server = text(node, "server", path, k_short_text);
    if (zmi::without_credentials(result.server) != result.server) fail({&path, "server"}, "holds credentials");
    result.complete = truth(node, "complete", path);
    result.taken_at = time(node, "taken_at", path);
    return result;
}

std::vector<Because> Reader::because(const JsonNode& object, const Path& path) {
    return list<Because>(object, "because", path, k_entries, [&](const JsonNode& node, const Path& here) {
        Because result;
        if (!has_members(node, here, {"fact", "value", "origin"}, {"server"})) return result;
        result.fact = text(node, "fact", here, k_short_text);
        result.value = text(node, "value", here, k_long_text);
        result.origin =
            one_of(node, "origin", here,
                   {"server", "global", "default", "localconfig", "localconfig default", "file", "packaged default",
                    "resolver", "policy", "catalogue", "package", "unit", "mesh", "module", "live"});
        if (node.member("server") != nullptr) result.server = text(node, "server", here, k_short_text);
        return result;
    });
}

OpenPort Reader::open(const JsonNode& node, const Path& path) {
    OpenPort result;
    if (!has_members(node, path,
                     {"endpoint", "title", "protocol", "port", "audience", "sources", "peers", "destinations",
                      "because", "reason"},
                     {"comment"})) {
        return result;
    }
    result.audience = one_of(node, "audience", path, {"public", "admin", "ssh", "cluster", "policy"});
    common(node, path, "sources", result);
    result.destinations =
        list<zmi::IpAddress>(node, "destinations", path, k_entries,
                             [&](const JsonNode& item, const Path& here) { return address(item, here); });
    each_once(result.destinations, {&path, "destinations"});
    return result;
}

/// What leaves: the networks are the remote ends.
OpenPort Reader::outbound(const JsonNode& node, const Path& path) {
    OpenPort result;
    if (!has_members(
            node, path,
            {"endpoint", "title", "protocol", "port", "audience", "destinations", "peers", "because", "reason"},
            {"comment"})) {
        return result;
    }
    result.audience = one_of(node, "audience", path, {"cluster", "outside", "policy"});
    common(node, path, "destinations", result);
    return result;
}

/// What both directions have.
void Reader::common(const JsonNode& node, const Path& path, std::string_view networks, OpenPort& result) {
    result.endpoint = id(node, "endpoint", path);
    result.title = text(node, "title", path, k_short_text);
    result.protocol = one_of(node, "protocol", path, {"tcp", "udp"});
    result.port = port(*node.member("port"), {&path, "port"});
    result.sources = list<zmi::Cidr>(node, networks, path, k_sources,
                                     [&](const JsonNode& item, const Path& here) { return network(item, here); });
    if (result.sources.empty()) fail({&path, networks}, "nobody could connect");
    if (m_problem.empty() && zmi::merge(result.sources) != result.sources)
        fail({&path, networks}, "not sorted and merged, as a plan of ours is");
    result.peers = list<std::string>(node, "peers", path, k_servers,
                                     [&](const JsonNode& item, const Path& here) { return host_name(item, here); });
    each_once(result.peers, {&path, "peers"});
    result.because = because(node, path);
    result.reason = text(node, "reason", path, k_short_text);
    if (result.reason.size() != 9 || result.reason.front() != 'r' || !is_hex(result.reason.substr(1)))
        fail({&path, "reason"}, zmi::quoted(result.reason) + " is no id of a reason");
    if (node.member("comment") != nullptr) result.comment = text(node, "comment", path, k_short_text);
}

ClosedPort Reader::closed(const JsonNode& node, const Path& path) {
    ClosedPort result;
    if (!has_members(node, path, {"endpoint", "title", "protocol", "reason", "because"}, {"port", "candidate"}))
        return result;
    result.endpoint = id(node, "endpoint", path);
    result.title = text(node, "title", path, k_short_text);
    result.protocol = one_of(node, "protocol", path, {"tcp", "udp", "unix"});
    if (const auto* number = node.member("port")) result.port = port(*number, {&path, "port"});
    result.reason = sentence(node, "reason", path);
    result.because = because(node, path);
    if (const auto* candidate = node.member("candidate")) {
        const Path here{&path, "candidate"};
        if (has_members(*candidate, here, {"settled_by"})) result.settled_by = sentence(*candidate, "settled_by", here);
    }
    return result;
}

Finding Reader::finding(const JsonNode& node, const Path& path, const std::string& server) {
    Finding result;
    if (!has_members(node, path, {"id", "severity", "text", "remedy", "accepted"})) return result;
    result.id = id(node, "id", path);
    const auto severity = one_of(node, "severity", path, {"info", "warning", "blocker"});
    for (const auto level : {Severity::info, Severity::warning, Severity::blocker}) {
        if (severity == to_string(level)) result.severity = level;
    }
    result.server = server;
    result.text = sentence(node, "text", path);
    result.remedy = list<std::string>(node, "remedy", path, k_entries, [&](const JsonNode& item, const Path& here) {
        return free(item, here, k_long_text);
    });
    result.accepted = truth(node, "accepted", path);
    return result;
}

Problem Reader::problem(const JsonNode& node, const Path& path) {
    Problem result;
    if (!has_members(node, path, {"server", "subject", "text"})) return result;
    result.server = text(node, "server", path, k_short_text);
    result.subject = text(node, "subject", path, k_short_text);
    result.text = sentence(node, "text", path);
    return result;
}

/// What follows from the lists: completeness and the digest are claims that we check.
void Reader::conclusions(const JsonNode& node, const Path& path, ServerPlan& plan) {
    if (truth(node, "complete", path) != plan.complete()) fail({&path, "complete"}, "does not agree with the problems");
    const bool lets_out = plan.outbound && !(plan.outbound->empty() && plan.outbound_closed.empty());
    if (!plan.complete() && (lets_out || !(plan.open.empty() && plan.closed.empty())))
        fail(path, "a plan with problems opens and closes nothing");
    plan.digest = text(node, "digest", path, k_short_text);
    if (plan.digest.size() != 64 || !is_hex(plan.digest)) fail({&path, "digest"}, "is no SHA-256");
    // A plan with problems does not show the ports that its digest is of.
    if (m_problem.empty() && plan.complete() && plan.digest != digest_of(plan))
        fail({&path, "digest"}, "is not that of these rules: the plan was changed after it was made");
}

/// Both lists or none.
void Reader::read_outbound(const JsonNode& node, const Path& path, ServerPlan& plan) {
    const bool asked = node.member("outbound") != nullptr;
    if (asked != (node.member("outbound_closed") != nullptr)) fail(path, "outbound and outbound_closed go together");
    if (!asked || !m_problem.empty()) return;
    plan.outbound = list<OpenPort>(node, "outbound", path, k_entries,
                                   [&](const JsonNode& item, const Path& here) { return outbound(item, here); });
    plan.outbound_closed = list<ClosedPort>(node, "outbound_closed", path, k_entries,
                                            [&](const JsonNode& item, const Path& here) { return closed(item, here); });
}

ServerPlan Reader::server(const JsonNode& node, const Path& path) {
    ServerPlan result;
    if (!has_members(node, path, {"name", "addresses", "digest", "complete", "open", "closed", "findings", "problems"},
                     {"outbound", "outbound_closed"})) {
        return result;
    }
    result.name = host_name(*node.member("name"), {&path, "name"});
    result.addresses =
        list<zmi::IpAddress>(node, "addresses", path, k_entries,
                             [&](const JsonNode& item, const Path& here) { return address(item, here); });
    each_once(result.addresses, {&path, "addresses"});
    result.open = list<OpenPort>(node, "open", path, k_entries,
                                 [&](const JsonNode& item, const Path& here) { return open(item, here); });
    result.closed = list<ClosedPort>(node, "closed", path, k_entries,
                                     [&](const JsonNode& item, const Path& here) { return closed(item, here); });
    read_outbound(node, path, result);
    result.findings = list<Finding>(node, "findings", path, k_entries, [&](const JsonNode& item, const Path& here) {
        return finding(item, here, result.name);
    });
    result.problems = list<Problem>(node, "problems", path, k_entries,
                                    [&](const JsonNode& item, const Path& here) { return problem(item, here); });
    conclusions(node, path, result);
    return result;
}

Plan Reader::plan(const JsonNode& root) {
    Plan result;
    const Path top;
    if (!has_members(root, top, {"schema", "source", "made_at", "this_node", "servers"}, {"version"})) return result;
    one_of(root, "schema", top, {k_schema});
    if (root.member("version") != nullptr) text(root, "version", top, k_short_text);
    result.source = source(*root.member("source"), {&top, "source"});
    result.made_at = time(root, "made_at", top);
    result.this_node = host_name(*root.member("this_node"), {&top, "this_node"});
    result.servers = list<ServerPlan>(root, "servers", top, k_servers,
                                      [&](const JsonNode& item, const Path& here) { return server(item, here); });
    const auto not_before = [](const ServerPlan& a, const ServerPlan& b) { return a.name >= b.name; };
    if (m_problem.empty() &&
        std::adjacent_find(result.servers.begin(), result.servers.end(), not_before) != result.servers.end()) {
        fail({&top, "servers"}, "not sorted by name, or a name stands twice");
    }
    return result;
}

}  // namespace

zmi::Expected<Plan> read_plan(std::string_view json, std::string_view name) {
    const auto failed = [&](const std::string& why) {
        return zmi::failure(zmi::ErrorKind::data, fmt::format("{}: {}", name, why),
                            "make a new one: zmfirewall plan --json > plan.json");
    };
    if (json.size() > k_plan_size_limit) return failed(fmt::format("more than {} MiB", k_plan_size_limit >> 20));
    const auto tree = zmi::parse_json(json, k_depth, k_values);
    if (!tree) return failed(tree.error().what);
    Reader reader;
    auto plan = reader.plan(*tree);
    if (!reader.problem().empty()) return failed(reader.problem());
    return plan;
}

}  // namespace zmfw
