#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <plugin/verify/asker.hpp>

namespace zmfw::test {
namespace {

using std::chrono::milliseconds;

/// A socket on the loopback interface, and the port that it got.
class Loopback {
public:
    explicit Loopback(int type) : m_fd(::socket(AF_INET, type, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* raw = static_cast<sockaddr*>(static_cast<void*>(&address));
        EXPECT_EQ(::bind(m_fd, raw, size), 0);
        const int listened = type == SOCK_STREAM ? ::listen(m_fd, 64) : 0;
        EXPECT_EQ(listened, 0);
        EXPECT_EQ(::getsockname(m_fd, raw, &size), 0);
        port = ntohs(address.sin_port);
    }
    Loopback(const Loopback&) = delete;
    Loopback& operator=(const Loopback&) = delete;
    ~Loopback() { close(); }
    void close() {
        if (m_fd >= 0) ::close(m_fd);
        m_fd = -1;
    }
    std::uint16_t port = 0;

private:
    int m_fd;
};

Ask ask(std::uint16_t port, const std::string& protocol = "tcp", const std::string& question = {}) {
    Ask one;
    one.peer = "mail.example.com";
    one.destination = *zmi::parse_address("127.0.0.1");
    one.protocol = protocol;
    one.port = port;
    one.question = question;
    return one;
}

TEST(Asker, TellsWhatAnswersFromWhatRefuses) {
    const Loopback open(SOCK_STREAM);
    Loopback closed(SOCK_STREAM);
    closed.close();
    EXPECT_EQ(ask_all({ask(open.port), ask(closed.port)}, {}, {}), (std::vector{Answer::answers, Answer::refused}));
}

TEST(Asker, AsksNothingOverUdpWithoutAQuestion) {
    EXPECT_EQ(ask_all({ask(9, "udp")}, {}, {}), std::vector{Answer::cannot_tell});
}

TEST(Asker, TellsARefusedAndASilentQuestionApart) {
    const Loopback silent(SOCK_DGRAM);
    Loopback closed(SOCK_DGRAM);
    closed.close();
    AskBounds bounds;
    bounds.patience = milliseconds(200);
    EXPECT_EQ(ask_all({ask(silent.port, "udp", "?"), ask(closed.port, "udp", "?")}, bounds, {}),
              (std::vector{Answer::silent, Answer::refused}));
}

TEST(Asker, DoesNotExceedItsRate) {
    const Loopback open(SOCK_STREAM);
    AskBounds bounds;
    bounds.rate = 50;
    const auto before = std::chrono::steady_clock::now();
    const auto answers = ask_all(std::vector<Ask>(11, ask(open.port)), bounds, {});
    EXPECT_GE(std::chrono::steady_clock::now() - before, milliseconds(200));
    EXPECT_EQ(answers, std::vector<Answer>(11, Answer::answers));
}

TEST(Asker, EndsInTimeAndDoesNotGuessTheRest) {
    const Loopback open(SOCK_STREAM);
    AskBounds bounds;
    bounds.rate = 1;
    bounds.total = milliseconds(300);
    const auto answers = ask_all(std::vector<Ask>(100, ask(open.port)), bounds, {});
    EXPECT_EQ(answers.size(), 100U);
    EXPECT_EQ(answers.back(), Answer::not_asked);
}

TEST(Asker, TellsHowFarItIs) {
    const Loopback open(SOCK_STREAM);
    std::vector<std::size_t> seen;
    const auto answers = ask_all({ask(open.port), ask(514, "udp")}, {}, [&](std::size_t done, std::size_t all) {
        seen.push_back(done);
        EXPECT_EQ(all, 2U);
    });
    EXPECT_EQ(seen, (std::vector<std::size_t>{1, 2}));
}

TEST(Asker, KnowsTheAddressesOfThisHost) {
    EXPECT_TRUE(is_own_address(*zmi::parse_address("127.0.0.1")));
    EXPECT_FALSE(is_own_address(*zmi::parse_address("192.0.2.77")));
}

TEST(Asker, SaysThatThisHostKeptAnAskBackWhereTheSourceIsNotItsOwn) {
    auto one = ask(25);
    one.source = *zmi::parse_address("192.0.2.77");
    EXPECT_EQ(ask_all({one}, {}, {}), std::vector{Answer::blocked_here});
}

}  // namespace
}  // namespace zmfw::test
