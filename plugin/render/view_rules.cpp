#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <map>
#include <plugin/render/escape.hpp>
#include <plugin/render/view_rules.hpp>
#include <set>
#include <unordered_map>
#include <utility>

namespace zmfw {
namespace {

using zmi::Family;
using Sources = std::vector<zmi::Cidr>;

/// Lists that differ mostly differ in length or at an end.
struct SourcesHash {
    std::size_t operator()(const Sources& sources) const {
        if (sources.empty()) return 0;
        std::size_t hash = sources.size();
        for (const auto* end : {&sources.front(), &sources.back()}) {
            for (const auto byte : end->network.bytes) hash = hash * 31 + byte;
        }
        return hash;
    }
};

/// From here on a list of sources is better kept in a set than written as a rule for each.
constexpr std::size_t k_many = 5;

/// A list of sources, written once for all rules that have it.
struct SourceList {
    Texts texts;
    bool has_networks = false;  ///< not only single addresses
    std::string set_name;       ///< of a set with just these elements; at most 31 characters, as ipset has it
};

/// All rules of one (protocol, port).
struct Service {
    PortRange range;
    std::string protocol;
    std::string id;
    std::vector<const ViewRule*> rules;
    std::vector<std::shared_ptr<const Record>> items;
};

class ServerFields {
public:
    ServerFields(Record& view, const ServerPlan& plan, const std::vector<ViewRule>& rules, const Wanted& wanted)
        : m_view(view),
          m_plan(plan),
          m_rules(rules),
          m_wanted(wanted),
          m_none(make_texts({})),
          m_wants_services(wants_any({"services", "protocols", "source_count", "outbound_count"})),
          m_wants_service_sources(
              wants_any({"networks4", "networks6", "from4", "from6", "source_count", "outbound_count"})),
          m_names_sets(wants_any({"sets", "set4", "set6", "has_sets"})) {}

    zmi::Expected<void> run() {
        m_view.set("server", m_plan.name);
        m_view.set("digest", m_plan.digest);
        m_view.set("addresses", addresses(schema("addresses"), m_plan.addresses));
        m_view.set("has_addresses", !m_plan.addresses.empty());
        m_view.set("own_ipv4", may_have(Family::ipv4));
        m_view.set("own_ipv6", may_have(Family::ipv6));
        m_view.set("has_rules", !m_rules.empty());
        m_view.set("has_ipv4",
                   std::any_of(m_rules.begin(), m_rules.end(), [](auto& r) { return !r.sources4.empty(); }));
        m_view.set("has_ipv6",
                   std::any_of(m_rules.begin(), m_rules.end(), [](auto& r) { return !r.sources6.empty(); }));
        if (m_wants_services || m_names_sets || wants_any({"rules", "outbound"})) set_services();
        m_view.set("has_sets", false);
        if (m_names_sets) {
            if (auto set = set_sets(); !set) return set;
        }
        if (!wants(m_wanted, "groups")) return {};
        auto groups = make_groups(m_rules, schema("groups"));
        if (!groups) return tl::unexpected(std::move(groups).error());
        m_view.set("groups", std::move(*groups));
        return {};
    }

private:
    [[nodiscard]] const ViewSchema& schema(const char* name) const { return m_view.schema().fields.at(name); }

    /// Whether the server has an address of the family, or none is known at all.
    [[nodiscard]] bool may_have(Family family) const {
        return m_plan.addresses.empty() || std::any_of(m_plan.addresses.begin(), m_plan.addresses.end(),
                                                       [&](const auto& a) { return a.family == family; });
    }

    [[nodiscard]] bool wants_any(std::initializer_list<const char*> names) const {
        return std::any_of(names.begin(), names.end(), [&](const char* name) { return wants(m_wanted, name); });
    }

    static Items addresses(const ViewSchema& schema, const std::vector<zmi::IpAddress>& addresses) {
        ItemsBuilder items;
        for (const auto& address : addresses) {
            Record item(schema);
            item.set("address", address.to_string());
            item.set("is_ipv4", address.family == Family::ipv4);
            item.set("is_ipv6", address.family == Family::ipv6);
            items.add(std::move(item));
        }
        return items.take();
    }

    /// Own addresses that a rule is limited to; one item that stands for all where it is not.
    static Items targets(const ViewSchema& schema, const std::vector<zmi::IpAddress>& addresses, const char* all) {
        ItemsBuilder items;
        const auto add = [&](std::string address, bool is_all) {
            Record item(schema);
            item.set("address", std::move(address));
            item.set("is_all", is_all);
            items.add(std::move(item));
        };
        for (const auto& address : addresses) add(address.to_string(), false);
        if (addresses.empty()) add(all, true);
        return items.take();
    }

    const SourceList& list_of(const Sources& sources) {
        const auto [found, is_new] = m_lists.try_emplace(sources);
        if (is_new) {
            std::vector<std::string> texts;
            texts.reserve(sources.size());
            for (const auto& source : sources) texts.push_back(source.to_short_string());
            if (m_names_sets) found->second.set_name = set_name(sources, texts);
            found->second.texts = make_texts(std::move(texts));
            found->second.has_networks = std::any_of(sources.begin(), sources.end(), [](const auto& source) {
                return source.prefix != source.network.width();
            });
        }
        return found->second;
    }

    static std::string set_name(const Sources& sources, const std::vector<std::string>& texts) {
        if (sources.empty() || sources.front().is_any()) return {};
        std::string content;
        for (const auto& text : texts) content += text + " ";
        const char family = sources.front().network.family == Family::ipv4 ? '4' : '6';
        return fmt::format("zmfirewall{}-{}", family, short_hash(content));
    }

    /// With "/prefix" even where it is one address.
    static Texts networks(const Sources& sources) {
        std::vector<std::string> texts;
        for (const auto& source : sources) texts.push_back(source.to_string());
        return make_texts(std::move(texts));
    }

    void set_port_rule(Record& item, const OpenPort& port) {
        item.set("endpoint", port.endpoint);
        item.set("reason", port.reason);
        item.set("audience", port.audience);
        item.set("note", note_of(port));
        item.set("comment", port.comment);
        item.set("has_comment", !port.comment.empty());
        item.set("is_tcp", port.protocol == "tcp");
        item.set("is_udp", port.protocol == "udp");
        set_port(item, port.protocol, port.port);
        item.set("has_peers", !port.peers.empty());
        item.set("peers", Texts(std::shared_ptr<const void>(), &port.peers));
        item.set("title", printable(port.title));
        if (wants(m_wanted, "because")) item.set("because", because(item.schema().fields.at("because"), port));
    }

    static Items because(const ViewSchema& schema, const OpenPort& port) {
        ItemsBuilder items;
        for (const auto& fact : port.because) {
            Record item(schema);
            item.set("fact", printable(fact.fact));
            item.set("value", printable(fact.value));
            item.set("origin", printable(fact.origin));
            item.set("of_server", printable(fact.server));
            item.set("has_of_server", !fact.server.empty());
            items.add(std::move(item));
        }
        return items.take();
    }

    void set_paths(Record& item, const ViewRule& rule) {
        item.set("any4", rule.any4());
        item.set("any6", rule.any6());
        item.set("any_both", rule.any4() && rule.any6() && rule.port->destinations.empty());
        item.set("has_ipv4", !rule.sources4.empty());
        item.set("has_ipv6", !rule.sources6.empty());
        item.set("has_sources4", !rule.any4() && !rule.sources4.empty());
        item.set("has_sources6", !rule.any6() && !rule.sources6.empty());
        item.set("has_destinations4", !rule.destinations4.empty());
        item.set("has_destinations6", !rule.destinations6.empty());
        const auto& fields = item.schema().fields;
        item.set("destinations4", addresses(fields.at("destinations4"), rule.destinations4));
        item.set("destinations6", addresses(fields.at("destinations6"), rule.destinations6));
        item.set("to4", targets(fields.at("to4"), rule.destinations4, "0.0.0.0/0"));
        item.set("to6", targets(fields.at("to6"), rule.destinations6, "::/0"));
        const auto& list4 = list_of(rule.sources4);
        const auto& list6 = list_of(rule.sources6);
        m_lists_of_rules.insert(m_lists_of_rules.end(), {&list4, &list6});
        item.set("from4", list4.texts);
        item.set("from6", list6.texts);
        item.set("sources4", rule.any4() ? m_none : list4.texts);
        item.set("sources6", rule.any6() ? m_none : list6.texts);
        item.set("has_networks4", list4.has_networks);
        item.set("has_networks6", list6.has_networks);
        item.set("set4", list4.set_name);
        item.set("set6", list6.set_name);
        item.set("is_many4", rule.sources4.size() >= k_many);
        item.set("is_many6", rule.sources6.size() >= k_many);
    }

    std::shared_ptr<const Record> rule_item(const ViewRule& rule, const Service& service) {
        Record item(schema("rules"));
        item.set("id", fmt::format("{}_{}", service.id, service.rules.size() + 1));
        item.set("service_id", service.id);
        set_port_rule(item, *rule.port);
        set_paths(item, rule);
        return std::make_shared<const Record>(std::move(item));
    }

    std::shared_ptr<const Record> service_item(const Service& service) {
        Record item(schema("services"));
        item.set("id", service.id);
        set_port(item, service.protocol, service.range);
        const auto any_of = [&](auto has) { return std::any_of(service.rules.begin(), service.rules.end(), has); };
        item.set("has_ipv4", any_of([](const auto* rule) { return !rule->sources4.empty(); }));
        item.set("has_ipv6", any_of([](const auto* rule) { return !rule->sources6.empty(); }));
        if (m_wants_service_sources) set_service_sources(item, service);
        ItemsBuilder rules;
        for (const auto& rule : service.items) rules.add(rule);
        item.set("rules", rules.take());
        return std::make_shared<const Record>(std::move(item));
    }

    /// Of all its rules together.
    void set_service_sources(Record& item, const Service& service) {
        const bool is_one = service.rules.size() == 1;
        Sources all4, all6;
        for (const auto* rule : service.rules) {
            if (is_one) break;
            all4.insert(all4.end(), rule->sources4.begin(), rule->sources4.end());
            all6.insert(all6.end(), rule->sources6.begin(), rule->sources6.end());
        }
        const auto merged4 = zmi::merge(std::move(all4)), merged6 = zmi::merge(std::move(all6));
        const auto& sources4 = is_one ? service.rules.front()->sources4 : merged4;
        const auto& sources6 = is_one ? service.rules.front()->sources6 : merged6;
        const auto& list4 = list_of(sources4);
        const auto& list6 = list_of(sources6);
        m_source_count += list4.texts->size() + list6.texts->size();
        item.set("from4", list4.texts);
        item.set("from6", list6.texts);
        if (wants(m_wanted, "networks4")) item.set("networks4", networks(sources4));
        if (wants(m_wanted, "networks6")) item.set("networks6", networks(sources6));
    }

    void set_services() {
        std::map<std::pair<std::string, PortRange>, Service> services;
        ItemsBuilder all_rules;
        for (const auto& rule : m_rules) {
            const auto& port = *rule.port;
            auto& service = services[{port.protocol, port.port}];
            service.range = port.port;
            service.protocol = port.protocol;
            service.id = port.protocol + "_" + port_text(port.port);
            std::replace(service.id.begin(), service.id.end(), '-', '_');
            auto item = rule_item(rule, service);
            service.rules.push_back(&rule);
            service.items.push_back(item);
            all_rules.add(std::move(item));
        }
        m_view.set("rules", all_rules.take());
        if (m_wants_services) set_protocols(services);
        m_view.set("source_count", fmt::format("{}", m_source_count));
    }

    void set_protocols(const std::map<std::pair<std::string, PortRange>, Service>& services) {
        ItemsBuilder all, protocols;
        for (const auto* protocol : {"tcp", "udp"}) {
            ItemsBuilder singles, ranges;
            for (const auto& [key, service] : services) {
                if (service.protocol != protocol) continue;
                auto item = service_item(service);
                all.add(item);
                (service.range.is_single() ? singles : ranges).add(std::move(item));
            }
            if (singles.empty() && ranges.empty()) continue;
            Record item(schema("protocols"));
            item.set("protocol", protocol);
            item.set("has_singles", !singles.empty());
            item.set("has_ranges", !ranges.empty());
            item.set("singles", singles.take());
            item.set("ranges", ranges.take());
            protocols.add(std::move(item));
        }
        m_view.set("services", all.take());
        m_view.set("protocols", protocols.take());
    }

    /// The lists that rules name.
    zmi::Expected<void> set_sets() {
        ItemsBuilder items;
        std::set<std::string> names;
        bool has_many = false;
        auto list_of_rule = m_lists_of_rules.begin();
        for (const auto& rule : m_rules) {
            for (const auto* sources : {&rule.sources4, &rule.sources6}) {
                const auto& list = **list_of_rule++;
                if (list.set_name.empty()) continue;
                const bool is_new = names.insert(list.set_name).second;
                if (!is_new && m_set_owners[list.set_name] != &list) {
                    return zmi::failure(zmi::ErrorKind::bug, fmt::format("two sets share the name {}", list.set_name));
                }
                if (!is_new) continue;
                m_set_owners[list.set_name] = &list;
                const bool ipv4 = sources->front().network.family == Family::ipv4;
                Record item(schema("sets"));
                item.set("name", list.set_name);
                item.set("family", ipv4 ? "inet" : "inet6");
                item.set("is_ipv4", ipv4);
                item.set("is_ipv6", !ipv4);
                item.set("is_many", sources->size() >= k_many);
                item.set("elements", list.texts);
                has_many = has_many || sources->size() >= k_many;
                items.add(std::move(item));
            }
        }
        m_view.set("has_sets", has_many);
        m_view.set("sets", items.take());
        return {};
    }

    Record& m_view;
    const ServerPlan& m_plan;
    const std::vector<ViewRule>& m_rules;
    const Wanted& m_wanted;
    Texts m_none;
    bool m_wants_services;
    bool m_wants_service_sources;
    bool m_names_sets;
    std::unordered_map<Sources, SourceList, SourcesHash> m_lists;
    std::vector<const SourceList*> m_lists_of_rules;  ///< of each rule first the one of IPv4, then the one of IPv6
    std::map<std::string, const SourceList*> m_set_owners;
    std::size_t m_source_count = 0;
};

}  // namespace

zmi::Expected<void> set_rules(Record& view, const ServerPlan& plan, const std::vector<ViewRule>& rules,
                              const Wanted& wanted) {
    return ServerFields(view, plan, rules, wanted).run();
}

}  // namespace zmfw
