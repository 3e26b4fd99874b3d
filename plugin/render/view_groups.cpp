#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <plugin/render/view.hpp>
#include <set>
#include <tuple>

namespace zmfw {
namespace {

using zmi::Family;

/// Limits of the multiport match, which ufw and iptables share; a range takes two slots.
constexpr std::size_t k_slots_of_chunk = 15;
/// ufw skips a profile whose "ports" is longer than 1024 characters: ten chunks of 15 ports are shorter.
constexpr std::size_t k_chunks_of_group = 10;

using Port = std::pair<std::string, PortRange>;  ///< protocol first

struct Chunk {
    std::string protocol;
    std::vector<PortRange> ports;
};

struct Group {
    std::string audience;
    std::set<std::string> endpoints;
    std::set<Port> ports;
    std::vector<zmi::Cidr> sources;
    std::vector<zmi::IpAddress> destinations;
};

/// Rules with equal keys share a group. "ssh" sorts before all others, so that it is applied first.
using GroupKey = std::tuple<bool, std::string, std::vector<zmi::Cidr>, std::vector<zmi::IpAddress>>;

template <class T>
std::vector<T> joined(std::vector<T> one, const std::vector<T>& other) {
    one.insert(one.end(), other.begin(), other.end());
    return one;
}

std::vector<Group> collect(const std::vector<ViewRule>& rules) {
    std::map<GroupKey, Group> groups;
    for (const auto& rule : rules) {
        const auto& port = *rule.port;
        auto& group = groups[{port.audience != "ssh", port.audience, joined(rule.sources4, rule.sources6),
                              joined(rule.destinations4, rule.destinations6)}];
        group.endpoints.insert(port.endpoint);
        group.ports.emplace(port.protocol, port.port);
    }
    std::vector<Group> result;
    while (!groups.empty()) {
        auto node = groups.extract(groups.begin());
        auto& group = result.emplace_back(std::move(node.mapped()));
        std::tie(std::ignore, group.audience, group.sources, group.destinations) = std::move(node.key());
    }
    return result;
}

std::vector<Chunk> chunks_of(const std::set<Port>& ports) {
    std::vector<Chunk> chunks;
    std::size_t used = 0;
    for (const auto& [protocol, range] : ports) {
        const std::size_t slots = range.first == range.last ? 1 : 2;
        if (chunks.empty() || chunks.back().protocol != protocol || used + slots > k_slots_of_chunk) {
            chunks.push_back(Chunk{protocol, {}});
            used = 0;
        }
        chunks.back().ports.push_back(range);
        used += slots;
    }
    return chunks;
}

std::string name_of(const Group& group, const std::vector<Chunk>& chunks) {
    std::string content = group.audience;
    for (const auto& endpoint : group.endpoints) content += " " + endpoint;
    for (const auto& chunk : chunks) {
        content += "|" + chunk.protocol;
        for (const auto& port : chunk.ports) content += " " + port_text(port);
    }
    for (const auto& source : group.sources) content += " from " + source.to_string();
    for (const auto& destination : group.destinations) content += " to " + destination.to_string();
    const bool own_name = group.endpoints.size() == 1 && group.audience == "cluster";
    const auto name = own_name ? *group.endpoints.begin() : group.audience;
    return fmt::format("zmfirewall-{}-{}", name.substr(0, 40), short_hash(content));
}

class Paths {
public:
    explicit Paths(const ViewSchema& schema)
        : m_schema(schema),
          m_from(schema.slot_of("from")),
          m_from_any(schema.slot_of("from_any")),
          m_to(schema.slot_of("to")),
          m_to_any(schema.slot_of("to_any")),
          m_is_ipv4(schema.slot_of("is_ipv4")),
          m_is_ipv6(schema.slot_of("is_ipv6")) {}

    void add(std::string from, std::string to, bool ipv4, bool ipv6) {
        Record item(m_schema);
        item.set(m_from_any, from == "any");
        item.set(m_from, std::move(from));
        item.set(m_to_any, to == "any");
        item.set(m_to, std::move(to));
        item.set(m_is_ipv4, ipv4);
        item.set(m_is_ipv6, ipv6);
        m_items.add(std::move(item));
    }

    [[nodiscard]] Items take() { return m_items.take(); }

private:
    const ViewSchema& m_schema;
    std::size_t m_from, m_from_any, m_to, m_to_any, m_is_ipv4, m_is_ipv6;
    ItemsBuilder m_items;
};

/// Every (source, destination) of a group; "any" where both families may come from everywhere to every address.
Items paths_of(const ViewSchema& schema, const Group& group) {
    Paths paths(schema);
    const auto anys =
        std::count_if(group.sources.begin(), group.sources.end(), [](const auto& s) { return s.is_any(); });
    if (anys == 2 && group.destinations.empty()) {
        paths.add("any", "any", true, true);
        return paths.take();
    }
    for (const auto& source : group.sources) {
        const bool ipv4 = source.network.family == Family::ipv4;
        const auto from = source.to_short_string();
        if (group.destinations.empty()) paths.add(from, "any", ipv4, !ipv4);
        for (const auto& destination : group.destinations) {
            if (destination.family != source.network.family) continue;
            paths.add(from, destination.to_string(), ipv4, !ipv4);
        }
    }
    return paths.take();
}

Items chunk_items(const ViewSchema& schema, const std::vector<Chunk>& chunks) {
    const auto& port_schema = schema.fields.at("ports");
    ItemsBuilder items;
    for (const auto& chunk : chunks) {
        ItemsBuilder ports;
        for (const auto& range : chunk.ports) {
            Record port(port_schema);
            set_port(port, chunk.protocol, range);
            ports.add(std::move(port));
        }
        Record item(schema);
        item.set("protocol", chunk.protocol);
        item.set("ports", ports.take());
        items.add(std::move(item));
    }
    return items.take();
}

/// Names of endpoints for a description; ufw skips a profile with a field of more than 1024 characters.
std::string endpoint_text(const std::set<std::string>& endpoints) {
    constexpr std::size_t k_limit = 800;
    std::string text;
    std::size_t left = endpoints.size();
    for (const auto& endpoint : endpoints) {
        if (text.size() > k_limit) return fmt::format("{} and {} more", text, left);
        text += (text.empty() ? "" : ", ") + endpoint;
        --left;
    }
    return text;
}

Record group_item(const ViewSchema& schema, const Group& group, const std::vector<Chunk>& chunks,
                  const std::string& name) {
    Record item(schema);
    item.set("name", name);
    item.set("audience", group.audience);
    item.set("is_ssh", group.audience == "ssh");
    item.set("endpoints", endpoint_text(group.endpoints));
    item.set("chunks", chunk_items(schema.fields.at("chunks"), chunks));
    item.set("paths", paths_of(schema.fields.at("paths"), group));
    return item;
}

}  // namespace

std::string short_hash(const std::string& text) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    return fmt::format("{:08x}", static_cast<std::uint32_t>(hash ^ (hash >> 32U)));
}

zmi::Expected<Items> make_groups(const std::vector<ViewRule>& rules, const ViewSchema& schema) {
    ItemsBuilder items;
    std::set<std::string> names;
    for (const auto& group : collect(rules)) {
        const auto chunks = chunks_of(group.ports);
        for (auto rest = chunks.begin(); rest != chunks.end();) {
            const auto count = std::min<std::ptrdiff_t>(std::distance(rest, chunks.end()), k_chunks_of_group);
            const std::vector<Chunk> part(rest, rest + count);
            const auto name = name_of(group, part);
            if (!names.insert(name).second) {
                return zmi::failure(zmi::ErrorKind::bug, fmt::format("two groups of rules share the name {}", name));
            }
            items.add(group_item(schema, group, part, name));
            rest += count;
        }
    }
    return items.take();
}

}  // namespace zmfw
