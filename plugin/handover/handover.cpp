#include <fmt/format.h>
#include <unistd.h>
#include <plugin/handover/handover.hpp>
#include <plugin/handover/persist.hpp>
#include <plugin/handover/sessions.hpp>
#include <plugin/handover/watch.hpp>
#include <plugin/helper/helper.hpp>
#include <zmintegration/support/file.hpp>

namespace zmfw {
namespace {

namespace fs = std::filesystem;
using zmi::ErrorKind;
using zmi::Expected;

tl::unexpected<zmi::Error> program_failure(const zmi::Error& error) {
    return zmi::failure(ErrorKind::program, error.what, error.hint);
}

/// Rules of ours that we know nothing of could not be brought back. (Of nftables the kernel tells all.)
Expected<void> check_previous(const Places& places, const Handed& handed, const std::string& previous,
                              KernelRules& kernel) {
    if (!previous.empty()) {
        const auto about = read_about(places.folder / previous);
        if (!about) return tl::unexpected(about.error());
        if (about->format == handed.format) return {};
        return zmi::failure(
            ErrorKind::usage,
            fmt::format("the confirmed rules are of the format {}, not {}", about->format, handed.format),
            "zmfirewall remove first");
    }
    if (handed.format == "nftables") return {};
    const auto loaded = kernel.loaded();
    if (!loaded) return tl::unexpected(loaded.error());
    if (loaded->empty()) return {};
    return zmi::failure(ErrorKind::knowledge,
                        "rules of zmfirewall are loaded that apply has not loaded: it could not bring them back",
                        "run the zmfirewall-undo.sh that was emitted with them first");
}

Expected<Pending> prepare_in(const Places& places, const Handed& handed, zmi::ProcessRunner& runner,
                             const std::string& token) {
    KernelRules kernel(handed.format, runner);
    const auto previous = read_confirmed(places);
    if (!previous) return tl::unexpected(previous.error());
    if (auto known = check_previous(places, handed, *previous, kernel); !known)
        return tl::unexpected(std::move(known.error()));
    const auto folder = places.folder / ("rules-" + token);
    if (auto written = write_rules(folder, handed); !written) return tl::unexpected(std::move(written.error()));
    if (handed.format == "nftables") {
        if (auto saved = kernel.save(folder / "before.nft"); !saved) return tl::unexpected(std::move(saved.error()));
    }
    Pending pending{token,         handed.format, handed.server, handed.digest,        *previous,
                    false,         boot_id(),     ::getpid(),    start_of(::getpid()), 0,
                    handed.timeout};
    pending.deadline = seconds_since_boot() + kernel.load_limit() + 10 + handed.timeout;
    return pending;
}

/// The error that stopped the load, and what became of the rules.
tl::unexpected<zmi::Error> take_back(const Places& places, const Pending& pending, const zmi::Error& error,
                                     zmi::ProcessRunner& runner) {
    const auto back = roll_back(places, pending, "not loaded", runner);
    return zmi::failure(ErrorKind::program, error.what,
                        back ? "the earlier state is back; " + error.hint
                             : "and the earlier state could not be brought back: " + back.error().what);
}

bool is_stale(const Pending& pending) {
    if (pending.boot != boot_id() || (!pending.loaded && start_of(pending.pid) != pending.pid_start)) return true;
    // The watcher has had its time, and more.
    return seconds_since_boot() > pending.deadline + 30;
}

}  // namespace

Expected<void> write_rules(const fs::path& folder, const Handed& handed) {
    std::vector<zmi::FileToWrite> files;
    for (const auto& file : handed.files) {
        // Without the server's own folder in front.
        const auto slash = file.name.find('/');
        files.push_back({folder / (slash == std::string::npos ? file.name : file.name.substr(slash + 1)), file.content,
                         file.mode & 0755U});
    }
    files.push_back({folder / "about", to_text(About{handed.format, handed.server, handed.digest}), 0600});
    if (auto written = zmi::write_files_atomically(files); !written) return program_failure(written.error());
    return {};
}

Expected<void> settle_pending(const Places& places, zmi::ProcessRunner& runner) {
    const auto pending = read_pending(places);
    if (!pending) return tl::unexpected(pending.error());
    if (!*pending) return {};
    if (is_stale(**pending)) return roll_back(places, **pending, "left behind", runner);
    return zmi::failure(ErrorKind::usage,
                        fmt::format("rules for {} wait for confirm, {} more seconds", (*pending)->server,
                                    std::max<std::int64_t>(0, (*pending)->deadline - seconds_since_boot())),
                        "zmfirewall confirm, or zmfirewall rollback, or wait");
}

Expected<Pending> prepare(const Places& places, const Handed& handed, zmi::ProcessRunner& runner) {
    const auto token = new_token();
    auto pending = prepare_in(places, handed, runner, token);
    if (pending) return pending;
    std::error_code ignored;
    fs::remove_all(places.folder / ("rules-" + token), ignored);
    return pending;
}

Expected<Pending> load_pending(const Places& places, Pending pending, zmi::ProcessRunner& runner) {
    auto watched = start_watcher(places, pending, runner);
    const auto written_down = watched ? write_pending(places, pending) : tl::unexpected(watched.error());
    if (!written_down) {
        // Nothing is loaded yet; without the file the watcher ends with us.
        remove_old_rules(places, pending.previous);
        return tl::unexpected(written_down.error());
    }
    if (pending.format == "nftables" || pending.format == "iptables") {
        if (const auto known = remember_sessions(); !known) return take_back(places, pending, known.error(), runner);
    }
    if (auto guarded = guard_reboot(places, pending.format, runner); !guarded)
        return take_back(places, pending, guarded.error(), runner);
    KernelRules kernel(pending.format, runner);
    if (auto loaded = kernel.load(places.folder / pending.rules()); !loaded)
        return take_back(places, pending, loaded.error(), runner);
    pending.loaded = true;
    pending.deadline = seconds_since_boot() + pending.timeout;
    if (auto written = write_pending(places, pending); !written)
        return take_back(places, pending, written.error(), runner);
    return pending;
}

Expected<Pending> confirm_pending(const Places& places, zmi::ProcessRunner& runner) {
    const auto found = read_pending(places);
    if (!found) return tl::unexpected(found.error());
    if (!*found) {
        const auto last = zmi::read_file(places.last(), 4096);
        return zmi::failure(ErrorKind::usage, "no rules wait for confirm",
                            last ? "the last ones: " + last->substr(0, last->find('\n')) : "");
    }
    const auto& pending = **found;
    if (is_stale(pending)) {
        if (auto back = roll_back(places, pending, "not confirmed in time", runner); !back)
            return tl::unexpected(std::move(back.error()));
        return zmi::failure(ErrorKind::knowledge, "too late: the rules are taken back", "apply them anew");
    }
    if (!pending.loaded || pending.boot != boot_id() || seconds_since_boot() >= pending.deadline)
        return zmi::failure(ErrorKind::knowledge, "too late: the rules are being taken back", "apply them anew");
    if (auto kept = make_persistent(places, pending.format, runner); !kept)
        return tl::unexpected(std::move(kept.error()));
    // The watcher does not wait for our lock for ever.
    if (const auto now = read_pending(places); !now || !*now || (*now)->token != pending.token) {
        if (pending.previous.empty()) static_cast<void>(make_transient(places, runner));
        return zmi::failure(ErrorKind::knowledge, "too late: the rules were taken back", "apply them anew");
    }
    if (auto written = write_confirmed(places, pending.rules()); !written)
        return tl::unexpected(std::move(written.error()));
    // From here on no watcher takes them back.
    std::error_code code;
    fs::remove(places.pending(), code);
    if (code) return zmi::failure(ErrorKind::program, fmt::format("cannot remove {}", places.pending().string()));
    const auto end = fmt::format("confirmed ({} for {})\n", pending.format, pending.server);
    static_cast<void>(zmi::write_file_atomically(places.last(), end, 0600));
    remove_old_rules(places, pending.rules());
    return pending;
}

Expected<bool> remove_all(const Places& places, zmi::ProcessRunner& runner) {
    const auto pending = read_pending(places);
    const auto confirmed = read_confirmed(places);
    bool any = false;
    // What is broken is no reason to keep rules.
    std::vector<std::string> folders;
    if (pending && *pending) {
        end_left_programs(places, **pending);
        folders.push_back((*pending)->rules());
    }
    if (confirmed && !confirmed->empty()) folders.push_back(*confirmed);
    // Whatever we may have loaded: any folder of a format can take all rules of that format away.
    if (!pending || !confirmed) folders = folders_of_rules(places);
    for (const auto& folder : folders) {
        const auto about = read_about(places.folder / folder);
        if (!about) return tl::unexpected(about.error());
        if (about->format == "nftables") continue;
        if (auto done = KernelRules(about->format, runner).unload(places.folder / folder, false); !done)
            return tl::unexpected(std::move(done.error()));
        any = true;
    }
    if (!find_program("nft").empty()) {
        KernelRules nft("nftables", runner);
        const auto loaded = nft.loaded();
        if (!loaded) return tl::unexpected(loaded.error());
        if (!loaded->empty()) {
            if (auto done = nft.unload({}, false); !done) return tl::unexpected(std::move(done.error()));
            any = true;
        }
    }
    if (auto transient = make_transient(places, runner); !transient)
        return tl::unexpected(std::move(transient.error()));
    if (auto written = write_confirmed(places, ""); !written) return tl::unexpected(std::move(written.error()));
    std::error_code code;
    fs::remove(places.pending(), code);
    remove_old_rules(places, "");
    return any || !folders.empty();
}

}  // namespace zmfw
