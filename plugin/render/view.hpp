#pragma once

#include <kainjow/mustache.hpp>
#include <plugin/plan/plan.hpp>
#include <string>
#include <vector>
#include <zmintegration/support/error.hpp>

namespace zmfw {

/// What the templates print beside the plan.
struct ViewHeader {
    std::string version;             ///< of the program
    std::vector<std::string> apply;  ///< lines for people
    std::vector<std::string> undo;
};

/// The view of one server's plan, after server_schema(). Whatever a template may print is validated here: host
/// names, addresses, ports, texts of letters, digits and a few signs that no format gives a meaning to; a comment
/// may be any printable ASCII without quotes, $ and backslash, and "note" is at most 128 bytes. A violation is an error
/// that names the value; nothing is ever escaped or left out to make it fit.
[[nodiscard]] zmi::Expected<kainjow::mustache::data> make_server_view(const ServerPlan& plan, const zmi::Source& source,
                                                                      const ViewHeader& header);

/// The view of all servers' plans, after cluster_schema().
[[nodiscard]] zmi::Expected<kainjow::mustache::data> make_cluster_view(const std::vector<ServerPlan>& plans,
                                                                       const zmi::Source& source,
                                                                       const ViewHeader& header);

/// An open port of one server as the templates see it: split by family, nothing that cannot match.
struct ViewRule {
    const OpenPort* port = nullptr;
    std::vector<zmi::Cidr> sources4, sources6;
    std::vector<zmi::IpAddress> destinations4, destinations6;

    [[nodiscard]] bool any4() const { return sources4.size() == 1 && sources4.front().is_any(); }
    [[nodiscard]] bool any6() const { return sources6.size() == 1 && sources6.front().is_any(); }
};

/// A rule limited to own addresses has no sources of a family of which none of them is.
[[nodiscard]] ViewRule make_view_rule(const OpenPort& port);

/// Rules of one audience with equal sources and destinations, as one named group ("zmfirewall-public-1a2b3c4d").
/// The name ends in a hash of all that the group is, so that a changed group has another name.
[[nodiscard]] zmi::Expected<kainjow::mustache::list> make_groups(const std::vector<ViewRule>& rules);

/// "25" or "20000-20010"
[[nodiscard]] std::string port_text(const PortRange& range);

/// Sets the fields that describe a port in `object`.
void set_port(kainjow::mustache::data& object, const std::string& protocol, const PortRange& range);

/// Sets "first" and "last" in each item.
[[nodiscard]] kainjow::mustache::list with_positions(kainjow::mustache::list items);

}  // namespace zmfw
