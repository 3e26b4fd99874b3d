#pragma once

#include <plugin/plan/plan.hpp>
#include <plugin/render/format.hpp>
#include <string>
#include <vector>
#include <zmintegration/support/error.hpp>

namespace zmfw {

struct RenderedFile {
    std::string name;  ///< relative path, as the manifest says: "mail.example.com/zmfirewall.nft"
    std::string content;
    unsigned mode = 0644;
    std::string source;  ///< the template it came from
};

struct RenderOptions {
    std::string version;         ///< of the program, for the header
    std::string made_at = {};    ///< of the plan, for the formats that are read again
    std::string this_node = {};  ///< likewise
    bool observe = false;        ///< the files that count what would be dropped, in place of those that enforce
};

/// The files of scope "server" for one server. Pure: the same plan gives the same bytes; the time in the header is
/// that of the source. A plan with problems is an error of kind knowledge; whether findings stop it is the caller's
/// affair. Errors of kind data name what the plan or the template holds that may not be printed.
[[nodiscard]] zmi::Expected<std::vector<RenderedFile>> render(const Format& format, const ServerPlan& plan,
                                                              const zmi::Source& source, const RenderOptions& options);

/// The files of scope "cluster" for all servers; empty where the format has none.
[[nodiscard]] zmi::Expected<std::vector<RenderedFile>> render_cluster(const Format& format,
                                                                      const std::vector<ServerPlan>& plans,
                                                                      const zmi::Source& source,
                                                                      const RenderOptions& options);

}  // namespace zmfw
