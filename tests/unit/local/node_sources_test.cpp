#include <zmintegration/local/node_sources.hpp>

#include <gtest/gtest.h>
#include <unistd.h>
#include <functional>
#include <tests/unit/support/temporary_tree.hpp>
#include <zmintegration/local/modules.hpp>
#include <zmintegration/local/units.hpp>

namespace zmi {
namespace {

/// Answers what the test says; keeps what was run.
class FakeProgram final : public ProcessRunner {
public:
    std::function<Outcome(const Command&)> answer = [](const Command&) {
        return Outcome{Outcome::End::exited, 1, "", ""};
    };
    std::vector<Command> commands;

    Expected<Outcome> run(const Command& command) override {
        commands.push_back(command);
        return answer(command);
    }
};

Outcome said(std::string text) {
    return {Outcome::End::exited, 0, std::move(text), ""};
}

void make_program(const TemporaryTree& tree, const std::string& name) {
    const auto path = tree.write(name, "#!/bin/sh\n");
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
}

// Made up after /var/lib/dpkg/status of Debian 12 and Ubuntu 22.04.
constexpr const char* k_status =
    "Package: carbonio-core\nStatus: install ok installed\nMaintainer: a\nDescription: core\n Package: fake\n .\n\n"
    "Package: carbonio-files-ce\nStatus: hold ok installed\n\n"
    "Package: carbonio-proxy\nStatus: deinstall ok config-files\n\n"
    "Package: carbonio-mta\nStatus: install ok half-installed\n\n"
    "Package: carbonio-preview-ce\nStatus: install reinstreq half-configured\n\n"
    "Package: carbonio-tasks-ce\nStatus: install ok triggers-awaited\n";

PackageNames names(std::initializer_list<const char*> list) {
    return {list.begin(), list.end()};
}

TEST(DpkgStatus, WhatIsInstalledIsThereWhateverIsSelectedForIt) {
    const auto found = parse_dpkg_status(k_status, "status");
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_EQ(*found, names({"carbonio-core", "carbonio-files-ce", "carbonio-preview-ce", "carbonio-tasks-ce"}));
    EXPECT_TRUE(parse_dpkg_status("", "status")->empty());
}

TEST(DpkgStatus, ADamagedDatabaseIsAnErrorAndNoSmallerAnswer) {
    const auto problem = [](std::string_view text) {
        const auto found = parse_dpkg_status(text, "status");
        return found ? std::string() : found.error().what;
    };
    EXPECT_EQ(problem("Package: a\nStatus: install ok inst"), "status:1: the last line is cut off");
    EXPECT_EQ(problem("Package: a\n\n"), "status:1: a package without a status");
    EXPECT_EQ(problem("\nStatus: install ok installed\n"), "status:2: a package without a name");
    EXPECT_EQ(problem("Package: a b\nStatus: install ok installed\n"), "status:1: a package without a name");
    EXPECT_EQ(problem("Package: a\nnonsense\n"), "status:2: a line that is no field");
}

TEST(Packages, WithTheProductsCoreInDpkgNobodyElseIsAsked) {
    const TemporaryTree tree;
    tree.write("var/lib/dpkg/status", k_status);
    make_program(tree, "usr/bin/rpm");
    FakeProgram rpm;
    const auto found = read_packages(tree.root(), "carbonio-core", rpm);
    EXPECT_EQ(found.problem, "");
    EXPECT_TRUE(found.names.contains("carbonio-files-ce"));
    EXPECT_TRUE(rpm.commands.empty());
}

TEST(Packages, RpmIsAskedWhereDpkgDoesNotKnowTheProduct) {
    const TemporaryTree tree;
    make_program(tree, "usr/bin/rpm");
    FakeProgram rpm;
    rpm.answer = [](const Command&) { return said("carbonio-core\ncarbonio-videoserver-ce\n"); };
    const auto found = read_packages(tree.root(), "carbonio-core", rpm);
    EXPECT_EQ(found.problem, "");
    EXPECT_EQ(found.names, names({"carbonio-core", "carbonio-videoserver-ce"}));
    ASSERT_EQ(rpm.commands.size(), 1U);
    EXPECT_EQ(rpm.commands[0].arguments, (std::vector<std::string>{"-qa", "--qf", "%{NAME}\\n"}));
    rpm.answer = [](const Command&) { return said("not a name\n"); };
    EXPECT_NE(read_packages(tree.root(), "carbonio-core", rpm).problem, "");
    rpm.answer = [](const Command&) { return Outcome{Outcome::End::timed_out, 0, "", ""}; };
    EXPECT_NE(read_packages(tree.root(), "carbonio-core", rpm).problem.find("no answer in 30 s"), std::string::npos);
}

TEST(Packages, ASystemWithoutAnyDatabaseIsAProblem) {
    const TemporaryTree tree;
    FakeProgram none;
    EXPECT_NE(read_packages(tree.root(), "carbonio-core", none).problem.find("nor rpm is there"), std::string::npos);
}

// Made up after `systemctl show -p Id,LoadState,ActiveState` of systemd 252; an alias answers with its own Id.
constexpr const char* k_units =
    "Id=carbonio-files.service\nLoadState=loaded\nActiveState=active\n\n"
    "Id=nothing.service\nLoadState=not-found\nActiveState=inactive\n\n"
    "Id=postgresql@16-main.service\nLoadState=loaded\nActiveState=reloading\n\n"
    "Id=patroni.service\nLoadState=masked\nActiveState=inactive\n\n"
    "Id=grafana-server.service\nLoadState=loaded\nActiveState=failed\n";

TEST(Units, AreToldInTheOrderOfTheQuestion) {
    const auto states =
        parse_unit_states(k_units, {"files.service", "b.service", "c.service", "d.service", "e.service"});
    ASSERT_TRUE(states) << states.error().what;
    EXPECT_EQ(*states, (UnitStates{{"files.service", "active"},
                                   {"b.service", "absent"},
                                   {"c.service", "active"},
                                   {"d.service", "inactive"},
                                   {"e.service", "failed"}}));
}

TEST(Units, AnAnswerThatIsShorterOrSaysNothingIsNone) {
    EXPECT_FALSE(parse_unit_states(k_units, {"a.service"}));
    EXPECT_FALSE(parse_unit_states("", {"a.service"}));
    EXPECT_FALSE(parse_unit_states("Id=a.service\nActiveState=active\n", {"a.service"}));
    EXPECT_FALSE(parse_unit_states("Id=a.service\nLoadState=loaded\nActiveState=odd\n", {"a.service"}));
}

TEST(Units, AreAskedOfSystemctlWithNamesOnly) {
    const TemporaryTree tree;
    FakeProgram systemctl;
    systemctl.answer = [](const Command&) { return said("Id=a.service\nLoadState=loaded\nActiveState=active\n"); };
    EXPECT_EQ(read_units(tree.root(), {"a.service"}, systemctl).problem, "systemctl is not there");
    make_program(tree, "usr/bin/systemctl");
    const auto found = read_units(tree.root(), {"a.service"}, systemctl);
    EXPECT_EQ(found.problem, "");
    EXPECT_EQ(found.states, (UnitStates{{"a.service", "active"}}));
    EXPECT_EQ(systemctl.commands.back().arguments.back(), "a.service");
    for (const auto* name : {"a*.service", "--root=/", "a b.service", "a"}) {
        EXPECT_NE(read_units(tree.root(), {name}, systemctl).problem, "") << name;
    }
    EXPECT_EQ(systemctl.commands.size(), 1U);
    systemctl.answer = [](const Command&) { return Outcome{Outcome::End::exited, 1, "", ""}; };
    EXPECT_EQ(read_units(tree.root(), {"a.service"}, systemctl).problem, "systemctl show: exit status 1");
}

// Made up after what check-zextras-backup reads and what the manual shows of `zxsuite mobile getServices`.
constexpr const char* k_mobile = R"(some log line
{"ok": true, "response": {"services": {
  "module": {"could_start": false, "could_stop": true, "running": true},
  "ldap-address-book": {"running": true, "could_stop": true},
  "anti-dos": {"running": false, "could_not_start_because": "anti-dos disabled"}}}})";

TEST(Modules, TheServicesAreFoundWhateverIsAroundThem) {
    const auto found = parse_module_services(k_mobile);
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_EQ(*found, (std::map<std::string, bool, std::less<>>{
                          {"module", true}, {"ldap-address-book", true}, {"anti-dos", false}}));
    const auto deeper = parse_module_services(
        R"({"response":{"mail.example.com":{"response":{"services":{"module":{"running":false}}}}}})");
    ASSERT_TRUE(deeper) << deeper.error().what;
    EXPECT_FALSE(deeper->at("module"));
}

TEST(Modules, WhatNamesNoServiceIsNoAnswer) {
    EXPECT_FALSE(parse_module_services(""));
    EXPECT_FALSE(parse_module_services("no such module"));
    EXPECT_FALSE(parse_module_services("{}"));
    EXPECT_FALSE(parse_module_services(R"({"services": {"module": {"running": "yes"}}})"));
    EXPECT_FALSE(parse_module_services(R"({"ok": false, "services": {"module": {"running": true}}})"));
    EXPECT_FALSE(parse_module_services("{" + std::string(100'000, '[')));
}

TEST(Modules, AreAskedOfZxsuiteOnceEach) {
    const TemporaryTree tree;
    make_program(tree, "home/bin/zxsuite");
    FakeProgram zxsuite;
    zxsuite.answer = [](const Command& command) {
        return command.arguments[1] == "mobile" ? said(k_mobile) : Outcome{Outcome::End::exited, 1, "", ""};
    };
    const auto home = tree.root() / "home";
    const auto found =
        read_modules("zimbra", home, tree.root(), {"mobile", "mobile/anti-dos", "mobile/other"}, zxsuite);
    EXPECT_EQ(found.problem, "");
    EXPECT_EQ(found.states,
              (std::map<std::string, std::string, std::less<>>{{"mobile", "running"}, {"mobile/anti-dos", "stopped"}}));
    ASSERT_EQ(zxsuite.commands.size(), 1U);
    EXPECT_EQ(zxsuite.commands[0].arguments, (std::vector<std::string>{"--json", "mobile", "getServices"}));
    const auto partly = read_modules("zimbra", home, tree.root(), {"mobile", "team"}, zxsuite);
    EXPECT_NE(partly.problem.find("team getServices: exit status 1"), std::string::npos) << partly.problem;
    EXPECT_EQ(partly.states.at("mobile"), "running");
}

TEST(Modules, WithoutTheProgramThereAreNone) {
    const TemporaryTree tree;
    make_program(tree, "home/bin/carbonio");
    FakeProgram program;
    const auto zimbra = read_modules("zimbra", tree.root() / "home", tree.root(), {"mobile"}, program);
    EXPECT_TRUE(zimbra.problem.empty() && zimbra.states.empty());
    // The command of the community edition knows no modules and must not be asked.
    const auto ce = read_modules("carbonio", tree.root() / "home", tree.root(), {"mobile"}, program);
    EXPECT_TRUE(ce.problem.empty() && ce.states.empty());
    EXPECT_TRUE(program.commands.empty());
    tree.write("usr/share/carbonio-advanced-cli/carbonio-advanced-cli.jar", "");
    EXPECT_NE(read_modules("carbonio", tree.root() / "home", tree.root(), {"mobile"}, program).problem, "");
    EXPECT_EQ(program.commands.size(), 1U);
}

ListeningSocket socket(const std::string& protocol, const char* address, std::uint16_t port) {
    ListeningSocket made;
    made.protocol = protocol;
    made.address = *parse_address(address);
    made.port = port;
    return made;
}

TEST(LiveListeners, AreTheWantedOnesOffLoopback) {
    ListeningSockets sockets;
    sockets.sockets = {socket("tcp", "0.0.0.0", 8735), socket("tcp", "127.78.0.18", 8735),
                       socket("tcp", "::1", 8736),     socket("tcp", "::", 8736),
                       socket("udp", "0.0.0.0", 8735), socket("tcp", "0.0.0.0", 22)};
    EXPECT_EQ(live_listeners(sockets, {{"tcp", 8735, 8736}}),
              (std::set<LiveListener>{{"tcp", 8735, "0.0.0.0"}, {"tcp", 8736, "::"}}));
}

TEST(LiveListeners, CallsAndClientsOfUdpAreNone) {
    ListeningSockets sockets;
    sockets.sockets = {socket("udp", "0.0.0.0", 20000), socket("udp", "0.0.0.0", 40000), socket("udp", "0.0.0.0", 514),
                       socket("tcp", "0.0.0.0", 21003)};
    EXPECT_EQ(live_listeners(sockets,
                             {{"udp", 20000, 40000}, {"udp", 40000, 40000}, {"udp", 514, 514}, {"tcp", 20000, 40000}}),
              (std::set<LiveListener>{{"tcp", 21003, "0.0.0.0"}, {"udp", 514, "0.0.0.0"}}));
}

TEST(NodeSources, OnlyWhatIsWantedIsAskedAndHasAnEntry) {
    const TemporaryTree tree;
    FakeProgram programs;
    LocalFacts facts;
    EXPECT_TRUE(read_node_sources({}, {"carbonio", tree.root(), tree.root()}, programs, facts).empty());
    EXPECT_EQ(facts, LocalFacts());
    EXPECT_TRUE(programs.commands.empty());
}

TEST(NodeSources, EachSourceSaysWhetherItCouldBeRead) {
    const TemporaryTree tree;
    tree.write("var/lib/dpkg/status", k_status);
    tree.write("opt/zextras/lib/ext/carbonio/carbonio-advanced-26.jar", "");
    FakeProgram programs;
    Wanted wanted;
    wanted.packages = {"carbonio-files-ce", "carbonio-proxy"};
    wanted.present = {"/opt/zextras/lib/ext/carbonio/carbonio-advanced-*.jar", "/etc/none"};
    wanted.units = {"a.service"};
    wanted.modules = {"mobile"};
    wanted.ports = {{"tcp", 1, 2}};
    wanted.mesh = true;
    wanted.files["janus.jcfg"] = {"/etc/janus/janus.jcfg", {"rtp_port_range"}};
    LocalFacts facts;
    const auto installed =
        read_node_sources(wanted, {"carbonio", tree.root() / "opt/zextras", tree.root()}, programs, facts);
    EXPECT_TRUE(installed.contains("carbonio-core"));
    EXPECT_EQ(facts.packages, names({"carbonio-files-ce"}));
    EXPECT_EQ(facts.present, names({"/opt/zextras/lib/ext/carbonio/carbonio-advanced-*.jar"}));
    for (const auto* source : {"packages", "present", "modules", "mesh"}) {
        ASSERT_TRUE(facts.files.contains(source)) << source;
        EXPECT_EQ(facts.files.at(source).problem, "") << source;
    }
    EXPECT_EQ(facts.files.at("units").problem, "systemctl is not there");
    EXPECT_NE(facts.files.at("sockets").problem, "");
    EXPECT_EQ(facts.files.at("janus.jcfg").problem, k_no_such_file);
}

}  // namespace
}  // namespace zmi
