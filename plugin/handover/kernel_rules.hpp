#pragma once

#include <filesystem>
#include <plugin/handover/state.hpp>
#include <string>
#include <string_view>
#include <vector>
#include <zmintegration/process/process_runner.hpp>
#include <zmintegration/support/error.hpp>

/// How rules of each format get into the kernel, out of it, and are read back. Only our own are ever touched.
namespace zmfw {

/// Our own rules, a line each, in an order that equal rules share.
using RuleLines = std::vector<std::string>;

struct Difference {
    RuleLines missing;       ///< should be loaded and are not
    RuleLines extra;         ///< are loaded and should not be
    bool reordered = false;  ///< the same lines, in another order
    [[nodiscard]] bool none() const { return missing.empty() && extra.empty() && !reordered; }
};
[[nodiscard]] Difference compare(const RuleLines& wanted, const RuleLines& loaded);

class KernelRules {
public:
    KernelRules(std::string format, zmi::ProcessRunner& runner) : m_format(std::move(format)), m_runner(runner) {}

    /// Loads the files of a folder; seconds that may take at most.
    [[nodiscard]] zmi::Expected<void> load(const std::filesystem::path& rules);
    [[nodiscard]] int load_limit() const { return m_format == "ufw" ? 600 : 60; }

    /// Takes our rules away. `rules`: the files of any of our rules of this format. Of ufw those for ssh stay while it
    /// is active, unless `with_ssh`.
    [[nodiscard]] zmi::Expected<void> unload(const std::filesystem::path& rules, bool with_ssh);

    /// nftables only: writes what is loaded now, as a file that brings it back.
    [[nodiscard]] zmi::Expected<void> save(const std::filesystem::path& file);
    [[nodiscard]] zmi::Expected<void> bring_back(const std::filesystem::path& file);

    [[nodiscard]] zmi::Expected<RuleLines> loaded();
    /// What loaded() would be with these files loaded: found out in a network namespace of its own.
    [[nodiscard]] zmi::Expected<RuleLines> wanted(const std::filesystem::path& rules);

private:
    zmi::Expected<std::string> run(const std::string& program, std::vector<std::string> arguments, int seconds = 30,
                                   std::string input = {});
    zmi::Expected<std::string> run_shell(const char* script, const std::filesystem::path& rules, bool apart);
    std::string m_format;
    zmi::ProcessRunner& m_runner;
};

/// Pure: listings in the words of their programs to our lines.
[[nodiscard]] RuleLines lines_of_nft(std::string_view listing);
[[nodiscard]] RuleLines lines_of_iptables(std::string_view saved);  ///< iptables-save, ip6tables-save, ipset save
[[nodiscard]] RuleLines lines_of_ufw(std::string_view commands);    ///< "ufw show added", or a script of ours

}  // namespace zmfw
