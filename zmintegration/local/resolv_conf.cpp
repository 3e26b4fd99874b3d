#include <fmt/format.h>
#include <zmintegration/local/node_files.hpp>
#include <zmintegration/support/network.hpp>
#include <zmintegration/support/text.hpp>

namespace zmi {

Expected<std::string> resolv_conf_nameservers(std::string_view text) {
    std::string servers;
    int number = 0;
    for (const auto line : split(text, '\n')) {
        ++number;
        const auto words = split_words(line);
        if (words.empty() || words.front() != "nameserver") continue;
        const auto address = words.size() < 2 ? std::nullopt : parse_address(words[1].substr(0, words[1].find('%')));
        if (!address) return failure(ErrorKind::data, fmt::format("line {}: nameserver needs an address", number));
        servers += (servers.empty() ? "" : " ") + address->to_string();
    }
    return servers;
}

}  // namespace zmi
