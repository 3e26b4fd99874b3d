#pragma once

#include <string_view>
#include <zmintegration/local/product.hpp>

namespace zmi {

/// What the documentation of a product of this name tells people to type; "zmprov" where the name is no product.
[[nodiscard]] inline std::string_view prov_command(std::string_view product) {
    return parse_family(product) == ProductFamily::carbonio ? "carbonio prov" : "zmprov";
}

/// Who types it; "zimbra" where the name is no product.
[[nodiscard]] inline std::string_view prov_user(std::string_view product) {
    return user_of(parse_family(product).value_or(ProductFamily::zimbra));
}

}  // namespace zmi
