#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <plugin/catalogue/catalogue.hpp>
#include <plugin/cli/exit_status.hpp>
#include <plugin/host/target.hpp>
#include <plugin/plan/plan.hpp>
#include <plugin/policy/policy.hpp>
#include <string>
#include <string_view>
#include <vector>
#include <zmintegration/discovery/discovery.hpp>
#include <zmintegration/facts/inventory.hpp>
#include <zmintegration/local/product.hpp>
#include <zmintegration/support/error.hpp>

namespace zmfw {

/// What stands before the command on the command line.
struct GlobalOptions {
    std::string product;                ///< "zimbra" or "carbonio"; empty: looked for
    std::filesystem::path zimbra_home;  ///< empty: where the product has it, below the system root
    std::filesystem::path system_root = "/";
    std::string source;  ///< "", "soap", "zmprov", "zmprov-ldap"
    std::filesystem::path inventory;
    std::filesystem::path policy;
    std::filesystem::path tls_ca;
    bool tls_no_verify = false;
    int timeout_seconds = 60;
    std::vector<std::filesystem::path> join;  ///< inventories of other nodes, or folders with such
    int join_age_days = 7;
    std::filesystem::path consul_token_file;  ///< empty: Consul is not asked
    std::string consul_url = zmi::ConsulChoice().url;
    std::filesystem::path data;  ///< empty: looked for
};

/// Which servers a command is about.
struct Selection {
    std::string server;  ///< empty: this node
    bool all = false;
};

/// What every command needs: where things are, how to get them, how to talk. Errors are returned, never printed.
class Context {
public:
    explicit Context(GlobalOptions options) : m_options(std::move(options)), m_memory(std::make_shared<Memory>()) {}

    [[nodiscard]] const GlobalOptions& options() const { return m_options; }

    /// What all this is about: the product of --inventory, else what --product and --home say, else what is here.
    [[nodiscard]] zmi::Expected<zmi::Product> product() const;
    /// Its home; where product() fails, the usual one of Zimbra.
    [[nodiscard]] std::filesystem::path home() const;
    /// Of the product's user: records of recompute, and the inventory that was saved last.
    [[nodiscard]] std::filesystem::path state_folder() const { return home() / "data" / "zmfirewall"; }
    [[nodiscard]] std::filesystem::path last_inventory() const { return state_folder() / "inventory.json"; }

    /// How to ask the installation. A source that there is not is an error of kind usage.
    [[nodiscard]] zmi::Expected<zmi::DiscoveryOptions> discovery_options() const;

    /// Of product(), or of the one that is named.
    [[nodiscard]] zmi::Expected<Catalogue> catalogue() const;
    [[nodiscard]] zmi::Expected<Catalogue> catalogue(const std::string& product) const;
    [[nodiscard]] zmi::Expected<Policy> policy(const Catalogue& catalogue) const;
    /// From --inventory, or from the live installation; with what --join names.
    [[nodiscard]] zmi::Expected<zmi::Inventory> inventory(const Catalogue& catalogue, const Policy& policy) const;

    /// SHA-256 of all that catalogue() reads.
    [[nodiscard]] zmi::Expected<std::string> catalogue_digest() const;

    /// Folders with formats, later ones override.
    [[nodiscard]] zmi::Expected<std::vector<std::filesystem::path>> format_roots() const;

    /// The systems that rules can be for.
    [[nodiscard]] zmi::Expected<std::vector<Target>> targets() const;

    /// The name the selection means; nullopt for all. An unknown name is an error with the nearest one.
    [[nodiscard]] static zmi::Expected<std::optional<std::string>> selected(const Selection& selection,
                                                                            const zmi::Inventory& inventory,
                                                                            const Policy& policy);

private:
    [[nodiscard]] zmi::Expected<zmi::Inventory> asked_inventory(const Catalogue& catalogue, const Policy& policy) const;
    [[nodiscard]] zmi::Expected<std::filesystem::path> data_folder() const;
    [[nodiscard]] zmi::Expected<std::vector<std::filesystem::path>> catalogue_folders() const;
    [[nodiscard]] zmi::Expected<zmi::Product> find_product() const;
    [[nodiscard]] zmi::Expected<zmi::Inventory> saved_inventory() const;

    /// What is looked for once.
    struct Memory {
        std::mutex mutex;
        std::optional<zmi::Expected<zmi::Product>> product;
        std::optional<zmi::Expected<zmi::Inventory>> inventory;
    };
    GlobalOptions m_options;
    std::shared_ptr<Memory> m_memory;
};

/// To stderr: "zmfirewall: LINE".
void tell(std::string_view line);

/// To stderr, as it is; a stderr that is closed or full is no error.
void say(std::string_view text);

/// To stderr: the error and its hint; the status that belongs to it.
[[nodiscard]] ExitStatus report(const zmi::Error& error);

/// The result, to stdout; a failed write is ExitStatus::program.
[[nodiscard]] ExitStatus print(std::string_view result);

}  // namespace zmfw
