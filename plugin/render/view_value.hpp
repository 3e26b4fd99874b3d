#pragma once

#include <memory>
#include <plugin/render/view_schema.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace zmfw {

class Record;

/// Lists are shared, not copied: a server's rules appear at several places of its view.
using Texts = std::shared_ptr<const std::vector<std::string>>;
using Items = std::shared_ptr<const std::vector<std::shared_ptr<const Record>>>;

/// monostate: not set. Texts stand for a list of strings and for a list of objects that have one text only.
using Value = std::variant<std::monostate, bool, std::string, Texts, Items>;

/// One object of the view: the values of the names that its schema declares, by slot.
class Record {
public:
    /// `schema` must outlive the record.
    explicit Record(const ViewSchema& schema);

    /// A name that the schema does not have is a bug of ours, which check_view tells.
    void set(std::string_view name, Value value);
    /// Where thousands of records get the same fields: the slot is looked up once.
    void set(std::size_t slot, Value value) { m_values[slot] = std::move(value); }

    [[nodiscard]] const Value& at(std::size_t slot) const { return m_values[slot]; }
    /// Null where there is no such name.
    [[nodiscard]] const Value* get(std::string_view name) const;
    [[nodiscard]] const ViewSchema& schema() const { return *m_schema; }
    /// The first name that was set and is not in the schema; else empty.
    [[nodiscard]] const std::string& undeclared() const { return m_undeclared; }

private:
    const ViewSchema* m_schema;
    std::vector<Value> m_values;
    std::string m_undeclared;
};

/// Collects the items of a list.
class ItemsBuilder {
public:
    void add(Record item) { m_items.push_back(std::make_shared<const Record>(std::move(item))); }
    void add(std::shared_ptr<const Record> item) { m_items.push_back(std::move(item)); }
    [[nodiscard]] bool empty() const { return m_items.empty(); }
    [[nodiscard]] std::size_t size() const { return m_items.size(); }
    [[nodiscard]] Items take() {
        return std::make_shared<const std::vector<std::shared_ptr<const Record>>>(std::move(m_items));
    }

private:
    std::vector<std::shared_ptr<const Record>> m_items;
};

[[nodiscard]] inline Texts make_texts(std::vector<std::string> texts) {
    return std::make_shared<const std::vector<std::string>>(std::move(texts));
}

/// Whether every declared name that is wanted is there, with the declared kind. A failure is a bug of ours.
[[nodiscard]] zmi::Expected<void> check_view(const Record& view, const Wanted& wanted = everything());

}  // namespace zmfw
