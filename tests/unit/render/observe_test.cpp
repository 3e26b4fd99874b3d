#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "run_program.hpp"
#include "sample_plans.hpp"

namespace zmfw {
namespace {

std::vector<RenderedFile> observing(const std::string& format_name, const ServerPlan& plan) {
    const auto format = find_format({sample::templates()}, format_name);
    if (!format) throw std::runtime_error(format.error().what);
    RenderOptions options{"1.2.3"};
    options.observe = true;
    auto files = render(*format, plan, sample::source(), options);
    if (!files) throw std::runtime_error(files.error().what);
    return *files;
}

bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::string replaced(std::string text, const std::string& word, const std::string& value) {
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + value.size())) {
        text.replace(at, word.size(), value);
    }
    return text;
}

/// The lines that start with `start`, once blanks in front are gone.
std::vector<std::string> lines_of(const std::string& text, const std::string& start) {
    std::vector<std::string> found;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        line.erase(0, line.find_first_not_of("\t "));
        if (line.starts_with(start)) found.push_back(line);
    }
    return found;
}

TEST(Observe, IsOneFileInPlaceOfThoseThatEnforce) {
    for (const auto& [format, name] : {std::pair("nftables", "mail.example.com/zmfirewall-observe.nft"),
                                       std::pair("iptables", "mail.example.com/zmfirewall-observe.sh")}) {
        const auto files = observing(format, sample::mixed_plan());
        ASSERT_EQ(files.size(), 1U) << format;
        EXPECT_EQ(files[0].name, name);
        for (const auto& file : sample::rendered(format, sample::mixed_plan())) EXPECT_NE(file.name, name);
    }
}

TEST(Observe, SaysThatNothingIsEnforcedAndHoldsNothingThatDrops) {
    for (const auto* format : {"nftables", "iptables"}) {
        const auto text = observing(format, sample::mixed_plan())[0].content;
        EXPECT_TRUE(holds(text, "NOTHING IS ENFORCED, everything is accepted")) << format;
        for (const auto* part : {"-j DROP", "REJECT", "counter drop", "policy drop", "reject"})
            EXPECT_FALSE(holds(text, part)) << format << ": " << part;
    }
}

TEST(Observe, KeepsItsPrefixWithinWhatTheKernelKeeps) {
    for (const auto* format : {"nftables", "iptables"})
        EXPECT_TRUE(holds(observing(format, sample::mixed_plan())[0].content, "prefix \"zmfirewall would drop: \"\n"));
    EXPECT_LE(std::string("zmfirewall would drop: ").size(), 29U);
}

TEST(Observe, AcceptsByTheSameRulesThatEnforceInNftables) {
    const auto enforced = sample::rendered("nftables", sample::mixed_plan())[0].content;
    const auto observed = observing("nftables", sample::mixed_plan())[0].content;
    for (const auto* start : {"ip saddr", "ip6 saddr", "counter accept comment \"", "meta nfproto ipv4 counter", "25 :",
                              "tcp dport", "udp dport", "icmp", "10.", "192.", "2001:", "chain tcp", "chain udp"}) {
        auto lines = lines_of(observed, start);
        std::erase_if(lines, [](const std::string& line) { return holds(line, "would drop"); });
        EXPECT_EQ(lines, lines_of(enforced, start)) << start;
    }
}

TEST(Observe, AcceptsByTheSameRulesThatEnforceInIptables) {
    std::vector<std::string> enforced;
    for (const auto& file : sample::rendered("iptables", sample::mixed_plan())) {
        if (!holds(file.source, "rules")) continue;
        const auto text = replaced(replaced(file.content, "ZMFIREWALL-IN", "ZMFWOBS-IN"), "ZMFW-", "ZMFWOBS-");
        for (auto& line : lines_of(text, "-A")) {
            if (!holds(line, "DROP") && !holds(line, "LOG")) enforced.push_back(line);
        }
    }
    auto observed = lines_of(observing("iptables", sample::mixed_plan())[0].content, "-A");
    std::erase_if(observed,
                  [](const std::string& line) { return holds(line, "WOULD_DROP") || holds(line, "would drop"); });
    EXPECT_EQ(observed, enforced);
}

TEST(Observe, IsRefusedOfAFormatThatCannot) {
    const auto format = find_format({sample::templates()}, "ufw");
    ASSERT_TRUE(format);
    RenderOptions options{"1.2.3"};
    options.observe = true;
    const auto files = render(*format, sample::mixed_plan(), sample::source(), options);
    ASSERT_FALSE(files);
    EXPECT_EQ(files.error().kind, zmi::ErrorKind::usage);
    EXPECT_TRUE(holds(files.error().what, "ufw cannot observe"));
}

TEST(Observe, RefusesAPlanOfWhatLeaves) {
    auto plan = sample::mixed_plan();
    plan.outbound.emplace();
    const auto format = find_format({sample::templates()}, "nftables");
    ASSERT_TRUE(format);
    RenderOptions options{"1.2.3"};
    options.observe = true;
    EXPECT_FALSE(render(*format, plan, sample::source(), options));
}

TEST(Observe, LoadsTwiceInNftablesBesideARuleThatEnforces) {
    if (!sample::can_load_nft()) GTEST_SKIP() << "nft cannot be run in a user and network namespace here";
    const auto rules =
        sample::scratch_file("enforced.nft", sample::rendered("nftables", sample::mixed_plan())[0].content);
    for (const auto& plan : {sample::mixed_plan(), sample::plan({})}) {
        const auto path = sample::scratch_file("observe.nft", observing("nftables", plan)[0].content);
        const auto nft = [](const std::filesystem::path& file) {
            return "/usr/sbin/nft -f '" + file.string() + "' && ";
        };
        const auto loaded = sample::run_shell("unshare -r -n -- sh -c \"" + nft(rules) + nft(path) + nft(path) +
                                              "/usr/sbin/nft -s list ruleset\"");
        EXPECT_EQ(loaded.status, 0) << loaded.output;
        EXPECT_TRUE(holds(loaded.output, "table inet zmfirewall {"));
        EXPECT_TRUE(holds(loaded.output, "update @would_drop_tcp6 { ip6 saddr . tcp dport counter"));
    }
}

TEST(Observe, LoadsTwiceInIptablesAndGoesAwayWhole) {
    const auto space =
        "PATH=/usr/sbin:/usr/bin:/sbin:/bin XTABLES_LOCKFILE=" + sample::scratch_file("xtables.lock", "").string() +
        " unshare -r -n -- sh -c '";
    if (sample::run_shell(space + "iptables -S && ip6tables -S && ipset list -n'").status != 0)
        GTEST_SKIP() << "iptables and ipset cannot be run in a user and network namespace here";
    for (const auto& plan : {sample::mixed_plan(), sample::plan({})}) {
        const auto script =
            "sh " + sample::scratch_file("observe.sh", observing("iptables", plan)[0].content).string() + " ";
        const auto list = std::string("iptables -t mangle -S && ip6tables -t mangle -S && ipset list -n");
        const auto before = sample::run_shell(space + list + "'");
        const auto checked = sample::run_shell(space + script + "check && iptables -t mangle -S'");
        EXPECT_EQ(checked.status, 0) << checked.output;
        EXPECT_FALSE(holds(checked.output, "ZMFW")) << checked.output;
        const auto loaded = sample::run_shell(space + script + "&& " + script + "&& " + list + "'");
        EXPECT_EQ(loaded.status, 0) << loaded.output;
        EXPECT_TRUE(holds(loaded.output, "-A INPUT -j ZMFWOBS-IN\n-A ZMFWOBS-IN")) << loaded.output;
        EXPECT_TRUE(holds(loaded.output, "zmfirewall-seen6"));
        const auto gone = sample::run_shell(space + script + "&& " + script + "undo && " + list + "'");
        EXPECT_EQ(gone.output, before.output);
    }
}

}  // namespace
}  // namespace zmfw
