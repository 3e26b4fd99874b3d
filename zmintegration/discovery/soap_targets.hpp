#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>
#include <zmintegration/discovery/resolver.hpp>
#include <zmintegration/local/localconfig.hpp>
#include <zmintegration/soap/secret.hpp>
#include <zmintegration/soap/soap_source.hpp>
#include <zmintegration/support/url.hpp>

namespace zmi {

/// The admin SOAP service that zmprov of this node would ask, and how it logs in.
struct AdminService {
    bool tls = true;
    Host host;
    std::uint16_t port = 0;
    std::string user;
    Secret password;
    bool allow_untrusted = false;  ///< ssl_allow_untrusted_certs
};

/// From localconfig, with Zimbra's own defaults. Without a password it fails.
[[nodiscard]] Expected<AdminService> read_admin_service(const LocalConfig& config);

/// What the user and this node say of certificates.
struct TlsChoice {
    std::filesystem::path named_ca;   ///< --tls-ca; alone, where it is given
    std::filesystem::path zimbra_ca;  ///< conf/ca/ca.pem, tried where it exists; then the system's
    bool verify = true;
};

/// The loopback addresses at which `host` is to be dialled; empty where it is not (only) loopback.
[[nodiscard]] std::vector<IpAddress> loopback_addresses(const Host& host, Resolver& resolver);

/// How to reach the service, best first. `loopback` as above; `own_name` is the name that this node's certificate
/// bears. Whom an attempt trusts: a CA; anyone at all only on a loopback address where localconfig allows it and no
/// CA was named, or where `verify` is off. Plain http to anywhere but loopback is an error.
[[nodiscard]] Expected<SoapTarget> make_soap_target(const AdminService& service, const std::vector<IpAddress>& loopback,
                                                    const std::string& own_name, const TlsChoice& tls);

}  // namespace zmi
