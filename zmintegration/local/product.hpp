#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <zmintegration/support/error.hpp>

/// Which product this is, and where: the one place that knows the homes and the users of the family.
namespace zmi {

enum class ProductFamily { zimbra, carbonio };
[[nodiscard]] std::string_view to_string(
    ProductFamily family);  ///< "zimbra", "carbonio": as in inventories and catalogues
[[nodiscard]] std::optional<ProductFamily> parse_family(std::string_view name);
[[nodiscard]] std::string_view name_of(ProductFamily family);             ///< "Zimbra", "Carbonio": for people
[[nodiscard]] std::string_view user_of(ProductFamily family);             ///< "zimbra", "zextras"
[[nodiscard]] std::string_view core_package_of(ProductFamily family);     ///< "zimbra-core", "carbonio-core"
[[nodiscard]] std::filesystem::path packaged_home(ProductFamily family);  ///< "/opt/zimbra", "/opt/zextras"

/// An installation. The default is what Zimbra is where nothing was looked at.
struct Product {
    ProductFamily family = ProductFamily::zimbra;
    std::filesystem::path home = packaged_home(ProductFamily::zimbra);
    std::string user = std::string(user_of(ProductFamily::zimbra));
    std::string edition;                 ///< "ce" or "advanced" of Carbonio; "suite" of Zimbra with zxsuite; else empty
    std::string release;                 ///< of HOME/.version (Carbonio); empty where no file tells
    std::vector<std::string> evidence;   ///< how we know: one line a file or package; empty: nothing is here
    std::vector<std::string> leftovers;  ///< what is here of the other product, which decided nothing
    bool operator==(const Product&) const = default;
};

/// One line for people: "Carbonio (advanced) 26.6.0 in /opt/zextras: ..." with the evidence.
[[nodiscard]] std::string describe(const Product& product);

/// A product that nobody has looked for: its home below `system_root`, unless one is named.
[[nodiscard]] Product assumed_product(ProductFamily family, const std::filesystem::path& system_root,
                                      const std::optional<std::filesystem::path>& home = std::nullopt);

/// From files alone (never from what LDAP calls things): localconfig.xml, the product's own command, its user in
/// etc/passwd, its release file and the database of dpkg, below `system_root`. `home` and `family` overrule where they
/// are given. Where nothing is found: Zimbra, without evidence. Fails with ErrorKind::knowledge where both products
/// are here and neither is clearly a leftover, or one cannot be looked into.
[[nodiscard]] Expected<Product> detect_product(const std::filesystem::path& system_root,
                                               const std::optional<std::filesystem::path>& home = std::nullopt,
                                               std::optional<ProductFamily> family = std::nullopt);

}  // namespace zmi
