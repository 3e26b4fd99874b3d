#include <zmintegration/soap/soap_source.hpp>

#include <fmt/format.h>
#include <algorithm>
#include <optional>
#include <zmintegration/soap/envelope.hpp>
#include <zmintegration/soap/soap_reader.hpp>
#include <zmintegration/support/text.hpp>

namespace zmi {
namespace {

using Clock = std::chrono::steady_clock;
using Attempt = SoapTarget::Attempt;

// zmprov sends this and not application/soap+xml.
constexpr const char* k_content_type = "text/xml; charset=utf-8";
constexpr std::size_t k_auth_answer_bytes = 256 * 1024;

// Carbonio since 26.6.0 lets no login skip it; LDAP mode logs in to no account.
constexpr std::string_view k_second_factor_hint =
    "ask LDAP, which needs no such login: --source zmprov-ldap (zmprov -l)";

std::string hint_for_fault(std::string_view code) {
    if (code == "account.AUTH_FAILED" || code == "service.AUTH_REQUIRED" || code == "service.AUTH_EXPIRED") {
        return "check zimbra_ldap_user and zimbra_ldap_password in localconfig.xml";
    }
    if (code.find("TWO_FACTOR") != std::string_view::npos) return std::string(k_second_factor_hint);
    if (code == "service.PERM_DENIED") return "zimbra_ldap_user must be a global administrator";
    if (code == "service.FAILURE") return "see mailbox.log of that server; is LDAP running (ldap status)?";
    return "";
}

std::string hint_for_failure(HttpFailure::Kind kind) {
    switch (kind) {
        case HttpFailure::Kind::certificate: return "name the authority of that certificate with --tls-ca FILE";
        case HttpFailure::Kind::connect: return "is mailboxd running there (zmmailboxdctl status)?";
        default: return "";
    }
}

/// One conversation with one engine: log in, ask once.
class Conversation {
public:
    Conversation(const SoapTarget& target, HttpTransport& transport, std::chrono::milliseconds deadline,
                 const std::function<void(const std::string&)>& tell)
        : m_target(target), m_transport(transport), m_end(Clock::now() + deadline), m_tell(tell) {}

    [[nodiscard]] Expected<Answer> run(const Wanted& wanted);

private:
    [[nodiscard]] Expected<HttpResponse> log_in();
    [[nodiscard]] tl::expected<HttpResponse, HttpFailure> post(const HttpEndpoint& endpoint, const Secret& body,
                                                               std::size_t limit);
    [[nodiscard]] Expected<SoapDocument> parse(HttpResponse response) const;
    [[nodiscard]] tl::unexpected<Error> refuse(std::string what, std::string hint = "") const;
    [[nodiscard]] tl::unexpected<Error> refuse(std::string_view step, const SoapProblem& problem) const {
        return refuse(fmt::format("{}: {}", step, problem.what), hint_for_fault(problem.code));
    }

    const SoapTarget& m_target;
    HttpTransport& m_transport;
    Clock::time_point m_end;
    const std::function<void(const std::string&)>& m_tell;
    const Attempt* m_worked = nullptr;
    Secret m_token;
};

/// An engine may put what we sent into its answer: no message of ours repeats it.
void redact(std::string& text, std::string_view secret) {
    if (secret.empty()) return;
    const auto in_quotes = quoted(secret, secret.size());
    for (const auto form : {secret, std::string_view(in_quotes).substr(1, in_quotes.size() - 2)}) {
        for (auto at = text.find(form); at != std::string::npos; at = text.find(form, at + 3)) {
            text.replace(at, form.size(), "***");
        }
    }
}

tl::unexpected<Error> Conversation::refuse(std::string what, std::string hint) const {
    redact(what, m_target.password);
    redact(what, m_token.text);
    return failure(ErrorKind::knowledge, fmt::format("admin SOAP at {}: {}", m_target.display, what), std::move(hint));
}

tl::expected<HttpResponse, HttpFailure> Conversation::post(const HttpEndpoint& endpoint, const Secret& body,
                                                           std::size_t limit) {
    HttpLimits limits;
    limits.body_bytes = std::min(limit, limits.body_bytes);
    limits.total = std::chrono::ceil<std::chrono::milliseconds>(m_end - Clock::now());
    if (limits.total.count() <= 0) return tl::unexpected(HttpFailure{HttpFailure::Kind::timeout, "no time is left"});
    limits.connect = std::min(limits.connect, limits.total);
    return m_transport.post(endpoint, k_content_type, body.text, limits);
}

/// Tries the attempts while the certificate is what fails, or nothing listens and another address is left.
Expected<HttpResponse> Conversation::log_in() {
    const auto request = make_auth_request(m_target.user, m_target.password);
    std::optional<HttpFailure> reason;
    std::vector<std::optional<IpAddress>> deaf;
    for (const auto& attempt : m_target.attempts) {
        if (std::find(deaf.begin(), deaf.end(), attempt.endpoint.dial) != deaf.end()) continue;
        auto response = post(attempt.endpoint, request, k_auth_answer_bytes);
        if (response) {
            m_worked = &attempt;
            return std::move(*response);
        }
        const auto kind = response.error().kind;
        // A refused certificate says more than the address family that nothing listens on.
        if (!reason || kind != HttpFailure::Kind::connect) reason = response.error();
        if (kind == HttpFailure::Kind::connect) deaf.push_back(attempt.endpoint.dial);
        if (kind != HttpFailure::Kind::connect && kind != HttpFailure::Kind::certificate) break;
    }
    if (!reason) return refuse("there is no way to reach it");
    return refuse(reason->what, hint_for_failure(reason->kind));
}

Expected<SoapDocument> Conversation::parse(HttpResponse response) const {
    auto document = SoapDocument::parse(std::move(response.body));
    const bool usual = response.status == 200 || response.status == 500;
    if (!document) {
        const auto step = usual ? std::string() : fmt::format("HTTP status {}: ", response.status);
        return refuse(step + document.error().what, hint_for_fault(document.error().code));
    }
    if (response.status != 200) return refuse(fmt::format("HTTP status {}", response.status));
    return std::move(*document);
}

Expected<Answer> Conversation::run(const Wanted& wanted) {
    if (!is_xml_text(m_target.user) || !is_xml_text(m_target.password)) {
        return refuse("the user name or the password holds a character that XML cannot carry");
    }
    auto logged_in = log_in();
    if (!logged_in) return tl::unexpected(logged_in.error());
    if (!m_worked->warning.empty()) m_tell(m_worked->warning);
    const auto auth = parse(std::move(*logged_in));
    if (!auth) return tl::unexpected(auth.error());
    auto token = read_auth_response(*auth);
    if (!token) return refuse("login", token.error());
    m_token = std::move(*token);

    auto response = post(m_worked->endpoint, make_discovery_request(m_token.text), HttpLimits().body_bytes);
    if (!response) return refuse(response.error().what, hint_for_failure(response.error().kind));
    const auto batch = parse(std::move(*response));
    if (!batch) return tl::unexpected(batch.error());
    auto found = read_discovery_response(*batch, WantedAttributes(wanted));
    if (!found) return refuse("discovery", found.error());
    if (!found->refused_flush.empty()) {
        std::string reason = found->refused_flush;
        redact(reason, m_target.password);
        redact(reason, m_token.text);
        m_tell(fmt::format("warning: {} did not flush its cache, its global config may be old: {}", m_target.display,
                           reason));
    }
    return Answer{m_target.display, std::move(found->version), std::move(found->global), std::move(found->servers)};
}

}  // namespace

Expected<Answer> ask_soap(const SoapTarget& target, const Wanted& wanted, HttpTransport& transport,
                          std::chrono::milliseconds deadline, const std::function<void(const std::string&)>& tell) {
    return Conversation(target, transport, deadline, tell).run(wanted);
}

}  // namespace zmi
