#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>
#include <zmintegration/support/error.hpp>
#include <zmintegration/support/network.hpp>

namespace zmi {

/// Where a value comes from; its textual form is part of the public JSON contract.
enum class Origin {
    server,               ///< "server": set on the server entry
    global,               ///< "global": inherited from global config
    schema_default,       ///< "default": set nowhere; the product's compiled default
    localconfig,          ///< "localconfig": set in localconfig.xml of the node
    localconfig_default,  ///< "localconfig default": not set there; the product's compiled default
    file,                 ///< "file": a configuration file of the node
    packaged_default,     ///< "packaged default": a file that we could not read, as the product ships it
    resolver,             ///< "resolver": the system resolver of the node that asked
    policy,               ///< "policy": the site's policy file
    catalogue,            ///< "catalogue": a constant of the catalogue
    package,              ///< "package": the package database of the node
    unit,                 ///< "unit": systemd on the node
    mesh,                 ///< "mesh": a registration with the service mesh: an HCL file of the node, or Consul
    module,               ///< "module": what zxsuite or carbonio says of a module
    live,                 ///< "live": a socket that listens on the node
};
[[nodiscard]] std::string_view to_string(Origin origin);

using Values = std::vector<std::string>;
using Attributes = std::map<std::string, Values, std::less<>>;

/// One server entry, as set on the entry itself: nothing inherited is in `own`.
struct Server {
    std::string name;  ///< validated host name, lower case
    Attributes own;
    /// "" for an entry of LDAP; "mesh": LDAP does not know it, only the member list of the mesh does.
    /// "node": neither does, but the node that asked (or one that was joined) is of the product.
    std::string known_from{};
    /// Names of the services that Consul's catalogue has on this node; nullopt where it was not asked.
    std::optional<std::set<std::string, std::less<>>> mesh_services{};
    bool operator==(const Server&) const = default;
};

/// A listener that a configuration file names: a master.cf inet service, an sshd port.
struct FileListener {
    std::string file;        ///< key of FileState: "master.cf", "sshd_config"
    std::string path;        ///< where it was read
    int line = 0;            ///< 1-based
    std::string service;     ///< as written: "smtp", "465", "10025", "Port"
    std::string address;     ///< as written, without brackets; empty where none
    std::uint16_t port = 0;  ///< 0 where a master.cf service has a name whose port is not known
    std::string protocol = "tcp";
    bool operator==(const FileListener&) const = default;
};

/// FileState::problem of a file that does not exist; any other problem means that it does, or may.
inline constexpr std::string_view k_no_such_file = "no such file";

/// Whether a file of a node could be read; `problem` is empty if so. Of a file that could be read in part (an Include
/// of sshd_config could not) the listeners that are known are listed all the same.
struct FileState {
    std::string path;
    std::string problem;
    std::map<std::string, std::string> settings;  ///< wanted keys ("inet_interfaces" of main.cf), and what belongs to
                                                  ///< the listeners of a file ("access-control" of unbound.conf)
    bool operator==(const FileState&) const = default;
};

/// One service that a file of the mesh registers: /etc/zextras/service-discover/NAME.hcl.
struct MeshService {
    std::string name;  ///< "carbonio-files"
    std::string path;
    int line = 0;                        ///< of the name, 1-based
    std::uint16_t port = 0;              ///< of the service itself, behind its sidecar; 0 where the file names none
    std::vector<std::uint16_t> exposed;  ///< listener ports of expose paths, sorted
    bool sidecar = false;                ///< it has a connect { sidecar_service } block
    std::uint16_t sidecar_port = 0;      ///< that Consul gave to it for now; 0 where Consul was not asked
    bool operator==(const MeshService&) const = default;
};

/// A socket that listens off loopback, seen on the node itself when it was asked.
struct LiveListener {
    std::string protocol;  ///< "tcp" or "udp"
    std::uint16_t port = 0;
    std::string address;  ///< as bound: "0.0.0.0", "::", "192.0.2.7"
    auto operator<=>(const LiveListener&) const = default;
};

/// What only the node itself knows. No secret is ever in here. Each source beside localconfig and the files that was
/// asked has an entry in `files`, under the key "packages", "present", "units", "mesh", "modules" or "sockets", with
/// its problem where it could not be read, and with none where it was: then what is not in here is not there. Without
/// an entry nobody asked, and nothing is known.
struct LocalFacts {
    std::map<std::string, std::string, std::less<>> localconfig;  ///< keys that are set, ${...} expanded
    std::map<std::string, FileState, std::less<>> files;          ///< by key: "master.cf", "main.cf", "sshd_config"
    std::vector<FileListener> listeners;
    std::set<std::string, std::less<>> packages;  ///< of the wanted ones: those installed
    std::set<std::string, std::less<>> present;   ///< of the wanted paths: those that exist, as asked
    std::map<std::string, std::string, std::less<>>
        units;  ///< of the wanted ones: "active", "inactive", "failed", "absent"
    std::map<std::string, std::string, std::less<>> modules;  ///< "docs": "running", "stopped"
    std::vector<MeshService> mesh;                            ///< sorted by name
    std::set<LiveListener> live;                              ///< of the wanted ports: those that listen
    bool operator==(const LocalFacts&) const = default;
};

struct Source {
    std::string kind;    ///< "soap", "zmprov", "zmprov-ldap"
    std::string server;  ///< "https://localhost:7071", "ldap://..."; never with credentials
    bool complete = true;
    std::string taken_at;  ///< RFC 3339, UTC
    bool operator==(const Source&) const = default;
};

/// How one server name resolved on the node that asked.
struct Resolution {
    std::vector<IpAddress> addresses;  ///< sorted, no duplicates
    std::string problem;               ///< why there is none; empty otherwise
    bool operator==(const Resolution&) const = default;
};

/// All facts of one deployment. The order of `servers` is by name; the same facts give the same bytes of JSON.
struct Inventory {
    Source source;
    std::string product = "zimbra";  ///< "zimbra" or "carbonio"
    std::string edition;             ///< "ce" or "advanced" of carbonio; "suite" of zimbra with zxsuite; else empty
    std::vector<std::string> product_evidence;  ///< how we know: one line a file or package
    std::string version;                        ///< of the answering server, where the source tells; else empty
    std::string this_node;                      ///< name of the node that asked
    Attributes global;
    std::vector<Server> servers;
    std::map<std::string, LocalFacts, std::less<>> local;     ///< by server name; this node, and those that were joined
    std::map<std::string, Resolution, std::less<>> resolved;  ///< by host name (lower case)

    [[nodiscard]] const Server* find(std::string_view name) const;
    bool operator==(const Inventory&) const = default;
};

/// A configuration file with settings of the form KEY = VALUE, KEY VALUE or KEY: VALUE.
struct WantedFile {
    /// Absolute: below the system root; else below the product's home. A '*' stands for any part of a name.
    std::string path;
    /// Names as the file spells them; with their sections ("general.ws_port", "listen.c2s.port") where the name alone
    /// means several things; "--name" for an argument of a program in a value of the file.
    std::set<std::string, std::less<>> settings;
    bool operator==(const WantedFile&) const = default;
};

/// Ports to look for among the sockets that listen. Of UDP, ranges of more than 1024 ports and what the kernel gives to
/// clients are left out: whoever calls somebody for a minute is no listener.
struct WantedPorts {
    std::string protocol;  ///< "tcp" or "udp"
    std::uint16_t first = 0;
    std::uint16_t last = 0;
    auto operator<=>(const WantedPorts&) const = default;
};

/// What to ask for. The plugin fills it from its catalogue.
struct Wanted {
    std::set<std::string, std::less<>> attributes;  ///< exact LDAP spelling
    /// localconfig keys; the value lists word prefixes to keep (empty: keep the whole value)
    std::map<std::string, std::vector<std::string>, std::less<>> localconfig;
    std::set<std::string, std::less<>> packages{};           ///< names of packages
    std::set<std::string, std::less<>> present{};            ///< paths that may exist (absolute, or below the home)
    std::set<std::string, std::less<>> units{};              ///< names of systemd units
    std::set<std::string, std::less<>> modules{};            ///< of zxsuite or carbonio: "mobile", "mobile/activesync"
    std::map<std::string, WantedFile, std::less<>> files{};  ///< by key of LocalFacts::files
    std::set<WantedPorts> ports{};
    bool mesh = false;  ///< the service mesh: HCL files, Consul
};

/// Names that may hold a secret are never kept, whoever asks for them.
[[nodiscard]] bool may_be_secret(std::string_view attribute_or_key);

/// URLs lose their user:password@ part.
[[nodiscard]] std::string without_credentials(std::string_view value);

}  // namespace zmi
