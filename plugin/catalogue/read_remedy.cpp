#include <map>
#include <plugin/catalogue/catalogue_reader.hpp>

namespace zmfw {
namespace {

/// <set server="{server}" attribute="A" value="V"/>, or with localconfig="K"; without server: global config. Of
/// localconfig also value-of="COMMAND".
Change read_change(const XmlElement& element) {
    using Kind = Change::Kind;
    static const std::map<std::string_view, Kind> kinds = {
        {"set", Kind::set}, {"add", Kind::add}, {"remove", Kind::remove}, {"unset", Kind::unset}};
    element.allow_attributes({"server", "attribute", "localconfig", "value", "value-of"});
    element.allow_children({});
    Change change;
    change.kind = kinds.at(element.name());
    const bool local = element.optional("localconfig").has_value();
    if (local == element.optional("attribute").has_value()) element.fail("one of attribute and localconfig is needed");
    change.fact = local ? FactKind::localconfig : FactKind::attribute;
    change.name = element.required(local ? "localconfig" : "attribute");
    change.server = element.value_or("server", "");
    if (local && change.server.empty()) element.fail("localconfig is of one server: name it");
    if (local && (change.kind == Kind::add || change.kind == Kind::remove))
        element.fail("localconfig has no values to add or remove");
    change.value_of = element.value_or("value-of", "");
    if (!change.value_of.empty()) {
        if (!local || change.kind != Kind::set || element.optional("value"))
            element.fail("value-of is for <set localconfig> without value");
        return change;
    }
    change.value = change.kind == Kind::unset ? element.value_or("value", "") : element.required("value");
    if (change.kind == Kind::unset && !change.value.empty()) element.fail("<unset> has no value");
    return change;
}

}  // namespace

RemedySpec read_remedy(const XmlElement& element) {
    element.allow_attributes({"needs", "without"});
    RemedySpec remedy;
    remedy.needs = element.value_or("needs", "");
    remedy.without = element.value_or("without", "");
    if (!element.children().empty()) element.allow_children({"safe-when", "set", "add", "remove", "unset"});
    for (const auto& child : element.children()) {
        if (child.name() != "safe-when") {
            remedy.changes.push_back(read_change(child));
            continue;
        }
        child.allow_attributes({});
        remedy.safe_when = read_condition(child);
    }
    if (!remedy.changes.empty()) return remedy;
    if (element.child("safe-when")) element.fail("<safe-when> without a change");
    remedy.text = element.text();
    if (remedy.text.empty()) element.fail("an empty <remedy>");
    return remedy;
}

}  // namespace zmfw
