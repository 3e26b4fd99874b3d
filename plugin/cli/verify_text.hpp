#pragma once

#include <plugin/cli/style.hpp>
#include <plugin/verify/verified.hpp>
#include <string>

namespace zmfw {

/// A table of the differences for each peer, and how much is as planned.
[[nodiscard]] std::string verified_text(const Verified& verified, const Style& style);

/// A bar on standard error, redrawn in place; nothing where that is no terminal, or with NO_COLOR or a dumb one.
class ProgressBar {
public:
    ProgressBar();
    ~ProgressBar();
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;
    void show(std::size_t done, std::size_t all);

private:
    bool m_wanted;
    int m_shown = -1;  ///< tenths of a percent, so that it is not redrawn for nothing
};

}  // namespace zmfw
