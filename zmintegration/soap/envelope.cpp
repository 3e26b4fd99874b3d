#include <zmintegration/soap/envelope.hpp>

#include <algorithm>
#include <zmintegration/support/text.hpp>

namespace zmi {
namespace {

constexpr std::string_view k_start =
    R"(<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:Header><context xmlns="urn:zimbra">)"
    R"(<userAgent name="zmfirewall"/><nosession/>)";
constexpr std::string_view k_middle = "</context></soap:Header><soap:Body>";
constexpr std::string_view k_end = "</soap:Body></soap:Envelope>";

// allServers="0": only the engine that answers must forget; flushing the others would cost a round trip to each.
constexpr std::string_view k_batch =
    R"(<BatchRequest xmlns="urn:zimbra" onerror="continue">)"
    R"(<FlushCacheRequest xmlns="urn:zimbraAdmin"><cache type="config,server" allServers="0"/></FlushCacheRequest>)"
    R"(<GetAllServersRequest xmlns="urn:zimbraAdmin" applyConfig="0"/>)"
    R"(<GetAllConfigRequest xmlns="urn:zimbraAdmin"/>)"
    R"(<GetVersionInfoRequest xmlns="urn:zimbraAdmin"/>)"
    "</BatchRequest>";

/// Room for everything at once, so that growing leaves no copy of a secret behind.
std::string with_room_for(std::size_t secrets) {
    std::string out;
    out.reserve(k_start.size() + k_middle.size() + k_batch.size() + k_end.size() + 256 + 6 * secrets);
    return out;
}

}  // namespace

bool is_xml_text(std::string_view text) {
    const auto allowed = [](char c) {
        return static_cast<unsigned char>(c) >= 0x20 || c == '\t' || c == '\n' || c == '\r';
    };
    return std::all_of(text.begin(), text.end(), allowed) && is_valid_utf8(text);
}

void append_xml(std::string& out, std::string_view text) {
    for (const char c : text) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            case '\'': out += "&#39;"; break;
            // Parsers turn these into a line feed or a blank when they stand as they are.
            case '\r': out += "&#13;"; break;
            case '\n': out += "&#10;"; break;
            case '\t': out += "&#9;"; break;
            default: out += c;
        }
    }
}

Secret make_auth_request(std::string_view user, std::string_view password) {
    Secret request(with_room_for(user.size() + password.size()));
    auto& out = request.text;
    out += k_start;
    out += k_middle;
    out += R"(<AuthRequest xmlns="urn:zimbraAdmin"><name>)";
    append_xml(out, user);
    out += "</name><password>";
    append_xml(out, password);
    out += "</password></AuthRequest>";
    out += k_end;
    return request;
}

Secret make_discovery_request(std::string_view token) {
    Secret request(with_room_for(token.size()));
    auto& out = request.text;
    out += k_start;
    out += "<authToken>";
    append_xml(out, token);
    out += "</authToken>";
    out += k_middle;
    out += k_batch;
    out += k_end;
    return request;
}

}  // namespace zmi
