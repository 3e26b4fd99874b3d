#pragma once

#include <plugin/catalogue/catalogue.hpp>
#include <string>

/// Conditions in one line, for comparing: "a & b", "(a | b)", "!a", "SomeAttribute", "Attribute in x y or unset".
namespace zmfw::test {

inline std::string condition_text(const Condition& condition);

inline std::string list_text(const std::vector<Condition>& children, const std::string& separator) {
    std::string text;
    for (const auto& child : children) text += (text.empty() ? "" : separator) + condition_text(child);
    return text;
}

/// The long prefix that every attribute of the proxy has is written "RP:".
inline std::string fact_text(const Condition& condition) {
    const std::string prefix = "zimbraReverseProxy";
    const auto& name = condition.name;
    return name.starts_with(prefix) ? "RP:" + name.substr(prefix.size()) : name;
}

inline std::string values_text(const Condition& condition) {
    std::string text = " in";
    for (const auto& value : condition.values) text += " " + value;
    return text + (condition.if_unset ? " or unset" : "");
}

inline std::string condition_text(const Condition& condition) {
    using Kind = Condition::Kind;
    switch (condition.kind) {
        case Kind::always: return "always";
        case Kind::never: return "never";
        case Kind::all_of: return list_text(condition.children, " & ");
        case Kind::any_of: return "(" + list_text(condition.children, " | ") + ")";
        case Kind::none_of: return "!" + list_text(condition.children, " | ");
        case Kind::service: return "service " + condition.values.front();
        case Kind::component: return "component " + condition.name;
        case Kind::is: return fact_text(condition) + values_text(condition);
        case Kind::is_true: return fact_text(condition);
        case Kind::is_set: return fact_text(condition) + " is set";
        case Kind::version: return "version " + condition.values[0] + " to " + condition.values[1];
        case Kind::some_server: return "some server (" + list_text(condition.children, " & ") + ")";
        case Kind::other_server: return "other server (" + list_text(condition.children, " & ") + ")";
        case Kind::named_in: return "named in " + fact_text(condition);
        case Kind::named_by: return "named by " + fact_text(condition);
        case Kind::client_names: return "in " + fact_text(condition) + (condition.if_unset ? " or unset" : "");
        case Kind::hosted_here: return "at " + fact_text(condition);
        case Kind::use: return "<" + condition.values.front() + ">";
    }
    return "?";
}

}  // namespace zmfw::test
