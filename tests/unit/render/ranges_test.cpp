#include <gtest/gtest.h>

#include "run_program.hpp"
#include "sample_plans.hpp"

namespace zmfw {
namespace {

/// The mesh's sidecars in TCP, media in UDP: their numbers overlap, what they are for does not.
ServerPlan plan_with_ranges() {
    auto plan = sample::plan({sample::open_port("ssh", "tcp", 22, "ssh", sample::anyone()),
                              sample::open_port("sidecar", "tcp", 21000, "cluster", {"10.0.0.11/32"}, 21255),
                              sample::open_port("metrics", "tcp", 21500, "cluster", {"10.0.0.11/32"}),
                              sample::open_port("rtp", "udp", 20000, "public", sample::anyone(), 40000)},
                             {"10.0.0.5", "2001:db8:5::5"});
    ClosedPort closed;
    closed.endpoint = "core-8735";
    closed.title = "core *link*";
    closed.protocol = "tcp";
    closed.port = one_port(8735);
    closed.reason = "nobody saw it";
    closed.settled_by = "<accept endpoint=\"core-8735\"/> in the policy";
    plan.closed.push_back(closed);
    return plan;
}

std::string all_of(const std::string& format_name) {
    const auto format = find_format({sample::templates()}, format_name);
    if (!format) throw std::runtime_error(format.error().what);
    const auto plan = plan_with_ranges();
    auto files = render(*format, plan, sample::source(), {"1.2.3"}).value();
    const auto of_all = render_cluster(*format, {plan}, sample::source(), {"1.2.3"}).value();
    files.insert(files.end(), of_all.begin(), of_all.end());
    std::string text;
    for (const auto& file : files) text += "== " + file.name + "\n" + file.content;
    return text;
}

TEST(Ranges, StandInEveryFormatAsOneThing) {
    const std::vector<std::pair<std::string, std::vector<std::string>>> formats = {
        {"nftables",
         {"tcp dport 21000-21255 jump tcp_21000_21255\n", "udp dport 20000-40000 jump udp_20000_40000\n",
          "\tchain udp_20000_40000 {", "21500 : jump tcp_21500"}},
        {"iptables",
         {"-p tcp -m tcp --dport 21000:21255 -j ZMFW-tcp_21000_21255\n",
          "-p udp -m udp --dport 20000:40000 -j ZMFW-udp_20000_40000\n", ":ZMFW-udp_20000_40000 - [0:0]"}},
        {"ufw", {"ports=21000:21255,21500/tcp\n", "ports=20000:40000/udp\n"}},
        {"firewalld",
         {"<port protocol=\"tcp\" port=\"21000-21255\"/>", "<port protocol=\"udp\" port=\"20000-40000\"/>"}},
        {"csv",
         {"\"in\",\"tcp\",\"21000\",\"21255\",\"10.0.0.11\"", "\"in\",\"udp\",\"20000\",\"40000\",\"0.0.0.0/0\""}},
        {"aws",
         {"\"IpProtocol\": \"tcp\",\n    \"FromPort\": 21000,\n    \"ToPort\": 21255",
          "\"IpProtocol\": \"udp\",\n    \"FromPort\": 20000,\n    \"ToPort\": 40000"}},
        {"aerleon",
         {"  tcp_21000_21255:\n    - protocol: tcp\n      port: \"21000-21255\"",
          "  udp_20000_40000:\n    - protocol: udp\n      port: \"20000-40000\""}},
        {"markdown", {"| tcp | 21000-21255 |", "| udp | 20000-40000 |"}},
    };
    for (const auto& [name, parts] : formats) {
        const auto text = all_of(name);
        for (const auto& part : parts)
            EXPECT_NE(text.find(part), std::string::npos) << name << ": " << part << "\n" << text;
        for (const auto* inner : {"20001", "21001", "30000"})
            EXPECT_EQ(text.find(inner), std::string::npos) << name << " lists the ports of a range";
    }
}

TEST(Ranges, AreTakenByNft) {
    if (!sample::can_load_nft()) GTEST_SKIP() << "no namespace of its own";
    const auto file =
        sample::scratch_file("ranges.nft", sample::rendered("nftables", plan_with_ranges()).at(0).content);
    const auto result = sample::run_shell("unshare -r -n -- /usr/sbin/nft -f " + file.string());
    EXPECT_EQ(result.status, 0) << result.output;
}

/// A range takes two of the fifteen places that one match of many ports has.
TEST(Ranges, TakeTwoPlacesOfAProfileOfUfw) {
    std::vector<OpenPort> open;
    for (int i = 0; i < 9; ++i)
        open.push_back(sample::open_port("e", "udp", 20000 + 100 * i, "public", sample::anyone(), 20050 + 100 * i));
    const auto profiles = sample::rendered("ufw", sample::plan(open)).at(1).content;
    EXPECT_NE(profiles.find(",20600:20650/udp|20700:20750,20800:20850/udp\n"), std::string::npos) << profiles;
}

TEST(Candidates, StandInTheDocumentAndInNoRules) {
    const auto document = all_of("markdown");
    const auto at = document.find("Candidates: ");
    ASSERT_NE(at, std::string::npos);
    const auto line = document.substr(at);
    EXPECT_NE(line.find("- tcp 8735 core-8735: core \\*link\\*"), std::string::npos) << line;
    EXPECT_NE(line.find("Settled by: "), std::string::npos) << line;
    EXPECT_NE(line.find("\\<accept endpoint"), std::string::npos) << line;
    for (const auto* name : {"nftables", "iptables", "ufw", "firewalld", "csv", "aws", "aerleon"})
        EXPECT_EQ(all_of(name).find("8735"), std::string::npos) << name;
}

}  // namespace
}  // namespace zmfw
