#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>
#include <zmintegration/facts/inventory.hpp>

namespace zmi {

/// Where the configuration that Zimbra generated tells its daemons to listen. What stands there is what a daemon does
/// after its next start, and says nothing of what runs.
struct ServiceFiles {
    std::map<std::string, FileState, std::less<>> files;  ///< by name: "nginx.conf", "my.cnf"; includes by their path
    std::vector<FileListener> listeners;                  ///< FileListener::file is the key of `files`
};

/// Reads nginx.conf and what it includes, my.cnf, antispam-my.cnf, httpd.conf, opendkim.conf, cbpolicyd.conf,
/// unbound.conf, amavisd.conf and jetty.xml below `zimbra_home`. Files are bounded (1 MiB each, 2000 in all). A file
/// that is unreadable or odd is told in FileState::problem ("FILE:LINE: ..." where a line is odd), never guessed; so is
/// what a file leaves to something else, and then the rest of it is listed all the same.
[[nodiscard]] ServiceFiles read_service_files(const std::filesystem::path& zimbra_home);

}  // namespace zmi
