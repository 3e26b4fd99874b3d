#include <fmt/format.h>
#include <fmt/ranges.h>
#include <plugin/helper/helper.hpp>
#include <plugin/observe/counted.hpp>
#include <plugin/observe/gather.hpp>
#include <plugin/observe/kernel_log.hpp>
#include <zmintegration/support/file.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

constexpr std::size_t k_log_limit = 256UL * 1024 * 1024;
constexpr std::size_t k_output_limit = 64UL * 1024 * 1024;

class Gatherer {
public:
    Gatherer(const std::filesystem::path& system_root, zmi::ProcessRunner& runner)
        : m_system_root(system_root), m_runner(runner) {}

    [[nodiscard]] zmi::Expected<Gathered> all() {
        if (auto read = nft(); !read) return tl::unexpected(std::move(read).error());
        for (const auto* set : {"zmfirewall-seen4", "zmfirewall-seen6"}) {
            if (const auto text = output_of("ipset", {"save", set})) {
                read_ipset(*text, m_gathered.seen);
                m_gathered.read.emplace_back(std::string("ipset ") + set);
            }
        }
        if (!journal()) files();
        if (m_gathered.read.empty()) {
            return zmi::failure(
                zmi::ErrorKind::knowledge,
                fmt::format("nothing that was observed can be read: {}", fmt::join(m_gathered.missing, "; ")),
                "load what emit --observe writes, run this as root, or name a log with --log FILE");
        }
        return std::move(m_gathered);
    }

private:
    std::optional<std::string> output_of(const char* name, std::vector<std::string> arguments) {
        auto command = helper_command(name, std::move(arguments), std::chrono::seconds(60));
        if (command.program.empty()) {
            m_gathered.missing.push_back(fmt::format("{} is not installed", name));
            return std::nullopt;
        }
        command.output_limit = k_output_limit;
        const auto outcome = m_runner.run(command);
        if (outcome && outcome->ok()) return outcome->out;
        auto why = outcome ? outcome->describe(command) : outcome.error().what;
        if (outcome && !outcome->err.empty()) why = zmi::quoted(zmi::split_lines(outcome->err).front(), 160);
        m_gathered.missing.push_back(fmt::format("{}: {}", name, why));
        return std::nullopt;
    }

    zmi::Expected<void> nft() {
        const auto text = output_of("nft", {"-j", "-n", "list", "table", "inet", "zmfirewall_observe"});
        if (!text) return {};
        m_gathered.read.emplace_back("nftables");
        return read_nft_sets(*text, m_gathered.seen);
    }

    /// The journal is this host's; another root has its own files only.
    bool journal() {
        if (m_system_root != "/") return false;
        const auto text =
            output_of("journalctl", {"-k", "-q", "--no-pager", "-o", "json", "--output-fields=MESSAGE,_TRANSPORT"});
        if (!text || text->empty()) return false;
        read_log(*text, m_gathered.seen);
        m_gathered.read.emplace_back("journal");
        return true;
    }

    void files() {
        for (const auto* name : {"var/log/kern.log", "var/log/messages"}) {
            const auto path = m_system_root / name;
            const auto text = zmi::read_file(path, k_log_limit);
            if (!text) {
                m_gathered.missing.push_back(text.error().what);
                continue;
            }
            read_log(*text, m_gathered.seen);
            m_gathered.read.push_back(path.string());
            return;  // both hold the same lines where both exist
        }
    }

    std::filesystem::path m_system_root;
    zmi::ProcessRunner& m_runner;
    Gathered m_gathered;
};

}  // namespace

zmi::Expected<Gathered> gather_file(const std::filesystem::path& log) {
    const auto text = zmi::read_file(log, k_log_limit);
    if (!text) return zmi::failure(zmi::ErrorKind::data, text.error().what, "name a readable file with --log");
    Gathered gathered;
    read_log(*text, gathered.seen);
    gathered.read.push_back(log.string());
    return gathered;
}

zmi::Expected<Gathered> gather_here(const std::filesystem::path& system_root, zmi::ProcessRunner& runner) {
    return Gatherer(system_root, runner).all();
}

}  // namespace zmfw
