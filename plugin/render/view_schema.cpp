#include <fmt/format.h>

#include <initializer_list>
#include <plugin/render/view_schema.hpp>
#include <utility>

namespace zmfw {
namespace {

using Kind = ViewSchema::Kind;
using Fields = std::map<std::string, ViewSchema, ByLength>;

ViewSchema field_of(Kind kind) {
    ViewSchema schema;
    schema.kind = kind;
    return schema;
}

ViewSchema items_of(Fields fields) {
    ViewSchema schema;
    schema.fields = std::move(fields);
    return schema;
}

Fields texts_and_flags(std::initializer_list<const char*> texts, std::initializer_list<const char*> flags) {
    Fields fields;
    for (const auto* name : texts) fields[name] = field_of(Kind::text);
    for (const auto* name : flags) fields[name] = field_of(Kind::flag);
    return fields;
}

/// Every item of a list knows whether it is the first or the last one, for separators.
ViewSchema list_of(Fields fields) {
    fields["first"] = field_of(Kind::first);
    fields["last"] = field_of(Kind::last);
    return items_of(std::move(fields));
}

ViewSchema networks() {
    return list_of(texts_and_flags({"cidr"}, {}));
}

ViewSchema addresses() {
    return list_of(texts_and_flags({"address"}, {"is_ipv4", "is_ipv6"}));
}

Fields port_fields() {
    return texts_and_flags({"protocol", "port", "first_port", "last_port"}, {"is_range", "is_single"});
}

/// Where packets may go: own addresses, or one item that stands for all of them.
ViewSchema targets() {
    return list_of(texts_and_flags({"address"}, {"is_all"}));
}

ViewSchema because() {
    Fields fields;
    for (const auto* name : {"fact", "value", "origin", "of_server"}) fields[name] = field_of(Kind::free_text);
    fields["has_of_server"] = field_of(Kind::flag);
    return list_of(std::move(fields));
}

ViewSchema rules() {
    auto fields = port_fields();
    fields.merge(
        texts_and_flags({"id", "service_id", "endpoint", "reason", "audience", "note", "comment", "set4", "set6"},
                        {"is_tcp", "is_udp", "has_comment", "any4", "any6", "any_both", "has_sources4", "has_sources6",
                         "has_destinations4", "has_destinations6", "has_networks4", "has_networks6", "has_peers",
                         "has_ipv4", "has_ipv6", "is_many4", "is_many6"}));
    fields["title"] = field_of(Kind::free_text);
    fields["because"] = because();
    for (const auto* name : {"sources4", "sources6", "from4", "from6"}) fields[name] = networks();
    fields["destinations4"] = addresses();
    fields["destinations6"] = addresses();
    fields["to4"] = targets();
    fields["to6"] = targets();
    fields["peers"] = list_of(texts_and_flags({"name"}, {}));
    return list_of(std::move(fields));
}

ViewSchema services() {
    auto fields = port_fields();
    fields.merge(texts_and_flags({"id"}, {"has_ipv4", "has_ipv6"}));
    for (const auto* name : {"from4", "from6", "networks4", "networks6"}) fields[name] = networks();
    fields["rules"] = rules();
    return list_of(std::move(fields));
}

/// Lists of sources, each once: of one family, not "from everywhere".
ViewSchema sets() {
    auto fields = texts_and_flags({"name", "family"}, {"is_ipv4", "is_ipv6", "is_many"});
    fields["elements"] = networks();
    return list_of(std::move(fields));
}

ViewSchema protocols() {
    auto fields = texts_and_flags({"protocol"}, {"has_singles", "has_ranges"});
    fields["singles"] = services();
    fields["ranges"] = services();
    return list_of(std::move(fields));
}

ViewSchema groups() {
    auto fields = texts_and_flags({"name", "audience", "endpoints"}, {"is_ssh"});
    auto chunk = texts_and_flags({"protocol"}, {});
    chunk["ports"] = list_of(port_fields());
    fields["chunks"] = list_of(std::move(chunk));
    fields["paths"] = list_of(texts_and_flags({"from", "to"}, {"from_any", "to_any", "is_ipv4", "is_ipv6"}));
    return list_of(std::move(fields));
}

Fields header() {
    auto fields =
        texts_and_flags({"program", "version", "made_at", "this_node", "taken_at", "source_kind", "source_server"}, {});
    fields["apply"] = field_of(Kind::texts);
    fields["undo"] = field_of(Kind::texts);
    return fields;
}

Fields rule_fields() {
    auto fields =
        texts_and_flags({"server", "digest", "source_count"},
                        {"has_ipv4", "has_ipv6", "has_rules", "has_sets", "has_addresses", "own_ipv4", "own_ipv6"});
    fields["addresses"] = addresses();
    fields["rules"] = rules();
    fields["services"] = services();
    fields["protocols"] = protocols();
    fields["groups"] = groups();
    fields["sets"] = sets();
    return fields;
}

/// The fields of a server, and those of what leaves it: a list that is empty where that was not asked for. In there
/// "from" and "sources" are the remote ends; the rules have names of their own ("out_...").
Fields server_body() {
    auto fields = rule_fields();
    auto outbound = rule_fields();
    outbound["ssh_ports"] = list_of(port_fields());
    fields["outbound"] = list_of(std::move(outbound));
    fields["outbound_count"] = field_of(Kind::text);
    auto candidate = texts_and_flags({"endpoint", "protocol", "port"}, {"has_port"});
    for (const auto* name : {"title", "reason", "settled_by"}) candidate[name] = field_of(Kind::free_text);
    fields["candidates"] = list_of(std::move(candidate));
    fields["has_candidates"] = field_of(Kind::flag);
    return fields;
}

bool is_column(const ViewSchema& schema) {
    std::size_t texts = 0;
    for (const auto& [name, field] : schema.fields) {
        if (field.kind == Kind::text) ++texts;
        if (field.kind != Kind::text && field.kind != Kind::first && field.kind != Kind::last) return false;
    }
    return schema.kind == Kind::items && texts == 1;
}

/// Gives every field its place in the records.
ViewSchema numbered(ViewSchema schema) {
    std::size_t slot = 0;
    schema.is_column = is_column(schema);
    for (auto& [name, field] : schema.fields) {
        field = numbered(std::move(field));
        field.slot = slot++;
    }
    return schema;
}

}  // namespace

const ViewSchema& server_schema() {
    static const ViewSchema schema = [] {
        auto fields = header();
        fields.merge(server_body());
        return numbered(items_of(std::move(fields)));
    }();
    return schema;
}

const ViewSchema& cluster_schema() {
    static const ViewSchema schema = [] {
        auto fields = header();
        fields["servers"] = list_of(server_body());
        return numbered(items_of(std::move(fields)));
    }();
    return schema;
}

const Wanted& everything() {
    static const Wanted all;
    return all;
}

bool wants(const Wanted& wanted, std::string_view name) {
    return &wanted == &everything() || wanted.contains(name);
}

}  // namespace zmfw
