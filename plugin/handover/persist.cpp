#include <fmt/format.h>
#include <plugin/handover/persist.hpp>
#include <plugin/helper/helper.hpp>
#include <zmintegration/support/file.hpp>

namespace zmfw {
namespace {

namespace fs = std::filesystem;
using zmi::ErrorKind;
using zmi::Expected;

void reload_systemd(const Places& places, zmi::ProcessRunner& runner) {
    if (!has_systemd(places)) return;
    // The watcher waits 15 seconds for our lock.
    const auto command = helper_command("systemctl", {"daemon-reload"}, std::chrono::seconds(10));
    if (command.program.empty()) return;
    // It reads its units anew at the next boot in any case.
    static_cast<void>(runner.run(command));
}

tl::unexpected<zmi::Error> cannot(std::string_view step, const fs::path& path, const std::error_code& code) {
    return zmi::failure(ErrorKind::program, fmt::format("cannot {} {}: {}", step, path.string(), code.message()));
}

Expected<void> enable(const Places& places, const fs::path& unit, const fs::path& link, zmi::ProcessRunner& runner) {
    std::error_code code;
    fs::create_directories(link.parent_path(), code);
    if (!fs::is_symlink(fs::symlink_status(link, code))) {
        code.clear();
        fs::create_symlink(".." / unit.filename(), link, code);
        if (code) return cannot("enable", link, code);
    }
    reload_systemd(places, runner);
    return {};
}

Expected<void> disable(const Places& places, const fs::path& unit, const fs::path& link, zmi::ProcessRunner& runner) {
    bool changed = false;
    for (const auto& path : {link, unit}) {
        std::error_code code;
        changed = fs::remove(path, code) || changed;
        if (code) return cannot("remove", path, code);
    }
    if (changed) reload_systemd(places, runner);
    return {};
}

}  // namespace

bool has_systemd(const Places& places) {
    std::error_code code;
    return places.root == "/" && fs::is_directory("/run/systemd/system", code);
}

std::string unit_text(std::string_view format, const fs::path& confirmed) {
    const auto load = format == "nftables" ? fmt::format("/usr/sbin/nft -f {}/zmfirewall.nft", confirmed.string())
                                           : fmt::format("/bin/sh {}/zmfirewall-apply.sh", confirmed.string());
    const std::string unload = format == "nftables" ? "/usr/sbin/nft delete table inet zmfirewall"
                                                    : fmt::format("/bin/sh {}/zmfirewall-undo.sh", confirmed.string());
    // Not stopped at shutdown: the network is still there.
    return fmt::format(
        "# Written by zmfirewall confirm; zmfirewall remove takes it away.\n"
        "[Unit]\nDescription=Firewall rules of zmfirewall\nDefaultDependencies=no\n"
        "After=local-fs.target nftables.service iptables.service netfilter-persistent.service\n"
        "Wants=network-pre.target\nBefore=network-pre.target\nRequiresMountsFor={}\n\n"
        "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart={}\nExecStop=-{}\n\n"
        "[Install]\nWantedBy=sysinit.target\n",
        confirmed.parent_path().string(), load, unload);
}

Expected<void> make_persistent(const Places& places, const std::string& format, zmi::ProcessRunner& runner) {
    if (format != "nftables" && format != "iptables") return make_transient(places, runner);
    // As the unit will see it.
    const auto confirmed = fs::path("/") / fs::relative(places.confirmed().parent_path(), places.root) / "confirmed";
    auto written = zmi::write_file_atomically(places.unit(), unit_text(format, confirmed), 0644);
    if (!written) return zmi::failure(ErrorKind::program, written.error().what);
    return enable(places, places.unit(), places.unit_link(), runner);
}

Expected<void> guard_reboot(const Places& places, const std::string& format, zmi::ProcessRunner& runner) {
    if (format == "nftables" || format == "iptables") return {};
    const auto text = fmt::format(
        "# Written by zmfirewall apply; gone when its rules are confirmed or taken back.\n"
        "[Unit]\nDescription=Take back rules of zmfirewall that nobody has confirmed\n"
        "ConditionPathExists=/var/lib/zmfirewall/pending\nAfter=ufw.service firewalld.service\n\n"
        "[Service]\nType=oneshot\nExecStart={} rollback\n\n[Install]\nWantedBy=multi-user.target\n",
        own_program().string());
    auto written = zmi::write_file_atomically(places.undo_unit(), text, 0644);
    if (!written) return zmi::failure(ErrorKind::program, written.error().what);
    return enable(places, places.undo_unit(), places.undo_unit_link(), runner);
}

Expected<void> make_transient(const Places& places, zmi::ProcessRunner& runner) {
    if (auto done = disable(places, places.undo_unit(), places.undo_unit_link(), runner); !done) return done;
    return disable(places, places.unit(), places.unit_link(), runner);
}

}  // namespace zmfw
