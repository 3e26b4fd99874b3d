#include <arpa/inet.h>
#include <netdb.h>
#include <cerrno>
#include <vector>
#include <zmintegration/local/node_files.hpp>

namespace zmi {

std::optional<std::uint16_t> system_service_port(const std::string& name) {
    constexpr std::size_t k_buffer_limit = 64 * 1024;
    servent entry{};
    servent* found = nullptr;
    std::vector<char> buffer(1024);
    while (::getservbyname_r(name.c_str(), "tcp", &entry, buffer.data(), buffer.size(), &found) == ERANGE) {
        if (buffer.size() >= k_buffer_limit) return std::nullopt;
        buffer.resize(buffer.size() * 2);
    }
    if (found == nullptr) return std::nullopt;
    const auto port = ntohs(static_cast<std::uint16_t>(found->s_port));
    return port == 0 ? std::nullopt : std::optional<std::uint16_t>(port);
}

}  // namespace zmi
