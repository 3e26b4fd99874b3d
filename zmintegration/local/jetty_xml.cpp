#include <fmt/format.h>
#include <algorithm>
#include <pugixml.hpp>
#include <zmintegration/local/service_lines.hpp>
#include <zmintegration/support/text.hpp>
#include <zmintegration/support/url.hpp>

namespace zmi {
namespace {

constexpr int k_deepest = 64;

/// <Set name="..."> of a connector; null where it has none.
pugi::xml_node setting(const pugi::xml_node& connector, std::string_view name) {
    for (const auto child : connector.children("Set")) {
        if (equal_ignoring_case(child.attribute("name").value(), name)) return child;
    }
    return {};
}

/// The element in a <Set> that jetty computes its value from; null where the value is plain text.
pugi::xml_node computed(const pugi::xml_node& set) {
    return set.find_child([](const pugi::xml_node& child) { return child.type() == pugi::node_element; });
}

/// <New class="org.eclipse.jetty.server.ServerConnector">, and not what else has a port, such as rules about one.
bool is_connector(const pugi::xml_node& node) {
    return std::string_view(node.name()) == "New" &&
           std::string_view(node.attribute("class").value()).ends_with("Connector");
}

class ConnectorReader {
public:
    ConnectorReader(std::string_view text, const std::string& path) : m_text(text), m_path(path) {}

    Expected<ServiceFile> all() {
        pugi::xml_document document;
        const auto parsed = document.load_buffer(m_text.data(), m_text.size(), pugi::parse_default);
        if (!parsed) return problem(parsed.offset, parsed.description());
        if (auto walked = walk(document, 0); !walked) return tl::unexpected(std::move(walked.error()));
        return std::move(m_found);
    }

private:
    [[nodiscard]] int line_of(std::ptrdiff_t offset) const {
        const auto end = m_text.begin() + std::clamp<std::ptrdiff_t>(offset, 0, std::ssize(m_text));
        return 1 + static_cast<int>(std::count(m_text.begin(), end, '\n'));
    }
    [[nodiscard]] tl::unexpected<Error> problem(std::ptrdiff_t offset, std::string_view what) const {
        return failure(ErrorKind::knowledge, fmt::format("{}:{}: {}", m_path, line_of(offset), what));
    }

    Expected<void> walk(const pugi::xml_node& node, int depth) {
        if (depth > k_deepest) return problem(node.offset_debug(), "elements are nested too deeply");
        if (auto added = add(node); !added) return added;
        for (const auto child : node.children()) {
            if (child.type() != pugi::node_element) continue;
            if (auto walked = walk(child, depth + 1); !walked) return walked;
        }
        return {};
    }

    Expected<void> add(const pugi::xml_node& node) {
        const auto set = is_connector(node) ? setting(node, "port") : pugi::xml_node();
        if (!set) return {};
        const auto host = setting(node, "host");
        for (const auto& one : {set, host}) {
            const auto source = computed(one);
            if (!source) continue;
            m_found.unknown.push_back(fmt::format("{}:{}: the {} is computed when jetty starts, from {} {}", m_path,
                                                  line_of(one.offset_debug()), one.attribute("name").value(),
                                                  quoted(source.name()), quoted(source.attribute("name").value())));
            return {};
        }
        const auto text = trim(set.child_value());
        if (text == "0") return {};
        const auto number = parse_port(text);
        if (!number) return problem(set.offset_debug(), fmt::format("no port is {}", quoted(text)));
        const auto address = trim(host.child_value());
        if (!address.empty() && !parse_host(address))
            return problem(host.offset_debug(), fmt::format("no host is {}", quoted(address)));
        m_found.listeners.push_back(
            {"jetty.xml", m_path, line_of(set.offset_debug()), "port", std::string(address), *number});
        return {};
    }

    std::string_view m_text;
    const std::string& m_path;
    ServiceFile m_found;
};

}  // namespace

Expected<ServiceFile> parse_jetty_xml(std::string_view text, const std::string& path) {
    return ConnectorReader(text, path).all();
}

}  // namespace zmi
