#include <zmintegration/soap/soap_document.hpp>

#include <fmt/format.h>
#include <algorithm>
#include <cstring>
#include <utility>
#include <zmintegration/facts/json_tree.hpp>
#include <zmintegration/support/text.hpp>

namespace zmi {
namespace {

constexpr std::string_view k_soap12 = "http://www.w3.org/2003/05/soap-envelope";
constexpr std::string_view k_soap11 = "http://schemas.xmlsoap.org/soap/envelope/";
constexpr std::size_t k_fault_text_limit = 400;

// Fragments keep text outside the root visible, so that it can be refused; blanks that are all of a value are kept.
constexpr unsigned k_flags = pugi::parse_escapes | pugi::parse_eol | pugi::parse_cdata | pugi::parse_wconv_attribute |
                             pugi::parse_doctype | pugi::parse_declaration | pugi::parse_fragment |
                             pugi::parse_ws_pcdata_single;

tl::unexpected<SoapProblem> malformed(std::string what) {
    return tl::unexpected(SoapProblem{"", "the answer " + std::move(what)});
}

/// Text of a fault without its quotes: it goes into a sentence of ours.
std::string printable(std::string_view text) {
    const auto in_quotes = quoted(trim(text), k_fault_text_limit);
    return in_quotes.substr(1, in_quotes.size() - 2);
}

bool is_utf8(std::string_view text) {
    // Answers are ASCII nearly everywhere: eight bytes at a time up to the first that is not.
    std::size_t at = 0;
    for (std::uint64_t word = 0; at + sizeof word <= text.size(); at += sizeof word) {
        std::memcpy(&word, text.data() + at, sizeof word);
        if ((word & 0x8080808080808080U) != 0) break;
    }
    return is_valid_utf8(text.substr(at));
}

/// What the nearest declaration of `prefix` at or above `node` says.
std::string_view declared_namespace(pugi::xml_node node, std::string_view prefix) {
    for (; node; node = node.parent()) {
        for (const auto attribute : node.attributes()) {
            std::string_view declared = attribute.name();
            if (declared.substr(0, 5) != "xmlns") continue;
            declared.remove_prefix(5);
            if (prefix.empty() ? declared.empty() : !declared.empty() && declared.substr(1) == prefix) {
                return attribute.value();
            }
        }
    }
    return {};
}

pugi::xml_node child_by_local_name(pugi::xml_node parent, std::string_view name) {
    for (const auto child : parent.children()) {
        if (child.type() == pugi::node_element && local_name(child) == name) return child;
    }
    return {};
}

std::string text_at(pugi::xml_node node, std::initializer_list<std::string_view> path) {
    for (const auto name : path) node = child_by_local_name(node, name);
    std::string text;
    return node && text_of(node, text) ? printable(text) : std::string();
}

SoapProblem make_fault(std::string code, std::string text) {
    if (text.empty()) text = "fault without a reason";
    if (!code.empty()) text += " (" + code + ")";
    return SoapProblem{std::move(code), std::move(text)};
}

const JsonNode* at(const JsonNode* node, std::initializer_list<std::string_view> path) {
    for (const auto name : path) {
        if (node != nullptr && node->type == JsonNode::Type::array && !node->children.empty()) {
            node = &node->children.front();
        }
        node = node == nullptr ? nullptr : node->member(name);
    }
    return node;
}

std::string json_text(const JsonNode& root, std::initializer_list<std::string_view> path) {
    const auto* node = at(&root, path);
    if (node != nullptr && node->type != JsonNode::Type::string) node = at(node, {"_content"});
    return node == nullptr ? std::string() : printable(node->text);
}

/// The engine answers in JSON where it could not read our XML.
SoapProblem problem_of_json(std::string_view text) {
    const auto json = parse_json(text, 32);
    if (!json) return SoapProblem{"", "the answer is neither XML nor JSON"};
    if (at(&*json, {"Body", "Fault"}) == nullptr) return SoapProblem{"", "the answer is JSON, not XML"};
    return make_fault(json_text(*json, {"Body", "Fault", "Detail", "Error", "Code"}),
                      json_text(*json, {"Body", "Fault", "Reason", "Text"}));
}

/// The one element of the document.
SoapResult<pugi::xml_node> root_of(const pugi::xml_document& tree) {
    pugi::xml_node root;
    for (const auto node : tree.children()) {
        switch (node.type()) {
            case pugi::node_doctype: return malformed("has a DOCTYPE, which SOAP forbids");
            case pugi::node_declaration: {
                const std::string_view encoding = node.attribute("encoding").value();
                if (!encoding.empty() && !equal_ignoring_case(encoding, "utf-8")) return malformed("is not UTF-8");
                break;
            }
            case pugi::node_element:
                if (root) return malformed("has more than one root element");
                root = node;
                break;
            default: {
                if (!trim(node.value()).empty()) return malformed("has text outside its root element");
            }
        }
    }
    if (!root) return malformed("is empty");
    return root;
}

/// The only child of `parent`, which must be an element.
SoapResult<pugi::xml_node> only_child(pugi::xml_node parent, std::string_view name) {
    pugi::xml_node found;
    for (const auto child : parent.children()) {
        if (child.type() != pugi::node_element) {
            if (trim(child.value()).empty()) continue;
            return malformed(fmt::format("has text in {}", name));
        }
        if (found) return malformed(fmt::format("has more than one element in {}", name));
        found = child;
    }
    if (!found) return malformed(fmt::format("has nothing in {}", name));
    return found;
}

SoapResult<pugi::xml_node> body_of(pugi::xml_node envelope) {
    const auto name_space = xml_namespace(envelope);
    if (local_name(envelope) != "Envelope" || (name_space != k_soap12 && name_space != k_soap11)) {
        return malformed(fmt::format("is not SOAP: its root element is {}", quoted(envelope.name(), 40)));
    }
    pugi::xml_node body;
    for (const auto child : envelope.children()) {
        if (is_element(child, "Header", name_space) && !body) continue;
        if (!is_element(child, "Body", name_space) || body) {
            return malformed(fmt::format("has {} where the body should be", quoted(child.name(), 40)));
        }
        body = child;
    }
    if (!body) return malformed("has no body");
    return body;
}

}  // namespace

std::string_view local_name(pugi::xml_node element) {
    const std::string_view name = element.name();
    const auto colon = name.find(':');
    return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

std::string_view xml_namespace(pugi::xml_node element) {
    const std::string_view name = element.name();
    const auto colon = name.find(':');
    return declared_namespace(element, colon == std::string_view::npos ? std::string_view() : name.substr(0, colon));
}

std::string_view default_namespace(pugi::xml_node element) {
    return declared_namespace(element, {});
}

bool is_element(pugi::xml_node node, std::string_view name, std::string_view name_space) {
    return node.type() == pugi::node_element && local_name(node) == name && xml_namespace(node) == name_space;
}

const char* only_attribute(pugi::xml_node element, std::string_view name) {
    const char* found = nullptr;
    for (const auto attribute : element.attributes()) {
        if (attribute.name() != name) continue;
        if (found != nullptr) return nullptr;
        found = attribute.value();
    }
    return found;
}

bool text_of(pugi::xml_node element, std::string& out) {
    out.clear();
    for (const auto child : element.children()) {
        if (child.type() != pugi::node_pcdata && child.type() != pugi::node_cdata) return false;
        out += child.value();
    }
    return true;
}

bool SoapDocument::is_fault(pugi::xml_node element) {
    return is_element(element, "Fault", k_soap12) || is_element(element, "Fault", k_soap11);
}

SoapProblem SoapDocument::problem_of_fault(pugi::xml_node fault) {
    auto code = text_at(fault, {"Detail", "Error", "Code"});
    if (code.empty()) code = text_at(fault, {"detail", "Error", "Code"});
    if (code.empty()) code = text_at(fault, {"Code", "Value"});
    if (code.empty()) code = text_at(fault, {"faultcode"});
    auto text = text_at(fault, {"Reason", "Text"});
    if (text.empty()) text = text_at(fault, {"faultstring"});
    return make_fault(std::move(code), std::move(text));
}

SoapResult<void> SoapDocument::load(std::string text) {
    m_text = std::make_unique<Secret>(std::move(text));
    const auto start = trim(std::string_view(m_text->text).substr(0, 4096));
    if (start.empty()) return malformed("is empty");
    if (start.front() == '{') return tl::unexpected(problem_of_json(m_text->text));
    if (!is_utf8(m_text->text)) return malformed("is not valid UTF-8");
    m_tree = std::make_unique<pugi::xml_document>();
    const auto loaded =
        m_tree->load_buffer_inplace(m_text->text.data(), m_text->text.size(), k_flags, pugi::encoding_utf8);
    if (!loaded) return malformed(fmt::format("is not XML: {} at byte {}", loaded.description(), loaded.offset));
    return {};
}

SoapResult<SoapDocument> SoapDocument::parse(std::string text) {
    SoapDocument document;
    if (const auto loaded = document.load(std::move(text)); !loaded) return tl::unexpected(loaded.error());
    const auto content = root_of(*document.m_tree).and_then(body_of).and_then([](pugi::xml_node body) {
        return only_child(body, "its body");
    });
    if (!content) return tl::unexpected(content.error());
    if (is_fault(*content)) return tl::unexpected(problem_of_fault(*content));
    document.m_content = *content;
    return document;
}

}  // namespace zmi
