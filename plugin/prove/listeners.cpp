#include <poll.h>

#include <chrono>
#include <plugin/prove/listeners.hpp>
#include <tuple>

namespace zmfw {
namespace {

using Clock = std::chrono::steady_clock;

OwnedSocket open_listener(zmi::Family family, bool udp, std::uint16_t port) {
    OwnedSocket socket(
        ::socket(family_number(family), (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket.valid()) return {};
    socket.set(SOL_SOCKET, SO_REUSEADDR);
    if (family == zmi::Family::ipv6) socket.set(IPPROTO_IPV6, IPV6_V6ONLY);
    zmi::IpAddress wildcard;
    wildcard.family = family;
    const SocketAddress address(wildcard, port);
    if (::bind(socket.fd(), address.get(), address.size) != 0) return {};
    if (!udp && ::listen(socket.fd(), 4096) != 0) return {};
    return socket;
}

}  // namespace

Listeners::Listeners(const std::vector<Probe>& probes) {
    std::set<std::tuple<zmi::Family, bool, std::uint16_t>> wanted;
    for (const auto& probe : probes) wanted.emplace(probe.destination.family, probe.protocol == "udp", probe.port);
    for (const auto& [family, udp, port] : wanted) {
        auto socket = open_listener(family, udp, port);
        if (!socket.valid()) continue;
        m_sockets.push_back(std::move(socket));
        m_is_udp.push_back(udp ? 1 : 0);
    }
}

void Listeners::receive(int fd) {
    std::uint32_t number = 0;
    while (::recv(fd, &number, sizeof number, 0) == sizeof number) m_arrived.insert(number);
}

void Listeners::serve(int stop, int deadline_ms) {
    std::vector<pollfd> fds = {{stop, POLLIN, 0}};
    for (const auto& socket : m_sockets) fds.push_back({socket.fd(), POLLIN, 0});
    const auto end = Clock::now() + std::chrono::milliseconds(deadline_ms);
    while (Clock::now() < end) {
        if (::poll(fds.data(), fds.size(), 20) <= 0) continue;
        for (std::size_t i = 0; i < m_sockets.size(); ++i) {
            if (fds[i + 1].revents == 0) continue;
            if (m_is_udp[i] != 0) {
                receive(m_sockets[i].fd());
            } else {
                // Taken and dropped at once: a full queue would look like a closed port.
                while (OwnedSocket(::accept4(m_sockets[i].fd(), nullptr, nullptr, SOCK_CLOEXEC)).valid()) {
                }
            }
        }
        if (fds[0].revents != 0) return;
    }
}

std::set<std::uint32_t> Listeners::take_arrived() {
    return std::exchange(m_arrived, {});
}

}  // namespace zmfw
