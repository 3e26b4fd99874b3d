#include <fmt/format.h>
#include <plugin/catalogue/catalogue_reader.hpp>

namespace zmfw {
namespace {

/// <to attribute="A"/>, <to localconfig="K"/> or <to file="F" setting="S" behind="SERVICE"/>.
void read_to(const XmlElement& element, Egress& egress) {
    element.allow_attributes({"attribute", "localconfig", "file", "setting", "behind", "port-attribute"});
    element.allow_children({});
    const bool by_attribute = element.optional("attribute").has_value();
    const bool by_key = element.optional("localconfig").has_value();
    const bool by_file = element.optional("file").has_value();
    if (by_attribute + by_key + by_file != 1) element.fail("<to> needs one of attribute, localconfig and file");
    egress.fact = by_key ? FactKind::localconfig : FactKind::attribute;
    egress.fact_name = by_key ? element.required("localconfig") : element.value_or("attribute", "");
    egress.file = element.value_or("file", "");
    if (by_file) egress.setting = element.required("setting");
    egress.behind = element.value_or("behind", "");
    egress.port_fact = element.value_or("port-attribute", "");
}

std::string text_of(const XmlElement& element, std::string_view name) {
    const auto child = element.child(name);
    if (!child) return {};
    child->allow_attributes({});
    child->allow_children({});
    return child->text();
}

}  // namespace

Egress read_egress(const XmlElement& element) {
    element.allow_attributes({"id", "protocol", "ports", "confidence", "verified"});
    element.allow_children({"title", "to", "when", "closed", "note", "source"});
    Egress egress;
    egress.id = read_id(element, "id");
    egress.file_name = element.file();
    egress.line = element.line();
    egress.protocol = element.required("protocol");
    if (egress.protocol != "tcp" && egress.protocol != "udp") element.fail("protocol is tcp or udp");
    egress.ports = read_ports(element, "ports");
    if (egress.ports.empty()) element.fail("<egress> needs ports");
    egress.confidence = element.required("confidence");
    egress.verified = element.flag("verified", true);
    egress.title = text_of(element, "title");
    egress.closed_because = text_of(element, "closed");
    egress.note = text_of(element, "note");
    for (const auto& source : element.children("source")) egress.sources.push_back(source.text());
    if (egress.title.empty() || egress.sources.empty()) element.fail("an egress needs <title> and <source>");
    if (egress.verified != egress.closed_because.empty())
        element.fail("an unverified egress, and no other, says in <closed> why nothing is opened");
    if (const auto to = element.child("to")) read_to(*to, egress);
    if (const auto when = element.child("when")) {
        when->allow_attributes({});
        egress.when = read_condition(*when);
    }
    return egress;
}

}  // namespace zmfw
