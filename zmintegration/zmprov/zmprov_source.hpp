#pragma once

#include <chrono>
#include <filesystem>
#include <zmintegration/facts/answer.hpp>
#include <zmintegration/local/product.hpp>
#include <zmintegration/process/process_runner.hpp>

namespace zmi {

enum class ZmprovAccess { soap, ldap };  ///< zmprov, zmprov -l

/// At most two starts of HOME/bin/zmprov, whatever the number of servers: names, then one batch ended by `exit`. A
/// Carbonio that no longer brings it has `HOME/bin/carbonio prov`; that comes second, as with Advanced it is another
/// program, of which we have seen no batch.
/// A server without a block, an ERROR line or a status that is not 0 fails the whole answer.
[[nodiscard]] Expected<Answer> ask_zmprov(ZmprovAccess access, const Product& product, const Wanted& wanted,
                                          ProcessRunner& runner, std::chrono::milliseconds deadline);

}  // namespace zmi
