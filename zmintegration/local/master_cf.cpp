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

/// The names that postfix's own master.cf uses, so that they are known on a system without /etc/services.
constexpr std::array k_named_services{
    std::pair<std::string_view, std::uint16_t>{"smtp", 25},
    std::pair<std::string_view, std::uint16_t>{"smtps", 465},
    std::pair<std::string_view, std::uint16_t>{"submissions", 465},
    std::pair<std::string_view, std::uint16_t>{"submission", 587},
    std::pair<std::string_view, std::uint16_t>{"lmtp", 24},
    std::pair<std::string_view, std::uint16_t>{"qmqp", 628},
};

constexpr std::array<std::string_view, 4> k_local_types{"unix", "fifo", "pass", "unix-dgram"};

/// A word with something else than digits in it, as /etc/services spells names.
bool is_service_name(std::string_view text) {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("-_.+").find(c) != std::string_view::npos;
    };
    return text.find_first_not_of("0123456789") != std::string_view::npos &&
           std::all_of(text.begin(), text.end(), fits);
}

/// 0 where the port of a name is not known; nullopt where the text is neither port nor name.
std::optional<std::uint16_t> port_of(std::string_view service, const ServicePort& service_port) {
    if (const auto port = parse_port(service)) return port;
    if (!is_service_name(service)) return std::nullopt;
    const auto* at = std::find_if(k_named_services.begin(), k_named_services.end(),
                                  [&](const auto& named) { return named.first == service; });
    return at == k_named_services.end() ? service_port(std::string(service)).value_or(0) : at->second;
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

Expected<FileListener> inet_listener(std::string_view endpoint, const std::string& path, int line,
                                     const ServicePort& service_port) {
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
    const auto port = port_of(service, service_port);
    if (!port) return problem("neither a port number nor the name of a service");
    return FileListener{"master.cf", path, line, std::string(service), std::string(host), *port};
}

}  // namespace

Expected<std::vector<FileListener>> parse_master_cf(std::string_view text, const std::string& path,
                                                    const ServicePort& service_port) {
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
        auto listener = inet_listener(fields[0], path, line.line, service_port);
        if (!listener) return tl::unexpected(std::move(listener.error()));
        listeners.push_back(std::move(*listener));
    }
    return listeners;
}

}  // namespace zmi
