#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>
#include <zmintegration/local/listening_sockets.hpp>

namespace zmi {

/// Fills in which process has which socket, from proc/*/fd below `system_root`, and which ports docker-proxies of this
/// network namespace publish, from their arguments: those never contradict a descriptor. What may not be seen stays
/// empty; a process that ends meanwhile is no failure. Looks at 65536 processes and 2 million descriptors at most.
void add_process_hints(std::vector<ListeningSocket>& sockets, const std::filesystem::path& system_root);

/// Whether the process (a number, or "self") is seen to be in another network namespace than we are: what it listens on
/// is then nothing of this host. Of other people's processes only root can tell, so false where it may not be seen.
[[nodiscard]] bool is_in_other_network(const std::filesystem::path& system_root, const std::string& process);

/// What follows each word with a dash in proc/PID/cmdline of a docker-proxy: {"-proto": "tcp", "-host-port": "8080",
/// ...}. Views into `cmdline`, unchecked.
[[nodiscard]] std::map<std::string_view, std::string_view> docker_proxy_options(std::string_view cmdline);

}  // namespace zmi
