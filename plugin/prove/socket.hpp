#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <utility>
#include <zmintegration/support/network.hpp>

namespace zmfw {

/// A file descriptor that closes itself.
class OwnedSocket {
public:
    OwnedSocket() = default;
    explicit OwnedSocket(int fd) : m_fd(fd) {}
    OwnedSocket(OwnedSocket&& other) noexcept : m_fd(std::exchange(other.m_fd, -1)) {}
    OwnedSocket& operator=(OwnedSocket&& other) noexcept {
        std::swap(m_fd, other.m_fd);
        return *this;
    }
    OwnedSocket(const OwnedSocket&) = delete;
    OwnedSocket& operator=(const OwnedSocket&) = delete;
    ~OwnedSocket() {
        if (m_fd >= 0) ::close(m_fd);
    }
    [[nodiscard]] int fd() const { return m_fd; }
    [[nodiscard]] bool valid() const { return m_fd >= 0; }

    void set(int level, int option, int value = 1) const {
        (void)::setsockopt(m_fd, level, option, &value, sizeof value);
    }

private:
    int m_fd = -1;
};

/// An address and a port as the kernel wants them.
struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;

    SocketAddress(const zmi::IpAddress& address, std::uint16_t port) {
        if (address.family == zmi::Family::ipv4) {
            sockaddr_in value{};
            value.sin_family = AF_INET;
            value.sin_port = htons(port);
            std::memcpy(&value.sin_addr, address.bytes.data(), 4);
            std::memcpy(&storage, &value, sizeof value);
            size = sizeof value;
        } else {
            sockaddr_in6 value{};
            value.sin6_family = AF_INET6;
            value.sin6_port = htons(port);
            std::memcpy(&value.sin6_addr, address.bytes.data(), 16);
            std::memcpy(&storage, &value, sizeof value);
            size = sizeof value;
        }
    }
    [[nodiscard]] const sockaddr* get() const {
        return static_cast<const sockaddr*>(static_cast<const void*>(&storage));
    }
};

[[nodiscard]] inline int family_number(zmi::Family family) {
    return family == zmi::Family::ipv4 ? AF_INET : AF_INET6;
}

}  // namespace zmfw
