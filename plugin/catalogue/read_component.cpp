#include <fmt/format.h>
#include <algorithm>
#include <plugin/catalogue/catalogue_reader.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Made of letters, digits and `more`, and no option of any command.
bool is_word(std::string_view text, std::string_view more) {
    return !text.empty() && text.size() <= 200 && text.front() != '-' &&
           std::all_of(text.begin(), text.end(),
                       [&](char c) { return is_letter_or_digit(c) || more.find(c) != std::string_view::npos; });
}

/// Absolute, or below the product's home; never out of it.
bool is_path(std::string_view text, std::string_view more = {}) {
    const auto parts = zmi::split(text.substr(text.starts_with('/') ? 1 : 0), '/');
    return is_word(text, fmt::format("/._+@-{}", more)) && std::none_of(parts.begin(), parts.end(), [](auto part) {
               return part.empty() || part == "." || part == "..";
           });
}

template <class Legal>
std::vector<std::string> read_names(const XmlElement& element, const char* attribute, Legal legal) {
    auto names = element.words(attribute);
    for (const auto& name : names) {
        if (!legal(name)) element.fail(fmt::format("{} cannot stand in {}", zmi::quoted(name), attribute));
    }
    return names;
}

/// A '*' stands for any part of a name.
bool is_pattern(std::string_view text) {
    return is_path(text, "*");
}

bool is_package(std::string_view name) {
    return is_word(name, ".+_-");
}

bool is_unit(std::string_view name) {
    return is_word(name, "@._-") && name.find('.') != std::string_view::npos;
}

bool is_name(std::string_view name) {
    return is_word(name, "_-");
}

}  // namespace

std::string read_word(const XmlElement& element, const char* attribute, std::string_view more) {
    auto word = element.required(attribute);
    if (!is_word(word, more)) element.fail(fmt::format("{} cannot stand in {}", zmi::quoted(word), attribute));
    if (zmi::may_be_secret(word)) element.fail(fmt::format("'{}' may hold a secret and cannot be asked for", word));
    return word;
}

Component read_component(const XmlElement& element) {
    element.allow_attributes({"id", "packages", "present", "units", "modules", "mesh", "if-unknown"});
    element.allow_children({"title", "source"});
    Component component;
    component.id = read_id(element, "id");
    component.file = element.file();
    component.line = element.line();
    component.packages = read_names(element, "packages", is_package);
    component.present = read_names(element, "present", is_pattern);
    component.units = read_names(element, "units", is_unit);
    component.modules = read_names(element, "modules", is_name);
    component.mesh = read_names(element, "mesh", is_name);
    const auto if_unknown = element.value_or("if-unknown", "");
    if (!if_unknown.empty() && if_unknown != "absent") element.fail("if-unknown is absent, or not there");
    component.absent_if_unknown = if_unknown == "absent";
    if (const auto title = element.child("title")) component.title = title->text();
    for (const auto& source : element.children("source")) component.sources.push_back(source.text());
    if (component.title.empty() || component.sources.empty()) element.fail("a component needs <title> and <source>");
    if (component.packages.empty() && component.present.empty() && component.units.empty() &&
        component.modules.empty() && component.mesh.empty())
        element.fail("nothing would tell of this component: it needs packages, present, units, modules or mesh");
    return component;
}

FileSpec read_file_spec(const XmlElement& element) {
    element.allow_attributes({"key", "path"});
    element.allow_children({});
    FileSpec file;
    file.key = read_word(element, "key", "._-");
    if (is_own_file(file.key)) element.fail(fmt::format("the key '{}' means something of its own", file.key));
    file.path = element.required("path");
    if (!is_path(file.path)) element.fail(fmt::format("{} is no path of a file", zmi::quoted(file.path)));
    return file;
}

}  // namespace zmfw
