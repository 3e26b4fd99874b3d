#pragma once

#include <string.h>
#include <string>

namespace zmi {

/// Overwrites a secret. Best effort: copies that a library made stay where they are.
inline void wipe(std::string& secret) {
    explicit_bzero(secret.data(), secret.size());
    secret.clear();
}

/// A text that is overwritten when it goes out of scope.
struct Secret {
    std::string text;

    Secret() = default;
    explicit Secret(std::string value) : text(std::move(value)) {}
    ~Secret() { wipe(text); }
    Secret(Secret&& other) noexcept : text(std::move(other.text)) { wipe(other.text); }
    Secret& operator=(Secret&& other) noexcept {
        std::swap(text, other.text);
        return *this;
    }
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
};

}  // namespace zmi
