#include <fmt/format.h>
#include <algorithm>
#include <plugin/xml/strict_xml.hpp>
#include <set>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

constexpr std::size_t k_limit = 4 * 1024 * 1024;

int line_at(std::string_view text, std::ptrdiff_t offset) {
    const auto end = std::min(text.size(), static_cast<std::size_t>(std::max<std::ptrdiff_t>(offset, 0)));
    return 1 + static_cast<int>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
}

bool contains(std::initializer_list<std::string_view> names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_text(const pugi::xml_node& node) {
    return node.type() == pugi::node_pcdata || node.type() == pugi::node_cdata;
}

zmi::Error mistake(const std::string& file, int line, const std::string& what) {
    return {zmi::ErrorKind::data, fmt::format("{}:{}: {}", file, line, what), {}};
}

}  // namespace

int XmlElement::line() const {
    return line_at(m_text, m_node.offset_debug());
}

std::string XmlElement::text() const {
    std::string all;
    for (const auto& node : m_node.children()) {
        if (is_text(node)) all += node.value();
    }
    std::string folded;
    for (const auto word : zmi::split_words(all)) {
        if (!folded.empty()) folded += ' ';
        folded += word;
    }
    return folded;
}

std::vector<XmlElement> XmlElement::children() const {
    std::vector<XmlElement> found;
    for (const auto& node : m_node.children()) {
        if (node.type() == pugi::node_element) found.emplace_back(node, m_text, *m_file);
    }
    return found;
}

std::vector<XmlElement> XmlElement::children(std::string_view name) const {
    auto found = children();
    std::erase_if(found, [&](const XmlElement& element) { return element.name() != name; });
    return found;
}

std::optional<XmlElement> XmlElement::child(std::string_view name) const {
    const auto found = children(name);
    if (found.size() > 1) found[1].fail(fmt::format("a second <{}> in <{}>", name, this->name()));
    return found.empty() ? std::nullopt : std::optional(found.front());
}

void XmlElement::allow_attributes(std::initializer_list<std::string_view> names) const {
    std::set<std::string_view> seen;
    for (const auto& attribute : m_node.attributes()) {
        if (!contains(names, attribute.name())) {
            fail(fmt::format("<{}> has no attribute {}", name(), zmi::quoted(attribute.name())));
        }
        if (!seen.insert(attribute.name()).second) {
            fail(fmt::format("attribute '{}' stands twice in <{}>", attribute.name(), name()));
        }
    }
}

void XmlElement::allow_children(std::initializer_list<std::string_view> names) const {
    for (const auto& element : children()) {
        if (!contains(names, element.name())) {
            element.fail(fmt::format("<{}> has no child <{}>", name(), zmi::quoted(element.name())));
        }
    }
    if (names.size() > 0 && !text().empty()) fail(fmt::format("stray text in <{}>: {}", name(), zmi::quoted(text())));
}

std::string XmlElement::required(const char* attribute) const {
    const auto value = optional(attribute);
    if (!value || value->empty()) fail(fmt::format("<{}> needs the attribute '{}'", name(), attribute));
    return *value;
}

std::optional<std::string> XmlElement::optional(const char* attribute) const {
    const auto found = m_node.attribute(attribute);
    if (found.empty()) return std::nullopt;
    return std::string(zmi::trim(found.value()));
}

std::string XmlElement::value_or(const char* attribute, std::string_view otherwise) const {
    return optional(attribute).value_or(std::string(otherwise));
}

bool XmlElement::flag(const char* attribute, bool otherwise) const {
    const auto value = optional(attribute);
    if (!value) return otherwise;
    if (*value != "true" && *value != "false") fail(fmt::format("'{}' must be true or false", attribute));
    return *value == "true";
}

std::vector<std::string> XmlElement::words(const char* attribute) const {
    const auto value = optional(attribute).value_or("");
    std::vector<std::string> found;
    for (const auto word : zmi::split_words(value)) found.emplace_back(word);
    return found;
}

void XmlElement::fail(const std::string& what) const {
    throw XmlMistake{mistake(*m_file, line(), what)};
}

zmi::Expected<void> read_xml(std::string_view xml, const std::string& file, std::string_view root,
                             const std::function<void(const XmlElement&)>& read) {
    if (xml.size() > k_limit) return tl::unexpected(mistake(file, 1, "larger than 4 MiB"));
    if (!zmi::is_valid_utf8(xml)) return tl::unexpected(mistake(file, 1, "not valid UTF-8"));
    pugi::xml_document document;
    const auto flags = pugi::parse_default | pugi::parse_doctype;
    const auto parsed = document.load_buffer(xml.data(), xml.size(), flags, pugi::encoding_utf8);
    if (!parsed) {
        return tl::unexpected(
            mistake(file, line_at(xml, parsed.offset), fmt::format("not XML: {}", parsed.description())));
    }
    int elements = 0;
    for (const auto& node : document.children()) {
        const int line = line_at(xml, node.offset_debug());
        if (node.type() == pugi::node_doctype) return tl::unexpected(mistake(file, line, "a DOCTYPE is not allowed"));
        if (is_text(node)) return tl::unexpected(mistake(file, line, "text outside the root element"));
        if (node.type() == pugi::node_element && ++elements > 1) {
            return tl::unexpected(mistake(file, line, "a second root element"));
        }
    }
    const XmlElement top(document.document_element(), xml, file);
    if (top.name() != root) {
        return tl::unexpected(mistake(file, top.line(), fmt::format("the root element must be <{}>", root)));
    }
    try {
        read(top);
    } catch (const XmlMistake& found) {
        return tl::unexpected(found.error);
    }
    return {};
}

}  // namespace zmfw
