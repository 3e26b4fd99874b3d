#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <filesystem>
#include <fstream>
#include <string>
#include <zmintegration/local/listening_sockets.hpp>

namespace {

/// A table as the kernel writes it: `count` sockets of IPv4, each on an address and port of its own.
std::string table(int count) {
    std::string text =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
    for (int i = 0; i < count; ++i) {
        const auto line = fmt::format(
            "{:4}: 0A{:06X}:{:04X} 00000000:0000 0A 00000000:00000000 00:00000000 00000000   999        0 {} 1 "
            "0000000000000000 100 0 0 10 0",
            i, i / 50'000, i % 50'000 + 1, 100'000 + i);
        text += fmt::format("{:<149}\n", line);
    }
    return text;
}

class Root {
public:
    explicit Root(int sockets) {
        std::string name = (std::filesystem::temp_directory_path() / "zmfirewall-bench.XXXXXX").string();
        if (::mkdtemp(name.data()) != nullptr) m_path = name;
        const auto net = m_path / "proc/net";
        std::filesystem::create_directories(net);
        std::ofstream(net / "tcp") << table(sockets);
        for (const auto* other : {"udp", "tcp6", "udp6"}) std::ofstream(net / other) << table(0);
    }
    ~Root() {
        std::error_code ignored;
        std::filesystem::remove_all(m_path, ignored);
    }
    Root(const Root&) = delete;
    Root& operator=(const Root&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return m_path; }

private:
    std::filesystem::path m_path;
};

void read_listeners(benchmark::State& state) {
    const Root root(static_cast<int>(state.range(0)));
    for (auto _ : state) {
        auto found = zmi::read_listening_sockets(root.path());
        if (!found || found->sockets.size() != static_cast<std::size_t>(state.range(0)))
            state.SkipWithError("not all sockets were read");
        benchmark::DoNotOptimize(found);
    }
}
BENCHMARK(read_listeners)->Arg(100)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

}  // namespace
