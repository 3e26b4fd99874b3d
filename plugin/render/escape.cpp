#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <plugin/render/escape.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

bool is_control(char c) {
    return (c >= 0 && c < 0x20) || c == 0x7f;
}

constexpr std::array<bool, 256> k_is_harmless = [] {
    std::array<bool, 256> table{};
    for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./: -")) {
        table[static_cast<unsigned char>(c)] = true;
    }
    return table;
}();

bool is_harmless(char c) {
    return k_is_harmless[static_cast<unsigned char>(c)];
}

/// Spreadsheets calculate a cell that starts like this, in quotes or not.
bool starts_formula(std::string_view text) {
    const auto first = text.find_first_not_of(' ');
    return first != std::string_view::npos &&
           std::string_view("=+-@\t\r\n").find(text[first]) != std::string_view::npos;
}

void append_json(std::string& out, char c) {
    if (c == '"' || c == '\\') {
        out += '\\';
        out += c;
    } else if (is_control(c)) {
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
        out += c;
    }
}

void append_xml(std::string& out, char c) {
    switch (c) {
        case '&': out += "&amp;"; return;
        case '<': out += "&lt;"; return;
        case '>': out += "&gt;"; return;
        case '"': out += "&quot;"; return;
        case '\'': out += "&apos;"; return;
        default: out += c;
    }
}

void append_character(std::string& out, char c, Escape escape) {
    if (escape == Escape::json) return append_json(out, c);
    if (is_control(c)) c = ' ';
    if (escape == Escape::xml) return append_xml(out, c);
    if (escape == Escape::csv && c == '"') out += '"';
    if (escape == Escape::markdown && std::string_view("\\`*_{}[]<>#|~!&").find(c) != std::string_view::npos)
        out += '\\';
    if (escape == Escape::shell && c == '\'') {
        out += "'\\''";
        return;
    }
    out += c;
}

}  // namespace

void append_escaped(std::string& out, std::string_view text, Escape escape) {
    if (escape == Escape::none) {
        out += text;
        return;
    }
    if (escape == Escape::csv && starts_formula(text)) out += '\'';
    // Most texts hold letters, digits and signs of addresses only, which mean nothing anywhere.
    if (std::all_of(text.begin(), text.end(), is_harmless)) {
        out += text;
        return;
    }
    for (const char c : text) append_character(out, c, escape);
}

std::string printable(std::string_view text) {
    std::string result(text);
    if (zmi::is_valid_utf8(text)) return result;
    std::replace_if(
        result.begin(), result.end(), [](char c) { return c < 0; }, '?');
    return result;
}

}  // namespace zmfw
