#pragma once

#include <cstdint>
#include <optional>
#include <plugin/host/os_release.hpp>
#include <string>
#include <vector>

/// What else may filter packets on this host. An empty optional is something that could not be told, never a guess.
namespace zmfw {

using Known = std::optional<bool>;

/// A port of a container that the host hands on: forwarded, so no input chain sees it.
struct PublishedPort {
    std::string address;      ///< of the host: "0.0.0.0", "::", "192.0.2.1"
    std::uint16_t first = 0;  ///< of the host
    std::uint16_t last = 0;
    std::string protocol;   ///< tcp, udp, sctp
    std::string container;  ///< its name, or address and port
    std::string engine;     ///< docker, podman

    [[nodiscard]] bool is_local() const { return address.starts_with("127.") || address == "::1"; }
    auto operator<=>(const PublishedPort&) const = default;
};

struct HostSigns {
    std::optional<Distribution> os;
    std::string os_problem;  ///< why `os` is empty

    bool ufw_installed = false;
    Known ufw_enabled;
    std::string ufw_input;  ///< its default policy for what comes in: DROP, REJECT, ACCEPT; empty: not known
    Known ufw_ipv6;         ///< does it manage IPv6

    bool firewalld_installed = false;
    bool firewalld_at_boot = false;
    Known firewalld_running;

    bool docker = false;  ///< its bridge, socket or daemon is there
    bool podman = false;
    bool containers_told = false;  ///< each engine that is there has listed its published ports itself
    std::vector<PublishedPort> published;
    Known docker_chains;  ///< its chains are in the kernel

    bool fail2ban_installed = false;
    Known fail2ban_running;

    Known legacy_tables;                  ///< iptables-legacy has tables in the kernel
    bool nft_told = false;                ///< `nft_tables` is the whole list
    std::vector<std::string> nft_tables;  ///< "inet firewalld"
    std::vector<std::string> nft_inputs;  ///< those of them with a chain on the input hook

    bool nftables_at_boot = false;
    Known nftables_flushes;         ///< its configuration begins with "flush ruleset"
    std::string nftables_config;    ///< path on the host
    bool iptables_at_boot = false;  ///< netfilter-persistent or iptables-services is enabled
    bool ip6tables_at_boot = false;
    std::vector<std::string> iptables_files;  ///< rules that are kept for the next boot

    std::vector<std::string> unknown;  ///< what could not be told, and why; for people
};

}  // namespace zmfw
