#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>
#include <zmintegration/support/error.hpp>

namespace zmi {

/// A value of HCL 1, the language of Consul's files, as far as those of the mesh use it. A block with a label
/// (service "web" { ... }) is an object in an object. A key may stand several times.
struct HclValue {
    enum class Type { text, number, fraction, boolean, list, object };
    Type type = Type::object;
    int line = 0;  ///< 1-based
    std::string text;
    bool computed = false;  ///< of a text: it has a ${...}, and nobody here knows what comes of it
    std::int64_t number = 0;
    bool truth = false;
    std::vector<HclValue> children;  ///< of a list or an object
    std::vector<std::string> keys;   ///< of the children of an object, in step with `children`

    /// All children of that key, in order.
    [[nodiscard]] std::vector<const HclValue*> all(std::string_view key) const;
};

/// Reads a file: comments (#, //, /* */), keys with or without '=', texts, numbers, booleans, lists, objects. Heredocs,
/// more than 32 levels and more than 100 000 values are refused. An error begins with "PATH:LINE: ".
[[nodiscard]] Expected<HclValue> parse_hcl(std::string_view text, const std::string& path);

}  // namespace zmi
