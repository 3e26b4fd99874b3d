#include <zmintegration/soap/soap_reader.hpp>

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <zmintegration/soap/envelope.hpp>
#include <zmintegration/support/text.hpp>

namespace zmi {
namespace {

constexpr std::size_t k_token_limit = 16 * 1024;
constexpr std::size_t k_version_limit = 128;

tl::unexpected<SoapProblem> unexpected_answer(std::string what) {
    return tl::unexpected(SoapProblem{"", std::move(what)});
}

bool is_admin_element(pugi::xml_node node, std::string_view name) {
    return is_element(node, name, k_zimbra_admin_namespace);
}

/// No blank either: what has one is no version and no token.
bool is_one_printable_word(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return c > ' ' && static_cast<unsigned char>(c) < 0x7f; });
}

/// <a n="..."> without prefix and without any other attribute (pd, xmlns).
bool is_plain_attribute(pugi::xml_node node) {
    const auto attribute = node.first_attribute();
    return std::string_view(node.name()) == "a" && attribute && !attribute.next_attribute() &&
           std::string_view(attribute.name()) == "n";
}

/// One value of a wanted attribute, checked.
SoapResult<std::string> read_value(pugi::xml_node element, std::string_view name, std::string_view who) {
    const std::string_view denied = element.attribute("pd").value();
    if (!denied.empty() && denied != "0" && denied != "false") {
        return unexpected_answer(fmt::format("{}: this account may not read {}", who, name));
    }
    std::string value;
    if (!text_of(element, value)) return unexpected_answer(fmt::format("{}: {} has child elements", who, name));
    if (value == "VALUE-BLOCKED") return unexpected_answer(fmt::format("{}: the server hides {}", who, name));
    if (!is_xml_text(value)) return unexpected_answer(fmt::format("{}: {} has a control character", who, name));
    return without_credentials(value);
}

SoapResult<Server> read_server(pugi::xml_node element, const WantedAttributes& wanted) {
    if (!is_admin_element(element, "server")) {
        return unexpected_answer(fmt::format("unexpected {} among the servers", quoted(element.name(), 40)));
    }
    const char* name = only_attribute(element, "name");
    if (name == nullptr) return unexpected_answer("a server without exactly one name");
    if (!is_host_name(name)) return unexpected_answer(fmt::format("server name {} is not a host name", quoted(name)));
    Server server{to_lower(name), {}};
    // Even a bare server entry has a name and classes: nothing at all means that it was not shown to us.
    if (!element.first_child()) return unexpected_answer(fmt::format("server {} has no attributes", server.name));
    auto attributes = read_attributes(element, wanted, "server " + server.name);
    if (!attributes) return tl::unexpected(attributes.error());
    server.own = std::move(*attributes);
    return server;
}

SoapResult<std::string> read_version(pugi::xml_node response) {
    const auto info = response.first_child();
    if (!is_admin_element(info, "info") || info.next_sibling()) {
        return unexpected_answer("GetVersionInfoResponse without exactly one info");
    }
    const char* version = only_attribute(info, "version");
    const std::string_view text = version == nullptr ? "" : version;
    if (text.empty() || text.size() > k_version_limit || !is_one_printable_word(text)) {
        return unexpected_answer(fmt::format("version {} makes no sense", quoted(text)));
    }
    return std::string(text);
}

constexpr std::array<std::string_view, 4> k_responses{"FlushCacheResponse", "GetAllServersResponse",
                                                      "GetAllConfigResponse", "GetVersionInfoResponse"};

/// The four answers of the batch; a refused flush is left in its place, any other fault is the result.
SoapResult<std::array<pugi::xml_node, 4>> batch_parts(pugi::xml_node batch) {
    std::array<pugi::xml_node, 4> parts;
    std::size_t count = 0;
    for (const auto child : batch.children()) {
        if (count == parts.size()) return unexpected_answer("the batch has more answers than requests");
        const auto expected = k_responses[count];
        if (SoapDocument::is_fault(child)) {
            if (count > 0) {
                auto problem = SoapDocument::problem_of_fault(child);
                problem.what = fmt::format("instead of {}: {}", expected, problem.what);
                return tl::unexpected(std::move(problem));
            }
        } else if (!is_admin_element(child, expected)) {
            return unexpected_answer(fmt::format("expected {}, found {}", expected, quoted(child.name(), 40)));
        }
        parts[count++] = child;
    }
    if (count < parts.size()) return unexpected_answer(fmt::format("the batch lacks {}", k_responses[count]));
    return parts;
}

}  // namespace

WantedAttributes::WantedAttributes(const Wanted& wanted) {
    for (const auto& name : wanted.attributes) {
        if (!may_be_secret(name)) m_names.insert(name);
    }
}

SoapResult<Secret> read_auth_response(const SoapDocument& document) {
    const auto response = document.content();
    if (!is_admin_element(response, "AuthResponse")) {
        return unexpected_answer(fmt::format("expected AuthResponse, found {}", quoted(response.name(), 40)));
    }
    Secret token;
    int tokens = 0;
    for (const auto child : response.children()) {
        if (is_admin_element(child, "twoFactorAuthRequired")) {
            const std::string_view required = child.child_value();
            if (required != "0" && required != "false") {
                return tl::unexpected(
                    SoapProblem{"TWO_FACTOR", "the account needs a second factor, which a program cannot give"});
            }
        }
        if (!is_admin_element(child, "authToken")) continue;
        ++tokens;
        if (!text_of(child, token.text)) return unexpected_answer("authToken has child elements");
    }
    if (tokens != 1 || token.text.empty() || token.text.size() > k_token_limit || !is_one_printable_word(token.text)) {
        return unexpected_answer("AuthResponse without a usable token");
    }
    return token;
}

SoapResult<Attributes> read_attributes(pugi::xml_node parent, const WantedAttributes& wanted, std::string_view who) {
    Attributes result;
    const bool inherits_namespace = default_namespace(parent) == k_zimbra_admin_namespace;
    for (const auto child : parent.children()) {
        // Tens of thousands of <a n="..">: the plain ones are recognised without a walk up the tree.
        const bool plain = inherits_namespace && is_plain_attribute(child);
        if (!plain && !is_admin_element(child, "a")) {
            return unexpected_answer(
                fmt::format("{}: unexpected {} among the attributes", who, quoted(child.name(), 40)));
        }
        const char* found = plain ? child.first_attribute().value() : only_attribute(child, "n");
        if (found == nullptr) return unexpected_answer(fmt::format("{}: an attribute without a name", who));
        const std::string_view name = found;
        if (!wanted.contains(name)) continue;
        auto value = read_value(child, name, who);
        if (!value) return tl::unexpected(value.error());
        auto at = result.lower_bound(name);
        if (at == result.end() || at->first != name) at = result.emplace_hint(at, name, Values());
        at->second.push_back(std::move(*value));
    }
    return result;
}

SoapResult<std::vector<Server>> read_servers(pugi::xml_node response, const WantedAttributes& wanted) {
    std::vector<Server> servers;
    for (const auto child : response.children()) {
        auto server = read_server(child, wanted);
        if (!server) return tl::unexpected(server.error());
        servers.push_back(std::move(*server));
    }
    std::sort(servers.begin(), servers.end(), [](const Server& a, const Server& b) { return a.name < b.name; });
    const auto twice = std::adjacent_find(servers.begin(), servers.end(),
                                          [](const Server& a, const Server& b) { return a.name == b.name; });
    if (twice != servers.end()) return unexpected_answer(fmt::format("server {} stands twice", twice->name));
    return servers;
}

SoapResult<DiscoveryAnswer> read_discovery_response(const SoapDocument& document, const WantedAttributes& wanted) {
    const auto batch = document.content();
    if (!is_element(batch, "BatchResponse", k_zimbra_namespace)) {
        return unexpected_answer(fmt::format("expected BatchResponse, found {}", quoted(batch.name(), 40)));
    }
    const auto parts = batch_parts(batch);
    if (!parts) return tl::unexpected(parts.error());
    const auto& [flush, all_servers, config, version_info] = *parts;

    DiscoveryAnswer answer;
    if (SoapDocument::is_fault(flush)) answer.refused_flush = SoapDocument::problem_of_fault(flush).what;
    auto servers = read_servers(all_servers, wanted);
    if (!servers) return tl::unexpected(servers.error());
    if (servers->empty()) return unexpected_answer("GetAllServersResponse without a server");
    if (!config.first_child()) return unexpected_answer("GetAllConfigResponse without an attribute");
    auto global = read_attributes(config, wanted, "global config");
    if (!global) return tl::unexpected(global.error());
    auto version = read_version(version_info);
    if (!version) return tl::unexpected(version.error());
    answer.servers = std::move(*servers);
    answer.global = std::move(*global);
    answer.version = std::move(*version);
    return answer;
}

}  // namespace zmi
