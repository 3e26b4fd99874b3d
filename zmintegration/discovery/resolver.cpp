#include <zmintegration/discovery/resolver.hpp>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <set>
#include <system_error>
#include <thread>
#include <zmintegration/support/text.hpp>

namespace zmi {
namespace {

constexpr std::size_t k_most_threads = 16;
constexpr std::chrono::milliseconds k_welcome_deadline{1'000};  // of names that nobody needs

std::optional<IpAddress> to_address(const addrinfo& entry) {
    IpAddress address;
    if (entry.ai_family == AF_INET) {
        sockaddr_in socket{};
        std::memcpy(&socket, entry.ai_addr, sizeof socket);
        std::memcpy(address.bytes.data(), &socket.sin_addr, 4);
        return address;
    }
    if (entry.ai_family != AF_INET6) return std::nullopt;
    sockaddr_in6 socket{};
    std::memcpy(&socket, entry.ai_addr, sizeof socket);
    if (IN6_IS_ADDR_V4MAPPED(&socket.sin6_addr)) return std::nullopt;
    address.family = Family::ipv6;
    std::memcpy(address.bytes.data(), &socket.sin6_addr, 16);
    return address;
}

/// Only the addresses that a rule can name; where none is left, the problem lists the others.
Resolution usable(std::vector<IpAddress> addresses) {
    std::sort(addresses.begin(), addresses.end());
    addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
    Resolution result;
    std::string dropped;
    for (const auto& address : addresses) {
        if (address.is_of_a_host()) {
            result.addresses.push_back(address);
        } else {
            dropped += (dropped.empty() ? "" : ", ") + address.to_string();
        }
    }
    if (result.addresses.empty()) {
        result.problem = dropped.empty() ? "has no address" : "has only addresses that no rule can use: " + dropped;
    }
    return result;
}

Resolution look_up(const std::string& name) {
    // AI_ADDRCONFIG stays off: a peer's IPv6 address counts even where this node has none itself.
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    if (const int code = ::getaddrinfo(name.c_str(), nullptr, &hints, &list); code != 0) {
        return {{}, fmt::format("does not resolve: {}", ::gai_strerror(code))};
    }
    std::vector<IpAddress> addresses;
    for (const auto* entry = list; entry != nullptr; entry = entry->ai_next) {
        if (const auto address = to_address(*entry)) addresses.push_back(*address);
    }
    ::freeaddrinfo(list);
    return usable(std::move(addresses));
}

/// What the threads share with the one that waits. They own it too, because one that hangs in the C library cannot
/// be stopped: it is left behind and finds its state alive whenever it wakes up.
struct Work {
    std::mutex mutex;
    std::condition_variable done;
    std::vector<std::string> names;  ///< the needed ones first
    std::vector<std::optional<Resolution>> results;
    std::size_t needed = 0;
    std::size_t next = 0;
    std::size_t finished = 0;
    std::size_t needed_finished = 0;
    bool abandoned = false;
};

void resolve_some(const std::shared_ptr<Work>& work) {
    std::unique_lock lock(work->mutex);
    while (!work->abandoned && work->next < work->names.size()) {
        const auto index = work->next++;
        const auto name = work->names[index];
        lock.unlock();
        auto result = look_up(name);
        lock.lock();
        work->results[index] = std::move(result);
        ++work->finished;
        if (index < work->needed) ++work->needed_finished;
        if (work->finished == work->names.size() || work->needed_finished == work->needed) work->done.notify_all();
    }
}

class SystemResolver final : public Resolver {
public:
    std::map<std::string, Resolution, std::less<>> resolve(const std::vector<std::string>& names,
                                                           std::chrono::milliseconds deadline,
                                                           const std::vector<std::string>& welcome) override;
};

/// False where not even one could be started.
bool start_threads(const std::shared_ptr<Work>& work, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        try {
            std::thread(resolve_some, work).detach();
        } catch (const std::system_error&) {
            return i > 0;
        }
    }
    return true;
}

std::map<std::string, Resolution, std::less<>> SystemResolver::resolve(const std::vector<std::string>& names,
                                                                       std::chrono::milliseconds deadline,
                                                                       const std::vector<std::string>& welcome) {
    const auto start = std::chrono::steady_clock::now();
    std::map<std::string, Resolution, std::less<>> answer;
    const auto work = std::make_shared<Work>();
    const auto ask_for = [&](const std::vector<std::string>& wanted) {
        for (const auto& name : std::set<std::string>(wanted.begin(), wanted.end())) {
            if (!answer.try_emplace(name).second) continue;
            if (is_host_name(name)) {
                work->names.push_back(name);
            } else {
                answer[name].problem = quoted(name) + " is not a valid host name";
            }
        }
    };
    ask_for(names);
    work->needed = work->names.size();
    ask_for(welcome);
    work->results.resize(work->names.size());
    const auto count = work->names.size();
    const bool started = start_threads(work, std::min(count, k_most_threads));

    std::unique_lock lock(work->mutex);
    if (started) {
        work->done.wait_until(lock, start + deadline, [&] { return work->needed_finished == work->needed; });
        work->done.wait_until(lock, start + std::min(deadline, k_welcome_deadline),
                              [&] { return work->finished == count; });
    }
    work->abandoned = true;
    const auto late = started ? fmt::format("the resolver did not answer in {} ms", deadline.count())
                              : std::string("no thread could be started to resolve it");
    for (std::size_t i = 0; i < count; ++i) {
        answer[work->names[i]] = work->results[i].value_or(Resolution{{}, late});
    }
    return answer;
}

}  // namespace

std::unique_ptr<Resolver> make_system_resolver() {
    return std::make_unique<SystemResolver>();
}

}  // namespace zmi
