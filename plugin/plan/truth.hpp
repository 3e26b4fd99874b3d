#pragma once

#include <functional>
#include <optional>
#include <plugin/plan/facts_view.hpp>
#include <string>
#include <unordered_map>
#include <vector>

namespace zmfw {

enum class Verdict { no, yes, unknown };

/// What a condition comes to, and why. `unknown` only where a value that decides is missing or makes no sense: the
/// problems name it. A value that does not decide (the rest is false anyway) does no harm.
struct Truth {
    Verdict verdict = Verdict::yes;
    std::vector<Because> because;      ///< the facts that decided
    std::string reason;                ///< for `no`: the first fact that failed, in words
    std::vector<Problem> problems;     ///< for `unknown`
    std::vector<std::string> assumed;  ///< local facts of another node that were taken as the product ships them
};

/// A value as the catalogue's type wants it.
[[nodiscard]] Because because_of(const FactsView& view, std::size_t server, const Fact& fact);
[[nodiscard]] Because because_of(const FactsView& view, std::size_t server, const Fact& fact, std::string value);

/// "zimbraMailPort of mbox1 (server) is '0', which is no port (1 to 65535)"
[[nodiscard]] Problem bad_value(const FactsView& view, std::size_t server, const Fact& fact, std::string_view value,
                                std::string_view what);

/// Evaluates the catalogue's conditions. Remembers what it found about the whole deployment.
class Evaluator {
public:
    explicit Evaluator(const FactsView& view) : m_view(view) {}

    [[nodiscard]] Truth about(const Condition& condition, std::size_t subject) const;
    [[nodiscard]] Truth about_pair(const Condition& condition, std::size_t client, std::size_t listener) const;

    /// True only where `about` would say no, told from the services and components alone: of hundreds of servers most
    /// have nothing to do with a role, and nobody reads why not.
    [[nodiscard]] bool rules_out(const Condition& condition, std::size_t subject) const;

    [[nodiscard]] const FactsView& view() const { return m_view; }

private:
    struct Subjects {
        std::size_t subject;
        std::optional<std::size_t> client;
    };
    [[nodiscard]] Truth evaluate(const Condition& condition, const Subjects& subjects) const;
    [[nodiscard]] Truth all_of(const std::vector<Condition>& children, const Subjects& subjects) const;
    [[nodiscard]] Truth any_of(const std::vector<Condition>& children, const Subjects& subjects) const;
    [[nodiscard]] Truth none_of(const Condition& condition, const Subjects& subjects) const;
    [[nodiscard]] Truth service(const Condition& condition, std::size_t subject) const;
    [[nodiscard]] Truth component(const Condition& condition, std::size_t subject) const;
    [[nodiscard]] Truth is(const Condition& condition, std::size_t subject) const;
    [[nodiscard]] Truth is_true(const Condition& condition, std::size_t subject) const;
    [[nodiscard]] Truth is_set(const Condition& condition, std::size_t subject) const;
    [[nodiscard]] Truth version(const Condition& condition, std::size_t subject) const;
    [[nodiscard]] Truth some_server(const Condition& condition, std::size_t asking) const;
    [[nodiscard]] Truth other_server(const Condition& condition, std::size_t subject) const;
    [[nodiscard]] Truth named_in(const Condition& condition, std::size_t subject) const;
    [[nodiscard]] Truth values_name(const Fact& fact, std::size_t owner, std::size_t named) const;
    [[nodiscard]] Truth named_by(const Condition& condition, std::size_t subject) const;
    [[nodiscard]] Truth client_names(const Condition& condition, const Subjects& subjects) const;
    [[nodiscard]] Truth hosted_here(const Condition& condition, std::size_t subject) const;

    const FactsView& m_view;
    mutable std::unordered_map<const Condition*, Truth> m_deployment;  ///< some_server, by condition
};

}  // namespace zmfw
