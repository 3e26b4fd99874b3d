#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <zmintegration/support/error.hpp>

/// What apply, confirm, status, remove and the watcher know of each other: files below var/lib/zmfirewall, root's own.
///
///   lock          taken by whoever changes rules or this folder
///   pending       rules that wait for confirm; gone once they are confirmed or taken back
///   watching      the token of the pending rules that a watcher looks after
///   confirmed     link to the folder of the rules that stay
///   rules-TOKEN/  the files of one apply as they were loaded, and of nftables what was loaded before
///   last          how the last pending rules ended, in words
namespace zmfw {

struct Places {
    explicit Places(const std::filesystem::path& system_root)
        : root(system_root), folder(system_root / "var/lib/zmfirewall") {}
    std::filesystem::path root;
    std::filesystem::path folder;
    /// For zmi::FileLock.
    [[nodiscard]] std::filesystem::path lock() const { return folder / "lock"; }
    [[nodiscard]] std::filesystem::path pending() const { return folder / "pending"; }
    [[nodiscard]] std::filesystem::path watching() const { return folder / "watching"; }
    [[nodiscard]] std::filesystem::path confirmed() const { return folder / "confirmed"; }
    [[nodiscard]] std::filesystem::path last() const { return folder / "last"; }
    [[nodiscard]] std::filesystem::path unit() const { return root / "etc/systemd/system/zmfirewall.service"; }
    /// For what ufw and firewalld keep by themselves although nobody has confirmed it.
    [[nodiscard]] std::filesystem::path undo_unit() const {
        return root / "etc/systemd/system/zmfirewall-rollback.service";
    }
    [[nodiscard]] std::filesystem::path undo_unit_link() const {
        return root / "etc/systemd/system/multi-user.target.wants/zmfirewall-rollback.service";
    }
    [[nodiscard]] std::filesystem::path unit_link() const {
        return root / "etc/systemd/system/sysinit.target.wants/zmfirewall.service";
    }
};

/// Makes the folder, 0700 and root's; an existing one of anybody else is an error, and so is a place for it (a
/// --system-root) that others could exchange.
[[nodiscard]] zmi::Expected<void> make_state_folder(const Places& places);

/// Rules that are loaded, or about to be, and not confirmed.
struct Pending {
    std::string token;     ///< 16 hex digits
    std::string format;    ///< "nftables"
    std::string server;    ///< of the plan
    std::string digest;    ///< of the plan
    std::string previous;  ///< folder of the rules confirmed before; empty: none
    bool loaded = false;   ///< else being loaded
    std::string boot;      ///< boot id of the kernel that it was written under
    int pid = 0;           ///< of apply
    std::uint64_t pid_start = 0;
    std::int64_t deadline = 0;  ///< seconds since boot; of loading, then of confirming
    std::int64_t timeout = 60;  ///< seconds that confirm has

    [[nodiscard]] std::string rules() const { return "rules-" + token; }
    bool operator==(const Pending&) const = default;
};
[[nodiscard]] std::string to_text(const Pending& pending);
/// Strict: exactly what to_text() writes.
[[nodiscard]] std::optional<Pending> parse_pending(std::string_view text);

/// nullopt where nothing is pending; a file that makes no sense is an error that names it.
[[nodiscard]] zmi::Expected<std::optional<Pending>> read_pending(const Places& places);
[[nodiscard]] zmi::Expected<void> write_pending(const Places& places, const Pending& pending);

/// What a folder of rules says of itself; kept in its file "about".
struct About {
    std::string format, server, digest;
};
[[nodiscard]] std::string to_text(const About& about);
[[nodiscard]] zmi::Expected<About> read_about(const std::filesystem::path& rules);

/// The name of the folder of the confirmed rules; empty where there are none.
[[nodiscard]] zmi::Expected<std::string> read_confirmed(const Places& places);
/// An empty name: none any more.
[[nodiscard]] zmi::Expected<void> write_confirmed(const Places& places, const std::string& rules);
/// The names of all folders of rules that say what they are, each format once.
[[nodiscard]] std::vector<std::string> folders_of_rules(const Places& places);
/// Removes the folders of rules that nothing names any more.
void remove_old_rules(const Places& places, const std::string& keep);

[[nodiscard]] std::int64_t seconds_since_boot();
[[nodiscard]] std::string boot_id();
[[nodiscard]] std::string new_token();
/// When a process started, in ticks since boot; 0 where there is none.
[[nodiscard]] std::uint64_t start_of(int pid);

}  // namespace zmfw
