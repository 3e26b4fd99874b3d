#pragma once

#include <plugin/policy/policy.hpp>
#include <stdexcept>
#include <string>
#include <utility>

namespace zmfw::test {

/// The policy with this between its outermost tags.
inline Policy policy_of(const std::string& content) {
    auto parsed = parse_policy("<policy>" + content + "</policy>", "policy.xml");
    if (!parsed) throw std::runtime_error(parsed.error().what);
    return std::move(*parsed);
}

}  // namespace zmfw::test
