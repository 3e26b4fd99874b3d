// How long the pure parts take, from the engine's answer to the text of the rules, by the number of servers.

#include <benchmark/benchmark.h>
#include <filesystem>
#include <plugin/plan/plan.hpp>
#include <plugin/plan/plan_json.hpp>
#include <plugin/render/render.hpp>
#include <stdexcept>
#include <string>
#include <zmintegration/facts/inventory_json.hpp>
#include <zmintegration/soap/soap_reader.hpp>
#include "bench_deployment.hpp"

namespace zmfw::bench {
namespace {

const std::filesystem::path k_data = std::filesystem::path(ZMFIREWALL_SOURCE_DIR) / "templates";

/// What failed is no time worth telling.
template <class T>
T must(zmi::Expected<T> result) {
    if (!result) throw std::runtime_error(result.error().what);
    return std::move(*result);
}

const Catalogue& catalogue() {
    static const Catalogue loaded = must(load_catalogue({k_data / "catalogue"}));
    return loaded;
}

std::size_t servers_of(const benchmark::State& state) {
    return static_cast<std::size_t>(state.range(0));
}

void set_bytes(benchmark::State& state, std::size_t bytes) {
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(bytes));
}

zmi::DiscoveryAnswer read_answer(std::string text, const zmi::WantedAttributes& wanted) {
    const auto document = zmi::SoapDocument::parse(std::move(text));
    if (!document) throw std::runtime_error(document.error().what);
    auto answer = zmi::read_discovery_response(*document, wanted);
    if (!answer) throw std::runtime_error(answer.error().what);
    return std::move(*answer);
}

/// The plan of one node or of all; one that has problems is derived faster, so it must not have any.
Plan derive(const zmi::Inventory& inventory, const Policy& policy, bool all) {
    auto plan = derive_plan(inventory, catalogue(), policy,
                            all ? std::nullopt : std::optional<std::string>(inventory.this_node));
    for (const auto& server : plan.servers) {
        if (!server.complete()) throw std::runtime_error(server.problems.front().text);
    }
    return plan;
}

void load_the_catalogue(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(must(load_catalogue({k_data / "catalogue"})));
}

void parse_soap_answer(benchmark::State& state) {
    const auto inventory = make_inventory(servers_of(state));
    const auto text = make_soap_answer(inventory);
    const auto wanted = catalogue().wanted();
    const zmi::WantedAttributes names(wanted);
    if (read_answer(text, names).servers != inventory.servers) throw std::runtime_error("not what was written");
    for (auto _ : state) benchmark::DoNotOptimize(read_answer(text, names));
    set_bytes(state, text.size());
}

void write_inventory_json(benchmark::State& state) {
    const auto inventory = make_inventory(servers_of(state));
    for (auto _ : state) benchmark::DoNotOptimize(zmi::to_json(inventory));
    set_bytes(state, zmi::to_json(inventory).size());
}

void parse_inventory_json(benchmark::State& state) {
    const auto inventory = make_inventory(servers_of(state));
    const auto text = zmi::to_json(inventory);
    if (must(zmi::parse_inventory(text, "inventory")) != inventory) throw std::runtime_error("not what was written");
    for (auto _ : state) benchmark::DoNotOptimize(must(zmi::parse_inventory(text, "inventory")));
    set_bytes(state, text.size());
}

void derive_plan_of(benchmark::State& state, bool all) {
    const auto inventory = make_inventory(servers_of(state));
    const auto policy = make_policy(inventory);
    for (auto _ : state) benchmark::DoNotOptimize(derive(inventory, policy, all));
}

/// Everything between the bytes of the answer and the plan of this node: what discover and plan add to the exchange.
void discover_and_plan(benchmark::State& state) {
    const auto inventory = make_inventory(servers_of(state));
    const auto text = make_soap_answer(inventory);
    const auto policy = make_policy(inventory);
    for (auto _ : state) {
        const auto wanted = catalogue().wanted();
        auto answer = read_answer(text, zmi::WantedAttributes(wanted));
        zmi::Inventory found;
        found.source = inventory.source;
        found.version = std::move(answer.version);
        found.this_node = inventory.this_node;
        found.global = std::move(answer.global);
        found.servers = std::move(answer.servers);
        found.local = inventory.local;
        found.resolved = inventory.resolved;
        benchmark::DoNotOptimize(derive(found, policy, false));
    }
    set_bytes(state, text.size());
}

void write_plan_json(benchmark::State& state) {
    const auto inventory = make_inventory(servers_of(state));
    const auto plan = derive(inventory, make_policy(inventory), true);
    for (auto _ : state) benchmark::DoNotOptimize(to_json(plan));
    set_bytes(state, to_json(plan).size());
}

void render_as(benchmark::State& state, const char* format_name, bool all) {
    const auto format = must(find_format({k_data}, format_name));
    const auto inventory = make_inventory(servers_of(state));
    const auto plan = derive(inventory, make_policy(inventory), all);
    for (auto _ : state) {
        for (const auto& server : plan.servers) {
            benchmark::DoNotOptimize(must(render(format, server, plan.source, {"bench"})));
        }
    }
}

void sizes(benchmark::internal::Benchmark* bench) {
    for (const int servers : {1, 10, 100, 500}) bench->Arg(servers);
    bench->Unit(benchmark::kMicrosecond);
}

BENCHMARK(load_the_catalogue)->Unit(benchmark::kMicrosecond);
BENCHMARK(parse_soap_answer)->Apply(sizes);
BENCHMARK(write_inventory_json)->Apply(sizes);
BENCHMARK(parse_inventory_json)->Apply(sizes);
BENCHMARK_CAPTURE(derive_plan_of, this_node, false)->Apply(sizes);
BENCHMARK_CAPTURE(derive_plan_of, all, true)->Apply(sizes);
BENCHMARK(discover_and_plan)->Apply(sizes);
BENCHMARK(write_plan_json)->Apply(sizes);
BENCHMARK_CAPTURE(render_as, nftables_this_node, "nftables", false)->Apply(sizes);
BENCHMARK_CAPTURE(render_as, nftables_all, "nftables", true)->Apply(sizes);
BENCHMARK_CAPTURE(render_as, ufw_this_node, "ufw", false)->Apply(sizes);

}  // namespace
}  // namespace zmfw::bench
