#pragma once

#include <map>
#include <plugin/diff/diff.hpp>
#include <set>
#include <string>
#include <vector>

namespace zmfw {

/// What a plan says of one endpoint on one server, open or closed, before or after.
struct Told {
    std::vector<Because> because;
    std::set<std::string> servers;  ///< the server and its peers
};

/// Finds for each change of a port the facts that changed among those that its plan names.
class CauseFinder {
public:
    CauseFinder(const Side& before, const Side& after);

    [[nodiscard]] std::vector<Cause> causes_of(const PortChange& change, const Told& before, const Told& after);
    /// Changed facts that no call of causes_of() has named.
    [[nodiscard]] std::vector<Cause> others() const;

    [[nodiscard]] bool has_joined(const std::string& server) const { return m_joined.contains(server); }
    [[nodiscard]] bool has_left(const std::string& server) const { return m_left.contains(server); }

private:
    using Causes = std::vector<Cause>;
    void add_membership(const PortChange& change, Causes& causes) const;
    void add_known(const PortChange& change, const Told& before, const Told& after, Causes& causes);
    void add_addresses(const PortChange& change, const Told& before, const Told& after, Causes& causes);
    void add_rest(const PortChange& change, const Told& before, const Told& after, Causes& causes) const;
    [[nodiscard]] Causes digest_changes() const;

    const Side& m_before;
    const Side& m_after;
    std::vector<zmi::FactChange> m_changes;
    std::vector<bool> m_used;
    std::map<std::string, std::vector<std::size_t>, std::less<>> m_by_name;    ///< of attributes, keys and files
    std::map<std::string, std::vector<std::size_t>, std::less<>> m_by_server;  ///< services, version, address
    std::set<std::string, std::less<>> m_joined;
    std::set<std::string, std::less<>> m_left;
};

}  // namespace zmfw
