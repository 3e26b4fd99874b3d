// How much CPU time it takes to emit the rules of all servers in every format, from plans to texts of files.
//
//   bench_emit [--servers N] [--runs N] [--format NAME] [--check]    --check: exit with 1 where the aim is missed

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <plugin/plan/plan.hpp>
#include <plugin/render/render.hpp>
#include <stdexcept>
#include <string>
#include <vector>
#include "bench_deployment.hpp"

namespace zmfw::bench {
namespace {

const std::filesystem::path k_data = std::filesystem::path(ZMFIREWALL_SOURCE_DIR) / "templates";

constexpr double k_aim = 1.0;  ///< seconds of CPU for all formats, at 500 servers

struct Options {
    std::size_t servers = 500;
    std::size_t runs = 7;
    std::string format;  ///< only this one, for a profiler; or empty
    bool check = false;
};

struct Emission {
    double seconds = 0;
    std::size_t bytes = 0;
    std::size_t refused = 0;  ///< servers that do not fit into the format
};

/// What failed is no time worth telling.
template <class T>
T must(zmi::Expected<T> result) {
    if (!result) throw std::runtime_error(result.error().what);
    return std::move(*result);
}

/// Of this process, in seconds; the time of others on the machine does not count.
double cpu_time() {
    timespec now{};
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) != 0) throw std::runtime_error("no clock of CPU time");
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

Plan derive_all(std::size_t servers) {
    const auto inventory = make_inventory(servers);
    auto plan = derive_plan(inventory, must(load_catalogue({k_data / "catalogue"})), make_policy(inventory), {});
    for (const auto& server : plan.servers) {
        if (!server.complete()) throw std::runtime_error(server.problems.front().text);
    }
    return plan;
}

std::size_t bytes_of(const std::vector<RenderedFile>& files) {
    std::size_t bytes = 0;
    for (const auto& file : files) bytes += file.content.size();
    return bytes;
}

/// The files of all servers. Where a format has limits (aws), it refuses servers of large deployments; their number is
/// told, as such a format has done less than the others.
Emission emit(const Format& format, const Plan& plan) {
    const auto started = cpu_time();
    Emission done;
    for (const auto& server : plan.servers) {
        auto files = render(format, server, plan.source, {"bench"});
        if (!files && !format.limits.empty() && files.error().kind == zmi::ErrorKind::data) {
            ++done.refused;
        } else {
            done.bytes += bytes_of(must(std::move(files)));
        }
    }
    done.bytes += bytes_of(must(render_cluster(format, plan.servers, plan.source, {"bench"})));
    done.seconds = cpu_time() - started;
    return done;
}

double median(std::vector<double> times) {
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
}

/// Rounds over all formats, so that a slow minute of the machine is one of all. The seconds of each round.
std::vector<double> run_rounds(const std::vector<Format>& formats, const Plan& plan, std::size_t runs) {
    std::vector<std::vector<double>> times(formats.size());
    std::vector<Emission> last(formats.size());
    std::vector<double> rounds;
    for (std::size_t run = 0; run < runs; ++run) {
        double round = 0;
        for (std::size_t i = 0; i < formats.size(); ++i) {
            const auto done = emit(formats[i], plan);
            times[i].push_back(done.seconds);
            last[i] = done;
            round += done.seconds;
        }
        rounds.push_back(round);
    }
    for (std::size_t i = 0; i < formats.size(); ++i) {
        fmt::print("{:<12} {:>8.3f} {:>8.1f} {:>8}\n", formats[i].name, median(times[i]),
                   static_cast<double>(last[i].bytes) / 1e6, last[i].refused);
    }
    return rounds;
}

Options read_options(const std::vector<std::string>& words) {
    Options options;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const bool has_value = i + 1 < words.size();
        if (words[i] == "--check") {
            options.check = true;
        } else if (words[i] == "--servers" && has_value) {
            options.servers = std::stoul(words[++i]);
        } else if (words[i] == "--runs" && has_value) {
            options.runs = std::stoul(words[++i]);
        } else if (words[i] == "--format" && has_value) {
            options.format = words[++i];
        } else {
            throw std::runtime_error("usage: bench_emit [--servers N] [--runs N] [--format NAME] [--check]");
        }
    }
    if (options.servers == 0 || options.runs == 0) throw std::runtime_error("there is nothing to measure");
    return options;
}

int measure(const Options& options) {
    const auto formats = options.format.empty() ? must(find_formats({k_data}))
                                                : std::vector<Format>{must(find_format({k_data}, options.format))};
    const auto plan = derive_all(options.servers);
    fmt::print("{} servers, medians of {} rounds, one thread\n\n", options.servers, options.runs);
    fmt::print("{:<12} {:>8} {:>8} {:>8}\n", "format", "CPU s", "MB", "refused");
    const auto seconds = median(run_rounds(formats, plan, options.runs));
    const bool met = seconds < k_aim;
    fmt::print("{:<12} {:>8.3f}\n\naim {}: all {} formats in {:.2f} s of CPU (less than {} s at 500 servers)\n", "all",
               seconds, met ? "met" : "MISSED", formats.size(), seconds, k_aim);
    return met || !options.check ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace zmfw::bench

int main(int argc, char** argv) {
    try {
        return zmfw::bench::measure(zmfw::bench::read_options({argv + 1, argv + argc}));
    } catch (const std::exception& problem) {
        fmt::print(stderr, "bench_emit: {}\n", problem.what());
        return 2;
    }
}
