#pragma once

#include <plugin/catalogue/catalogue.hpp>
#include <plugin/xml/strict_xml.hpp>

/// The pieces that catalogue_xml.cpp puts together. All report mistakes with XmlElement::fail.
namespace zmfw {

[[nodiscard]] AttributeSpec read_attribute(const XmlElement& element);
[[nodiscard]] LocalKeySpec read_local_key(const XmlElement& element);
[[nodiscard]] Condition read_condition(const XmlElement& element);  ///< the children of `element`; none: always
[[nodiscard]] Component read_component(const XmlElement& element);
[[nodiscard]] FileSpec read_file_spec(const XmlElement& element);
[[nodiscard]] Role read_role(const XmlElement& element);
[[nodiscard]] Endpoint read_endpoint(const XmlElement& element);
[[nodiscard]] Egress read_egress(const XmlElement& element);
[[nodiscard]] Flow read_flow(const XmlElement& element);
[[nodiscard]] FindingSpec read_finding(const XmlElement& element);
[[nodiscard]] RemedySpec read_remedy(const XmlElement& element);

/// An id: [a-z0-9-], at most 40 characters, so that it may stand in a comment or a chain name.
[[nodiscard]] std::string read_id(const XmlElement& element, const char* attribute);
[[nodiscard]] std::vector<std::uint16_t> read_ports(const XmlElement& element, const char* attribute);
/// Ports and ranges: "8300 21000-21255".
[[nodiscard]] std::vector<PortRange> read_port_ranges(const XmlElement& element, const char* attribute);

/// The key of a configuration file, or a setting in one; they go into messages and inventories.
[[nodiscard]] std::string read_word(const XmlElement& element, const char* attribute, std::string_view more);

[[nodiscard]] bool is_finding_kind(std::string_view kind);

/// Every name that a condition, port, bind, flow or finding uses must be declared.
[[nodiscard]] zmi::Expected<void> check_references(const Catalogue& catalogue);

}  // namespace zmfw
