#include <plugin/policy/policy.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {

const std::vector<zmi::Cidr>* Policy::network(std::string_view name) const {
    const auto found = networks.find(name);
    return found == networks.end() ? nullptr : &found->second;
}

bool Policy::adds_server(std::string_view name) const {
    const auto found = servers.find(name);
    return found != servers.end() && found->second.components.has_value();
}

bool is_comment(std::string_view text) {
    return zmi::is_printable_ascii(text) && text.find_first_of("\"'`\\$") == std::string_view::npos;
}

}  // namespace zmfw
