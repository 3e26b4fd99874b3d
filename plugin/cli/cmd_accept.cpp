#include <fmt/format.h>
#include <plugin/cli/commands.hpp>
#include <plugin/cli/recorded.hpp>
#include <zmintegration/support/file_lock.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

zmi::Expected<RunRecord> find_record(const Store& store, const std::string& name) {
    if (name.empty() || name == "last") {
        auto record = store.last();
        if (!record) return tl::unexpected(std::move(record.error()));
        if (*record) return std::move(**record);
        return zmi::failure(zmi::ErrorKind::knowledge, fmt::format("{} has no record", store.folder().string()),
                            "make one: zmfirewall recompute");
    }
    const auto id = zmi::parse_number<std::uint64_t>(name);
    if (!id)
        return zmi::failure(zmi::ErrorKind::usage, fmt::format("'{}' is no number of a record", name.substr(0, 80)),
                            "zmfirewall diff shows the number of the last");
    return store.load(*id);
}

}  // namespace

ExitStatus run_accept(const Context& context, const StateOptions& state, const std::string& name) {
    const auto opened = open_store(context, state);
    if (!opened) return report(opened.error());
    const auto& store = *opened;
    if (auto prepared = store.prepare(); !prepared) return report(prepared.error());
    const zmi::FileLock lock(store.lock_file(), k_state_lock_seconds);
    if (!lock.held()) return report(lock_failure(store, lock));
    const auto record = find_record(store, name);
    if (!record) return report(record.error());
    if (auto accepted = store.accept(*record); !accepted) return report(accepted.error());
    // What is told from now on is told against this one.
    if (auto forgotten = store.set_note("told", ""); !forgotten) return report(forgotten.error());
    return print(fmt::format("accepted: {}\n", record->name()));
}

}  // namespace zmfw
