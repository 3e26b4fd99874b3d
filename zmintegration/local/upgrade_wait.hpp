#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <zmintegration/local/install_history.hpp>
#include <zmintegration/local/product.hpp>
#include <zmintegration/support/clock.hpp>
#include <zmintegration/support/error.hpp>

/// Is an upgrade at work, and when is it over?
namespace zmi {

/// What can be seen of it at one moment.
struct UpgradeSigns {
    InstallState install;
    std::string problem;    ///< why the history could not be read; empty otherwise
    std::string installer;  ///< a process of install.sh, zmsetup, a patch or a package manager: its name; empty: none
    std::optional<std::chrono::sys_seconds> latest_change;  ///< of the history and of what packages bring
    std::vector<std::string> pending;  ///< setups of Carbonio that nobody has run yet: "carbonio-files.sh"
    std::optional<std::chrono::sys_seconds> pending_since;  ///< when the youngest of them was put there
};
/// Of Zimbra: its install history, where a file that is not there is an installation without one, which is nothing
/// bad. Of Carbonio, which has none: what waits in etc/zextras/pending-setups.d, and when the release file, the setups
/// that were done and the database of packages last changed.
[[nodiscard]] UpgradeSigns read_upgrade_signs(const Product& product, const std::filesystem::path& system_root);

/// Files that an upgrade or a patch replaces and that decide where Zimbra listens: path below the installation, and
/// the content; bounded. For patches that only change templates, their digest is the only sign.
[[nodiscard]] std::map<std::string, std::string> read_shipped_files(const std::filesystem::path& home);

struct Standing {
    enum class Is { calm, settling, running };
    Is is = Is::calm;
    std::string why;      ///< in words, where it is not calm
    std::string warning;  ///< a START that nobody will ever end, a history that cannot be read, forgotten setups
    std::string fix;      ///< what ends it, where it is running
};
/// Pure. A session without an end is running for an hour after the latest line of the history, and then only while an
/// installer's process is seen: otherwise it died, and must not hold us for ever. In the same way setups are pending
/// for a day. What changed less than `settle` ago is settling.
[[nodiscard]] Standing judge_upgrade(const UpgradeSigns& signs, std::chrono::sys_seconds now,
                                     std::chrono::seconds settle);

struct WaitSeams {
    std::function<UpgradeSigns()> look;
    const Clock& clock;
    std::function<void(std::chrono::seconds)> pause;
    std::function<void(const std::string&)> tell;
};
/// Returns once all is calm; fails with ErrorKind::knowledge where that takes longer than `limit`, at once where that
/// is zero and an upgrade is running (settling is not waited for then).
[[nodiscard]] Expected<void> wait_for_calm(const WaitSeams& seams, std::chrono::seconds limit,
                                           std::chrono::seconds settle);

}  // namespace zmi
