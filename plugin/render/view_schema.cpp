#include <fmt/format.h>

#include <initializer_list>
#include <plugin/render/view_schema.hpp>
#include <utility>

namespace zmfw {
namespace {

using Kind = ViewSchema::Kind;
using Fields = std::map<std::string, ViewSchema, std::less<>>;

Fields texts_and_flags(std::initializer_list<const char*> texts, std::initializer_list<const char*> flags) {
    Fields fields;
    for (const auto* name : texts) fields[name] = ViewSchema{Kind::text, {}};
    for (const auto* name : flags) fields[name] = ViewSchema{Kind::flag, {}};
    return fields;
}

/// Every item of a list knows whether it is the first or the last one, for separators.
ViewSchema list_of(Fields fields) {
    fields["first"] = ViewSchema{Kind::flag, {}};
    fields["last"] = ViewSchema{Kind::flag, {}};
    return ViewSchema{Kind::items, std::move(fields)};
}

ViewSchema addresses() {
    return list_of(texts_and_flags({"address"}, {"is_ipv4", "is_ipv6"}));
}

Fields port_fields() {
    return texts_and_flags({"protocol", "port", "first_port", "last_port"}, {"is_range", "is_single"});
}

ViewSchema rules() {
    auto fields = port_fields();
    fields.merge(texts_and_flags({"id", "endpoint", "reason", "audience", "note", "comment"},
                                 {"is_tcp", "is_udp", "has_comment", "any4", "any6", "any_both", "has_sources4",
                                  "has_sources6", "has_destinations4", "has_destinations6", "has_peers"}));
    fields["sources4"] = list_of(texts_and_flags({"cidr"}, {}));
    fields["sources6"] = list_of(texts_and_flags({"cidr"}, {}));
    fields["destinations4"] = addresses();
    fields["destinations6"] = addresses();
    fields["peers"] = list_of(texts_and_flags({"name"}, {}));
    return list_of(std::move(fields));
}

ViewSchema services() {
    auto fields = port_fields();
    fields["id"] = ViewSchema{Kind::text, {}};
    fields["rules"] = rules();
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
    auto fields = texts_and_flags({"program", "version", "taken_at", "source_kind", "source_server"}, {});
    fields["apply"] = ViewSchema{Kind::texts, {}};
    fields["undo"] = ViewSchema{Kind::texts, {}};
    return fields;
}

Fields server_body() {
    auto fields = texts_and_flags({"server", "digest"}, {"has_ipv4", "has_ipv6", "has_rules"});
    fields["addresses"] = addresses();
    fields["rules"] = rules();
    fields["services"] = services();
    fields["protocols"] = protocols();
    fields["groups"] = groups();
    return fields;
}

zmi::Expected<void> check_object(const kainjow::mustache::data& object, const Fields& fields, const std::string& path);

zmi::Expected<void> check_value(const kainjow::mustache::data& value, const ViewSchema& schema,
                                const std::string& path) {
    const auto wrong = [&] {
        return zmi::failure(zmi::ErrorKind::bug, fmt::format("the view of the templates is wrong at {}", path));
    };
    switch (schema.kind) {
        case Kind::text:
            if (!value.is_string()) return wrong();
            return {};
        case Kind::flag:
            if (!value.is_bool()) return wrong();
            return {};
        case Kind::texts:
            if (!value.is_list()) return wrong();
            for (const auto& item : value.list_value()) {
                if (!item.is_string()) return wrong();
            }
            return {};
        case Kind::items:
            if (!value.is_list()) return wrong();
            for (const auto& item : value.list_value()) {
                if (auto checked = check_object(item, schema.fields, path); !checked) return checked;
            }
            return {};
    }
    return wrong();
}

zmi::Expected<void> check_object(const kainjow::mustache::data& object, const Fields& fields, const std::string& path) {
    for (const auto& [name, schema] : fields) {
        const auto* value = object.get(name);
        const auto place = path + "/" + name;
        if (value == nullptr) {
            return zmi::failure(zmi::ErrorKind::bug, fmt::format("the view of the templates lacks {}", place));
        }
        if (auto checked = check_value(*value, schema, place); !checked) return checked;
    }
    return {};
}

}  // namespace

const ViewSchema& server_schema() {
    static const ViewSchema schema = [] {
        auto fields = header();
        fields.merge(server_body());
        return ViewSchema{Kind::items, std::move(fields)};
    }();
    return schema;
}

const ViewSchema& cluster_schema() {
    static const ViewSchema schema = [] {
        auto fields = header();
        fields["servers"] = list_of(server_body());
        return ViewSchema{Kind::items, std::move(fields)};
    }();
    return schema;
}

zmi::Expected<void> check_view(const kainjow::mustache::data& view, const ViewSchema& schema) {
    return check_object(view, schema.fields, "");
}

}  // namespace zmfw
