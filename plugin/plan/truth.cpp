#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <array>
#include <charconv>
#include <plugin/plan/append.hpp>
#include <plugin/plan/component.hpp>
#include <plugin/plan/truth.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

using Kind = Condition::Kind;
using Version = std::array<int, 3>;

Truth yes(Because because) {
    return {Verdict::yes, {std::move(because)}, {}, {}, {}};
}

Truth no(Because because, std::string reason) {
    return {Verdict::no, {std::move(because)}, std::move(reason), {}, {}};
}

Truth unknown(Problem problem) {
    return {Verdict::unknown, {}, {}, {std::move(problem)}, {}};
}

/// "10.1.2_GA_4652" -> 10, 1, 2; nullopt where it does not begin with a number.
std::optional<Version> parse_version(std::string_view text) {
    text = text.substr(0, text.find_first_not_of("0123456789."));
    Version version{};
    const auto parts = zmi::split(text, '.');
    if (text.empty() || parts.front().empty()) return std::nullopt;
    for (std::size_t i = 0; i < std::min(parts.size(), version.size()); ++i) {
        if (parts[i].empty()) break;
        if (parts[i].size() > 6) return std::nullopt;
        std::from_chars(parts[i].data(), parts[i].data() + parts[i].size(), version[i]);
    }
    return version;
}

/// TRUE/FALSE in LDAP, true/false in localconfig.
std::optional<bool> parse_boolean(std::string_view value, FactKind kind) {
    if (kind == FactKind::localconfig) {
        if (zmi::equal_ignoring_case(value, "true")) return true;
        if (zmi::equal_ignoring_case(value, "false")) return false;
        return std::nullopt;
    }
    if (value == "TRUE") return true;
    if (value == "FALSE") return false;
    return std::nullopt;
}

const AttributeSpec* enumeration(const FactsView& view, const Condition& condition) {
    if (condition.fact != FactKind::attribute) return nullptr;
    const auto found = view.catalogue().attributes.find(condition.name);
    const bool is_enumeration =
        found != view.catalogue().attributes.end() && found->second.type == ValueType::enumeration;
    return is_enumeration ? &found->second : nullptr;
}

bool contains(const std::vector<std::string>& list, std::string_view value) {
    return std::find(list.begin(), list.end(), value) != list.end();
}

bool uses_client(const Condition& condition) {
    return condition.kind == Kind::client_names ||
           std::any_of(condition.children.begin(), condition.children.end(), uses_client);
}

/// A value over several lines is no list of hosts, whatever stands in its lines.
bool has_control_character(std::string_view value) {
    return std::any_of(value.begin(), value.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

std::string describe(const Fact& fact) {
    if (!fact.is_set()) return fmt::format("{} is not set", fact.name);
    return fmt::format("{} is {} ({})", fact.name, zmi::quoted(fact.joined()), zmi::to_string(fact.origin));
}

std::vector<std::string> assumed_fact(const FactsView& view, std::size_t server, const Fact& fact) {
    return fact.assumed ? std::vector{fmt::format("{} of {}", fact.name, view.name(server))}
                        : std::vector<std::string>{};
}

}  // namespace

Because because_of(const FactsView&, std::size_t, const Fact& fact, std::string value) {
    return {fact.name, std::move(value), std::string(zmi::to_string(fact.origin)), {}};
}

Because because_of(const FactsView& view, std::size_t server, const Fact& fact) {
    return because_of(view, server, fact, fact.joined());
}

Problem bad_value(const FactsView& view, std::size_t server, const Fact& fact, std::string_view value,
                  std::string_view what) {
    return {view.name(server), fact.name,
            fmt::format("{} of {} ({}) is {}, which is no {}", fact.name, view.name(server),
                        zmi::to_string(fact.origin), zmi::quoted(value), what)};
}

Truth Evaluator::about(const Condition& condition, std::size_t subject) const {
    return evaluate(condition, {subject, std::nullopt});
}

Truth Evaluator::about_pair(const Condition& condition, std::size_t client, std::size_t listener) const {
    return evaluate(condition, {listener, client});
}

bool Evaluator::rules_out(const Condition& condition, std::size_t subject) const {
    switch (condition.kind) {
        case Kind::never: return true;
        case Kind::service: return !m_view.has_service(subject, condition.values.front());
        case Kind::component: return component(condition, subject).verdict == Verdict::no;
        case Kind::all_of:
            return std::any_of(condition.children.begin(), condition.children.end(),
                               [&](const Condition& child) { return rules_out(child, subject); });
        case Kind::any_of:
            return std::all_of(condition.children.begin(), condition.children.end(),
                               [&](const Condition& child) { return rules_out(child, subject); });
        case Kind::use: return rules_out(m_view.catalogue().conditions.find(condition.values.front())->second, subject);
        default: return false;
    }
}

Truth Evaluator::evaluate(const Condition& condition, const Subjects& subjects) const {
    switch (condition.kind) {
        case Kind::always: return {};
        case Kind::never: return {Verdict::no, {}, "never", {}, {}};
        case Kind::all_of: return all_of(condition.children, subjects);
        case Kind::any_of: return any_of(condition.children, subjects);
        case Kind::none_of: return none_of(condition, subjects);
        case Kind::service: return service(condition, subjects.subject);
        case Kind::component: return component(condition, subjects.subject);
        case Kind::is: return is(condition, subjects.subject);
        case Kind::is_true: return is_true(condition, subjects.subject);
        case Kind::is_set: return is_set(condition, subjects.subject);
        case Kind::version: return version(condition, subjects.subject);
        case Kind::some_server: return some_server(condition, subjects.subject);
        case Kind::other_server: return other_server(condition, subjects.subject);
        case Kind::named_in: return named_in(condition, subjects.subject);
        case Kind::named_by: return named_by(condition, subjects.subject);
        case Kind::client_names: return client_names(condition, subjects);
        case Kind::hosted_here: return hosted_here(condition, subjects.subject);
        case Kind::use: break;
    }
    return evaluate(m_view.catalogue().conditions.find(condition.values.front())->second, subjects);
}

Truth Evaluator::all_of(const std::vector<Condition>& children, const Subjects& subjects) const {
    Truth all;
    for (const auto& child : children) {
        auto one = evaluate(child, subjects);
        if (one.verdict == Verdict::no) return one;
        if (one.verdict == Verdict::unknown) all.verdict = Verdict::unknown;
        append(all.because, one.because);
        append(all.problems, one.problems);
        append(all.assumed, one.assumed);
    }
    return all;
}

Truth Evaluator::any_of(const std::vector<Condition>& children, const Subjects& subjects) const {
    Truth none{Verdict::no, {}, {}, {}, {}};
    for (const auto& child : children) {
        auto one = evaluate(child, subjects);
        if (one.verdict == Verdict::yes) return one;
        if (one.verdict == Verdict::unknown) none.verdict = Verdict::unknown;
        if (!one.reason.empty()) none.reason += (none.reason.empty() ? "" : "; ") + one.reason;
        append(none.because, one.because);
        append(none.problems, one.problems);
        append(none.assumed, one.assumed);
    }
    return none;
}

Truth Evaluator::none_of(const Condition& condition, const Subjects& subjects) const {
    auto any = any_of(condition.children, subjects);
    if (any.verdict == Verdict::unknown) return any;
    any.verdict = any.verdict == Verdict::yes ? Verdict::no : Verdict::yes;
    if (any.verdict == Verdict::yes) return any;
    any.reason.clear();
    for (const auto& because : any.because) {
        any.reason += fmt::format("{}{} is {}{}", any.reason.empty() ? "" : "; ", because.fact,
                                  zmi::quoted(because.value), because.server.empty() ? "" : " on " + because.server);
    }
    return any;
}

Truth Evaluator::service(const Condition& condition, std::size_t subject) const {
    const auto& wanted = condition.values.front();
    const auto& name = m_view.catalogue().services_enabled;
    // Only the server's own list counts, so the origin is known; the list is copied only where it is told.
    if (m_view.has_service(subject, wanted)) {
        return yes({name, wanted, std::string(zmi::to_string(zmi::Origin::server)), {}});
    }
    const auto fact = m_view.attribute(subject, name);
    return no(because_of(m_view, subject, fact), fmt::format("service '{}' is not enabled", wanted));
}

Truth Evaluator::component(const Condition& condition, std::size_t subject) const {
    return component_truth(m_view, m_view.catalogue().components.find(condition.name)->second, subject);
}

Truth Evaluator::is(const Condition& condition, std::size_t subject) const {
    const auto fact = m_view.fact(subject, condition.fact, condition.name);
    const auto because = because_of(m_view, subject, fact);
    if (!fact.is_set()) return condition.if_unset ? yes(because) : no(because, describe(fact));
    const auto& value = fact.values.front();
    const auto* spec = enumeration(m_view, condition);
    if (fact.values.size() > 1 || (spec != nullptr && !contains(spec->values, value))) {
        const auto legal = spec != nullptr ? fmt::format("{}", fmt::join(spec->values, ", ")) : "single value";
        return unknown(bad_value(m_view, subject, fact, fact.joined(), fmt::format("value it may have ({})", legal)));
    }
    auto truth = contains(condition.values, value) ? yes(because) : no(because, describe(fact));
    truth.assumed = assumed_fact(m_view, subject, fact);
    return truth;
}

Truth Evaluator::is_true(const Condition& condition, std::size_t subject) const {
    const auto fact = m_view.fact(subject, condition.fact, condition.name);
    if (!fact.is_set()) return no(because_of(m_view, subject, fact), describe(fact));
    const auto value = fact.values.size() == 1 ? parse_boolean(fact.values.front(), condition.fact) : std::nullopt;
    if (!value) {
        const auto* legal =
            condition.fact == FactKind::attribute ? "boolean (TRUE or FALSE)" : "boolean (true or false)";
        return unknown(bad_value(m_view, subject, fact, fact.joined(), legal));
    }
    auto truth =
        *value ? yes(because_of(m_view, subject, fact)) : no(because_of(m_view, subject, fact), describe(fact));
    truth.assumed = assumed_fact(m_view, subject, fact);
    return truth;
}

Truth Evaluator::is_set(const Condition& condition, std::size_t subject) const {
    const auto fact = m_view.fact(subject, condition.fact, condition.name);
    const auto because = because_of(m_view, subject, fact);
    auto truth = fact.is_set() ? yes(because) : no(because, describe(fact));
    truth.assumed = assumed_fact(m_view, subject, fact);
    return truth;
}

Truth Evaluator::version(const Condition& condition, std::size_t subject) const {
    const auto fact = m_view.attribute(subject, m_view.catalogue().server_version);
    const auto have = fact.is_set() ? parse_version(fact.values.front()) : std::nullopt;
    if (!have) return unknown(bad_value(m_view, subject, fact, fact.joined(), "version"));
    const auto min = parse_version(condition.values[0]);
    const auto below = parse_version(condition.values[1]);
    const auto because = because_of(m_view, subject, fact);
    if (min && *have < *min) {
        return no(because, fmt::format("{} is older than {}", zmi::quoted(fact.values.front()), condition.values[0]));
    }
    if (below && *have >= *below) {
        return no(because,
                  fmt::format("{} is not older than {}", zmi::quoted(fact.values.front()), condition.values[1]));
    }
    return yes(because);
}

/// Inside, the client is the one who asks: <client-names> tells whether it names the server in question.
Truth Evaluator::some_server(const Condition& condition, std::size_t asking) const {
    const bool same_for_all = !uses_client(condition);
    const auto known = m_deployment.find(&condition);
    if (same_for_all && known != m_deployment.end()) return known->second;
    Truth found{Verdict::no, {}, "no server of the deployment qualifies", {}, {}};
    for (std::size_t server = 0; server < m_view.size(); ++server) {
        auto one = all_of(condition.children, {server, asking});
        if (one.verdict == Verdict::no) continue;
        for (auto& because : one.because) {
            if (because.server.empty()) because.server = m_view.name(server);
        }
        if (one.verdict == Verdict::yes) {
            found = std::move(one);
            break;
        }
        found.verdict = Verdict::unknown;
        append(found.problems, one.problems);
    }
    if (same_for_all) m_deployment.emplace(&condition, found);
    return found;
}

Truth Evaluator::named_by(const Condition& condition, std::size_t subject) const {
    const auto fact = m_view.global_attribute(condition.name);
    const auto because = because_of(m_view, subject, fact);
    if (!fact.is_set()) return no(because, describe(fact));
    const auto host = zmi::parse_host(fact.values.front());
    if (!host) {
        auto problem = bad_value(m_view, subject, fact, fact.values.front(), "host name");
        problem.server = "global config";
        return unknown(std::move(problem));
    }
    return m_view.names(*host, subject) ? yes(because) : no(because, describe(fact));
}

/// Do the values (hosts, host:port or URLs, several in one value as well) of the owner's fact name that server?
Truth Evaluator::values_name(const Fact& fact, std::size_t owner, std::size_t named) const {
    auto because = because_of(m_view, owner, fact);
    because.server = m_view.name(owner);
    Truth result = no(because, describe(fact));
    for (const auto& value : fact.values) {
        if (has_control_character(value)) {
            return unknown(bad_value(m_view, owner, fact, value, "host, host:port or URL"));
        }
        for (const auto word : zmi::split_words(value)) {
            for (const auto item : zmi::split(word, ',')) {
                if (item.empty()) continue;
                const auto authority = zmi::parse_authority(item);
                if (!authority.host || authority.port_is_bad) {
                    result.verdict = Verdict::unknown;
                    result.problems.push_back(bad_value(m_view, owner, fact, value, "host, host:port or URL"));
                } else if (!authority.host->is_loopback() && m_view.names(*authority.host, named)) {
                    return yes(because);
                }
            }
        }
    }
    return result;
}

Truth Evaluator::client_names(const Condition& condition, const Subjects& subjects) const {
    const auto client = *subjects.client;
    const auto fact = m_view.fact(client, condition.fact, condition.name);
    if (fact.is_set()) return values_name(fact, client, subjects.subject);
    auto because = because_of(m_view, client, fact);
    because.server = m_view.name(client);
    return condition.if_unset ? yes(because) : no(because, describe(fact));
}

Truth Evaluator::named_in(const Condition& condition, std::size_t subject) const {
    Truth found{Verdict::no, {}, fmt::format("{} of no server names it", condition.name), {}, {}};
    for (std::size_t server = 0; server < m_view.size(); ++server) {
        auto one = values_name(m_view.fact(server, condition.fact, condition.name), server, subject);
        if (one.verdict == Verdict::yes) return one;
        if (one.verdict == Verdict::unknown) found.verdict = Verdict::unknown;
        append(found.problems, one.problems);
    }
    return found;
}

Truth Evaluator::other_server(const Condition& condition, std::size_t subject) const {
    Truth found{Verdict::no, {}, "no other server of the deployment qualifies", {}, {}};
    for (std::size_t server = 0; server < m_view.size(); ++server) {
        if (server == subject) continue;
        auto one = all_of(condition.children, {server, std::nullopt});
        for (auto& because : one.because) because.server = m_view.name(server);
        if (one.verdict == Verdict::yes) return one;
        if (one.verdict == Verdict::unknown) found.verdict = Verdict::unknown;
        append(found.problems, one.problems);
    }
    return found;
}

Truth Evaluator::hosted_here(const Condition& condition, std::size_t subject) const {
    const auto fact = m_view.fact(subject, condition.fact, condition.name);
    const auto because = because_of(m_view, subject, fact);
    if (!fact.is_set()) return yes(because);
    const auto host = zmi::parse_host(fact.values.front());
    if (!host) return unknown(bad_value(m_view, subject, fact, fact.values.front(), "host name or address"));
    auto truth = host->is_loopback() || m_view.names(*host, subject) ? yes(because) : no(because, describe(fact));
    truth.assumed = assumed_fact(m_view, subject, fact);
    return truth;
}

}  // namespace zmfw
