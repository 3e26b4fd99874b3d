#include <plugin/policy/policy.hpp>

namespace zmfw {

const std::vector<zmi::Cidr>* Policy::network(std::string_view name) const {
    const auto found = networks.find(name);
    return found == networks.end() ? nullptr : &found->second;
}

}  // namespace zmfw
