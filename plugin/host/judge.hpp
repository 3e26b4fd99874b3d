#pragma once

#include <plugin/host/signs.hpp>
#include <string_view>

/// What the signs mean for a firewall of ours on this host. Pure.
namespace zmfw {

struct HostWarning {
    std::string id;      ///< for programs: "two-managers"
    std::string text;    ///< for people
    std::string remedy;  ///< or empty
};

struct HostJudgement {
    std::string format;  ///< the one that fits; empty where that cannot be told
    std::string why;
    std::vector<HostWarning> warnings;
};

[[nodiscard]] HostJudgement judge(const HostSigns& signs);

/// What stands against loading rules of `format` here; empty for formats that are not for this host's own firewall.
[[nodiscard]] std::vector<HostWarning> judge_format(const HostSigns& signs, std::string_view format);

}  // namespace zmfw
