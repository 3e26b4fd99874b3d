// Writes what the packet benchmark loads: the rules of a directory server that is the log host as well, so that exactly
// PEERS other servers may come to 389/tcp and to 514/udp.
//
//   bench_rules PEERS FOLDER    FOLDER/FORMAT/SERVER/... for the local formats, FOLDER/json/zmfirewall.json

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <plugin/plan/plan.hpp>
#include <plugin/render/render.hpp>
#include <stdexcept>
#include <string>
#include <vector>
#include "bench_deployment.hpp"

namespace zmfw::bench {
namespace {

namespace fs = std::filesystem;

const fs::path k_data = fs::path(ZMFIREWALL_SOURCE_DIR) / "templates";
constexpr const char* k_server = "ldap1.example.com";

template <class T>
T must(zmi::Expected<T> result) {
    if (!result) throw std::runtime_error(result.error().what);
    return std::move(*result);
}

Plan plan_of(std::size_t peers) {
    auto inventory = make_inventory(peers + 1);
    inventory.global["zimbraLogHostname"] = {k_server};
    auto plan = derive_plan(inventory, must(load_catalogue({k_data / "catalogue"})), make_policy(inventory),
                            std::string(k_server));
    for (const auto& server : plan.servers) {
        if (!server.complete()) throw std::runtime_error(server.problems.front().text);
    }
    return plan;
}

void write(const fs::path& folder, const std::vector<RenderedFile>& files) {
    for (const auto& file : files) {
        fs::create_directories((folder / file.name).parent_path());
        std::ofstream out(folder / file.name, std::ios::binary);
        if (!(out << file.content).flush()) throw std::runtime_error("cannot write " + (folder / file.name).string());
    }
}

void run(std::size_t peers, const fs::path& folder) {
    const auto plan = plan_of(peers);
    for (const auto* name : {"nftables", "iptables", "ufw", "json"}) {
        const auto format = must(find_format({k_data}, name));
        write(folder / name, must(render(format, plan.servers.front(), plan.source, {"bench"})));
        write(folder / name, must(render_cluster(format, plan.servers, plan.source, {"bench"})));
    }
}

}  // namespace
}  // namespace zmfw::bench

int main(int argc, char** argv) {
    try {
        if (argc != 3) throw std::runtime_error("usage: bench_rules PEERS FOLDER");
        zmfw::bench::run(std::stoul(argv[1]), argv[2]);
        return EXIT_SUCCESS;
    } catch (const std::exception& problem) {
        fmt::print(stderr, "bench_rules: {}\n", problem.what());
        return EXIT_FAILURE;
    }
}
