#pragma once

#include <string>
#include <vector>
#include <zmintegration/facts/inventory.hpp>

namespace zmi {

/// What one source knows of the whole deployment. Only wanted attributes; servers sorted by name (lower case, each
/// a valid host name, none twice); never partial.
struct Answer {
    std::string server;   ///< "https://localhost:7071" or "zmprov" / "zmprov -l"
    std::string version;  ///< of the answering server, or empty
    Attributes global;
    std::vector<Server> servers;
};

}  // namespace zmi
