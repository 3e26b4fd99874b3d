#include <fmt/format.h>
#include <algorithm>
#include <pugixml.hpp>
#include <zmintegration/local/service_lines.hpp>
#include <zmintegration/support/text.hpp>
#include <zmintegration/support/url.hpp>

namespace zmi {
namespace {

constexpr int k_deepest = 64;

/// <Set name="..."> of a connector, where it is plain text.
std::optional<std::pair<std::string, pugi::xml_node>> setting(const pugi::xml_node& connector, std::string_view name) {
    for (const auto child : connector.children("Set")) {
        if (!equal_ignoring_case(child.attribute("name").value(), name)) continue;
        if (child.first_child().type() != pugi::node_pcdata) return std::nullopt;
        return std::pair(std::string(trim(child.child_value())), child);
    }
    return std::nullopt;
}

class ConnectorReader {
public:
    ConnectorReader(std::string_view text, const std::string& path) : m_text(text), m_path(path) {}

    FileListeners all() {
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
        const auto port = setting(node, "port");
        if (!port || port->first == "0") return {};
        const auto number = parse_port(port->first);
        if (!number) return problem(port->second.offset_debug(), fmt::format("no port is {}", quoted(port->first)));
        const auto host = setting(node, "host");
        const auto address = host && parse_host(host->first) ? host->first : std::string();
        m_found.push_back({"jetty.xml", m_path, line_of(port->second.offset_debug()), "port", address, *number});
        return {};
    }

    std::string_view m_text;
    const std::string& m_path;
    std::vector<FileListener> m_found;
};

}  // namespace

FileListeners parse_jetty_xml(std::string_view text, const std::string& path) {
    return ConnectorReader(text, path).all();
}

}  // namespace zmi
