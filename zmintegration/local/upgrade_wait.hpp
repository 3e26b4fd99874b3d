#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <zmintegration/local/install_history.hpp>
#include <zmintegration/support/clock.hpp>
#include <zmintegration/support/error.hpp>

/// Is an upgrade at work, and when is it over?
namespace zmi {

/// What can be seen of it at one moment.
struct UpgradeSigns {
    InstallState install;
    std::string problem;    ///< why the history could not be read; empty otherwise
    std::string installer;  ///< a process of install.sh, zmsetup or a patch: its name; empty: none is seen
    std::optional<std::chrono::sys_seconds> latest_change;  ///< of the history and of what packages bring
};
/// A file that is not there is an installation without a history, which is nothing bad.
[[nodiscard]] UpgradeSigns read_upgrade_signs(const std::filesystem::path& zimbra_home,
                                              const std::filesystem::path& system_root);

/// Files that an upgrade or a patch replaces and that decide where Zimbra listens: path below the installation, and
/// the content; bounded. For patches that only change templates, their digest is the only sign.
[[nodiscard]] std::map<std::string, std::string> read_shipped_files(const std::filesystem::path& zimbra_home);

struct Standing {
    enum class Is { calm, settling, running };
    Is is = Is::calm;
    std::string why;      ///< in words, where it is not calm
    std::string warning;  ///< a START that nobody will ever end, a history that cannot be read
};
/// Pure. A session without an end is running for an hour after the latest line of the history, and then only while an
/// installer's process is seen: otherwise it died, and must not hold us for ever. What changed less than `settle` ago
/// is settling.
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
