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
};
[[nodiscard]] std::string_view to_string(Origin origin);

using Values = std::vector<std::string>;
using Attributes = std::map<std::string, Values, std::less<>>;

/// One server entry, as set on the entry itself: nothing inherited is in `own`.
struct Server {
    std::string name;  ///< validated host name, lower case
    Attributes own;
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
    bool operator==(const FileListener&) const = default;
};

/// FileState::problem of a file that does not exist; any other problem means that it does, or may.
inline constexpr std::string_view k_no_such_file = "no such file";

/// Whether a file of a node could be read; `problem` is empty if so. Of a file that could be read in part (an Include
/// of sshd_config could not) the listeners that are known are listed all the same.
struct FileState {
    std::string path;
    std::string problem;
    std::map<std::string, std::string> settings;  ///< wanted keys ("inet_interfaces" of main.cf)
    bool operator==(const FileState&) const = default;
};

/// What only the node itself knows. No secret is ever in here.
struct LocalFacts {
    std::map<std::string, std::string, std::less<>> localconfig;  ///< keys that are set, ${...} expanded
    std::map<std::string, FileState, std::less<>> files;          ///< by key: "master.cf", "main.cf", "sshd_config"
    std::vector<FileListener> listeners;
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
    std::string product = "zimbra";
    std::string version;    ///< of the answering server, where the source tells; else empty
    std::string this_node;  ///< name of the node that asked
    Attributes global;
    std::vector<Server> servers;
    std::map<std::string, LocalFacts, std::less<>> local;     ///< by server name; today only this node
    std::map<std::string, Resolution, std::less<>> resolved;  ///< by host name (lower case)

    [[nodiscard]] const Server* find(std::string_view name) const;
    bool operator==(const Inventory&) const = default;
};

/// What to ask for. The plugin fills it from its catalogue.
struct Wanted {
    std::set<std::string, std::less<>> attributes;  ///< exact LDAP spelling
    /// localconfig keys; the value lists word prefixes to keep (empty: keep the whole value)
    std::map<std::string, std::vector<std::string>, std::less<>> localconfig;
};

/// Names that may hold a secret are never kept, whoever asks for them.
[[nodiscard]] bool may_be_secret(std::string_view attribute_or_key);

/// URLs lose their user:password@ part.
[[nodiscard]] std::string without_credentials(std::string_view value);

}  // namespace zmi
