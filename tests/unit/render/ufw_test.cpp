#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "run_program.hpp"
#include "sample_plans.hpp"

namespace zmfw {
namespace {

bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::string file_of(const ServerPlan& plan, std::size_t index) {
    return sample::rendered("ufw", plan).at(index).content;
}
std::string script_of(const ServerPlan& plan) {
    return file_of(plan, 0);
}
std::string profiles_of(const ServerPlan& plan) {
    return file_of(plan, 1);
}

ServerPlan single_server() {
    std::vector<OpenPort> open = {sample::open_port("ssh", "tcp", 22, "ssh", sample::anyone())};
    for (const int port : {25, 80, 110, 143, 443, 465, 587, 993, 995}) {
        open.push_back(sample::open_port("e" + std::to_string(port), "tcp", port, "public", sample::anyone()));
    }
    return sample::plan(open);
}

TEST(Ufw, HasOneProfileForThePublicPortsOfASingleServer) {
    EXPECT_TRUE(holds(profiles_of(single_server()), "ports=25,80,110,143,443,465,587,993,995/tcp\n"));
}

TEST(Ufw, SplitsAProfileAfterFifteenSlots) {
    std::vector<OpenPort> open;
    for (int port = 1001; port <= 1014; ++port) {
        open.push_back(sample::open_port("e", "tcp", port, "public", sample::anyone()));
    }
    open.push_back(sample::open_port("e", "tcp", 2000, "public", sample::anyone(), 2010));
    open.push_back(sample::open_port("e", "udp", 53, "public", sample::anyone()));
    EXPECT_TRUE(holds(profiles_of(sample::plan(open)), ",1014/tcp|2000:2010/tcp|53/udp\n"));
}

TEST(Ufw, KeepsEveryFieldBelowTheLimitOfUfw) {
    std::vector<OpenPort> open;
    for (int i = 0; i < 300; ++i) {
        const auto name = "an-endpoint-with-a-long-name-" + std::to_string(i);
        open.push_back(sample::open_port(name, "tcp", 10000 + i, "public", sample::anyone()));
    }
    std::istringstream lines(profiles_of(sample::plan(open)));
    std::size_t ports = 0;
    for (std::string line; std::getline(lines, line);) {
        EXPECT_LE(line.size(), 1024U) << line;
        if (line.rfind("ports=", 0) == 0) ports += static_cast<std::size_t>(std::count(line.begin(), line.end(), ','));
    }
    EXPECT_EQ(ports, 300U - 20U);  // 20 chunks of 15
}

TEST(Ufw, AllowsEachSourceByItself) {
    const auto script = script_of(sample::mixed_plan());
    EXPECT_TRUE(holds(script, "\nufw allow from any to any app zmfirewall-public-"));
    EXPECT_TRUE(holds(script, "\nufw allow from 0.0.0.0/0 to any app zmfirewall-public-"));
    EXPECT_TRUE(holds(script, "\nufw allow from 10.0.1.0/24 to any app zmfirewall-ldap-"));
    EXPECT_TRUE(holds(script, "\nufw allow from 2001:db8:5::11 to any app zmfirewall-ldap-"));
    EXPECT_TRUE(holds(script, "\nufw allow from 10.0.0.11 to 10.0.0.5 app zmfirewall-memcached-"));
}

TEST(Ufw, AllowsSshFirst) {
    const auto script = script_of(sample::mixed_plan());
    const auto first = script.find("\nufw allow ");
    EXPECT_EQ(first, script.find("\nufw allow from any to any app zmfirewall-ssh-"));
}

TEST(Ufw, NeverReloads) {
    for (std::size_t i = 0; i < 3; ++i) {
        const auto text = file_of(sample::mixed_plan(), i);
        EXPECT_FALSE(holds(text, "ufw reload") || holds(text, "app update") || holds(text, "ufw --force")) << i;
    }
}

TEST(Ufw, AsksForIpv6OnlyWhereThePlanHasIt) {
    EXPECT_TRUE(holds(script_of(sample::mixed_plan()), "IPV6=yes"));
    const auto plan = sample::plan({sample::open_port("smtp", "tcp", 25, "public", {"0.0.0.0/0"})});
    EXPECT_FALSE(holds(script_of(plan), "IPV6=yes"));
}

TEST(Ufw, ScriptsAreExecutableAndPassTheShell) {
    const auto files = sample::rendered("ufw", sample::mixed_plan());
    EXPECT_EQ(files.at(0).mode, 0755U);
    EXPECT_EQ(files.at(1).mode, 0644U);
    for (const std::size_t i : {std::size_t{0}, std::size_t{2}}) {
        const auto checked =
            sample::run_shell("sh -n '" + sample::scratch_file("script.sh", files[i].content).string() + "'");
        EXPECT_EQ(checked.status, 0) << checked.output;
    }
}

TEST(Ufw, ScriptRefusesToRunAsAPlainUser) {
    const auto path = sample::scratch_file("apply.sh", script_of(sample::mixed_plan())).string();
    // Where we are root, become somebody else in a namespace of our own.
    const auto run = sample::run_shell("unshare --user -- sh '" + path + "'");
    if (run.output.find("unshare") != std::string::npos) GTEST_SKIP() << "no user namespaces here";
    EXPECT_EQ(run.status, 1);
    EXPECT_TRUE(holds(run.output, "zmfirewall: run this as root")) << run.output;
}

TEST(Ufw, OwnParserAcceptsTheProfiles) {
    const std::string module = "/usr/lib/python3/dist-packages/ufw/applications.py";
    if (!std::filesystem::exists(module)) GTEST_SKIP() << "ufw is not installed";
    const auto folder = std::filesystem::path(ZMFIREWALL_BINARY_DIR) / "scratch" / "applications.d";
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "zmfirewall") << profiles_of(sample::mixed_plan());
    const auto program = sample::scratch_file("profiles.py",
                                              "import builtins, sys\n"
                                              "builtins._ = lambda text: text\n"
                                              "import ufw.common, ufw.applications\n"
                                              "for name in sorted(ufw.applications.get_profiles(sys.argv[1])):\n"
                                              "    print(name)\n");
    const auto run = sample::run_shell("PYTHONPATH=/usr/lib/python3/dist-packages python3 '" + program.string() +
                                       "' '" + folder.string() + "'");
    EXPECT_EQ(run.status, 0) << run.output;
    EXPECT_FALSE(holds(run.output, "Skipping") || holds(run.output, "WARN")) << run.output;
    for (const auto* name : {"ssh", "public", "ldap", "admin", "memcached", "policy", "cluster"}) {
        EXPECT_TRUE(holds(run.output, std::string("zmfirewall-") + name + "-")) << name << "\n" << run.output;
    }
}

}  // namespace
}  // namespace zmfw
