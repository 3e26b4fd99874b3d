#include <fmt/format.h>

#include <plugin/render/view_value.hpp>

namespace zmfw {
namespace {

using Kind = ViewSchema::Kind;

/// Of the wrong kind, or not set.
bool is_wrong(const Value& value, const ViewSchema& schema) {
    switch (schema.kind) {
        case Kind::text:
        case Kind::free_text: return !std::holds_alternative<std::string>(value);
        case Kind::flag: return !std::holds_alternative<bool>(value);
        case Kind::first:
        case Kind::last: return !std::holds_alternative<std::monostate>(value);
        case Kind::texts: return !std::holds_alternative<Texts>(value);
        case Kind::items:
            return schema.is_column ? !std::holds_alternative<Texts>(value) : !std::holds_alternative<Items>(value);
    }
    return true;
}

zmi::Expected<void> check_record(const Record& record, const ViewSchema& schema, const Wanted& wanted,
                                 const std::string& path) {
    const auto wrong = [&](const std::string& name) {
        return zmi::failure(zmi::ErrorKind::bug,
                            fmt::format("the view of the templates is wrong at {}/{}", path, name));
    };
    if (record.schema().fields.size() != schema.fields.size()) return wrong("");
    if (!record.undeclared().empty()) return wrong(record.undeclared());
    for (const auto& [name, field] : schema.fields) {
        const auto& value = record.at(field.slot);
        if (is_wrong(value, field)) {
            if (wants(wanted, name)) return wrong(name);
            continue;
        }
        const auto* items = std::get_if<Items>(&value);
        if (items == nullptr) continue;
        for (const auto& item : **items) {
            if (auto checked = check_record(*item, field, wanted, path + "/" + name); !checked) return checked;
        }
    }
    return {};
}

}  // namespace

Record::Record(const ViewSchema& schema) : m_schema(&schema), m_values(schema.fields.size()) {}

void Record::set(std::string_view name, Value value) {
    const auto field = m_schema->fields.find(name);
    if (field != m_schema->fields.end()) {
        m_values[field->second.slot] = std::move(value);
    } else if (m_undeclared.empty()) {
        m_undeclared = name;
    }
}

const Value* Record::get(std::string_view name) const {
    const auto field = m_schema->fields.find(name);
    return field == m_schema->fields.end() ? nullptr : &m_values[field->second.slot];
}

zmi::Expected<void> check_view(const Record& view, const Wanted& wanted) {
    return check_record(view, view.schema(), wanted, "");
}

}  // namespace zmfw
