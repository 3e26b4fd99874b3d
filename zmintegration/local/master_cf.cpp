#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <utility>
#include <zmintegration/local/node_files.hpp>
#include <zmintegration/local/postfix_lines.hpp>
#include <zmintegration/support/text.hpp>
#include <zmintegration/support/url.hpp>

namespace zmi {
namespace {

constexpr std::size_t k_fields = 8;  // service type private unpriv chroot wakeup maxproc command

/// The names that postfix's own master.cf uses; what /etc/services may say of others is not for us to judge.
constexpr std::array k_named_services{
    std::pair<std::string_view, std::uint16_t>{"smtp", 25},
    std::pair<std::string_view, std::uint16_t>{"smtps", 465},
    std::pair<std::string_view, std::uint16_t>{"submissions", 465},
    std::pair<std::string_view, std::uint16_t>{"submission", 587},
    std::pair<std::string_view, std::uint16_t>{"lmtp", 24},
    std::pair<std::string_view, std::uint16_t>{"qmqp", 628},
};

constexpr std::array<std::string_view, 4> k_local_types{"unix", "fifo", "pass", "unix-dgram"};

std::optional<std::uint16_t> port_of(std::string_view service) {
    if (const auto port = parse_port(service)) return port;
    const auto* at = std::find_if(k_named_services.begin(), k_named_services.end(),
                                  [&](const auto& named) { return named.first == service; });
    return at == k_named_services.end() ? std::nullopt : std::optional(at->second);
}

/// "[host]:service", "host:service" or "service"; nullopt where the brackets are wrong.
std::optional<std::pair<std::string_view, std::string_view>> split_endpoint(std::string_view text) {
    const auto colon = text.rfind(':');
    if (text.front() == '[') {
        const auto close = text.find(']');
        if (close == std::string_view::npos || close == 1 || colon != close + 1) return std::nullopt;
        return std::pair(text.substr(1, close - 1), text.substr(colon + 1));
    }
    if (colon == std::string_view::npos) return std::pair(std::string_view(), text);
    return std::pair(text.substr(0, colon), text.substr(colon + 1));
}

Expected<FileListener> inet_listener(std::string_view endpoint, const std::string& path, int line) {
    const auto problem = [&](std::string_view what) {
        return failure(ErrorKind::knowledge,
                       fmt::format("{}:{}: inet service {}: {}", path, line, zmi::quoted(endpoint), what));
    };
    const auto parts = split_endpoint(endpoint);
    if (!parts) return problem("not of the form [host]:port");
    const auto [host, service] = *parts;
    if (!host.empty() && !parse_host(host)) {
        return problem("its host is neither an address nor a host name");
    }
    const auto port = port_of(service);
    if (!port) return problem("neither a port number nor a service name that postfix itself uses");
    return FileListener{"master.cf", path, line, std::string(service), std::string(host), *port};
}

}  // namespace

Expected<std::vector<FileListener>> parse_master_cf(std::string_view text, const std::string& path) {
    std::vector<FileListener> listeners;
    for (const auto& line : postfix_lines(text)) {
        const auto problem = [&](std::string_view what) {
            return failure(ErrorKind::knowledge, fmt::format("{}:{}: {}", path, line.line, what));
        };
        if (line.indented) return problem("the first line begins with a blank");
        const auto fields = split_words(line.text);
        if (fields.size() < k_fields) {
            return problem(fmt::format("{} fields where a service has {}", fields.size(), k_fields));
        }
        if (std::find(k_local_types.begin(), k_local_types.end(), fields[1]) != k_local_types.end()) continue;
        if (fields[1] != "inet") return problem(fmt::format("unknown service type {}", zmi::quoted(fields[1])));
        auto listener = inet_listener(fields[0], path, line.line);
        if (!listener) return tl::unexpected(std::move(listener.error()));
        listeners.push_back(std::move(*listener));
    }
    return listeners;
}

}  // namespace zmi
