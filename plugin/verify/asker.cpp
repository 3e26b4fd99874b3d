#include <poll.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <plugin/prove/socket.hpp>
#include <plugin/verify/asker.hpp>

namespace zmfw {
namespace {

using Clock = std::chrono::steady_clock;

/// What a busy machine may be late without the rate going down.
constexpr std::chrono::milliseconds k_slack{20};

Answer answer_of(int problem) {
    switch (problem) {
        case 0: return Answer::answers;
        case ECONNREFUSED:
        case ECONNRESET: return Answer::refused;
        case ETIMEDOUT: return Answer::silent;
        case EHOSTUNREACH:
        case EHOSTDOWN:
        case ENETUNREACH:
        case ENETDOWN:
        case EPROTO:
        case EACCES:  // ICMPv6: administratively prohibited
        case ENOPROTOOPT: return Answer::unreachable;
        default: return Answer::blocked_here;
    }
}

struct Attempt {
    std::size_t number = 0;
    OwnedSocket socket;
    Clock::time_point end;
    Clock::time_point again;  ///< udp: when to send once more; the epoch: it was
};

class Asker {
public:
    Asker(const std::vector<Ask>& asks, const AskBounds& bounds, const AskProgress& progress)
        : m_asks(asks), m_bounds(bounds), m_progress(progress), m_answers(asks.size(), Answer::not_asked) {
        rlimit limit{};
        ::getrlimit(RLIMIT_NOFILE, &limit);
        m_window = std::clamp<std::size_t>(limit.rlim_cur, 96, 576) - 64;
        m_start = Clock::now();
        m_end = m_start + bounds.total;
    }

    std::vector<Answer> run() {
        while (Clock::now() < m_end) {
            start_those_due();
            if (m_running.empty() && m_next == m_asks.size()) break;
            wait();
        }
        return std::move(m_answers);
    }

private:
    void start_those_due();
    void start(std::size_t number);
    void wait();
    void look_at(Attempt& attempt, bool ready, Clock::time_point now, std::vector<Attempt>& rest);
    void finish(std::size_t number, Answer answer) {
        m_answers[number] = answer;
        ++m_done;
        if (m_progress) m_progress(m_done, m_asks.size());
    }
    [[nodiscard]] Clock::time_point due() const {
        return m_start + std::chrono::microseconds(1'000'000LL * static_cast<long long>(m_sent) / m_bounds.rate);
    }

    const std::vector<Ask>& m_asks;
    const AskBounds& m_bounds;
    const AskProgress& m_progress;
    std::vector<Answer> m_answers;
    Clock::time_point m_start;
    Clock::time_point m_end;
    std::size_t m_window = 32;
    std::size_t m_next = 0;
    std::size_t m_sent = 0;
    std::size_t m_done = 0;
    std::vector<Attempt> m_running;
};

void Asker::start_those_due() {
    while (m_next < m_asks.size() && m_running.size() < m_window) {
        const auto& ask = m_asks[m_next];
        if (ask.protocol == "udp" && ask.question.empty()) {
            finish(m_next++, Answer::cannot_tell);
            continue;
        }
        const auto now = Clock::now();
        if (now < due() || now >= m_end) return;
        start(m_next++);
        ++m_sent;
        // Time in which the window was full is not made up for by a burst.
        if (due() + k_slack < now) {
            m_start = now;
            m_sent = 1;
        }
    }
}

void Asker::start(std::size_t number) {
    const auto& ask = m_asks[number];
    const bool tcp = ask.protocol == "tcp";
    const int type = (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
    Attempt attempt{number, OwnedSocket(::socket(family_number(ask.destination.family), type, 0)), {}, {}};
    if (!attempt.socket.valid()) return finish(number, Answer::blocked_here);
    if (ask.source) {
        attempt.socket.set(IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
        const SocketAddress source(*ask.source, 0);
        if (::bind(attempt.socket.fd(), source.get(), source.size) != 0) return finish(number, Answer::blocked_here);
    }
    const SocketAddress to(ask.destination, ask.port);
    const int connected = ::connect(attempt.socket.fd(), to.get(), to.size) == 0 ? 0 : errno;
    if (connected != 0 && connected != EINPROGRESS) return finish(number, answer_of(connected));
    if (connected == 0 && tcp) return finish(number, Answer::answers);
    if (!tcp && ::send(attempt.socket.fd(), ask.question.data(), ask.question.size(), MSG_NOSIGNAL) < 0)
        return finish(number, answer_of(errno));
    const auto now = Clock::now();
    attempt.end = now + m_bounds.patience;
    if (!tcp) attempt.again = now + m_bounds.patience / 2;
    m_running.push_back(std::move(attempt));
}

void Asker::wait() {
    std::vector<pollfd> fds;
    for (const auto& attempt : m_running) {
        const bool tcp = m_asks[attempt.number].protocol == "tcp";
        fds.push_back({attempt.socket.fd(), static_cast<short>(tcp ? POLLOUT : POLLIN), 0});
    }
    auto until = std::min(m_end, Clock::now() + std::chrono::milliseconds(100));
    if (m_next < m_asks.size() && m_running.size() < m_window) until = std::min(until, due());
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
    (void)::poll(fds.data(), fds.size(), static_cast<int>(std::max<long long>(left, 0)));
    const auto now = Clock::now();
    std::vector<Attempt> rest;
    for (std::size_t i = 0; i < m_running.size(); ++i) look_at(m_running[i], fds[i].revents != 0, now, rest);
    m_running = std::move(rest);
}

void Asker::look_at(Attempt& attempt, bool ready, Clock::time_point now, std::vector<Attempt>& rest) {
    const auto& ask = m_asks[attempt.number];
    if (ready && ask.protocol == "tcp") {
        int problem = 0;
        socklen_t size = sizeof problem;
        ::getsockopt(attempt.socket.fd(), SOL_SOCKET, SO_ERROR, &problem, &size);
        return finish(attempt.number, answer_of(problem));
    }
    if (ready) {
        std::array<char, 64> buffer{};
        const auto got = ::recv(attempt.socket.fd(), buffer.data(), buffer.size(), 0);
        return finish(attempt.number, got >= 0 ? Answer::answers : answer_of(errno));
    }
    if (now >= attempt.end) return finish(attempt.number, Answer::silent);
    if (attempt.again != Clock::time_point{} && now >= attempt.again && now >= due()) {
        (void)::send(attempt.socket.fd(), ask.question.data(), ask.question.size(), MSG_NOSIGNAL);
        attempt.again = {};
        ++m_sent;
    }
    rest.push_back(std::move(attempt));
}

}  // namespace

std::vector<Answer> ask_all(const std::vector<Ask>& asks, const AskBounds& bounds, const AskProgress& progress) {
    return Asker(asks, bounds, progress).run();
}

bool is_own_address(const zmi::IpAddress& address) {
    const OwnedSocket socket(::socket(family_number(address.family), SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const SocketAddress own(address, 0);
    return socket.valid() && ::bind(socket.fd(), own.get(), own.size) == 0;
}

}  // namespace zmfw
