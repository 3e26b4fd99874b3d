#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <zmintegration/facts/inventory.hpp>
#include <zmintegration/local/product.hpp>
#include <zmintegration/support/error.hpp>

namespace zmi {

/// localconfig.xml of this node with its secrets: lives only inside discovery, is never printed or saved.
class LocalConfig {
public:
    /// `home` is the value of zimbra_home where the file does not set it.
    explicit LocalConfig(std::map<std::string, std::string, std::less<>> raw,
                         std::string home = packaged_home(ProductFamily::zimbra).string())
        : m_raw(std::move(raw)), m_home(std::move(home)) {}

    /// Value with ${other_key} expanded (a fixed depth; a loop or an unknown name is an error that names the key).
    /// nullopt where the key is not set. Compiled defaults for `zimbra_home` and `zimbra_server_hostname` only.
    [[nodiscard]] Expected<std::optional<std::string>> get(std::string_view key) const;

    /// The wanted keys that are set, expanded, cut to the wanted word prefixes, URLs without credentials. A wanted key
    /// that may be secret is an error. Words that are cut away are not expanded: what they refer to may be unknown.
    [[nodiscard]] Expected<std::map<std::string, std::string, std::less<>>> select(const Wanted& wanted) const;

private:
    [[nodiscard]] std::optional<std::string> raw(std::string_view key) const;
    [[nodiscard]] Expected<std::string> expand(std::string_view key, std::string_view text) const;
    [[nodiscard]] Expected<std::string> expand(std::string_view key, std::string_view text, int depth,
                                               int& references) const;
    [[nodiscard]] Expected<std::string> kept_words(std::string_view key, std::string_view text,
                                                   const std::vector<std::string>& prefixes) const;

    std::map<std::string, std::string, std::less<>> m_raw;
    std::string m_home;
};

/// Parses `conf/localconfig.xml` (root `localconfig`, `key name=".."` / `value`). Errors name file and line and,
/// where the file cannot be read, say to run as `user`.
[[nodiscard]] Expected<LocalConfig> read_localconfig(const std::filesystem::path& home,
                                                     std::string_view user = user_of(ProductFamily::zimbra));
[[nodiscard]] Expected<LocalConfig> parse_localconfig(std::string_view xml, std::string_view origin_name);

}  // namespace zmi
