#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include <zmintegration/facts/inventory.hpp>
#include <zmintegration/support/error.hpp>

/// One reader a kind of file; each gives the listeners that the file names, with their lines. `path` is for messages
/// and for FileListener::path. An odd line is an error: "PATH:LINE: ...".
namespace zmi {

using FileListeners = Expected<std::vector<FileListener>>;

/// A file that says more than that.
struct ServiceFile {
    std::vector<FileListener> listeners;
    std::map<std::string, std::string> settings;  ///< what goes for all of them, with the lines: FileState::settings
    std::vector<std::string> unknown;             ///< "PATH:LINE: why": what is there and cannot be told from the file
};

[[nodiscard]] FileListeners parse_my_cnf(std::string_view text, const std::string& key, const std::string& path);
[[nodiscard]] FileListeners parse_cbpolicyd_conf(std::string_view text, const std::string& path);
[[nodiscard]] FileListeners parse_httpd_conf(std::string_view text, const std::string& path);
[[nodiscard]] FileListeners parse_opendkim_conf(std::string_view text, const std::string& path);
/// Without a port line it is 53, as unbound.conf(5) has it. Who may ask is in settings["access-control"].
[[nodiscard]] Expected<ServiceFile> parse_unbound_conf(std::string_view text, const std::string& path);
[[nodiscard]] FileListeners parse_amavisd_conf(std::string_view text, const std::string& path);
/// The connectors. Ports and hosts that jetty computes when it starts (<Property>, <SystemProperty>, <Env>: even those
/// with a default may be set elsewhere) are in `unknown`.
[[nodiscard]] Expected<ServiceFile> parse_jetty_xml(std::string_view text, const std::string& path);

/// A file of nginx: its listeners, and the files that it includes, as written, with the line.
struct NginxFile {
    std::vector<FileListener> listeners;
    std::vector<std::pair<std::string, int>> includes;
};
[[nodiscard]] Expected<NginxFile> parse_nginx_conf(std::string_view text, const std::string& path);

/// "443", "*:443", "10.0.0.5:443", "[::1]:443", "localhost:8465"; nullopt for anything else. "*" is an empty address.
struct AddressAndPort {
    std::string address;
    std::uint16_t port = 0;
};
[[nodiscard]] std::optional<AddressAndPort> parse_address_and_port(std::string_view text);

}  // namespace zmi
