#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <zmintegration/facts/inventory.hpp>
#include <zmintegration/facts/json_tree.hpp>

namespace zmi {

/// Writes members one a line, so that two inventories can be compared with diff.
class JsonWriter {
public:
    void open(char bracket) {
        m_out += bracket;
        ++m_depth;
        m_first = true;
    }
    void close(char bracket) {
        --m_depth;
        if (!m_first) new_line();
        m_out += bracket;
        m_first = false;
    }
    void item() {
        if (!m_first) m_out += ',';
        m_first = false;
        new_line();
    }
    void key(std::string_view name) {
        item();
        append_json_string(m_out, name);
        m_out += ": ";
    }
    void text(std::string_view value) { append_json_string(m_out, value); }
    void text(std::string_view name, std::string_view value) {
        key(name);
        text(value);
    }
    void raw(std::string_view value) { m_out += value; }
    void raw(std::string_view name, std::string_view value) {
        key(name);
        raw(value);
    }
    /// An array of texts, one a line.
    template <class Texts>
    void texts(std::string_view name, const Texts& items) {
        key(name);
        open('[');
        for (const auto& one : items) {
            item();
            text(one);
        }
        close(']');
    }
    /// A short array on one line.
    template <class Items, class ToText>
    void array(std::string_view name, const Items& items, ToText to_text) {
        key(name);
        m_out += '[';
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (i > 0) m_out += ", ";
            to_text(items[i]);
        }
        m_out += ']';
    }
    void clean_text(std::string_view value) {
        value.find("://") == std::string_view::npos ? text(value) : text(without_credentials(value));
    }
    [[nodiscard]] std::string take() {
        m_out += '\n';
        return std::move(m_out);
    }

private:
    void new_line() {
        m_out += '\n';
        m_out.append(m_depth, ' ');
    }

    std::string m_out;
    std::size_t m_depth = 0;
    bool m_first = true;
};

/// A map of texts; names that may hold a secret and the credentials of URLs are left out.
template <class Map>
void write_texts(JsonWriter& writer, std::string_view name, const Map& texts) {
    writer.key(name);
    writer.open('{');
    for (const auto& [key, value] : texts) {
        if (!may_be_secret(key)) writer.text(key, without_credentials(value));
    }
    writer.close('}');
}

}  // namespace zmi
