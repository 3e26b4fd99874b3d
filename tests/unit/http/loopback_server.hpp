#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <atomic>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace zmi::testing {

/// One accepted connection, as the script of a test sees it.
class Connection {
public:
    explicit Connection(int socket) : m_socket(socket) {}

    /// A whole request (headers and a body of Content-Length bytes); empty when the client is gone.
    std::string read_request() {
        std::string request;
        for (;;) {
            const auto end = request.find("\r\n\r\n");
            if (end != std::string::npos && request.size() >= end + 4 + content_length(request)) return request;
            char buffer[4096];
            const auto got = ::recv(m_socket, buffer, sizeof buffer, 0);
            if (got <= 0) return "";
            request.append(buffer, static_cast<std::size_t>(got));
        }
    }
    /// False when the client is gone.
    bool send(std::string_view text) {
        while (!text.empty()) {
            const auto sent = ::send(m_socket, text.data(), text.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            text.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    /// True when the client closes within the time.
    bool client_leaves_within(int milliseconds) {
        pollfd waiting{m_socket, POLLIN | POLLRDHUP, 0};
        return ::poll(&waiting, 1, milliseconds) > 0;
    }

private:
    static std::size_t content_length(const std::string& request) {
        const auto at = request.find("Content-Length: ");
        return at == std::string::npos ? 0 : std::stoul(request.substr(at + 16));
    }
    int m_socket;
};

inline std::string http_answer(std::string_view status, std::string_view body, std::string_view headers = "") {
    return "HTTP/1.1 " + std::string(status) + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
           std::string(headers) + "\r\n" + std::string(body);
}

/// A TCP server on 127.0.0.1 that runs a script for each connection, one after the other.
class LoopbackServer {
public:
    explicit LoopbackServer(std::function<void(Connection&)> script) : m_script(std::move(script)) {
        m_listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        if (::bind(m_listener, generic, size) != 0 || ::listen(m_listener, 8) != 0 ||
            ::getsockname(m_listener, generic, &size) != 0) {
            throw std::runtime_error("no loopback socket");
        }
        m_port = ntohs(address.sin_port);
        m_thread = std::thread([this] { serve(); });
    }
    ~LoopbackServer() {
        ::shutdown(m_listener, SHUT_RDWR);
        m_thread.join();
        ::close(m_listener);
    }
    LoopbackServer(const LoopbackServer&) = delete;
    LoopbackServer& operator=(const LoopbackServer&) = delete;

    [[nodiscard]] int port() const { return m_port; }
    [[nodiscard]] std::string url(std::string_view host = "127.0.0.1") const {
        return "http://" + std::string(host) + ":" + std::to_string(m_port) + "/service/admin/soap/";
    }
    [[nodiscard]] int connections() const { return m_connections; }

private:
    void serve() {
        for (;;) {
            const int client = ::accept4(m_listener, nullptr, nullptr, SOCK_CLOEXEC);
            if (client < 0) return;
            ++m_connections;
            Connection connection(client);
            m_script(connection);
            ::close(client);
        }
    }

    std::function<void(Connection&)> m_script;
    int m_listener = -1;
    int m_port = 0;
    std::atomic<int> m_connections{0};
    std::thread m_thread;
};

}  // namespace zmi::testing
