#include <zmintegration/local/localconfig.hpp>

#include <fmt/format.h>
#include <algorithm>
#include <pugixml.hpp>
#include <vector>
#include <zmintegration/support/file.hpp>
#include <zmintegration/support/text.hpp>

namespace zmi {
namespace {

constexpr std::size_t k_file_limit = 4 * 1024 * 1024;
constexpr std::size_t k_value_limit = 64 * 1024;  // of one expanded value: references can multiply
constexpr int k_depth_limit = 16;
constexpr int k_reference_limit = 1000;  // followed for one key: references to nothing can multiply as well

using Raw = std::map<std::string, std::string, std::less<>>;

/// Turns places in one XML text into "file:line: problem" errors.
class Place {
public:
    Place(std::string_view xml, std::string_view origin_name) : m_xml(xml), m_name(origin_name) {}

    [[nodiscard]] tl::unexpected<Error> problem(std::ptrdiff_t offset, std::string_view what) const {
        const auto end = std::clamp<std::size_t>(offset < 0 ? 0 : static_cast<std::size_t>(offset), 0, m_xml.size());
        const auto line = 1 + std::count(m_xml.begin(), m_xml.begin() + static_cast<std::ptrdiff_t>(end), '\n');
        return failure(ErrorKind::knowledge, fmt::format("{}:{}: {}", m_name, line, what));
    }

private:
    std::string_view m_xml;
    std::string_view m_name;
};

Expected<pugi::xml_node> only_root(const pugi::xml_document& document, const Place& place) {
    pugi::xml_node root;
    for (const auto& node : document.children()) {
        if (node.type() == pugi::node_doctype) {
            return place.problem(node.offset_debug(), "a document type declaration is not allowed here");
        }
        const bool text = node.type() == pugi::node_pcdata || node.type() == pugi::node_cdata;
        if (text && !trim(node.value()).empty()) {
            return place.problem(node.offset_debug(), "text outside of the root element");
        }
        if (node.type() != pugi::node_element) continue;
        if (root) return place.problem(node.offset_debug(), "a second root element");
        root = node;
    }
    if (!root) return place.problem(0, "no element localconfig");
    if (std::string_view(root.name()) != "localconfig") {
        return place.problem(root.offset_debug(), "the root element is not localconfig");
    }
    return root;
}

Expected<std::string> text_of(const pugi::xml_node& element, const Place& place) {
    std::string text;
    for (const auto& node : element.children()) {
        if (node.type() == pugi::node_element) {
            return place.problem(node.offset_debug(), "an element inside of a value");
        }
        if (node.type() == pugi::node_pcdata || node.type() == pugi::node_cdata) text += node.value();
    }
    return text;
}

/// A key that stands twice has its last value, as in Zimbra's own reader; so have elements other than `key` no meaning.
Expected<Raw> keys_of(const pugi::xml_node& root, const Place& place) {
    Raw raw;
    for (const auto& key : root.children("key")) {
        const std::string name = key.attribute("name").value();
        if (name.empty()) return place.problem(key.offset_debug(), "a key without a name");
        const auto value = key.child("value");
        if (!value) return place.problem(key.offset_debug(), fmt::format("key {} has no value", zmi::quoted(name)));
        auto text = text_of(value, place);
        if (!text) return tl::unexpected(std::move(text.error()));
        raw.insert_or_assign(name, std::move(*text));
    }
    return raw;
}

Expected<Raw> parse_keys(std::string_view xml, std::string_view origin_name) {
    const Place place(xml, origin_name);
    if (!is_valid_utf8(xml)) return place.problem(0, "the file is not valid UTF-8");
    if (const auto nul = xml.find('\0'); nul != std::string_view::npos) {
        return place.problem(static_cast<std::ptrdiff_t>(nul), "a NUL character");
    }
    pugi::xml_document document;
    const auto options = pugi::parse_default | pugi::parse_doctype | pugi::parse_fragment | pugi::parse_ws_pcdata;
    const auto result = document.load_buffer(xml.data(), xml.size(), options, pugi::encoding_utf8);
    if (!result) return place.problem(result.offset, fmt::format("not well-formed XML: {}", result.description()));
    const auto root = only_root(document, place);
    if (!root) return tl::unexpected(root.error());
    return keys_of(*root, place);
}

bool starts_with_one_of(std::string_view word, const std::vector<std::string>& prefixes) {
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [&](const std::string& prefix) { return word.substr(0, prefix.size()) == prefix; });
}

/// Expanded values never appear in messages; the key's name is enough to find it.
tl::unexpected<Error> key_problem(std::string_view key, std::string_view what) {
    return failure(ErrorKind::knowledge, fmt::format("localconfig key {}: {}", zmi::quoted(key), what),
                   "correct it with zmlocalconfig -e");
}

}  // namespace

std::optional<std::string> LocalConfig::raw(std::string_view key) const {
    if (const auto at = m_raw.find(key); at != m_raw.end()) return at->second;
    if (key == "zimbra_home") return m_home;
    if (key == "zimbra_server_hostname") return "localhost";
    return std::nullopt;
}

Expected<std::string> LocalConfig::expand(std::string_view key, std::string_view text) const {
    int references = 0;
    return expand(key, text, 0, references);
}

Expected<std::string> LocalConfig::expand(std::string_view key, std::string_view text, int depth,
                                          int& references) const {
    if (depth > k_depth_limit) return key_problem(key, "its ${...} references go in a circle or too deep");
    std::string expanded;
    for (;;) {
        const auto start = text.find("${");
        const auto end = start == std::string_view::npos ? start : text.find('}', start);
        if (end == std::string_view::npos) {
            expanded += text;
            return expanded;
        }
        expanded += text.substr(0, start);
        const auto name = text.substr(start + 2, end - start - 2);
        const auto value = raw(name);
        if (!value) return key_problem(key, fmt::format("refers to the key {}, which is not set", zmi::quoted(name)));
        if (++references > k_reference_limit) return key_problem(key, "it has too many ${...} references");
        auto inner = expand(key, *value, depth + 1, references);
        if (!inner) return inner;
        expanded += *inner;
        if (expanded.size() > k_value_limit) return key_problem(key, "its expanded value is too long");
        text.remove_prefix(end + 1);
    }
}

Expected<std::optional<std::string>> LocalConfig::get(std::string_view key) const {
    const auto value = raw(key);
    if (!value) return std::optional<std::string>();
    return expand(key, *value).map([](std::string text) { return std::optional(std::move(text)); });
}

Expected<std::string> LocalConfig::kept_words(std::string_view key, std::string_view text,
                                              const std::vector<std::string>& prefixes) const {
    std::string kept;
    for (const auto raw_word : split_words(text)) {
        // A word that begins with a reference may turn into wanted ones.
        if (!starts_with_one_of(raw_word, prefixes) && raw_word.substr(0, 2) != "${") continue;
        const auto expanded = expand(key, raw_word);
        if (!expanded) return expanded;
        for (const auto word : split_words(*expanded)) {
            if (!starts_with_one_of(word, prefixes)) continue;
            if (!kept.empty()) kept += ' ';
            kept += word;
        }
    }
    return kept;
}

Expected<std::map<std::string, std::string, std::less<>>> LocalConfig::select(const Wanted& wanted) const {
    Raw selected;
    for (const auto& [key, prefixes] : wanted.localconfig) {
        if (may_be_secret(key)) {
            return failure(ErrorKind::data, fmt::format("localconfig key {} may hold a secret and is never kept", key));
        }
        const auto at = m_raw.find(key);
        if (at == m_raw.end()) continue;
        const auto value = prefixes.empty() ? expand(key, at->second) : kept_words(key, at->second, prefixes);
        if (!value) return tl::unexpected(value.error());
        selected.emplace(key, without_credentials(*value));
    }
    return selected;
}

Expected<LocalConfig> parse_localconfig(std::string_view xml, std::string_view origin_name) {
    return parse_keys(xml, origin_name).map([](Raw raw) { return LocalConfig(std::move(raw)); });
}

Expected<LocalConfig> read_localconfig(const std::filesystem::path& home, std::string_view user) {
    const auto path = home / "conf" / "localconfig.xml";
    const auto xml = read_file(path, k_file_limit);
    if (!xml) {
        return failure(ErrorKind::knowledge, xml.error().what,
                       fmt::format("run zmfirewall as the {} user, or name the installation with --zimbra-home", user));
    }
    return parse_keys(*xml, path.string()).map([&](Raw raw) { return LocalConfig(std::move(raw), home.string()); });
}

}  // namespace zmi
