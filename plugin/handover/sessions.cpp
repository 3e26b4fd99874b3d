#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <plugin/handover/sessions.hpp>
#include <string>
#include <zmintegration/local/listening_sockets.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

// From linux/netfilter/nf_conntrack_common.h and nf_conntrack_tcp.h.
constexpr std::uint32_t k_seen_reply_assured_confirmed = 2 | 4 | 8;
constexpr std::uint8_t k_established = 3;
constexpr std::uint8_t k_be_liberal = 8;  ///< we do not know the windows
constexpr std::uint32_t k_timeout_seconds = 432'000;

/// A netlink message that grows.
class Message {
public:
    Message(std::uint16_t type, std::uint16_t flags, std::uint8_t family) {
        nlmsghdr header{};
        header.nlmsg_type = type;
        header.nlmsg_flags = flags;
        append(&header, sizeof header);
        const nfgenmsg general{family, NFNETLINK_V0, 0};
        append(&general, sizeof general);
    }
    void attribute(std::uint16_t type, const void* data, std::size_t size) {
        const nlattr header{static_cast<std::uint16_t>(NLA_HDRLEN + size), type};
        append(&header, sizeof header);
        append(data, size);
    }
    void number8(std::uint16_t type, std::uint8_t value) { attribute(type, &value, 1); }
    void number16(std::uint16_t type, std::uint16_t value) {
        value = htons(value);
        attribute(type, &value, 2);
    }
    void number32(std::uint16_t type, std::uint32_t value) {
        value = htonl(value);
        attribute(type, &value, 4);
    }
    template <class Fill>
    void nest(std::uint16_t type, Fill fill) {
        const auto start = m_bytes.size();
        const nlattr empty{0, static_cast<std::uint16_t>(type | NLA_F_NESTED)};
        append(&empty, sizeof empty);
        fill();
        const auto length = static_cast<std::uint16_t>(m_bytes.size() - start);
        std::memcpy(&m_bytes[start], &length, sizeof length);
    }
    [[nodiscard]] const std::string& finish() {
        const auto length = static_cast<std::uint32_t>(m_bytes.size());
        std::memcpy(m_bytes.data(), &length, sizeof length);
        return m_bytes;
    }

private:
    void append(const void* data, std::size_t size) {
        m_bytes.append(static_cast<const char*>(data), size);
        m_bytes.resize((m_bytes.size() + 3) / 4 * 4);
    }
    std::string m_bytes;
};

void add_tuple(Message& message, std::uint16_t type, const zmi::IpAddress& from, std::uint16_t from_port,
               const zmi::IpAddress& to, std::uint16_t to_port) {
    const bool ipv4 = from.family == zmi::Family::ipv4;
    message.nest(type, [&] {
        message.nest(CTA_TUPLE_IP, [&] {
            message.attribute(ipv4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, from.bytes.data(), ipv4 ? 4 : 16);
            message.attribute(ipv4 ? CTA_IP_V4_DST : CTA_IP_V6_DST, to.bytes.data(), ipv4 ? 4 : 16);
        });
        message.nest(CTA_TUPLE_PROTO, [&] {
            message.number8(CTA_PROTO_NUM, IPPROTO_TCP);
            message.number16(CTA_PROTO_SRC_PORT, from_port);
            message.number16(CTA_PROTO_DST_PORT, to_port);
        });
    });
}

std::string entry_of(const Session& session) {
    const std::uint8_t family = session.peer.family == zmi::Family::ipv4 ? AF_INET : AF_INET6;
    Message message((NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_NEW,
                    NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, family);
    add_tuple(message, CTA_TUPLE_ORIG, session.peer, session.peer_port, session.local, session.local_port);
    add_tuple(message, CTA_TUPLE_REPLY, session.local, session.local_port, session.peer, session.peer_port);
    message.number32(CTA_STATUS, k_seen_reply_assured_confirmed);
    message.number32(CTA_TIMEOUT, k_timeout_seconds);
    const std::array<std::uint8_t, 2> liberal{k_be_liberal, k_be_liberal};
    message.nest(CTA_PROTOINFO, [&] {
        message.nest(CTA_PROTOINFO_TCP, [&] {
            message.number8(CTA_PROTOINFO_TCP_STATE, k_established);
            message.attribute(CTA_PROTOINFO_TCP_FLAGS_ORIGINAL, liberal.data(), liberal.size());
            message.attribute(CTA_PROTOINFO_TCP_FLAGS_REPLY, liberal.data(), liberal.size());
        });
    });
    return message.finish();
}

/// 0, or the kernel's error.
int ask(int socket, const std::string& message) {
    if (::send(socket, message.data(), message.size(), 0) < 0) return errno;
    std::array<char, 4096> answer{};
    const auto got = ::recv(socket, answer.data(), answer.size(), 0);
    if (got < 0) return errno;
    nlmsghdr header{};
    nlmsgerr error{};
    if (static_cast<std::size_t>(got) < NLMSG_HDRLEN + sizeof error) return EPROTO;
    std::memcpy(&header, answer.data(), sizeof header);
    std::memcpy(&error, &answer[NLMSG_HDRLEN], sizeof error);
    return header.nlmsg_type == NLMSG_ERROR ? -error.error : EPROTO;
}

}  // namespace

std::vector<Session> parse_sessions(std::string_view proc_net_tcp) {
    std::vector<Session> sessions;
    for (const auto line : zmi::split_lines(proc_net_tcp)) {
        const auto words = zmi::split_words(line);
        if (words.size() < 4 || words[3] != "01") continue;
        const bool ipv6 = words[1].find(':') == 32;
        const auto local = zmi::parse_socket_end(words[1], ipv6);
        const auto peer = zmi::parse_socket_end(words[2], ipv6);
        if (!local || !peer) continue;
        const Session session{local->address, local->port, peer->address, peer->port};
        if (!session.peer.is_loopback()) sessions.push_back(session);
    }
    return sessions;
}

zmi::Expected<std::size_t> remember_sessions() {
    const int socket = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
    std::size_t count = 0;
    int problem = socket < 0 ? errno : 0;
    for (const auto* path : {"/proc/net/tcp", "/proc/net/tcp6"}) {
        std::ifstream file(path);
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        if (problem != 0) break;
        for (const auto& session : parse_sessions(text)) {
            const int error = ask(socket, entry_of(session));
            if (error == 0) ++count;
            if (error != 0 && error != EEXIST) problem = error;
        }
    }
    if (socket >= 0) ::close(socket);
    if (problem == 0) return count;
    return zmi::failure(zmi::ErrorKind::program,
                        fmt::format("cannot tell conntrack of the running sessions: {}", std::strerror(problem)),
                        "load the kernel module nf_conntrack_netlink: without it the first rules could cut sessions "
                        "on ports that the plan does not list");
}

}  // namespace zmfw
