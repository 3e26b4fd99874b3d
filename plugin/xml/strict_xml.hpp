#pragma once

#include <functional>
#include <initializer_list>
#include <optional>
#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <vector>
#include <zmintegration/support/error.hpp>

/// Reading of our own XML files (catalogue, policy, format manifests): every element and attribute must be expected,
/// every mistake carries FILE:LINE.
namespace zmfw {

/// Leaves the reading of one file; caught by read_xml() only.
struct XmlMistake {
    zmi::Error error;
};

class XmlElement {
public:
    XmlElement(pugi::xml_node node, std::string_view text, const std::string& file)
        : m_node(node), m_text(text), m_file(&file) {}

    [[nodiscard]] std::string_view name() const { return m_node.name(); }
    [[nodiscard]] int line() const;
    [[nodiscard]] const std::string& file() const { return *m_file; }
    /// Text content, trimmed, runs of blanks folded into one.
    [[nodiscard]] std::string text() const;
    [[nodiscard]] std::vector<XmlElement> children() const;
    /// Children of that name, in order.
    [[nodiscard]] std::vector<XmlElement> children(std::string_view name) const;
    /// The only child of that name, if there is one; two are a mistake.
    [[nodiscard]] std::optional<XmlElement> child(std::string_view name) const;

    /// Fails on an attribute that is not listed or stands twice, and on stray text beside child elements.
    void allow_attributes(std::initializer_list<std::string_view> names) const;
    void allow_children(std::initializer_list<std::string_view> names) const;

    [[nodiscard]] std::string required(const char* attribute) const;  ///< not empty
    [[nodiscard]] std::optional<std::string> optional(const char* attribute) const;
    [[nodiscard]] std::string value_or(const char* attribute, std::string_view otherwise) const;
    [[nodiscard]] bool flag(const char* attribute, bool otherwise) const;  ///< "true" or "false"
    [[nodiscard]] std::vector<std::string> words(const char* attribute) const;

    [[noreturn]] void fail(const std::string& what) const;

private:
    pugi::xml_node m_node;
    std::string_view m_text;
    const std::string* m_file;
};

/// Parses `xml` (at most 4 MiB, no DOCTYPE, valid UTF-8, one root called `root`) and hands the root to `read`. What
/// `read` reports with XmlElement::fail comes back as an Error of kind data, "FILE:LINE: ...".
[[nodiscard]] zmi::Expected<void> read_xml(std::string_view xml, const std::string& file, std::string_view root,
                                           const std::function<void(const XmlElement&)>& read);

}  // namespace zmfw
