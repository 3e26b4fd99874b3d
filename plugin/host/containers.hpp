#pragma once

#include <plugin/host/signs.hpp>
#include <string_view>
#include <zmintegration/support/error.hpp>

/// Reading of what container engines say of their published ports. Pure; the texts are not trusted.
namespace zmfw {

/// The arguments of a docker-proxy process, as in /proc/PID/cmdline; nullopt for any other process.
[[nodiscard]] std::optional<PublishedPort> parse_docker_proxy(std::string_view cmdline);

/// `docker ps --no-trunc --format '{{json .}}'`: a JSON object a line.
[[nodiscard]] zmi::Expected<std::vector<PublishedPort>> parse_docker_ps(std::string_view text);

/// `podman ps --format json`: one JSON array.
[[nodiscard]] zmi::Expected<std::vector<PublishedPort>> parse_podman_ps(std::string_view text);

}  // namespace zmfw
