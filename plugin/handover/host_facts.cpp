#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <plugin/handover/host_facts.hpp>
#include <plugin/helper/helper.hpp>
#include <zmintegration/local/sshd_config.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

std::string slurp(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::optional<zmi::IpAddress> address_of(const sockaddr* address) {
    zmi::IpAddress result;
    if (address == nullptr) return std::nullopt;
    if (address->sa_family == AF_INET) {
        sockaddr_in in{};
        std::memcpy(&in, address, sizeof in);
        std::memcpy(result.bytes.data(), &in.sin_addr, 4);
        return result;
    }
    if (address->sa_family != AF_INET6) return std::nullopt;
    sockaddr_in6 in6{};
    std::memcpy(&in6, address, sizeof in6);
    result.family = zmi::Family::ipv6;
    std::memcpy(result.bytes.data(), &in6.sin6_addr, 16);
    return result;
}

/// The parent in /proc/PID/stat: the second word behind the name, which may hold anything.
int parent_of(int pid) {
    const auto stat = slurp(fmt::format("/proc/{}/stat", pid));
    const auto end = stat.rfind(')');
    if (end == std::string::npos) return 0;
    const auto words = zmi::split_words(std::string_view(stat).substr(end + 1));
    return words.size() < 2 ? 0 : std::atoi(std::string(words[1]).c_str());
}

std::vector<SshConnection> connections_of_parents() {
    constexpr std::string_view k_name = "SSH_CONNECTION=";
    std::vector<SshConnection> found;
    const auto add = [&](std::string_view text) {
        const auto connection = parse_ssh_connection(text);
        if (connection && std::find(found.begin(), found.end(), *connection) == found.end())
            found.push_back(*connection);
    };
    if (const char* own = std::getenv("SSH_CONNECTION"); own != nullptr) add(own);
    int pid = ::getppid();
    for (int depth = 0; pid > 1 && depth < 64; ++depth, pid = parent_of(pid)) {
        const auto environment = slurp(fmt::format("/proc/{}/environ", pid));
        for (const auto variable : zmi::split(environment, '\0')) {
            if (variable.starts_with(k_name)) add(variable.substr(k_name.size()));
        }
    }
    return found;
}

std::string output_of(const std::string& program, std::vector<std::string> arguments, zmi::ProcessRunner& runner) {
    const auto command = helper_command(program, std::move(arguments), std::chrono::seconds(10));
    if (command.program.empty()) return {};
    const auto outcome = runner.run(command);
    return outcome && outcome->ok() ? outcome->out : std::string();
}

/// The port behind the last colon.
void add_port(std::vector<std::uint16_t>& ports, std::string_view text) {
    if (const auto port = zmi::parse_port(text.substr(text.rfind(':') + 1))) ports.push_back(*port);
}

bool on_loopback(std::string_view address) {
    return address.starts_with("127.") || address.starts_with("[::1]") || address.starts_with("[127.") ||
           address == "::1";
}

}  // namespace

HostFacts read_host_facts() {
    HostFacts facts;
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) == 0) facts.name = zmi::to_lower(name.data());
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) != 0) return facts;
    for (const auto* at = list; at != nullptr; at = at->ifa_next) {
        if (const auto address = address_of(at->ifa_addr)) facts.addresses.push_back(*address);
    }
    ::freeifaddrs(list);
    return facts;
}

std::vector<std::uint16_t> ports_of_sshd_test(std::string_view output) {
    std::vector<std::uint16_t> ports;
    for (const auto line : zmi::split_lines(output)) {
        const auto words = zmi::split_words(line);
        if (words.size() == 2 && words[0] == "listenaddress" && !on_loopback(words[1])) add_port(ports, words[1]);
    }
    return ports;
}

std::vector<std::uint16_t> ports_of_unit(std::string_view output) {
    std::vector<std::uint16_t> ports;
    for (const auto line : zmi::split_lines(output)) {
        // Listen=0.0.0.0:22 (Stream)
        const auto words = zmi::split_words(line.substr(line.find('=') + 1));
        if (words.size() == 2 && words[1] == "(Stream)" && !on_loopback(words[0])) add_port(ports, words[0]);
    }
    return ports;
}

std::vector<std::uint16_t> ports_of_sockets(std::string_view output) {
    std::vector<std::uint16_t> ports;
    for (const auto line : zmi::split_lines(output)) {
        const auto words = zmi::split_words(line);
        // LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=1,fd=3))
        if (words.size() < 6 || line.find("(\"sshd") == std::string_view::npos || on_loopback(words[3])) continue;
        add_port(ports, words[3]);
    }
    return ports;
}

zmi::Expected<SshFacts> read_ssh_facts(const std::filesystem::path& system_root, zmi::ProcessRunner& runner) {
    SshFacts facts;
    facts.connections = connections_of_parents();
    const auto config = zmi::load_sshd_config(system_root);
    if (!config) return tl::unexpected(config.error());
    if (!config->problem.empty() && config->problem != zmi::k_no_such_file)
        return zmi::failure(zmi::ErrorKind::knowledge, "cannot tell where sshd listens: " + config->problem);
    for (const auto& listener : config->listeners) {
        if (!on_loopback(listener.address)) facts.ports.push_back(listener.port);
    }
    // sshd knows the configuration of the whole system only.
    if (system_root == "/") {
        const auto tested = ports_of_sshd_test(output_of("sshd", {"-T"}, runner));
        facts.ports.insert(facts.ports.end(), tested.begin(), tested.end());
    }
    if (system_root == "/") {
        // There systemd listens in place of sshd, and sshd's own configuration does not count.
        for (const auto* socket : {"ssh.socket", "sshd.socket"}) {
            if (zmi::trim(output_of("systemctl", {"is-active", socket}, runner)) != "active") continue;
            const auto ports = ports_of_unit(output_of("systemctl", {"show", "--property=Listen", socket}, runner));
            facts.ports.insert(facts.ports.end(), ports.begin(), ports.end());
        }
    }
    const auto sockets = ports_of_sockets(output_of("ss", {"-Htlnp"}, runner));
    facts.ports.insert(facts.ports.end(), sockets.begin(), sockets.end());
    std::sort(facts.ports.begin(), facts.ports.end());
    facts.ports.erase(std::unique(facts.ports.begin(), facts.ports.end()), facts.ports.end());
    return facts;
}

}  // namespace zmfw
