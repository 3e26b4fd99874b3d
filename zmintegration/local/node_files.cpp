#include <zmintegration/local/node_files.hpp>

#include <utility>
#include <zmintegration/local/node_file.hpp>
#include <zmintegration/local/sshd_config.hpp>

namespace zmi {
namespace {

Expected<void> add_master_cf(const std::filesystem::path& path, LocalFacts& facts) {
    auto& state = facts.files["master.cf"];
    state.path = path.string();
    const auto text = read_node_file(path);
    if (!text) {
        state.problem = text.error().what;
        return {};
    }
    auto listeners = parse_master_cf(*text, state.path);
    if (!listeners) return tl::unexpected(std::move(listeners.error()));
    facts.listeners.insert(facts.listeners.end(), listeners->begin(), listeners->end());
    return {};
}

void add_main_cf(const std::filesystem::path& path, LocalFacts& facts) {
    auto& state = facts.files["main.cf"];
    state.path = path.string();
    const auto text = read_node_file(path);
    if (!text) {
        state.problem = text.error().what;
        return;
    }
    if (auto value = main_cf_setting(*text, "inet_interfaces")) state.settings["inet_interfaces"] = std::move(*value);
}

Expected<void> add_sshd_config(const std::filesystem::path& system_root, LocalFacts& facts) {
    auto config = load_sshd_config(system_root);
    if (!config) return tl::unexpected(std::move(config.error()));
    auto& state = facts.files["sshd_config"];
    state.path = (system_root / "etc/ssh/sshd_config").string();
    state.problem = std::move(config->problem);
    facts.listeners.insert(facts.listeners.end(), config->listeners.begin(), config->listeners.end());
    return {};
}

void add_resolv_conf(const std::filesystem::path& path, LocalFacts& facts) {
    auto& state = facts.files["resolv.conf"];
    state.path = path.string();
    const auto text = read_node_file(path);
    if (!text) {
        state.problem = text.error().what;
        return;
    }
    auto servers = resolv_conf_nameservers(*text);
    if (servers) {
        state.settings["nameserver"] = std::move(*servers);
    } else {
        state.problem = servers.error().what;
    }
}

}  // namespace

Expected<LocalFacts> read_node_files(const std::filesystem::path& zimbra_home,
                                     const std::filesystem::path& system_root) {
    const auto postfix = zimbra_home / "common" / "conf";
    LocalFacts facts;
    if (auto done = add_master_cf(postfix / "master.cf", facts); !done) return tl::unexpected(std::move(done.error()));
    add_main_cf(postfix / "main.cf", facts);
    if (auto done = add_sshd_config(system_root, facts); !done) return tl::unexpected(std::move(done.error()));
    add_resolv_conf(system_root / "etc/resolv.conf", facts);
    return facts;
}

}  // namespace zmi
