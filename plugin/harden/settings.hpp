#pragma once

#include <map>
#include <optional>
#include <plugin/catalogue/catalogue.hpp>
#include <string>
#include <utility>
#include <vector>
#include <zmintegration/facts/inventory.hpp>

namespace zmfw {

/// The settings of a deployment while a batch changes them, one after the other.
class Settings {
public:
    Settings(const zmi::Inventory& inventory, const Catalogue& catalogue)
        : m_inventory(&inventory), m_catalogue(&catalogue) {}

    [[nodiscard]] bool knows(const std::string& server) const {
        return server.empty() || m_inventory->find(server) != nullptr;
    }
    /// As set on the server itself, or in global config where `server` is empty.
    [[nodiscard]] zmi::Values own(const std::string& server, const std::string& name) const;
    /// What is in force: own, else inherited, else the product's default.
    [[nodiscard]] zmi::Values effective(const std::string& server, const std::string& name) const;
    /// "zimbraX is 'a', 'b'", with where it comes from: for a comment.
    [[nodiscard]] std::string described(const std::string& server, const std::string& name) const;
    /// Own values after the change; nullopt where they cannot be had (an empty list would inherit again).
    [[nodiscard]] std::optional<zmi::Values> after(const Change& change) const;
    void put(const std::string& server, const std::string& name, zmi::Values values);

    /// The value that localconfig.xml of that node has; nullopt where we were not on it, or keep a part of it only.
    [[nodiscard]] std::optional<zmi::Values> localconfig(const std::string& server, const std::string& key) const;
    /// Of a value of which the inventory keeps a part only: that part; nullopt where there is none.
    [[nodiscard]] std::optional<std::string> localconfig_part(const std::string& server, const std::string& key) const;

private:
    [[nodiscard]] zmi::Values inherited(const std::string& server, const std::string& name) const;

    const zmi::Inventory* m_inventory;
    const Catalogue* m_catalogue;
    std::map<std::pair<std::string, std::string>, zmi::Values> m_changed;  ///< by server and name
};

/// "name value ..." words for `ms` or `mcf` that turn the values `before` into `after`: a plain value where at most one
/// is on either side, else -name and +name, as zmprov does not replace a list. Empty where they are the same.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> difference(const std::string& name,
                                                                          const zmi::Values& before,
                                                                          const zmi::Values& after);

}  // namespace zmfw
