#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <plugin/state/record.hpp>
#include <string>
#include <vector>
#include <zmintegration/support/error.hpp>

/// What recompute, diff and accept know of earlier runs: files of the product's user.
///
///   lock                 held by whoever writes here
///   records/N.record     one run each; a damaged one is renamed to N.record.damaged
///   accepted.record      a copy of the record that operations have applied
///   inventory.json       of the last run, for discovery on nodes without mailbox service
///   told, missing        what was told last; servers that the last answer lacked
///   rules                format, target, folder and digest of the rules that were written last
namespace zmfw {

class Store {
public:
    using Tell = std::function<void(const std::string& line)>;

    Store(std::filesystem::path folder, Tell tell) : m_folder(std::move(folder)), m_tell(std::move(tell)) {}

    [[nodiscard]] const std::filesystem::path& folder() const { return m_folder; }
    [[nodiscard]] std::filesystem::path lock_file() const { return m_folder / "lock"; }

    /// Makes the folders where they are not there; refuses one of another user, and to make one that root would own in
    /// a folder of somebody else's.
    [[nodiscard]] zmi::Expected<void> prepare() const;
    /// With the lock held: removes what killed runs left half written.
    void tidy() const;

    /// The numbers of all records, ascending.
    [[nodiscard]] zmi::Expected<std::vector<std::uint64_t>> list() const;
    /// A damaged record is set aside, told, and an error of kind data; one that is not there is of kind usage.
    [[nodiscard]] zmi::Expected<RunRecord> load(std::uint64_t id) const;
    /// The newest record that is whole; damaged ones are set aside and told.
    [[nodiscard]] zmi::Expected<std::optional<RunRecord>> last() const;
    /// nullopt where nothing was accepted, or where it is damaged, which is told.
    [[nodiscard]] zmi::Expected<std::optional<RunRecord>> accepted() const;

    /// Gives the record its number and keeps it, and of all records the newest `keep`. Fails, and leaves all as it
    /// was, where the record could not be read again.
    [[nodiscard]] zmi::Expected<std::uint64_t> add(RunRecord& record, std::size_t keep) const;
    [[nodiscard]] zmi::Expected<void> accept(const RunRecord& record) const;

    /// A short text of ours; empty where there is none or it cannot be read.
    [[nodiscard]] std::string note(const std::string& name) const;
    /// An empty text: none any more.
    [[nodiscard]] zmi::Expected<void> set_note(const std::string& name, const std::string& text) const;
    [[nodiscard]] zmi::Expected<void> write_inventory(const zmi::Inventory& inventory) const;

private:
    [[nodiscard]] std::filesystem::path records() const { return m_folder / "records"; }
    [[nodiscard]] std::filesystem::path path_of(std::uint64_t id) const;
    [[nodiscard]] zmi::Expected<RunRecord> read(const std::filesystem::path& path) const;
    [[nodiscard]] std::uint64_t highest() const;
    void prune(std::size_t keep) const;

    std::filesystem::path m_folder;
    Tell m_tell;
};

}  // namespace zmfw
