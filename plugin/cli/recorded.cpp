#include <fmt/format.h>
#include <algorithm>
#include <plugin/cli/planned.hpp>
#include <plugin/cli/recorded.hpp>
#include <plugin/plan/read_plan.hpp>
#include <zmintegration/facts/inventory_json.hpp>
#include <zmintegration/support/file.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

constexpr std::size_t k_file_limit = 32 * 1024 * 1024;

zmi::Expected<Side> inventory_side(const Context& context, const std::string& text, const std::string& name) {
    auto inventory = zmi::parse_inventory(text, name);
    if (!inventory) return tl::unexpected(std::move(inventory.error()));
    auto catalogue = context.catalogue(inventory->product);
    if (!catalogue) return tl::unexpected(std::move(catalogue.error()));
    const auto policy = context.policy(*catalogue);
    if (!policy) return tl::unexpected(policy.error());
    auto plan = derive_plan(*inventory, *catalogue, *policy);
    return Side{name, std::move(*inventory), std::move(plan), {}};
}

zmi::Expected<Side> file_side(const Context& context, const std::string& name) {
    const auto text = zmi::read_file(name, k_file_limit);
    if (!text)
        return zmi::failure(zmi::ErrorKind::data, text.error().what,
                            "compare records (a number, accepted, last) or files with a plan or an inventory");
    if (text->find("\"zmfirewall/inventory/1\"") != std::string::npos) return inventory_side(context, *text, name);
    auto plan = read_plan(*text, name);
    if (!plan) return tl::unexpected(std::move(plan.error()));
    return Side{name, std::nullopt, std::move(*plan), {}};
}

zmi::Expected<Side> last_side(const Store& store) {
    const auto record = store.last();
    if (!record) return tl::unexpected(record.error());
    if (*record) return (*record)->side("last: " + (*record)->name());
    return zmi::failure(zmi::ErrorKind::knowledge, fmt::format("{} has no record", store.folder().string()),
                        "make one: zmfirewall recompute");
}

zmi::Expected<Side> any_side(const Context& context, const Store& store, const std::string& name) {
    if (name == "last") return last_side(store);
    if (name == "accepted") {
        const auto record = store.accepted();
        if (!record) return tl::unexpected(record.error());
        return *record ? (*record)->side("accepted: " + (*record)->name()) : nothing_accepted();
    }
    const auto id = zmi::parse_number<std::uint64_t>(name);
    if (!id) return file_side(context, name);
    const auto record = store.load(*id);
    if (!record) return tl::unexpected(record.error());
    return record->side(record->name());
}

}  // namespace

zmi::Expected<Store> open_store(const Context& context, const StateOptions& options) {
    if (const auto product = context.product();
        !product && options.state.empty() && context.options().inventory.empty())
        return tl::unexpected(product.error());
    return Store(options.state.empty() ? context.state_folder() : options.state,
                 [](const std::string& line) { tell(line); });
}

zmi::Error lock_failure(const Store& store, const zmi::FileLock& lock) {
    if (!lock.problem().empty())
        return {
            zmi::ErrorKind::program, fmt::format("cannot lock {}: {}", store.lock_file().string(), lock.problem()), {}};
    return {zmi::ErrorKind::program,
            fmt::format("another run holds {} and was not done in {} seconds", store.lock_file().string(),
                        k_state_lock_seconds),
            "wait for it to end, then try again"};
}

Side nothing_accepted() {
    return {"nothing (no plan was accepted yet)", zmi::Inventory{}, Plan{}, {}};
}

zmi::Expected<void> need_complete(const Plan& plan) {
    std::string all;
    for (const auto& server : plan.servers) {
        for (const auto& problem : server.problems)
            all += fmt::format("{}no plan for {}: {}", all.empty() ? "" : "; ", server.name, problem.text);
    }
    if (all.empty()) return {};
    return zmi::failure(zmi::ErrorKind::knowledge, all,
                        "what is not known is not compared; zmfirewall plan tells more");
}

zmi::Expected<Side> find_side(const Context& context, const Store& store, const std::string& name) {
    auto side = any_side(context, store, name);
    if (!side) return side;
    if (auto complete = need_complete(side->plan); !complete)
        return tl::unexpected(std::move(complete.error()).within(side->name));
    return side;
}

}  // namespace zmfw
