#pragma once

#include <chrono>
#include <filesystem>
#include <zmintegration/facts/answer.hpp>
#include <zmintegration/process/process_runner.hpp>

namespace zmi {

enum class ZmprovAccess { soap, ldap };  ///< zmprov, zmprov -l

/// At most two starts of HOME/bin/zmprov, whatever the number of servers: names, then one batch ended by `exit`.
/// A server without a block, an ERROR line or a status that is not 0 fails the whole answer.
[[nodiscard]] Expected<Answer> ask_zmprov(ZmprovAccess access, const std::filesystem::path& zimbra_home,
                                          const Wanted& wanted, ProcessRunner& runner,
                                          std::chrono::milliseconds deadline);

}  // namespace zmi
