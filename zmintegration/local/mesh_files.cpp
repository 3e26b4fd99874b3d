#include <zmintegration/local/mesh_files.hpp>

#include <fmt/format.h>
#include <algorithm>
#include <iterator>
#include <optional>
#include <tuple>
#include <zmintegration/local/file_pattern.hpp>
#include <zmintegration/local/hcl.hpp>
#include <zmintegration/local/node_file.hpp>
#include <zmintegration/support/text.hpp>

namespace zmi {
namespace {

using Type = HclValue::Type;
using Values = std::vector<const HclValue*>;

constexpr std::string_view k_folder = "etc/zextras/service-discover";
// What Consul gives to sidecars that name no port (ports.sidecar_min_port and sidecar_max_port).
constexpr std::int64_t k_first_sidecar_port = 21'000;
constexpr std::int64_t k_last_sidecar_port = 21'255;

bool is_service_name(std::string_view text) {
    constexpr std::size_t k_longest = 128;
    return !text.empty() && text.size() <= k_longest && std::all_of(text.begin(), text.end(), [](char c) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        return letter || c == '-' || c == '_' || c == '.';
    });
}

class MeshFileReader {
public:
    explicit MeshFileReader(const std::string& path) : m_path(path) {}

    Expected<std::vector<MeshService>> read(const HclValue& file) {
        for (const auto* key : {"service", "services"}) {
            for (const auto* value : objects(file, key)) add(*value);
        }
        if (!m_problem.empty()) return failure(ErrorKind::knowledge, m_problem);
        return std::move(m_found);
    }

private:
    void fail(int line, std::string_view what) {
        if (m_problem.empty()) m_problem = fmt::format("{}:{}: {}", m_path, line, what);
    }

    /// All objects of that key, in lists as well.
    Values objects(const HclValue& parent, std::string_view key) {
        Values found;
        for (const auto* value : parent.all(key)) {
            if (value->type == Type::object) {
                found.push_back(value);
            } else if (value->type == Type::list) {
                for (const auto& item : value->children) {
                    if (item.type != Type::object) fail(item.line, fmt::format("{} is no list of objects", key));
                    found.push_back(&item);
                }
            } else {
                fail(value->line, fmt::format("{} is no object", key));
            }
        }
        std::erase_if(found, [](const auto* value) { return value->type != Type::object; });
        return found;
    }

    /// nullptr where it does not stand there; twice is an error.
    const HclValue* one(const HclValue& parent, std::string_view key) {
        const auto all = parent.all(key);
        if (all.size() > 1) fail(all[1]->line, fmt::format("{} stands twice", key));
        return all.empty() ? nullptr : all.front();
    }

    /// A port; 0 where it does not stand there.
    std::uint16_t port(const HclValue& parent, std::string_view key, std::int64_t lowest) {
        const auto* value = one(parent, key);
        if (value == nullptr) return 0;
        if (value->type != Type::number || value->number < lowest || value->number > 65535) {
            fail(value->line, fmt::format("{} is no port", key));
            return 0;
        }
        return static_cast<std::uint16_t>(value->number);
    }

    void add(const HclValue& object) {
        MeshService service;
        service.path = m_path;
        const auto* name = one(object, "name");
        if (name == nullptr || name->type != Type::text || name->computed || !is_service_name(name->text)) {
            return fail(name == nullptr ? object.line : name->line, "a service without a name that can be read");
        }
        service.name = name->text;
        service.line = name->line;
        service.port = port(object, "port", 0);
        for (const auto* connect : objects(object, "connect")) {
            for (const auto* sidecar : objects(*connect, "sidecar_service")) add_sidecar(*sidecar, service);
        }
        std::sort(service.exposed.begin(), service.exposed.end());
        service.exposed.erase(std::unique(service.exposed.begin(), service.exposed.end()), service.exposed.end());
        m_found.push_back(std::move(service));
    }

    void add_sidecar(const HclValue& sidecar, MeshService& service) {
        service.sidecar = true;
        const auto own = port(sidecar, "port", 0);
        if (own != 0 && (own < k_first_sidecar_port || own > k_last_sidecar_port)) {
            fail(sidecar.line, fmt::format("the sidecar of {} has the port {}, which is outside of {}-{}", service.name,
                                           own, k_first_sidecar_port, k_last_sidecar_port));
        }
        for (const auto* proxy : objects(sidecar, "proxy")) {
            for (const auto* expose : objects(*proxy, "expose")) add_exposed(*expose, service);
        }
    }

    void add_exposed(const HclValue& expose, MeshService& service) {
        const auto* checks = one(expose, "checks");
        if (checks != nullptr && (checks->type != Type::boolean || checks->truth)) {
            fail(checks->line, fmt::format("{} exposes its checks on ports that Consul chooses", service.name));
        }
        for (const auto* path : objects(expose, "paths")) {
            const auto listener = port(*path, "listener_port", 1);
            if (listener == 0) {
                fail(path->line,
                     fmt::format("{} exposes a path without listener_port: Consul chooses its port", service.name));
            }
            service.exposed.push_back(listener);
        }
    }

    const std::string& m_path;
    std::vector<MeshService> m_found;
    std::string m_problem;
};

}  // namespace

Expected<std::vector<MeshService>> parse_mesh_file(std::string_view text, const std::string& path) {
    const auto file = parse_hcl(text, path);
    if (!file) return tl::unexpected(file.error());
    return MeshFileReader(path).read(*file);
}

MeshFiles read_mesh_files(const std::filesystem::path& system_root) {
    MeshFiles found;
    found.path = (system_root / k_folder).string();
    const auto paths = matching_paths(system_root, fmt::format("{}/*.hcl", k_folder));
    if (!paths) {
        found.problem = paths.error().what;
        return found;
    }
    std::size_t others = 0;
    for (const auto& path : *paths) {
        const auto text = read_node_file(path);
        auto services = text ? parse_mesh_file(*text, path.string()) : tl::unexpected(text.error());
        if (services) {
            std::move(services->begin(), services->end(), std::back_inserter(found.services));
        } else if (found.problem.empty()) {
            const auto& what = services.error().what;
            found.problem = what == k_no_such_file ? fmt::format("{}: {}", path.string(), what) : what;
        } else {
            ++others;
        }
    }
    if (others > 0) found.problem += fmt::format(" (and {} other files)", others);
    std::stable_sort(found.services.begin(), found.services.end(), [](const auto& a, const auto& b) {
        return std::tie(a.name, a.path, a.line) < std::tie(b.name, b.path, b.line);
    });
    return found;
}

}  // namespace zmi
