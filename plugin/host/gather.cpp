#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <plugin/helper/helper.hpp>
#include <plugin/host/containers.hpp>
#include <plugin/host/gather.hpp>
#include <set>
#include <zmintegration/local/process_hints.hpp>
#include <zmintegration/support/file.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t k_file_limit = 256 * 1024;
constexpr std::size_t k_process_limit = 100'000;  ///< entries of /proc that are looked at

/// The host while it is looked at.
class Look {
public:
    Look(const fs::path& root, const HostPrograms& programs) : m_root(root), m_programs(programs) {}

    [[nodiscard]] HostSigns all() {
        look_at_processes();
        look_at_os(m_root, m_signs);
        look_at_ufw();
        look_at_firewalld();
        look_at_containers();
        look_at_fail2ban();
        look_at_tables();
        look_at_boot();
        return std::move(m_signs);
    }

private:
    [[nodiscard]] bool there(const std::string& path) const {
        std::error_code code;
        const auto status = fs::symlink_status(m_root / path, code);
        return status.type() != fs::file_type::not_found && status.type() != fs::file_type::none;
    }
    [[nodiscard]] bool any_there(std::initializer_list<const char*> paths) const {
        return std::any_of(paths.begin(), paths.end(), [&](const char* path) { return there(path); });
    }
    [[nodiscard]] zmi::Expected<std::string> read(const std::string& path) const {
        return zmi::read_file(m_root / path, k_file_limit);
    }
    [[nodiscard]] bool runs(std::string_view name) const {
        // The kernel keeps fifteen characters.
        return m_running.contains(std::string(name.substr(0, 15)));
    }
    /// Whether a process of that name is there; not known where it is not and processes may be hidden from us.
    [[nodiscard]] Known runs_or_unknown(std::string_view name) const {
        if (runs(name)) return true;
        return m_sees_all_processes ? Known(false) : std::nullopt;
    }
    /// Enabled units are links in folders named after what wants them.
    [[nodiscard]] bool at_boot(const std::string& unit) const {
        for (const auto* wants :
             {"multi-user.target.wants", "sysinit.target.wants", "basic.target.wants", "network-pre.target.wants"}) {
            if (there(fmt::format("etc/systemd/system/{}/{}", wants, unit))) return true;
        }
        return false;
    }
    void unknown(std::string text) { m_signs.unknown.push_back(std::move(text)); }

    /// What a program says; nullopt where it is not there or fails, and `why` tells.
    std::optional<std::string> ask(const std::string& name, std::vector<std::string> arguments, std::string& why,
                                   bool status_matters = true) {
        zmi::Command command;
        if (m_programs.runner != nullptr && m_programs.where) command.program = m_programs.where(name);
        if (command.program.empty()) {
            why = m_programs.runner == nullptr ? "programs are not asked about another root" : name + " is not there";
            return std::nullopt;
        }
        command.arguments = std::move(arguments);
        command.environment = helper_environment();
        command.deadline = std::chrono::seconds(5);
        command.output_limit = 4 * 1024 * 1024;
        const auto outcome = m_programs.runner->run(command);
        if (outcome && (outcome->ok() || (!status_matters && outcome->end == zmi::Outcome::End::exited)))
            return outcome->out;
        why = outcome ? fmt::format("{}: {}", name, outcome->describe(command)) : outcome.error().what;
        return std::nullopt;
    }

    void look_at_processes() {
        std::error_code code;
        std::size_t seen = 0;
        for (auto entry = fs::directory_iterator(m_root / "proc", code); !code && entry != fs::directory_iterator();
             entry.increment(code)) {
            const auto pid = entry->path().filename().string();
            if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
            if (++seen > k_process_limit) return;
            const auto name = read("proc/" + pid + "/comm");
            // A process of a container or of another namespace filters nothing here.
            if (!name || zmi::is_in_other_network(m_root, pid)) continue;
            m_running.emplace(zmi::trim(*name));
            if (zmi::trim(*name) != "docker-proxy") continue;
            const auto arguments = read("proc/" + pid + "/cmdline");
            if (!arguments) continue;
            if (const auto port = parse_docker_proxy(*arguments)) m_signs.published.push_back(*port);
        }
        // Mounted with hidepid, /proc shows a plain user nothing of the first process.
        m_sees_all_processes = !code && read("proc/1/comm").has_value();
        if (!m_sees_all_processes) unknown("which programs run: proc does not show all processes");
    }

    /// The value of KEY in lines KEY=value, KEY="value"; the last one counts, as for a shell.
    static std::string value_of(std::string_view text, std::string_view key) {
        std::string value;
        for (const auto raw : zmi::split_lines(text)) {
            const auto line = zmi::trim(raw);
            if (!line.starts_with(key) || line.substr(key.size(), 1) != "=") continue;
            auto found = zmi::trim(line.substr(key.size() + 1));
            if (found.size() > 1 && (found.front() == '"' || found.front() == '\'') && found.back() == found.front())
                found = found.substr(1, found.size() - 2);
            value = zmi::to_lower(found);
        }
        return value;
    }
    static Known yes_or_no(std::string_view value) {
        if (value == "yes") return true;
        if (value == "no") return false;
        return std::nullopt;
    }

    void look_at_ufw() {
        m_signs.ufw_installed = any_there({"etc/ufw/ufw.conf", "usr/sbin/ufw", "sbin/ufw"});
        if (!m_signs.ufw_installed) {
            m_signs.ufw_enabled = false;
            return;
        }
        const auto config = read("etc/ufw/ufw.conf");
        if (config) m_signs.ufw_enabled = yes_or_no(value_of(*config, "ENABLED"));
        if (!m_signs.ufw_enabled)
            unknown("whether ufw is enabled: " +
                    (config ? "etc/ufw/ufw.conf has no ENABLED=yes or no" : config.error().what));
        const auto defaults = read("etc/default/ufw");
        if (!defaults) return;
        m_signs.ufw_ipv6 = yes_or_no(value_of(*defaults, "IPV6"));
        const auto policy = value_of(*defaults, "DEFAULT_INPUT_POLICY");
        if (policy == "drop" || policy == "reject" || policy == "accept") m_signs.ufw_input = policy;
    }

    void look_at_firewalld() {
        m_signs.firewalld_installed = any_there(
            {"usr/sbin/firewalld", "usr/lib/systemd/system/firewalld.service", "lib/systemd/system/firewalld.service"});
        m_signs.firewalld_at_boot = at_boot("firewalld.service");
        if (!m_signs.firewalld_installed && !runs("firewalld")) {
            m_signs.firewalld_running = false;
            return;
        }
        // systemd knows best, and "is-active" says no with a status of its own; a process may be a container's.
        std::string why;
        const auto state = ask("systemctl", {"is-active", "firewalld.service"}, why, false);
        const auto word = state ? zmi::trim(*state) : std::string_view();
        if (word == "active")
            m_signs.firewalld_running = true;
        else if (word == "inactive")
            m_signs.firewalld_running = false;
        else
            m_signs.firewalld_running = runs_or_unknown("firewalld");
        if (!m_signs.firewalld_running) unknown("whether firewalld runs");
    }

    bool take_listed(const zmi::Expected<std::vector<PublishedPort>>& ports) {
        if (!ports) {
            unknown("published ports: " + ports.error().what);
            return false;
        }
        m_signs.published.insert(m_signs.published.end(), ports->begin(), ports->end());
        return true;
    }

    /// With the engine's own list, its proxies tell nothing new.
    bool ask_docker() {
        std::string why;
        const auto text = ask("docker", {"ps", "--no-trunc", "--format", "{{json .}}"}, why);
        if (!text) {
            unknown("ports that Docker publishes without docker-proxy: " + why);
            return false;
        }
        const auto ports = parse_docker_ps(*text);
        if (ports) m_signs.published.clear();
        return take_listed(ports);
    }
    bool ask_podman() {
        std::string why;
        const auto text = ask("podman", {"ps", "--format", "json"}, why);
        if (text) static_cast<void>(take_listed(parse_podman_ps(*text)));
        // A plain user's podman lists that user's own containers.
        unknown("containers of other users in podman: run podman ps as root" + (text ? "" : " (" + why + ")"));
        return false;
    }

    void look_at_containers() {
        m_signs.docker = runs("dockerd") || !m_signs.published.empty() ||
                         any_there({"sys/class/net/docker0", "run/docker.sock", "var/run/docker.sock"});
        m_signs.podman = any_there({"sys/class/net/podman0", "sys/class/net/cni-podman0"});
        bool told = true;
        if (m_signs.docker) told = ask_docker() && told;
        if (m_signs.podman) told = ask_podman() && told;
        m_signs.containers_told = told;
        auto& ports = m_signs.published;
        std::sort(ports.begin(), ports.end());
        ports.erase(std::unique(ports.begin(), ports.end()), ports.end());
    }

    void look_at_fail2ban() {
        m_signs.fail2ban_installed = any_there({"etc/fail2ban", "usr/bin/fail2ban-server"});
        m_signs.fail2ban_running = runs_or_unknown("fail2ban-server");
        if (there("run/fail2ban/fail2ban.sock")) m_signs.fail2ban_running = true;
        if (!m_signs.fail2ban_installed && m_signs.fail2ban_running != true) m_signs.fail2ban_running = false;
    }

    void look_at_tables() {
        bool used = false;
        bool told = there("proc/net");
        for (const std::string path : {"proc/net/ip_tables_names", "proc/net/ip6_tables_names"}) {
            if (!there(path)) continue;
            const auto names = read(path);
            told = told && names.has_value();
            used = used || (names && !zmi::trim(*names).empty());
        }
        if (used || told) m_signs.legacy_tables = used;
        if (!m_signs.legacy_tables)
            unknown("whether iptables-legacy has rules: only root may read proc/net/ip_tables_names");
        std::string why;
        const auto chains = ask("nft", {"list", "chains"}, why);
        if (!chains) return unknown("which nft tables there are: only root may list them (" + why + ")");
        m_signs.nft_told = true;
        m_signs.docker_chains = false;
        for (const auto line : zmi::split_lines(*chains)) take_chain_line(line);
    }

    /// A line of `nft list chains`.
    void take_chain_line(std::string_view line) {
        const auto words = zmi::split_words(line);
        if (words.size() < 3) return;
        const auto plain = [](std::string_view text) { return zmi::is_printable_ascii(text); };
        if (words[0] == "table" && plain(line)) m_signs.nft_tables.push_back(fmt::format("{} {}", words[1], words[2]));
        if (words[0] == "chain" && words[1].starts_with("DOCKER")) m_signs.docker_chains = true;
        if (words[0] != "type" || m_signs.nft_tables.empty()) return;
        if (line.find(" hook input ") == std::string_view::npos) return;
        auto& inputs = m_signs.nft_inputs;
        if (inputs.empty() || inputs.back() != m_signs.nft_tables.back()) inputs.push_back(m_signs.nft_tables.back());
    }

    static bool flushes(std::string_view text) {
        for (const auto raw : zmi::split_lines(text)) {
            const auto words = zmi::split_words(raw.substr(0, raw.find('#')));
            if (words.size() >= 2 && words[0] == "flush" && words[1].starts_with("ruleset")) return true;
        }
        return false;
    }

    void look_at_boot() {
        m_signs.nftables_at_boot = at_boot("nftables.service");
        for (const std::string path : {"etc/sysconfig/nftables.conf", "etc/nftables.conf"}) {
            if (!there(path)) continue;
            m_signs.nftables_config = "/" + path;
            if (const auto text = read(path))
                m_signs.nftables_flushes = flushes(*text);
            else if (m_signs.nftables_at_boot)
                unknown("whether nftables.service flushes all rules: " + text.error().what);
            break;
        }
        const bool debian = at_boot("netfilter-persistent.service");
        m_signs.iptables_at_boot = debian || at_boot("iptables.service");
        m_signs.ip6tables_at_boot = debian || at_boot("ip6tables.service");
        for (const std::string path :
             {"etc/iptables/rules.v4", "etc/iptables/rules.v6", "etc/sysconfig/iptables", "etc/sysconfig/ip6tables"}) {
            if (there(path)) m_signs.iptables_files.push_back("/" + path);
        }
    }

    fs::path m_root;
    const HostPrograms& m_programs;
    HostSigns m_signs;
    std::set<std::string> m_running;  ///< names of processes, as the kernel cuts them
    bool m_sees_all_processes = false;
};

}  // namespace

void look_at_os(const fs::path& system_root, HostSigns& signs) {
    for (const std::string name : {"etc/os-release", "usr/lib/os-release"}) {
        const auto path = system_root / name;
        const auto text = zmi::read_file(path, k_file_limit);
        if (!text) {
            if (signs.os_problem.empty()) signs.os_problem = text.error().what;
            continue;
        }
        auto os = parse_os_release(*text, path.string());
        signs.os_problem = os ? "" : os.error().what;
        if (os) signs.os = std::move(*os);
        return;
    }
}

HostSigns gather_signs(const fs::path& system_root, const HostPrograms& programs) {
    return Look(system_root, programs).all();
}

}  // namespace zmfw
