#include <poll.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <plugin/prove/prober.hpp>
#include <plugin/prove/socket.hpp>

namespace zmfw {
namespace {

using Clock = std::chrono::steady_clock;

/// A socket with the probe's own source address.
OwnedSocket open_from(const Probe& probe, int type) {
    OwnedSocket socket(::socket(family_number(probe.source.family), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket.valid()) return {};
    // Without this each socket takes a port for itself, whatever its address.
    socket.set(IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
    const SocketAddress source(probe.source, 0);
    if (::bind(socket.fd(), source.get(), source.size) != 0) return {};
    return socket;
}

struct Attempt {
    std::size_t number = 0;
    OwnedSocket socket;
    Clock::time_point end;
};

class Connector {
public:
    Connector(const std::vector<Probe>& probes, const std::string& orders, const ProbeTimes& times,
              std::string& results)
        : m_probes(probes), m_orders(orders), m_times(times), m_results(results), m_end(Clock::now() + times.total) {
        rlimit limit{};
        ::getrlimit(RLIMIT_NOFILE, &limit);
        m_window = std::clamp<std::size_t>(limit.rlim_cur, 200, 1200) - 100;
    }

    void run() {
        while (Clock::now() < m_end) {
            while (m_running.size() < m_window && m_next < m_probes.size()) start(m_next++);
            if (m_running.empty()) return;
            wait();
        }
    }

private:
    void start(std::size_t number) {
        const auto& probe = m_probes[number];
        if (probe.protocol != "tcp" || m_orders[number] == k_leave_out) return;
        Attempt attempt{number, open_from(probe, SOCK_STREAM), Clock::now()};
        if (!attempt.socket.valid()) return;
        const linger reset{1, 0};
        (void)::setsockopt(attempt.socket.fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        const SocketAddress to(probe.destination, probe.port);
        m_results[number] = 'n';
        if (::connect(attempt.socket.fd(), to.get(), to.size) == 0) {
            m_results[number] = 'y';
        } else if (errno == EINPROGRESS) {
            attempt.end += m_orders[number] == k_expected ? m_times.expected : m_times.unexpected;
            m_running.push_back(std::move(attempt));
        }
    }

    void wait() {
        std::vector<pollfd> fds;
        for (const auto& attempt : m_running) fds.push_back({attempt.socket.fd(), POLLOUT, 0});
        (void)::poll(fds.data(), fds.size(), 10);
        const auto now = Clock::now();
        std::vector<Attempt> rest;
        for (std::size_t i = 0; i < m_running.size(); ++i) {
            if (fds[i].revents != 0) {
                int problem = 0;
                socklen_t size = sizeof problem;
                ::getsockopt(m_running[i].socket.fd(), SOL_SOCKET, SO_ERROR, &problem, &size);
                if (problem == 0) m_results[m_running[i].number] = 'y';
            } else if (now < m_running[i].end) {
                rest.push_back(std::move(m_running[i]));
            }
        }
        m_running = std::move(rest);
    }

    const std::vector<Probe>& m_probes;
    const std::string& m_orders;
    const ProbeTimes& m_times;
    std::string& m_results;
    Clock::time_point m_end;
    std::size_t m_window = 100;
    std::size_t m_next = 0;
    std::vector<Attempt> m_running;
};

void send_datagrams(const std::vector<Probe>& probes, const std::string& orders, std::string& results) {
    for (std::size_t i = 0; i < probes.size(); ++i) {
        if (probes[i].protocol != "udp" || orders[i] == k_leave_out) continue;
        const auto socket = open_from(probes[i], SOCK_DGRAM);
        if (!socket.valid()) continue;
        const SocketAddress to(probes[i].destination, probes[i].port);
        const auto number = static_cast<std::uint32_t>(i);
        const auto sent = ::sendto(socket.fd(), &number, sizeof number, 0, to.get(), to.size);
        if (sent == sizeof number) results[i] = 'u';
    }
}

}  // namespace

std::string send_probes(const std::vector<Probe>& probes, const std::string& orders, const ProbeTimes& times) {
    std::string results(probes.size(), '-');
    Connector(probes, orders, times, results).run();
    // Twice: the first datagram to a neighbour that is not known yet may be lost.
    send_datagrams(probes, orders, results);
    send_datagrams(probes, orders, results);
    return results;
}

}  // namespace zmfw
