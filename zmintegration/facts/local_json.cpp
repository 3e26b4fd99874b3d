#include <zmintegration/facts/local_json.hpp>

#include <fmt/format.h>
#include <algorithm>

namespace zmi {
namespace {

constexpr std::size_t k_longest_text = 1024;
constexpr std::size_t k_longest_name = 255;
// Far more than any node has, and few enough to keep.
constexpr std::size_t k_most_names = 20'000;

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= k_longest_name && std::all_of(text.begin(), text.end(), [](char c) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        return letter || std::string_view("+-._~:@/\\").find(c) != std::string_view::npos;
    });
}

void write_mesh(JsonWriter& writer, const std::vector<MeshService>& mesh) {
    writer.key("mesh");
    writer.open('[');
    for (const auto& service : mesh) {
        writer.item();
        writer.open('{');
        writer.text("name", service.name);
        writer.text("path", service.path);
        writer.raw("line", std::to_string(service.line));
        writer.raw("port", std::to_string(service.port));
        writer.array("exposed", service.exposed, [&](std::uint16_t port) { writer.raw(std::to_string(port)); });
        writer.raw("sidecar", service.sidecar ? "true" : "false");
        if (service.sidecar_port != 0) writer.raw("sidecar_port", std::to_string(service.sidecar_port));
        writer.close('}');
    }
    writer.close(']');
}

void write_live(JsonWriter& writer, const std::set<LiveListener>& live) {
    writer.key("live");
    writer.open('[');
    for (const auto& listener : live) {
        writer.item();
        writer.open('{');
        writer.text("protocol", listener.protocol);
        writer.raw("port", std::to_string(listener.port));
        writer.text("address", listener.address);
        writer.close('}');
    }
    writer.close(']');
}

void write_node_only(JsonWriter& writer, const LocalFacts& facts) {
    if (!facts.packages.empty()) writer.texts("packages", facts.packages);
    if (!facts.present.empty()) writer.texts("present", facts.present);
    if (!facts.units.empty()) write_texts(writer, "units", facts.units);
    if (!facts.modules.empty()) write_texts(writer, "modules", facts.modules);
    if (!facts.mesh.empty()) write_mesh(writer, facts.mesh);
    if (!facts.live.empty()) write_live(writer, facts.live);
}

}  // namespace

void write_local(JsonWriter& writer, const LocalFacts& facts) {
    writer.open('{');
    write_texts(writer, "localconfig", facts.localconfig);
    writer.key("files");
    writer.open('{');
    for (const auto& [key, state] : facts.files) {
        writer.key(key);
        writer.open('{');
        writer.text("path", state.path);
        writer.text("problem", state.problem);
        write_texts(writer, "settings", state.settings);
        writer.close('}');
    }
    writer.close('}');
    writer.key("listeners");
    writer.open('[');
    for (const auto& listener : facts.listeners) {
        writer.item();
        writer.open('{');
        writer.text("file", listener.file);
        writer.text("path", listener.path);
        writer.raw("line", std::to_string(listener.line));
        writer.text("service", listener.service);
        writer.text("address", listener.address);
        writer.raw("port", std::to_string(listener.port));
        writer.close('}');
    }
    writer.close(']');
    write_node_only(writer, facts);
    writer.close('}');
}

FileListener LocalJsonReader::listener(const JsonNode& node, const JsonPath& path) {
    FileListener result;
    if (!has_exactly(node, path, {"file", "path", "line", "service", "address", "port"})) return result;
    result.file = text(node, "file", path);
    result.path = text(node, "path", path);
    result.line = static_cast<int>(integer(node, "line", path, 0, 10'000'000));
    result.service = text(node, "service", path);
    result.address = text(node, "address", path);
    // As written in the file: a name, "*" or an address with a zone may stand here; the plan judges it.
    const bool printable = std::all_of(result.address.begin(), result.address.end(),
                                       [](char c) { return c > ' ' && static_cast<unsigned char>(c) < 0x7f; });
    if (!printable) fail({&path, "address"}, "blanks or control characters in " + quoted(result.address));
    // Port 0 is that of a service whose name the node could not look up.
    const bool is_named =
        result.file == "master.cf" && result.service.find_first_not_of("0123456789") != std::string::npos;
    result.port = static_cast<std::uint16_t>(integer(node, "port", path, is_named ? 0 : 1, 65535));
    return result;
}

MeshService LocalJsonReader::mesh_service(const JsonNode& node, const JsonPath& path) {
    MeshService result;
    if (!has_exactly(node, path, {"name", "path", "line", "port", "exposed", "sidecar"}, {"sidecar_port"}))
        return result;
    result.name = text(node, "name", path);
    if (!is_name(result.name)) fail({&path, "name"}, quoted(result.name) + " is no name of a service");
    result.path = text(node, "path", path);
    plain_text(result.path, {&path, "path"});
    result.line = static_cast<int>(integer(node, "line", path, 0, 10'000'000));
    result.port = static_cast<std::uint16_t>(integer(node, "port", path, 0, 65535));
    each_item(node, "exposed", path, [&](const JsonNode& item, const JsonPath& here) {
        if (!is(item, Type::integer, here)) return;
        if (item.number < 1 || item.number > 65535) return fail(here, "expected a number from 1 to 65535");
        result.exposed.push_back(static_cast<std::uint16_t>(item.number));
    });
    const auto& exposed = result.exposed;
    if (!std::is_sorted(exposed.begin(), exposed.end()) ||
        std::adjacent_find(exposed.begin(), exposed.end()) != exposed.end()) {
        fail({&path, "exposed"}, "the ports are not in order, or one stands twice");
    }
    if (is(*node.member("sidecar"), Type::boolean, {&path, "sidecar"})) result.sidecar = node.member("sidecar")->truth;
    if (node.member("sidecar_port") != nullptr)
        result.sidecar_port = static_cast<std::uint16_t>(integer(node, "sidecar_port", path, 1, 65535));
    return result;
}

LiveListener LocalJsonReader::live_listener(const JsonNode& node, const JsonPath& path) {
    LiveListener result;
    if (!has_exactly(node, path, {"protocol", "port", "address"})) return result;
    result.protocol = text(node, "protocol", path);
    if (result.protocol != "tcp" && result.protocol != "udp") {
        fail({&path, "protocol"}, "expected tcp or udp, found " + quoted(result.protocol));
    }
    result.port = static_cast<std::uint16_t>(integer(node, "port", path, 1, 65535));
    result.address = text(node, "address", path);
    const auto address = parse_address(result.address);
    if (!address || address->to_string() != result.address) {
        fail({&path, "address"}, quoted(result.address) + " is not an IP address in its usual form");
    } else if (address->is_loopback()) {
        fail({&path, "address"}, result.address + " is loopback: nobody else sees that listener");
    }
    return result;
}

void LocalJsonReader::plain_text(std::string_view value, const JsonPath& path) {
    const bool plain = value.size() <= k_longest_text && is_printable_ascii(value);
    if (!plain) fail(path, quoted(value) + " is too long or has control characters");
}

std::set<std::string, std::less<>> LocalJsonReader::names(const JsonNode& object, std::string_view name,
                                                          const JsonPath& path) {
    std::set<std::string, std::less<>> result;
    const auto* node = object.member(name);
    if (node == nullptr) return result;
    if (node->children.size() > k_most_names) fail({&path, name}, fmt::format("more than {}", k_most_names));
    each_item(object, name, path, [&](const JsonNode& item, const JsonPath& here) {
        if (!is(item, Type::string, here)) return;
        if (item.text.empty()) fail(here, "empty name");
        plain_text(item.text, here);
        if (!result.insert(item.text).second) fail(here, quoted(item.text) + " stands twice");
    });
    return result;
}

void LocalJsonReader::states(const JsonNode& object, std::string_view name, const JsonPath& path,
                             std::initializer_list<std::string_view> known,
                             std::map<std::string, std::string, std::less<>>& into) {
    if (object.member(name) == nullptr) return;
    texts(object, name, path, into);
    if (into.size() > k_most_names) fail({&path, name}, fmt::format("more than {}", k_most_names));
    const JsonPath here{&path, name};
    for (const auto& [key, state] : into) {
        if (!is_name(key)) fail(here, quoted(key) + " is no name");
        if (std::find(known.begin(), known.end(), state) == known.end()) {
            fail({&here, key}, quoted(state) + " is no state");
        }
    }
}

/// What older inventories have not.
void LocalJsonReader::node_only(const JsonNode& node, const JsonPath& path, LocalFacts& facts) {
    facts.packages = names(node, "packages", path);
    facts.present = names(node, "present", path);
    states(node, "units", path, {"active", "inactive", "failed", "absent"}, facts.units);
    states(node, "modules", path, {"running", "stopped"}, facts.modules);
    if (node.member("mesh") != nullptr) {
        each_item(node, "mesh", path, [&](const JsonNode& item, const JsonPath& here) {
            if (facts.mesh.size() >= k_most_names) return fail(here, fmt::format("more than {}", k_most_names));
            facts.mesh.push_back(mesh_service(item, here));
        });
        std::stable_sort(facts.mesh.begin(), facts.mesh.end(),
                         [](const auto& a, const auto& b) { return a.name < b.name; });
    }
    if (node.member("live") == nullptr) return;
    each_item(node, "live", path, [&](const JsonNode& item, const JsonPath& here) {
        if (facts.live.size() >= k_most_names) return fail(here, fmt::format("more than {}", k_most_names));
        if (!facts.live.insert(live_listener(item, here)).second) fail(here, "a listener stands twice");
    });
}

LocalFacts LocalJsonReader::local(const JsonNode& node, const JsonPath& path) {
    LocalFacts result;
    if (!has_exactly(node, path, {"localconfig", "files", "listeners"},
                     {"packages", "present", "units", "modules", "mesh", "live"}))
        return result;
    texts(node, "localconfig", path, result.localconfig);
    each_member(node, "files", path, [&](const std::string& key, const JsonNode& file, const JsonPath& here) {
        if (!has_exactly(file, here, {"path", "problem", "settings"})) return;
        FileState state{text(file, "path", here), text(file, "problem", here), {}};
        texts(file, "settings", here, state.settings);
        result.files.emplace(key, std::move(state));
    });
    each_item(node, "listeners", path,
              [&](const JsonNode& item, const JsonPath& here) { result.listeners.push_back(listener(item, here)); });
    node_only(node, path, result);
    return result;
}

}  // namespace zmi
