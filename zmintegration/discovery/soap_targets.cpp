#include <zmintegration/discovery/soap_targets.hpp>

#include <fmt/format.h>
#include <algorithm>
#include <system_error>
#include <zmintegration/support/text.hpp>

namespace zmi {
namespace {

using Attempt = SoapTarget::Attempt;

constexpr std::string_view k_path = "/service/admin/soap/";
constexpr std::chrono::milliseconds k_resolver_deadline{5'000};

Expected<std::string> setting(const LocalConfig& config, std::string_view key, std::string_view standard) {
    auto value = config.get(key);
    if (!value) return tl::unexpected(std::move(value.error()));
    return value->value_or(std::string(standard));
}

tl::unexpected<Error> bad_setting(std::string_view key, std::string_view value, std::string_view expected) {
    return failure(ErrorKind::knowledge, fmt::format("localconfig key {}: {} is not {}", key, quoted(value), expected),
                   fmt::format("see zmlocalconfig {}", key));
}

std::string url_host(const Host& host) {
    return host.address && host.address->family == Family::ipv6 ? "[" + host.text + "]" : host.text;
}

std::vector<TlsTrust> authorities(const TlsChoice& tls) {
    using Authority = TlsTrust::Authority;
    if (!tls.named_ca.empty()) return {{Authority::ca_file, tls.named_ca}};
    std::vector<TlsTrust> result;
    std::error_code code;
    if (std::filesystem::exists(tls.zimbra_ca, code)) result.push_back({Authority::ca_file, tls.zimbra_ca});
    result.push_back({Authority::system, {}});
    return result;
}

/// All trusts at one address before the next address: the last resort must not lose to a deaf address family.
std::vector<Attempt> loopback_attempts(const AdminService& service, const IpAddress& address,
                                       const std::vector<std::string>& urls, const TlsChoice& tls) {
    std::vector<Attempt> attempts;
    for (const auto& url : urls) {
        for (const auto& trust : authorities(tls)) attempts.push_back({{url, address, trust}, ""});
    }
    if (service.allow_untrusted && tls.named_ca.empty()) {
        attempts.push_back({{urls.back(), address, {TlsTrust::Authority::anyone, {}}},
                            fmt::format("warning: the certificate of {} cannot be verified; going on because "
                                        "ssl_allow_untrusted_certs is true and {} is a loopback address",
                                        urls.back(), address.to_string())});
    }
    return attempts;
}

Expected<std::vector<Attempt>> plain_attempts(const SoapTarget& target, const std::string& url,
                                              const std::vector<IpAddress>& loopback) {
    if (loopback.empty()) {
        return failure(ErrorKind::knowledge,
                       fmt::format("{} is plain http, which would show the password to the network", target.display),
                       "set localconfig key zimbra_admin_service_scheme to https://");
    }
    std::vector<Attempt> attempts;
    for (const auto& address : loopback) attempts.push_back({{url, address, {}}, ""});
    return attempts;
}

}  // namespace

Expected<AdminService> read_admin_service(const LocalConfig& config) {
    AdminService service;
    const auto scheme = setting(config, "zimbra_admin_service_scheme", "https://");
    const auto host = setting(config, "zimbra_zmprov_default_soap_server", "localhost");
    const auto port = setting(config, "zimbra_admin_service_port", "7071");
    const auto user = setting(config, "zimbra_ldap_user", "zimbra");
    auto password = setting(config, "zimbra_ldap_password", "");
    const auto untrusted = setting(config, "ssl_allow_untrusted_certs", "false");
    for (const auto* value : {&scheme, &host, &port, &user, &untrusted}) {
        if (!*value) return tl::unexpected(value->error());
    }
    if (!password) return tl::unexpected(std::move(password.error()));
    service.password = Secret(std::move(*password));
    if (service.password.text.empty()) {
        return failure(ErrorKind::knowledge, "localconfig has no zimbra_ldap_password to log in with");
    }
    const auto plain_scheme = to_lower(scheme->substr(0, scheme->find(':')));
    if (plain_scheme != "https" && plain_scheme != "http") {
        return bad_setting("zimbra_admin_service_scheme", *scheme, "https:// or http://");
    }
    service.tls = plain_scheme == "https";
    const auto parsed_host = parse_host(*host);
    if (!parsed_host) return bad_setting("zimbra_zmprov_default_soap_server", *host, "a host name or an address");
    service.host = *parsed_host;
    const auto parsed_port = parse_port(*port);
    if (!parsed_port) return bad_setting("zimbra_admin_service_port", *port, "a port");
    service.port = *parsed_port;
    service.user = *user;
    service.allow_untrusted = equal_ignoring_case(*untrusted, "true");
    return service;
}

std::vector<IpAddress> loopback_addresses(const Host& host, Resolver& resolver) {
    if (host.address) return host.is_loopback() ? std::vector{*host.address} : std::vector<IpAddress>{};
    // These names are loopback by definition, whatever a resolver says.
    if (host.is_loopback()) return {*parse_address("127.0.0.1"), *parse_address("::1")};
    const auto resolved = resolver.resolve({host.text}, k_resolver_deadline);
    const auto found = resolved.find(host.text);
    if (found == resolved.end()) return {};
    const auto& addresses = found->second.addresses;
    const bool all = std::all_of(addresses.begin(), addresses.end(), [](const auto& a) { return a.is_loopback(); });
    return all ? addresses : std::vector<IpAddress>{};
}

Expected<SoapTarget> make_soap_target(const AdminService& service, const std::vector<IpAddress>& loopback,
                                      const std::string& own_name, const TlsChoice& tls) {
    SoapTarget target;
    const auto base = [&](std::string_view host) {
        return fmt::format("{}://{}:{}", service.tls ? "https" : "http", host, service.port);
    };
    target.display = base(url_host(service.host));
    target.user = service.user;
    target.password = service.password.text;
    const auto url = target.display + std::string(k_path);
    if (!service.tls) {
        auto attempts = plain_attempts(target, url, loopback);
        if (!attempts) return tl::unexpected(std::move(attempts.error()));
        target.attempts = std::move(*attempts);
        return target;
    }
    if (!tls.verify) {
        target.attempts.push_back({{url, std::nullopt, {TlsTrust::Authority::anyone, {}}}, ""});
        return target;
    }
    if (loopback.empty()) {
        for (const auto& trust : authorities(tls)) target.attempts.push_back({{url, std::nullopt, trust}, ""});
        return target;
    }
    std::vector<std::string> urls;
    if (!own_name.empty() && own_name != service.host.text) urls.push_back(base(own_name) + std::string(k_path));
    urls.push_back(url);
    for (const auto& address : loopback) {
        for (auto& attempt : loopback_attempts(service, address, urls, tls)) {
            target.attempts.push_back(std::move(attempt));
        }
    }
    return target;
}

}  // namespace zmi
