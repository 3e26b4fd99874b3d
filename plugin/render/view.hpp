#pragma once

#include <plugin/plan/plan.hpp>
#include <plugin/render/view_value.hpp>
#include <string>
#include <vector>
#include <zmintegration/support/error.hpp>

namespace zmfw {

/// What the templates print beside the plan.
struct ViewHeader {
    std::string version;             ///< of the program
    std::vector<std::string> apply;  ///< lines for people
    std::vector<std::string> undo;
    std::string made_at = {};  ///< the plan's own
    std::string this_node = {};
};

/// The view of one server's plan, which must outlive it, after server_schema(); of what is not wanted, less or nothing.
/// Whatever a template may print is validated here: host names, addresses, ports, texts of letters, digits and a few
/// signs that no format gives a meaning to; a comment may be any printable ASCII without quotes, $ and backslash, and
/// "note" is at most 128 bytes. A violation is an error that names the value; only free texts (title, because) are
/// taken as they are, for files with an escape.
[[nodiscard]] zmi::Expected<Record> make_server_view(const ServerPlan& plan, const zmi::Source& source,
                                                     const ViewHeader& header, const Wanted& wanted = everything());

/// The view of all servers' plans, after cluster_schema().
[[nodiscard]] zmi::Expected<Record> make_cluster_view(const std::vector<ServerPlan>& plans, const zmi::Source& source,
                                                      const ViewHeader& header, const Wanted& wanted = everything());

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
[[nodiscard]] zmi::Expected<Items> make_groups(const std::vector<ViewRule>& rules, const ViewSchema& schema);

/// What says in a rule's comment why it is there: endpoint, reason, the policy's comment.
[[nodiscard]] std::string note_of(const OpenPort& port);

/// "25" or "20000-20010"
[[nodiscard]] std::string port_text(const PortRange& range);

/// Sets the fields that describe a port in `object`.
void set_port(Record& object, const std::string& protocol, const PortRange& range);

/// Eight hex digits that change with the text; FNV-1a: no secret, only for names.
[[nodiscard]] std::string short_hash(const std::string& text);

}  // namespace zmfw
