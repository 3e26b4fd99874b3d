#pragma once

#include <functional>
#include <string>
#include <vector>
#include <zmintegration/facts/answer.hpp>
#include <zmintegration/http/http_transport.hpp>

namespace zmi {

/// One admin SOAP engine to ask. `attempts` are tried in order while the certificate is what fails; the credentials
/// are sent only over an attempt whose handshake succeeded.
struct SoapTarget {
    std::string display;  ///< "https://localhost:7071"
    struct Attempt {
        HttpEndpoint endpoint;
        std::string warning;  ///< told when this attempt is the one that worked; empty for none
    };
    std::vector<Attempt> attempts;
    std::string user;
    std::string password;
};

/// One AuthRequest, then one BatchRequest (FlushCache, GetAllServers without applied config, GetAllConfig,
/// GetVersionInfo). A refused flush is told; any other fault, an attribute that permission hides (pd="1") or an
/// answer without servers fails it all.
[[nodiscard]] Expected<Answer> ask_soap(const SoapTarget& target, const Wanted& wanted, HttpTransport& transport,
                                        std::chrono::milliseconds deadline,
                                        const std::function<void(const std::string&)>& tell);

}  // namespace zmi
