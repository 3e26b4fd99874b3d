#pragma once

#include <string>
#include <string_view>
#include <vector>
#include <zmintegration/facts/inventory.hpp>

namespace zmi {

/// One fact that is not what it was.
struct FactChange {
    enum class Kind {
        joined,           ///< a server that was not there before
        left,             ///< a server that is not there any more
        version,          ///< of a server's product
        service_added,    ///< `name` is the service
        service_removed,  ///< `name` is the service
        attribute,
        localconfig,
        file,          ///< what a file of the node sets or where it listens; `name` is its path
        address,       ///< what the resolver says of a server
        package,       ///< `name` is the package: "installed", "not installed"
        present,       ///< `name` is a path: "there", "not there"
        unit,          ///< `name` is a unit of systemd
        module,        ///< `name` is a module of zxsuite or carbonio
        mesh_service,  ///< `name` is a service of the mesh: of a node's own files, or of Consul's catalogue
        listener,      ///< `name` is "tcp/8735": the addresses that it listens on
    };
    Kind kind = Kind::attribute;
    std::string server;  ///< empty: global config
    std::string name;
    std::string old_value;  ///< values with ", "; "(unset)" where there is none, of a server what it inherited
    std::string new_value;
    auto operator<=>(const FactChange&) const = default;
};
[[nodiscard]] std::string_view to_string(FactChange::Kind kind);  ///< "joined", "service added", ...

/// All of them, those of servers first; of a server that joined or left only that. The time and the source of the
/// inventories do not count. Facts that only a node itself knows are compared where both inventories have them: of a
/// source that one side did not ask or could not read, nothing is told but its problem.
[[nodiscard]] std::vector<FactChange> changes_between(const Inventory& before, const Inventory& after);

}  // namespace zmi
