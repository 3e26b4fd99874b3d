#include <nlohmann/json.hpp>
#include <optional>
#include <plugin/observe/counted.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

using nlohmann::json;

constexpr std::size_t k_set_size = 65'535;  ///< as the templates say

/// An element: {"elem": {"val": {"concat": [ADDRESS, PORT]}, "counter": {"packets": N}}}, or its value alone where the
/// version of nft does not tell the rest.
std::optional<std::pair<Attempt, std::uint64_t>> read_element(const json& element, const std::string& protocol) {
    const auto& inner = element.contains("elem") ? element["elem"] : element;
    const auto& value = inner.contains("val") ? inner["val"] : inner;
    if (!value.contains("concat") || !value["concat"].is_array() || value["concat"].size() != 2) return std::nullopt;
    const auto& words = value["concat"];
    if (!words[0].is_string() || !words[1].is_number_unsigned()) return std::nullopt;
    const auto address = zmi::parse_address(words[0].get_ref<const std::string&>());
    const auto port = words[1].get<std::uint64_t>();
    if (!address || port > 65'535) return std::nullopt;
    std::uint64_t packets = 1;
    if (inner.contains("counter")) {
        const auto& counter = inner["counter"];
        if (!counter.contains("packets") || !counter["packets"].is_number_unsigned()) return std::nullopt;
        packets = counter["packets"].get<std::uint64_t>();
    }
    return std::pair(Attempt{*address, protocol, static_cast<std::uint16_t>(port)}, packets);
}

void add(const std::optional<std::pair<Attempt, std::uint64_t>>& element, Sightings& into) {
    if (!element) {
        ++into.not_understood;
    } else if (auto* tally = into.of(element->first)) {
        tally->counted += element->second;
    }
}

void read_set(const json& set, Sightings& into) {
    const auto name = set.value("name", std::string());
    if (!name.starts_with("would_drop_") || !set.contains("elem")) return;
    if (!set["elem"].is_array()) {
        ++into.not_understood;
        return;
    }
    if (set["elem"].size() >= k_set_size) into.set_is_full = true;
    const std::string protocol = name.find("_tcp") != std::string::npos ? "tcp" : "udp";
    for (const auto& element : set["elem"]) add(read_element(element, protocol), into);
}

std::optional<std::uint64_t> number_after(const std::vector<std::string_view>& words, std::string_view name) {
    for (std::size_t at = 3; at + 1 < words.size(); ++at) {
        if (words[at] != name) continue;
        if (const auto number = zmi::parse_number<std::uint64_t>(words[at + 1])) return number;
    }
    return std::nullopt;
}

/// "add NAME ADDRESS,tcp:PORT timeout N packets N bytes N"
std::optional<std::pair<Attempt, std::uint64_t>> read_entry(const std::vector<std::string_view>& words) {
    if (words.size() < 3) return std::nullopt;
    const auto comma = words[2].find(',');
    const auto colon = words[2].find(':', comma == std::string_view::npos ? 0 : comma);
    if (comma == std::string_view::npos || colon == std::string_view::npos) return std::nullopt;
    const auto address = zmi::parse_address(words[2].substr(0, comma));
    const auto protocol = words[2].substr(comma + 1, colon - comma - 1);
    const auto port = words[2].substr(colon + 1) == "0" ? std::optional<std::uint16_t>(std::uint16_t{0})
                                                        : zmi::parse_port(words[2].substr(colon + 1));
    const auto packets = number_after(words, "packets");
    if (!address || (protocol != "tcp" && protocol != "udp") || !port || !packets) return std::nullopt;
    return std::pair(Attempt{*address, std::string(protocol), *port}, *packets);
}

}  // namespace

zmi::Expected<void> read_nft_sets(std::string_view text, Sightings& into) {
    const auto wrong = [] {
        return zmi::failure(zmi::ErrorKind::program, "nft prints something that is not its JSON");
    };
    const auto document = json::parse(text, nullptr, false);
    if (!document.is_object() || !document.contains("nftables") || !document["nftables"].is_array()) return wrong();
    for (const auto& item : document["nftables"]) {
        if (!item.is_object()) return wrong();
        if (item.contains("set") && item["set"].is_object() && item["set"].contains("name") &&
            item["set"]["name"].is_string()) {
            read_set(item["set"], into);
        }
    }
    return {};
}

void read_ipset(std::string_view text, Sightings& into) {
    std::size_t entries = 0;
    for (const auto line : zmi::split_lines(text)) {
        const auto words = zmi::split_words(line);
        if (words.empty() || words[0] == "create") continue;
        if (words[0] != "add") {
            ++into.not_understood;
            continue;
        }
        ++entries;
        add(read_entry(words), into);
    }
    if (entries >= k_set_size) into.set_is_full = true;
}

}  // namespace zmfw
