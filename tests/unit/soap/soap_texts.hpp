#pragma once

#include <string>
#include <zmintegration/facts/inventory.hpp>

namespace zmi::testing {

inline std::string envelope(const std::string& content) {
    return R"(<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:Header><context xmlns="urn:zimbra"/>)"
           "</soap:Header><soap:Body>" +
           content + "</soap:Body></soap:Envelope>";
}

inline std::string fault(const std::string& code, const std::string& text) {
    return "<soap:Fault><soap:Code><soap:Value>soap:Sender</soap:Value></soap:Code><soap:Reason><soap:Text>" + text +
           R"(</soap:Text></soap:Reason><soap:Detail><Error xmlns="urn:zimbra"><Code>)" + code +
           "</Code><Trace>qtp-1</Trace></Error></soap:Detail></soap:Fault>";
}

inline std::string auth_answer(const std::string& token = "0_token") {
    return envelope(R"(<AuthResponse xmlns="urn:zimbraAdmin"><lifetime>43199998</lifetime><authToken>)" + token +
                    "</authToken></AuthResponse>");
}

inline const std::string k_flushed = R"(<FlushCacheResponse xmlns="urn:zimbraAdmin"/>)";
inline const std::string k_config =
    R"(<GetAllConfigResponse xmlns="urn:zimbraAdmin"><a n="zimbraMailPort">80</a><a n="zimbraAuthTokenKey">SECRET</a>)"
    "</GetAllConfigResponse>";
inline const std::string k_version =
    R"(<GetVersionInfoResponse xmlns="urn:zimbraAdmin"><info version="10.1.2_GA_4652.FOSS"/></GetVersionInfoResponse>)";

inline std::string server(const std::string& name, const std::string& attributes) {
    return "<server name=\"" + name + "\" id=\"1\">" + attributes + "</server>";
}
inline std::string attribute(const std::string& name, const std::string& value) {
    return "<a n=\"" + name + "\">" + value + "</a>";
}
inline std::string servers(const std::string& content) {
    return R"(<GetAllServersResponse xmlns="urn:zimbraAdmin">)" + content + "</GetAllServersResponse>";
}
inline std::string batch(const std::string& content) {
    return envelope(R"(<BatchResponse xmlns="urn:zimbra">)" + content + "</BatchResponse>");
}
/// A sound batch with these servers.
inline std::string discovery_answer(const std::string& content) {
    return batch(k_flushed + servers(content) + k_config + k_version);
}
inline std::string one_server() {
    return server("mail.example.com", attribute("zimbraServiceEnabled", "mta") +
                                          attribute("zimbraServiceEnabled", "mailbox") +
                                          attribute("zimbraUnasked", "x"));
}

inline Wanted wanted() {
    Wanted result;
    result.attributes = {"zimbraServiceEnabled", "zimbraMailPort", "zimbraMailURL", "zimbraAuthTokenKey"};
    return result;
}

}  // namespace zmi::testing
