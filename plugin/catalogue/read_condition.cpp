#include <fmt/format.h>
#include <plugin/catalogue/catalogue_reader.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

using Kind = Condition::Kind;

/// Reads attribute="A" or localconfig="K", exactly one of them.
void read_fact(const XmlElement& element, Condition& condition) {
    const auto attribute = element.optional("attribute");
    const auto key = element.optional("localconfig");
    if (attribute.has_value() == key.has_value()) {
        element.fail(fmt::format("<{}> needs either attribute or localconfig", element.name()));
    }
    condition.fact = attribute ? FactKind::attribute : FactKind::localconfig;
    condition.name = attribute ? *attribute : *key;
}

std::vector<Condition> read_children(const XmlElement& element);

Condition read_group(const XmlElement& element, Kind kind) {
    element.allow_attributes({});
    Condition condition;
    condition.kind = kind;
    condition.children = read_children(element);
    if (condition.children.empty()) element.fail(fmt::format("<{}> is empty", element.name()));
    return condition;
}

Condition read_named(const XmlElement& element, Kind kind, const char* attribute) {
    element.allow_attributes({attribute});
    element.allow_children({});
    Condition condition;
    condition.kind = kind;
    condition.values = {element.required(attribute)};
    return condition;
}

Condition read_component_test(const XmlElement& element) {
    element.allow_attributes({"name"});
    element.allow_children({});
    Condition condition;
    condition.kind = Kind::component;
    condition.name = read_id(element, "name");
    return condition;
}

Condition read_fact_test(const XmlElement& element, Kind kind) {
    element.allow_attributes({"attribute", "localconfig", "values", "if-unset"});
    element.allow_children({});
    Condition condition;
    condition.kind = kind;
    read_fact(element, condition);
    condition.values = element.words("values");
    condition.if_unset = element.flag("if-unset", false);
    if ((kind == Kind::is) == condition.values.empty()) {
        element.fail(fmt::format("<{}> and the attribute 'values' do not fit", element.name()));
    }
    return condition;
}

std::string read_bound(const XmlElement& element, const char* attribute) {
    const auto text = element.value_or(attribute, "");
    for (const auto part : zmi::split(text, '.')) {
        const bool number =
            !part.empty() && part.size() < 5 && part.find_first_not_of("0123456789") == std::string::npos;
        if (!text.empty() && !number) element.fail(fmt::format("{} is not a version", zmi::quoted(text)));
    }
    return text;
}

Condition read_version(const XmlElement& element) {
    element.allow_attributes({"min", "below"});
    element.allow_children({});
    Condition condition;
    condition.kind = Kind::version;
    condition.values = {read_bound(element, "min"), read_bound(element, "below")};
    if (condition.values[0].empty() && condition.values[1].empty()) element.fail("<version> needs min or below");
    return condition;
}

Condition read_one(const XmlElement& element) {
    const auto name = element.name();
    if (name == "always" || name == "never") {
        element.allow_attributes({});
        element.allow_children({});
        Condition condition;
        condition.kind = name == "always" ? Kind::always : Kind::never;
        return condition;
    }
    if (name == "all") return read_group(element, Kind::all_of);
    if (name == "any") return read_group(element, Kind::any_of);
    if (name == "not") return read_group(element, Kind::none_of);
    if (name == "some-server") return read_group(element, Kind::some_server);
    if (name == "other-server") return read_group(element, Kind::other_server);
    if (name == "service") return read_named(element, Kind::service, "name");
    if (name == "component") return read_component_test(element);
    if (name == "use") return read_named(element, Kind::use, "condition");
    if (name == "true") return read_fact_test(element, Kind::is_true);
    if (name == "is") return read_fact_test(element, Kind::is);
    if (name == "set") return read_fact_test(element, Kind::is_set);
    if (name == "named-by") return read_fact_test(element, Kind::named_by);
    if (name == "named-in") return read_fact_test(element, Kind::named_in);
    if (name == "client-names") return read_fact_test(element, Kind::client_names);
    if (name == "hosted-here") return read_fact_test(element, Kind::hosted_here);
    if (name == "version") return read_version(element);
    element.fail(fmt::format("<{}> is no condition", name));
}

std::vector<Condition> read_children(const XmlElement& element) {
    std::vector<Condition> conditions;
    for (const auto& child : element.children()) conditions.push_back(read_one(child));
    if (!element.text().empty()) element.fail(fmt::format("stray text in <{}>", element.name()));
    return conditions;
}

}  // namespace

Condition read_condition(const XmlElement& element) {
    auto conditions = read_children(element);
    if (conditions.size() == 1) return std::move(conditions.front());
    Condition condition;
    condition.kind = conditions.empty() ? Kind::always : Kind::all_of;
    condition.children = std::move(conditions);
    return condition;
}

}  // namespace zmfw
