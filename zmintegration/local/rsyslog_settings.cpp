#include <zmintegration/local/setting_lines.hpp>

#include <map>
#include <utility>
#include <zmintegration/support/text.hpp>

namespace zmi {
namespace {

using Kind = FileSetting::Kind;
using Parameters = std::multimap<std::string, std::string, std::less<>>;

constexpr const char* k_usual_port = "514";

/// Without comments: as many lines as before. A '#' or a '/*' within quotes is none.
std::string without_comments(std::string_view text) {
    std::string plain;
    bool quoted_part = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        // The old directives use quotes as they like; none goes on in the next line.
        if (c == '"' || c == '\n') quoted_part = c == '"' && !quoted_part;
        if (!quoted_part && c == '#') {
            while (i + 1 < text.size() && text[i + 1] != '\n') ++i;
        } else if (!quoted_part && text.substr(i).starts_with("/*")) {
            const auto end = std::min(text.find("*/", i + 2), text.size());
            for (; i < end; ++i) plain += text[i] == '\n' ? "\n" : "";
            ++i;
        } else {
            plain += c;
        }
    }
    return plain;
}

/// "name="value" name=["a","b"]" between the parentheses of a statement.
Parameters parameters_of(std::string_view inside) {
    Parameters found;
    std::string name;
    for (std::size_t i = 0; i < inside.size(); ++i) {
        const char c = inside[i];
        if (is_in_setting_name(c)) {
            const bool begins = i == 0 || !is_in_setting_name(inside[i - 1]);
            name = begins ? std::string(1, c) : name + c;
        } else if (c == '"') {
            const auto end = inside.find('"', i + 1);
            if (end == std::string_view::npos) break;
            found.emplace(to_lower(name), inside.substr(i + 1, end - i - 1));
            i = end;
        }
    }
    return found;
}

/// The first of that name.
std::string first(const Parameters& parameters, std::string_view name) {
    const auto at = parameters.find(name);
    return at == parameters.end() ? std::string() : at->second;
}

class RsyslogReader {
public:
    FileSettings read(std::string_view text, const std::string& path) {
        const auto plain = without_comments(text);
        int number = 0;
        std::string statement;  // that goes on in the next line
        int begin = 0;
        for (const auto raw : split_lines(plain)) {
            ++number;
            const auto line = trim(raw);
            if (statement.empty() && !begins_statement(line)) {
                directive(line, number);
                continue;
            }
            if (statement.empty()) begin = number;
            statement += std::string(line) + " ";
            if (line.find(')') == std::string_view::npos) continue;
            object(statement, begin);
            statement.clear();
        }
        if (!statement.empty()) return odd_setting(path, begin, "a statement without an end");
        return std::move(m_found);
    }

private:
    static bool begins_statement(std::string_view line) {
        for (const std::string_view name : {"input", "include", "module"}) {
            if (line.size() > name.size() && equal_ignoring_case(line.substr(0, name.size()), name) &&
                trim(line.substr(name.size())).starts_with('('))
                return true;
        }
        return false;
    }
    void add(Kind kind, std::string name, std::string value, int line) {
        const bool computed = is_computed(value);
        m_found.push_back({kind, std::move(name), std::move(value), computed, line});
    }
    void object(std::string_view statement, int line) {
        const auto open = statement.find('(');
        const auto name = to_lower(trim(statement.substr(0, open)));
        const auto parameters = parameters_of(statement.substr(open + 1));
        if (name == "include") {
            const bool maybe = first(parameters, "mode") == "optional";
            add(maybe ? Kind::include_maybe : Kind::include, "include", first(parameters, "file"), line);
        }
        const auto type = first(parameters, "type");
        if (name != "input" || (type != "imudp" && type != "imtcp")) return;
        const auto ports = parameters.equal_range("port");
        for (auto at = ports.first; at != ports.second; ++at) add(Kind::one_of_many, type + ".port", at->second, line);
        if (ports.first == ports.second) add(Kind::one_of_many, type + ".port", k_usual_port, line);
    }
    void directive(std::string_view line, int number) {
        const auto words = split_words(line);
        if (words.size() < 2) return;
        if (equal_ignoring_case(words[0], "$UDPServerRun"))
            add(Kind::one_of_many, "imudp.port", std::string(words[1]), number);
        if (equal_ignoring_case(words[0], "$InputTCPServerRun"))
            add(Kind::one_of_many, "imtcp.port", std::string(words[1]), number);
        if (equal_ignoring_case(words[0], "$IncludeConfig"))
            add(Kind::include_maybe, "include", std::string(words[1]), number);
    }

    std::vector<FileSetting> m_found;
};

}  // namespace

FileSettings parse_rsyslog_settings(std::string_view text, const std::string& path) {
    return RsyslogReader().read(text, path);
}

}  // namespace zmi
