#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>
#include <zmintegration/facts/inventory.hpp>

namespace zmi {

/// Seam to the system resolver.
class Resolver {
public:
    virtual ~Resolver() = default;
    /// Resolves all names (A and AAAA), together within the deadline. `welcome` are names that are good to know and not
    /// worth waiting for: their time is up when that of `names` is, or after a second where `names` take less. Each
    /// name has an entry under its own spelling, whether it resolved or not.
    [[nodiscard]] virtual std::map<std::string, Resolution, std::less<>> resolve(
        const std::vector<std::string>& names, std::chrono::milliseconds deadline,
        const std::vector<std::string>& welcome = {}) = 0;
};

/// getaddrinfo, several names at a time. Unusable answers (see IpAddress::is_of_a_host, and IPv4-mapped) are
/// dropped; where nothing else is left, the problem names them.
[[nodiscard]] std::unique_ptr<Resolver> make_system_resolver();

}  // namespace zmi
