#include <fmt/format.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <plugin/prove/listeners.hpp>
#include <plugin/prove/prober.hpp>
#include <plugin/prove/prove.hpp>
#include <plugin/prove/wiring.hpp>

namespace zmfw {
namespace {

using zmi::Expected;

/// A deadline for each answer of the other process; far beyond what it may take.
constexpr int k_answer_ms = 15'000;
constexpr int k_rounds = 4;  ///< how often a probe is sent at most

tl::unexpected<zmi::Error> broken(const std::string& what) {
    return zmi::failure(zmi::ErrorKind::program, fmt::format("{}: {}", what, std::strerror(errno)));
}

/// Lines between the two processes.
class Channel {
public:
    explicit Channel(OwnedSocket socket) : m_socket(std::move(socket)) {
        const timeval limit{k_answer_ms / 1000, 0};
        (void)::setsockopt(m_socket.fd(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    }
    [[nodiscard]] int fd() const { return m_socket.fd(); }

    void send(std::string line) const {
        line += '\n';
        for (std::size_t done = 0; done < line.size();) {
            const auto sent = ::send(m_socket.fd(), line.data() + done, line.size() - done, MSG_NOSIGNAL);
            if (sent <= 0) return;  // the other side is gone, and the next receive() will tell
            done += static_cast<std::size_t>(sent);
        }
    }

    /// The next line; empty when the other side is gone or silent.
    [[nodiscard]] std::string receive() {
        while (true) {
            if (const auto end = m_buffer.find('\n'); end != std::string::npos) {
                auto line = m_buffer.substr(0, end);
                m_buffer.erase(0, end + 1);
                return line;
            }
            char bytes[4096];
            const auto count = ::recv(m_socket.fd(), bytes, sizeof bytes, 0);
            if (count <= 0) return {};
            m_buffer.append(bytes, static_cast<std::size_t>(count));
        }
    }

private:
    OwnedSocket m_socket;
    std::string m_buffer;
};

/// The second process: all clients, in a namespace of its own.
[[noreturn]] void be_the_world(const ProofSpec& spec, Channel channel) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::unshare(CLONE_NEWNET) != 0) {
        channel.send(fmt::format("a second network namespace is not permitted: {}", std::strerror(errno)));
        ::_exit(0);
    }
    channel.send("ready");
    while (true) {
        const auto order = channel.receive();
        if (order == "wire") {
            const auto runner = zmi::make_process_runner();
            const auto wired = wire_world(spec, *runner);
            channel.send(wired ? "ready" : wired.error().what);
        } else if (order.size() == spec.probes.size()) {
            channel.send(send_probes(spec.probes, order, ProbeTimes{}));
        } else {
            ::_exit(0);
        }
    }
}

/// Owns the second process: it is dead and reaped at the end, whatever happens.
class World {
public:
    static Expected<World> start(const ProofSpec& spec) {
        int ends[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return broken("socketpair");
        OwnedSocket ours(ends[0]), theirs(ends[1]);
        const auto process = ::fork();
        if (process < 0) return broken("fork");
        if (process == 0) {
            ours = OwnedSocket();
            be_the_world(spec, Channel(std::move(theirs)));
        }
        World world(process, Channel(std::move(ours)));
        if (auto ready = world.expect_ready(); !ready) return tl::unexpected(std::move(ready).error());
        return world;
    }

    World(World&& other) noexcept
        : m_process(std::exchange(other.m_process, 0)), m_channel(std::move(other.m_channel)) {}
    World& operator=(World&&) = delete;
    ~World() {
        if (m_process == 0) return;
        ::kill(m_process, SIGKILL);
        ::waitpid(m_process, nullptr, 0);
    }

    [[nodiscard]] pid_t process() const { return m_process; }

    Expected<void> wire() {
        m_channel.send("wire");
        return expect_ready();
    }

    /// Sends all probes. What is expected to arrive and does not is sent again: a busy machine loses packets, and
    /// the first packets of a link wait for their neighbours.
    Expected<std::string> send_all(const std::vector<Probe>& probes, std::string orders, Listeners& listeners) {
        std::string results(probes.size(), '-');
        for (int round = 0; round < k_rounds && has_orders(orders); ++round) {
            auto made = send(probes, orders, listeners);
            if (!made) return made;
            for (std::size_t i = 0; i < results.size(); ++i) {
                if (orders[i] != k_leave_out) results[i] = (*made)[i];
                const bool is_missing = results[i] == '-' || (results[i] == 'n' && orders[i] == k_expected);
                if (!is_missing) orders[i] = k_leave_out;
            }
        }
        return results;
    }

private:
    World(pid_t process, Channel channel) : m_process(process), m_channel(std::move(channel)) {}

    static bool has_orders(const std::string& orders) {
        return orders.find_first_not_of(k_leave_out) != std::string::npos;
    }

    /// One round.
    Expected<std::string> send(const std::vector<Probe>& probes, const std::string& orders, Listeners& listeners) {
        (void)listeners.take_arrived();
        m_channel.send(orders);
        listeners.serve(m_channel.fd(), k_answer_ms);
        auto results = m_channel.receive();
        if (results.size() != probes.size()) {
            return zmi::failure(zmi::ErrorKind::program, "the process that sends the probes has gone");
        }
        listeners.serve(-1, 150);  // datagrams on their way
        const auto arrived = listeners.take_arrived();
        for (std::size_t i = 0; i < results.size(); ++i) {
            if (results[i] == 'u') results[i] = arrived.count(static_cast<std::uint32_t>(i)) != 0 ? 'y' : 'n';
        }
        return results;
    }

    Expected<void> expect_ready() {
        const auto answer = m_channel.receive();
        if (answer == "ready") return {};
        return zmi::failure(zmi::ErrorKind::program, answer.empty() ? "the process of the clients has gone" : answer);
    }

    pid_t m_process;
    Channel m_channel;
};

/// Takes IPv6 out where the kernel has none.
void leave_ipv6_out(ProofSpec& spec) {
    const auto is_ipv6 = [](const zmi::IpAddress& a) { return a.family == zmi::Family::ipv6; };
    std::erase_if(spec.addresses, is_ipv6);
    std::erase_if(spec.probes, [&](const Probe& probe) { return is_ipv6(probe.source); });
}

Expected<ProofResult> run_proof(const ProofSpec& spec) {
    const auto runner = zmi::make_process_runner();
    auto world = World::start(spec);
    if (!world) return tl::unexpected(std::move(world).error());
    if (auto wired = wire_node(spec, world->process(), *runner); !wired)
        return tl::unexpected(std::move(wired).error());
    if (auto wired = world->wire(); !wired) return tl::unexpected(std::move(wired).error());
    Listeners listeners(spec.probes);
    ProofResult result;
    const auto before = world->send_all(spec.probes, std::string(spec.probes.size(), k_expected), listeners);
    if (!before) return tl::unexpected(before.error());
    result.without_rules.assign(before->begin(), before->end());
    for (int i = 0; i < 2; ++i) {  // twice: the second time replaces the first
        if (auto loaded = load_rules(spec, *runner); !loaded) {
            result.refused = loaded.error().what;
            return result;
        }
    }
    std::string orders;
    for (const auto& probe : spec.probes) orders += probe.allowed ? k_expected : k_unexpected;
    const auto after = world->send_all(spec.probes, orders, listeners);
    if (!after) return tl::unexpected(after.error());
    result.with_rules.assign(after->begin(), after->end());
    return result;
}

void raise_file_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 4096);
    (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

/// The result of the probes that were made, in the places of all.
std::vector<char> spread(const std::vector<char>& made, const ProofSpec& all, bool ipv6) {
    std::vector<char> result;
    std::size_t next = 0;
    for (const auto& probe : all.probes) {
        const bool left_out = !ipv6 && probe.source.family == zmi::Family::ipv6;
        result.push_back(left_out ? '-' : made.at(next++));
    }
    return result;
}

}  // namespace

int prove_inside(std::istream& input, std::ostream& output) {
    const std::string text{std::istreambuf_iterator<char>(input), std::istreambuf_iterator<char>()};
    ProofResult result;
    const auto all = parse_proof_spec(text);
    if (!all) {
        result.problem = all.error().what;
        output << to_json(result) << std::flush;
        return 0;
    }
    raise_file_limit();
    const bool ipv6 = std::filesystem::exists("/proc/net/if_inet6");
    auto spec = *all;
    if (!ipv6) leave_ipv6_out(spec);
    auto made = run_proof(spec);
    if (!made) {
        result.problem = made.error().what;
    } else if (!made->refused.empty()) {
        result.refused = made->refused;
    } else {
        result.without_rules = spread(made->without_rules, *all, ipv6);
        result.with_rules = spread(made->with_rules, *all, ipv6);
        if (!ipv6) result.notes.emplace_back("this kernel has no IPv6: nothing is proven for it");
    }
    output << to_json(result) << std::flush;
    return 0;
}

}  // namespace zmfw
