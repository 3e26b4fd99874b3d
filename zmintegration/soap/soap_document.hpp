#pragma once

#include <memory>
#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <zmintegration/soap/secret.hpp>

namespace zmi {

/// Why an answer is of no use. `code` is the fault's ("account.AUTH_FAILED"), empty where the answer is no fault but
/// malformed or unexpected. `what` is fit for an error message: printable, cut to a sensible length.
struct SoapProblem {
    std::string code;
    std::string what;
};

template <class T>
using SoapResult = tl::expected<T, SoapProblem>;

constexpr std::string_view k_zimbra_namespace = "urn:zimbra";
constexpr std::string_view k_zimbra_admin_namespace = "urn:zimbraAdmin";

/// The namespace of an element, from the xmlns declarations around it; empty where its prefix is not declared.
[[nodiscard]] std::string_view xml_namespace(pugi::xml_node element);
/// The namespace of children of `element` that have neither prefix nor xmlns of their own.
[[nodiscard]] std::string_view default_namespace(pugi::xml_node element);
[[nodiscard]] std::string_view local_name(pugi::xml_node element);
[[nodiscard]] bool is_element(pugi::xml_node node, std::string_view name, std::string_view name_space);

/// The value of the attribute, null where it is absent or stands twice.
[[nodiscard]] const char* only_attribute(pugi::xml_node element, std::string_view name);

/// All text of an element; false where it has child elements.
[[nodiscard]] bool text_of(pugi::xml_node element, std::string& out);

/// A SOAP 1.2 or 1.1 answer that is sound: UTF-8, well formed, no DOCTYPE, nothing beside the one Envelope, one Body
/// with one child that is no fault. The text is overwritten at the end, as it may hold a token.
class SoapDocument {
public:
    /// A fault (SOAP 1.2, SOAP 1.1 or JSON) is returned as a problem with its code.
    [[nodiscard]] static SoapResult<SoapDocument> parse(std::string text);

    /// The child of Body.
    [[nodiscard]] pugi::xml_node content() const { return m_content; }
    /// A fault inside a batch; the problem that it tells.
    [[nodiscard]] static bool is_fault(pugi::xml_node element);
    [[nodiscard]] static SoapProblem problem_of_fault(pugi::xml_node fault);

private:
    SoapDocument() = default;
    [[nodiscard]] SoapResult<void> load(std::string text);

    std::unique_ptr<Secret> m_text;  // the tree points into it, so it must not move
    std::unique_ptr<pugi::xml_document> m_tree;
    pugi::xml_node m_content;
};

}  // namespace zmi
