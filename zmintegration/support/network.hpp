#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zmi {

enum class Family { ipv4, ipv6 };

/// An IPv4 or IPv6 address in network byte order; IPv4 uses the first four bytes.
struct IpAddress {
    Family family = Family::ipv4;
    std::array<std::uint8_t, 16> bytes{};

    bool operator==(const IpAddress&) const = default;
    /// By family, then by bytes; in two steps, as large deployments compare millions of them.
    std::strong_ordering operator<=>(const IpAddress& other) const {
        if (family != other.family) return family <=> other.family;
        const auto order = half(0) <=> other.half(0);
        return order != std::strong_ordering::equal ? order : half(8) <=> other.half(8);
    }

    [[nodiscard]] bool is_loopback() const;     ///< 127.0.0.0/8 or ::1
    [[nodiscard]] bool is_unspecified() const;  ///< 0.0.0.0 or ::
    [[nodiscard]] bool is_multicast() const;
    [[nodiscard]] bool is_link_local() const;  ///< 169.254.0.0/16 or fe80::/10
    [[nodiscard]] bool is_private() const;     ///< RFC 1918 or fc00::/7
    /// Not an address that no single host can be reached at: unspecified, multicast, link-local, 255.255.255.255.
    [[nodiscard]] bool is_of_a_host() const;
    [[nodiscard]] int width() const { return family == Family::ipv4 ? 32 : 128; }
    [[nodiscard]] std::string to_string() const;

private:
    [[nodiscard]] std::uint64_t half(std::size_t begin) const {
        std::uint64_t number = 0;
        for (std::size_t i = begin; i < begin + 8; ++i) number = number << 8U | bytes[i];
        return number;
    }
};

/// A network: host bits are always zero.
struct Cidr {
    IpAddress network;
    int prefix = 32;

    auto operator<=>(const Cidr&) const = default;

    [[nodiscard]] bool contains(const IpAddress& address) const;
    [[nodiscard]] bool contains(const Cidr& other) const;
    [[nodiscard]] bool is_any() const { return prefix == 0; }
    [[nodiscard]] std::string to_string() const;        ///< always with "/prefix"
    [[nodiscard]] std::string to_short_string() const;  ///< without "/32" or "/128"
};

/// Strict textual forms only: no leading zeros, no zone, no surrounding blanks. IPv4-mapped IPv6 is refused.
[[nodiscard]] std::optional<IpAddress> parse_address(std::string_view text);

/// "a.b.c.d", "a.b.c.d/n", "x::y", "x::y/n". Host bits that are set are refused (the writer meant something else).
[[nodiscard]] std::optional<Cidr> parse_cidr(std::string_view text);

/// A decimal port 1..65535, nothing else (no sign, no blanks, no leading zero).
[[nodiscard]] std::optional<std::uint16_t> parse_port(std::string_view text);

/// RFC 1123 host name (letters, digits, hyphens, dots; underscores are refused), at most 253 characters.
[[nodiscard]] bool is_host_name(std::string_view text);

[[nodiscard]] Cidr host_cidr(const IpAddress& address);
[[nodiscard]] Cidr any_cidr(Family family);

/// Sorted, without duplicates and without networks that another one contains.
[[nodiscard]] std::vector<Cidr> merge(std::vector<Cidr> networks);

}  // namespace zmi
