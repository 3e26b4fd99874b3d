// One process with a socket in each of two network namespaces. All packets are its own, so that its CPU time is theirs:
// what a packet costs, whatever else runs on the machine.
//
//   bench_traffic udp|tcp SERVER_NAMESPACE CLIENT_NAMESPACE SOURCE DESTINATION PORT COUNT
//
// udp: COUNT datagrams, none answered: each is new to conntrack and walks the rules. tcp: COUNT times connect, accept,
// close. Prints "CPU WALL": nanoseconds for each.

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <stdexcept>
#include <string>

namespace {

constexpr long k_burst = 32;  ///< datagrams in flight; a socket's buffer holds them

void check(bool good, const char* what) {
    if (!good) throw std::runtime_error(fmt::format("{}: {}", what, std::strerror(errno)));
}

class Descriptor {
public:
    Descriptor(int number, const char* what) : m_number(number) { check(number >= 0, what); }
    ~Descriptor() { close(m_number); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int get() const { return m_number; }

private:
    int m_number;
};

void enter(const std::string& path) {
    const Descriptor space(open(path.c_str(), O_RDONLY | O_CLOEXEC), path.c_str());
    check(setns(space.get(), CLONE_NEWNET) == 0, "setns");
}

sockaddr_in address_of(const std::string& text, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    if (inet_pton(AF_INET, text.c_str(), &address.sin_addr) != 1) throw std::runtime_error("no address: " + text);
    return address;
}

const sockaddr* generic(const sockaddr_in& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

struct Route {
    std::string server, client;  ///< namespaces
    sockaddr_in source{}, destination{};
};

std::int64_t now(clockid_t clock) {
    timespec time{};
    check(clock_gettime(clock, &time) == 0, "clock_gettime");
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

/// What is lost must not hang the benchmark: it is wrong then.
void set_deadline(int socket) {
    const timeval patience{10, 0};
    check(setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0, "SO_RCVTIMEO");
    check(setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) == 0, "SO_SNDTIMEO");
}

/// Runs `step` until `count` is reached, a tenth of it beforehand to warm up.
template <class Step>
void measure(long count, long at_once, Step step) {
    for (long done = 0; done < count / 10; done += at_once) step();
    const auto cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    const auto wall = now(CLOCK_MONOTONIC);
    long done = 0;
    for (; done < count; done += at_once) step();
    const auto each = static_cast<double>(done);
    fmt::print("{:.1f} {:.1f}\n", static_cast<double>(now(CLOCK_PROCESS_CPUTIME_ID) - cpu) / each,
               static_cast<double>(now(CLOCK_MONOTONIC) - wall) / each);
}

void send_datagrams(const Route& route, long count) {
    enter(route.server);
    const Descriptor server(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
    set_deadline(server.get());
    check(bind(server.get(), generic(route.destination), sizeof route.destination) == 0, "bind");
    enter(route.client);
    const Descriptor client(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
    check(bind(client.get(), generic(route.source), sizeof route.source) == 0, "bind");
    check(connect(client.get(), generic(route.destination), sizeof route.destination) == 0, "connect");
    char data[64] = {};
    measure(count, k_burst, [&] {
        for (long i = 0; i < k_burst; ++i) check(send(client.get(), data, sizeof data, 0) == sizeof data, "send");
        for (long i = 0; i < k_burst; ++i) check(recv(server.get(), data, sizeof data, 0) == sizeof data, "recv");
    });
}

void open_connections(const Route& route, long count) {
    enter(route.server);
    const Descriptor server(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
    set_deadline(server.get());
    const int on = 1;
    check(setsockopt(server.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0, "SO_REUSEADDR");
    check(bind(server.get(), generic(route.destination), sizeof route.destination) == 0, "bind");
    check(listen(server.get(), 16) == 0, "listen");
    enter(route.client);
    measure(count, 1, [&] {
        const Descriptor client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
        set_deadline(client.get());
        const linger reset{1, 0};  // no port is left waiting
        check(setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset) == 0, "SO_LINGER");
        check(bind(client.get(), generic(route.source), sizeof route.source) == 0, "bind");
        check(connect(client.get(), generic(route.destination), sizeof route.destination) == 0, "connect");
        const Descriptor accepted(accept4(server.get(), nullptr, nullptr, SOCK_CLOEXEC), "accept");
    });
}

/// On one processor, as the packets of one queue are.
void pin() {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(sched_getcpu()), &set);
    check(sched_setaffinity(0, sizeof set, &set) == 0, "sched_setaffinity");
}

void run(char** words) {
    const std::string kind = words[1];
    const auto port = static_cast<std::uint16_t>(std::stoul(words[6]));
    const Route route{words[2], words[3], address_of(words[4], 0), address_of(words[5], port)};
    pin();
    if (kind == "udp") return send_datagrams(route, std::stol(words[7]));
    if (kind == "tcp") return open_connections(route, std::stol(words[7]));
    throw std::runtime_error("neither udp nor tcp: " + kind);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        if (argc != 8) throw std::runtime_error("usage: see the head of bench_traffic.cpp");
        run(argv);
        return EXIT_SUCCESS;
    } catch (const std::exception& problem) {
        fmt::print(stderr, "bench_traffic: {}\n", problem.what());
        return EXIT_FAILURE;
    }
}
