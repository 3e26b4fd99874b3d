#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

namespace zmi {

/// The object type of OrderedJson: members in the order in which they were added. What basic_json asks of it for
/// building and printing a document, and no more: nothing is ever taken out.
template <typename Key, typename Value, typename Less = std::less<Key>,
          typename Allocator = std::allocator<std::pair<const Key, Value>>>
class InsertionOrder : public std::vector<std::pair<const Key, Value>, Allocator> {
public:
    using key_type = Key;
    using mapped_type = Value;
    using key_compare = Less;
    using Members = std::vector<std::pair<const Key, Value>, Allocator>;
    using Members::Members;
    using typename Members::const_iterator;
    using typename Members::iterator;

    [[nodiscard]] iterator find(const Key& key) { return std::find_if(this->begin(), this->end(), has(key)); }
    [[nodiscard]] const_iterator find(const Key& key) const {
        return std::find_if(this->begin(), this->end(), has(key));
    }
    [[nodiscard]] std::size_t count(const Key& key) const { return find(key) == this->end() ? 0 : 1; }

    std::pair<iterator, bool> emplace(const Key& key, Value value) {
        if (const auto at = find(key); at != this->end()) return {at, false};
        this->emplace_back(key, std::move(value));
        return {std::prev(this->end()), true};
    }
    std::pair<iterator, bool> insert(const typename Members::value_type& member) {
        return emplace(member.first, member.second);
    }
    Value& operator[](const Key& key) { return emplace(key, Value{}).first->second; }

private:
    static auto has(const Key& key) {
        return [&key](const auto& member) { return member.first == key; };
    }
};

/// Documents for people and programs, with the members in the order that people read them. nlohmann has a type like it
/// since 3.9 only, and the oldest systems that we build on have 3.6 and 3.7.
using OrderedJson = nlohmann::basic_json<InsertionOrder>;

}  // namespace zmi
