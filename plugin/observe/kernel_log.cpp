#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <plugin/observe/kernel_log.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

constexpr std::size_t k_longest_line = 8192;  ///< journal entries carry more than the message

constexpr std::array<std::string_view, 30> k_keys = {
    "IN",  "OUT", "PHYSIN", "PHYSOUT", "MAC", "MACSRC", "MACDST",   "MACPROTO", "SRC",   "DST",
    "LEN", "TOS", "PREC",   "TTL",     "ID",  "TC",     "HOPLIMIT", "FLOWLBL",  "PROTO", "SPT",
    "DPT", "SEQ", "ACK",    "WINDOW",  "RES", "URGP",   "TYPE",     "CODE",     "MARK",  "SPI"};
constexpr std::array<std::string_view, 11> k_flags = {"DF",  "CE",  "MF",  "SYN", "ACK", "FIN",
                                                      "RST", "PSH", "URG", "CWR", "ECE"};

template <class List>
bool is_one_of(const List& list, std::string_view word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

bool is_number(std::string_view text) {
    return text.size() <= 10 && zmi::parse_number<std::uint64_t>(text).has_value();
}

/// The fields that decide; each may stand once.
struct Fields {
    std::optional<std::string_view> in, out, source, destination, protocol, port;
    bool fragment = false;

    std::optional<std::string_view>* find(std::string_view key) {
        if (key == "IN") return &in;
        if (key == "OUT") return &out;
        if (key == "SRC") return &source;
        if (key == "DST") return &destination;
        if (key == "PROTO") return &protocol;
        return key == "DPT" ? &port : nullptr;
    }
};

/// ICMP errors quote the packet that they are about in brackets; before them everything must be known.
bool read_fields(std::string_view text, Fields& fields) {
    for (const auto word : zmi::split_words(text)) {
        if (word.front() == '[') return zmi::trim(text).back() == ']' || text.find("] ") != std::string_view::npos;
        if (word.starts_with("FRAG:")) {
            if (!is_number(word.substr(5))) return false;
            fields.fragment = word != "FRAG:0";
            continue;
        }
        const auto equals = word.find('=');
        if (equals == std::string_view::npos) {
            if (!is_one_of(k_flags, word)) return false;
            continue;
        }
        const auto key = word.substr(0, equals);
        if (!is_one_of(k_keys, key)) return false;
        auto* field = fields.find(key);
        if (field == nullptr) continue;
        if (*field) return false;
        *field = word.substr(equals + 1);
    }
    return true;
}

std::optional<std::string> protocol_of(std::string_view name) {
    static constexpr std::array<std::string_view, 7> k_names = {"TCP", "UDP", "UDPLITE", "ICMP", "ICMPv6", "AH", "ESP"};
    if (is_one_of(k_names, name)) return zmi::to_lower(name);
    if (is_number(name) && name.size() <= 3) return std::string(name);
    return std::nullopt;
}

/// What follows the "kernel:" of a syslog line; empty where the line is another program's.
std::string_view kernel_part(std::string_view line) {
    const auto words = zmi::split_words(line);
    // "Nov 24 06:15:47 HOST kernel: ..." or "2026-11-24T06:15:47+00:00 HOST kernel: ..."
    if (words.size() < 4) return {};
    const bool rfc3339 = words[0].size() >= 20 && words[0][4] == '-' && words[0][10] == 'T';
    const std::size_t at = rfc3339 ? 2 : 4;
    if (words.size() <= at || words[at] != "kernel:") return {};
    auto rest = zmi::trim(line.substr(static_cast<std::size_t>(words[at].data() - line.data()) + words[at].size()));
    if (rest.starts_with('[')) {
        const auto end = rest.find(']');
        if (end == std::string_view::npos ||
            rest.substr(1, end - 1).find_first_not_of(" 0123456789.") != std::string_view::npos) {
            return {};
        }
        rest = zmi::trim(rest.substr(end + 1));
    }
    return rest;
}

void read_message(std::string_view message, Sightings& into) {
    if (message.find(k_observe_prefix) == std::string_view::npos) return;
    // In the middle of a message the prefix is somebody else's words.
    const auto attempt =
        message.starts_with(k_observe_prefix) ? parse_packet(message.substr(k_observe_prefix.size())) : std::nullopt;
    if (!attempt) {
        ++into.not_understood;
        return;
    }
    if (auto* tally = into.of(*attempt)) ++tally->logged;
}

void read_journal_entry(std::string_view line, Sightings& into) {
    const auto entry = nlohmann::json::parse(line, nullptr, false);
    const auto is = [&](const char* key) { return entry.contains(key) && entry[key].is_string(); };
    if (!entry.is_object()) {
        ++into.not_understood;
        return;
    }
    if (!is("MESSAGE") || !is("_TRANSPORT") || entry["_TRANSPORT"] != "kernel") return;
    read_message(entry["MESSAGE"].get_ref<const std::string&>(), into);
}

}  // namespace

std::optional<Attempt> parse_packet(std::string_view text) {
    Fields fields;
    if (!zmi::is_printable_ascii(text) || !read_fields(text, fields)) return std::nullopt;
    if (!fields.in || fields.in->empty() || !fields.out || !fields.out->empty()) return std::nullopt;
    if (!fields.source || !fields.destination || !fields.protocol) return std::nullopt;
    const auto source = zmi::parse_address(*fields.source);
    const auto destination = zmi::parse_address(*fields.destination);
    const auto protocol = protocol_of(*fields.protocol);
    if (!source || !destination || source->family != destination->family || !protocol) return std::nullopt;
    const bool has_ports = *protocol == "tcp" || *protocol == "udp" || *protocol == "udplite";
    if (fields.port.has_value() != (has_ports && !fields.fragment)) return std::nullopt;
    Attempt attempt{*source, *protocol, 0};
    if (fields.port) {
        const auto port = zmi::parse_port(*fields.port);
        if (!port) return std::nullopt;
        attempt.port = *port;
    }
    return attempt;
}

void read_log(std::string_view text, Sightings& into) {
    for (auto line : zmi::split_lines(text)) {
        if (line.find(k_observe_prefix) == std::string_view::npos) continue;
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.size() > k_longest_line) {
            ++into.not_understood;
        } else if (line.front() == '{') {
            read_journal_entry(line, into);
        } else {
            read_message(kernel_part(line), into);
        }
    }
}

}  // namespace zmfw
