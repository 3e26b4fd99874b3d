#include <zmintegration/local/listening_sockets.hpp>

#include <iterator>
#include <set>
#include <system_error>
#include <utility>
#include <zmintegration/local/process_hints.hpp>
#include <zmintegration/support/file.hpp>
#include <zmintegration/support/text.hpp>

namespace zmi {
namespace {

constexpr std::size_t k_table_limit = 256 * 1024 * 1024;
constexpr std::size_t k_addresses_limit = 16 * 1024 * 1024;

Expected<void> add_table(const std::filesystem::path& folder, const std::string& table,
                         std::vector<ListeningSocket>& sockets) {
    const auto path = folder / table;
    const auto text = read_file(path, k_table_limit);
    if (!text) return tl::unexpected(text.error());
    auto found = parse_socket_table(*text, table, path.string());
    if (!found) return tl::unexpected(std::move(found.error()));
    std::move(found->begin(), found->end(), std::back_inserter(sockets));
    return {};
}

/// A kernel without IPv6 has neither file; one of them alone would be a smaller answer.
bool has_no_ipv6(const std::filesystem::path& folder) {
    std::error_code code;
    const bool none = !std::filesystem::exists(folder / "tcp6", code) && !code;
    return none && !std::filesystem::exists(folder / "udp6", code) && !code;
}

/// As the kernel starts with, where it cannot be read.
void read_ephemeral(const std::filesystem::path& system_root, ListeningSockets& into) {
    const auto text = read_file(system_root / "proc/sys/net/ipv4/ip_local_port_range", 4096);
    if (!text) return;
    const auto words = split_words(*text);
    if (words.size() != 2) return;
    const auto first = parse_port(words[0]);
    const auto last = parse_port(words[1]);
    if (first && last && *first <= *last) {
        into.first_ephemeral = *first;
        into.last_ephemeral = *last;
    }
}

void read_own_addresses(const std::filesystem::path& folder, ListeningSockets& into) {
    const auto fib_trie = read_file(folder / "fib_trie", k_addresses_limit);
    const auto if_inet6 = into.ipv6 ? read_file(folder / "if_inet6", k_addresses_limit) : Expected<std::string>("");
    if (fib_trie && if_inet6) {
        into.addresses = parse_own_addresses(*fib_trie, *if_inet6);
    } else {
        into.addresses_problem = fib_trie ? if_inet6.error().what : fib_trie.error().what;
    }
}

}  // namespace

/// "|-- 10.0.0.5", then "/32 host LOCAL" where it is an address of this node.
std::vector<IpAddress> parse_own_addresses(std::string_view fib_trie, std::string_view if_inet6) {
    std::set<IpAddress> found;
    std::string_view leaf;
    for (const auto line : split_lines(fib_trie)) {
        const auto words = split_words(line);
        if (words.size() == 2 && words[0] == "|--") leaf = words[1];
        const bool local = words.size() == 3 && words[0] == "/32" && words[1] == "host" && words[2] == "LOCAL";
        const auto address = local ? parse_address(leaf) : std::nullopt;
        if (address && address->family == Family::ipv4) found.insert(*address);
    }
    for (const auto line : split_lines(if_inet6)) {
        const auto digits = line.substr(0, line.find(' '));
        if (digits.size() != 32) continue;
        std::string text;
        for (std::size_t at = 0; at < 32; at += 4) text += (at == 0 ? "" : ":") + std::string(digits.substr(at, 4));
        if (const auto address = parse_address(text)) found.insert(*address);
    }
    return {found.begin(), found.end()};
}

Expected<ListeningSockets> read_socket_tables(const std::filesystem::path& system_root) {
    const auto folder = system_root / "proc/net";
    ListeningSockets found;
    found.ipv6 = !has_no_ipv6(folder);
    std::vector<std::string> tables = {"tcp", "udp"};
    if (found.ipv6) tables.insert(tables.end(), {"tcp6", "udp6"});
    for (const auto& table : tables) {
        if (auto added = add_table(folder, table, found.sockets); !added)
            return tl::unexpected(std::move(added.error()));
    }
    found.sockets = settle(std::move(found.sockets));
    read_ephemeral(system_root, found);
    read_own_addresses(folder, found);
    return found;
}

Expected<ListeningSockets> read_listening_sockets(const std::filesystem::path& system_root) {
    auto found = read_socket_tables(system_root);
    if (found) add_process_hints(found->sockets, system_root);
    return found;
}

}  // namespace zmi
