#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <plugin/catalogue/port_range.hpp>
#include <string>
#include <string_view>
#include <vector>
#include <zmintegration/facts/inventory.hpp>
#include <zmintegration/support/error.hpp>

/// The declarative knowledge of a product: what may listen, when, and who connects. Filled from
/// templates/catalogue/*.xml (schema: catalogue.xsd); nothing in C++ names a port, a service or an attribute.
namespace zmfw {

enum class ValueType { port, boolean, enumeration, address, host, url, version, text };

/// How one LDAP attribute is to be read.
struct AttributeSpec {
    std::string name;
    ValueType type = ValueType::text;
    bool inherited = false;               ///< the server entry falls back to global config
    std::optional<std::string> fallback;  ///< the product's compiled default, where it is set nowhere
    std::vector<std::string> values;      ///< for enumerations: all legal values
};

/// How one localconfig key is to be read.
struct LocalKeySpec {
    std::string name;
    ValueType type = ValueType::text;
    std::optional<std::string> fallback;
    std::vector<std::string> keep;  ///< keep only words with these prefixes
};

enum class FactKind { attribute, localconfig };

/// A condition over the facts of one server (its subject), of all servers, or of a (client, listener) pair.
struct Condition {
    enum class Kind {
        always,
        never,
        all_of,
        any_of,
        none_of,
        service,       ///< `values[0]` is enabled on the subject
        component,     ///< the catalogue's component `name` is on the subject
        is,            ///< fact `name` is one of `values`; if_unset decides where it is set nowhere
        is_true,       ///< boolean fact `name`
        is_set,        ///< fact `name` has a value
        version,       ///< version of the subject in [values[0], values[1]); an empty bound is open
        some_server,   ///< some server of the deployment satisfies the children
        other_server,  ///< some server other than the subject does
        named_in,      ///< some server's fact `name` names the subject (host, host:port or URL)
        named_by,      ///< the first value of global attribute `name` is the subject
        client_names,  ///< pair: a value of the client's fact `name` names the listener (host, host:port or URL);
                       ///< if_unset decides where the client has no value
        hosted_here,   ///< fact `name` is unset, a loopback or the subject itself
        use,           ///< the catalogue's condition values[0]
    };
    Kind kind = Kind::always;
    FactKind fact = FactKind::attribute;
    std::string name;
    std::vector<std::string> values;
    bool if_unset = false;
    std::vector<Condition> children;
};

/// A part of the product that LDAP does not tell of: a package, with its units, its registration with the mesh. It is
/// on a server where any of these says so.
struct Component {
    std::string id;
    std::string title;
    std::vector<std::string> packages;
    std::vector<std::string> present;  ///< paths
    std::vector<std::string> units;    ///< active
    std::vector<std::string> modules;  ///< running
    std::vector<std::string> mesh;     ///< names of services registered with the mesh
    /// Where nothing is known of a server: absent (as an assumption that is told), else a fact is missing.
    bool absent_if_unknown = false;
    std::vector<std::string> sources;
    std::string file;
    int line = 0;
};

/// A configuration file of the node with settings that endpoints name.
struct FileSpec {
    std::string key;   ///< of LocalFacts::files
    std::string path;  ///< absolute (below the system root), or below the product's home
};

/// Where an endpoint's port comes from.
struct PortSource {
    enum class Kind {
        attribute,      ///< LDAP attribute `name`
        localconfig,    ///< localconfig key `name`
        url_attribute,  ///< URL(s) in attribute `name` of each client: host, and port (`fallback` where the URL has
                        ///< none)
        url_local,      ///< first URL with a value among localconfig keys `names`, if its scheme is `scheme`
        file,           ///< inet services `names` of file `file` (a key of LocalFacts::files)
        sshd,           ///< every port of sshd, and attribute `name`
        setting,        ///< `file`'s setting `name`: a port, or a range; `constants` where it is not set or not there
        mesh_exposed,   ///< expose paths of the mesh service `name` (HCL); `constants` where the node's files are not
                        ///< known
        constant,       ///< fixed `constants`
        none,           ///< no port at all (unix socket, unknown)
    };
    Kind kind = Kind::none;
    std::string name;
    std::vector<std::string> names;
    std::string scheme;
    std::vector<std::string> other_schemes;  ///< url_local: what else may stand there without being this endpoint
    std::string file;
    std::string overriding_key;        ///< localconfig key that wins when it is set and not 0
    std::vector<PortRange> constants;  ///< also what `file` and `url_*` fall back to
};

/// Where an endpoint binds.
struct BindSource {
    enum class Families { ip_mode, both, ipv4 };  ///< of a wildcard bind
    enum class Default { any, loopback, url_host, unknown };
    enum class Take { first, all };  ///< of a multi-valued attribute
    Families families = Families::ip_mode;
    Default fallback = Default::any;
    std::string attribute;     ///< may be empty
    std::string localconfig;   ///< wins over the attribute when set; may be empty
    std::string setting_file;  ///< "main.cf": FileState::settings[setting]
    std::string setting;
    Take take = Take::first;
};

enum class Audience { open_to_public, admin, ssh, cluster, loopback, nobody };
[[nodiscard]] std::string_view to_string(Audience audience);  ///< "public", "admin", "ssh", "cluster", ...

struct Endpoint {
    std::string id;  ///< [a-z0-9-], as in the reference
    std::string title;
    std::string protocol;  ///< "tcp", "udp", "unix"
    std::string process;
    Audience audience = Audience::nobody;  ///< the widest audience it is meant for
    bool dead = false;                     ///< nothing listens in any release we know
    bool verified = true;                  ///< else nothing is opened on it unless the policy accepts the endpoint
    std::string confidence;                ///< text, as in the reference
    std::string versions;                  ///< text
    PortSource port;
    std::string default_port;  ///< text for people: the port(s) to expect
    BindSource bind;
    Condition listens;
    std::string closed_because;  ///< why nothing is opened (dead, loopback, unverified); may be empty
    std::string settled_by;      ///< unverified: what would settle it, besides a live listener and the policy
    std::string security;
    std::string note;
    std::string query;                 ///< udp: bytes of a harmless question that it answers; empty: none is known
    std::vector<std::string> sources;  ///< where the facts were read
    std::string file;                  ///< catalogue file and line it was defined in
    int line = 0;
};

/// A set of servers, or a network of the policy.
struct Role {
    std::string id;
    std::string network;   ///< "public", "admin", "ssh"; empty for servers
    bool outside = false;  ///< neither: somewhere we do not control (outbound flows)
    Condition members;
};

/// Who connects to which endpoints, and when.
struct Flow {
    struct Reach {
        std::string endpoint;
        Condition from_when;  ///< subject: the client (not used where the client is a network)
        Condition to_when;    ///< subject: the listener
        Condition pair;       ///< client_names and combinations
    };
    std::string id;
    std::string from;
    std::string to;
    std::string why;
    bool own = false;  ///< ours, not in the reference (its facts come from the endpoints' own text)
    std::vector<Reach> reaches;
};

/// Somebody outside the deployment, or behind a name that only a fact tells, to whom servers connect. What servers
/// say to each other stands in the flows.
struct Egress {
    std::string id;  ///< shares the endpoints' name space
    std::string title;
    std::string protocol;              ///< "tcp" or "udp"
    std::vector<std::uint16_t> ports;  ///< of every destination that does not name one itself
    bool verified = true;              ///< else nothing is opened unless the policy accepts the id
    std::string confidence;
    /// Who is connected to: the hosts that a fact names, or the addresses in a setting of a file. Where the fact is
    /// not set, or none is given: any address.
    FactKind fact = FactKind::attribute;
    std::string fact_name;       ///< may be empty
    std::string file;            ///< key of LocalFacts::files; may be empty
    std::string setting;         ///< of that file: addresses, separated by blanks
    std::string behind;          ///< where all of them are loopback: the service here that asks others in their stead
    std::string port_fact;       ///< attribute with the port; may be empty
    Condition when;              ///< subject: the server that connects
    std::string closed_because;  ///< of an unverified one: why nothing is opened, and what to do
    std::string note;
    std::vector<std::string> sources;
    std::string file_name;  ///< of the catalogue, and line
    int line = 0;
};

enum class Severity { info, warning, blocker };
[[nodiscard]] std::string_view to_string(Severity severity);

/// One change of a setting. In a RemedySpec its texts hold {words}.
struct Change {
    enum class Kind { set, add, remove, unset };
    Kind kind = Kind::set;
    FactKind fact = FactKind::attribute;
    std::string server;  ///< empty: global config
    std::string name;
    std::string value;     ///< empty for unset, and for:
    std::string value_of;  ///< a shell command that prints the value, on that server; of localconfig only
    auto operator<=>(const Change&) const = default;
};

/// What helps: one command or line of the policy for people, or changes as data (and then no text).
struct RemedySpec {
    std::string text;
    std::vector<Change> changes;
    Condition safe_when;  ///< the changes are right without further thought only where this holds of the server
    std::string needs;    ///< a word of the finding: without it this does not help and is left out; may be empty
    std::string without;  ///< a word of the finding: with it something else helps; may be empty
};

/// What to tell about a deployment. Texts hold {server}, {endpoint}, {port}, {value}, {peers}, {address}.
struct FindingSpec {
    std::string id;
    Severity severity = Severity::warning;
    std::string kind;                    ///< "condition", or a name that plan/findings.cpp or audit/ knows
    std::vector<std::string> endpoints;  ///< for kinds about endpoints
    Condition when;                      ///< for kind "condition": subject is each server
    std::vector<std::uint16_t> ports;    ///< for kind "static-list"; of "listener-unknown": not told
    std::vector<std::string> programs;   ///< for kind "listener-foreign": who may have the endpoints' ports
    std::string text;
    std::vector<RemedySpec> remedy;
};

/// A public endpoint and the one behind it, whose ports must not be exchanged.
struct PortPair {
    std::string front;
    std::string backend;
    std::uint16_t well_known = 0;
};

struct Catalogue {
    std::string product;
    /// Names of the attributes that carry the frame of the model.
    std::string services_enabled, services_installed, host_name, server_version, ip_mode;
    std::map<std::string, AttributeSpec, std::less<>> attributes;
    std::map<std::string, LocalKeySpec, std::less<>> localconfig;
    std::map<std::string, Component, std::less<>> components;
    std::map<std::string, FileSpec, std::less<>> files;  ///< beside those that every node has: is_own_file()
    std::map<std::string, Condition, std::less<>> conditions;
    std::map<std::string, Role, std::less<>> roles;
    std::vector<Endpoint> endpoints;  ///< in file order
    std::vector<Flow> flows;
    std::vector<Egress> egress;
    std::vector<FindingSpec> findings;
    std::vector<PortPair> pairs;
    /// Where conditions, roles, flows and findings stand, for messages: "role mta" -> "FILE:LINE".
    std::map<std::string, std::string, std::less<>> places;

    [[nodiscard]] const Endpoint* find(std::string_view endpoint_id) const;
    [[nodiscard]] const Egress* find_egress(std::string_view egress_id) const;
    [[nodiscard]] zmi::Wanted wanted() const;
};

/// Keys of LocalFacts::files that mean something of their own: files that are read on every node, kinds of evidence.
[[nodiscard]] bool is_own_file(std::string_view key);

/// Loads all *.xml of the folder whose <catalogue product="..."> names the product (a file may name several), then
/// those of each drop-in folder (an entry of the same id is replaced whole). Every mistake is an Error of kind data:
/// "FILE:LINE:
/// ...".
[[nodiscard]] zmi::Expected<Catalogue> load_catalogue(const std::vector<std::filesystem::path>& folders,
                                                      std::string_view product = "zimbra");

/// One file's text, whatever its product; for tests.
[[nodiscard]] zmi::Expected<Catalogue> parse_catalogue(std::string_view xml, const std::string& file_name);

}  // namespace zmfw
