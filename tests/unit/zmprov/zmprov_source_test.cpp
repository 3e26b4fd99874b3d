#include <gtest/gtest.h>
#include <algorithm>
#include <deque>
#include <tests/unit/support/temporary_tree.hpp>
#include <zmintegration/zmprov/zmprov_source.hpp>

namespace {

using zmi::Outcome;
using zmi::ZmprovAccess;

/// Answers in order what it was told to, and remembers what was asked.
class ScriptedRunner final : public zmi::ProcessRunner {
public:
    explicit ScriptedRunner(std::deque<Outcome> outcomes) : m_outcomes(std::move(outcomes)) {}

    zmi::Expected<Outcome> run(const zmi::Command& command) override {
        commands.push_back(command);
        if (m_outcomes.empty())
            return zmi::failure(zmi::ErrorKind::program, "cannot start " + command.program.string());
        auto outcome = m_outcomes.front();
        m_outcomes.pop_front();
        return outcome;
    }

    std::vector<zmi::Command> commands;

private:
    std::deque<Outcome> m_outcomes;
};

Outcome says(std::string out, std::string err = {}, int status = 0) {
    return {Outcome::End::exited, status, std::move(out), std::move(err)};
}

const char* const k_names = "mbox1.example.com\nMTA1.example.com\n";
const char* const k_batch =
    "prov> # name mbox1.example.com\nzimbraMailPort: 8080\n\nprov> # name MTA1.example.com\n\n"
    "prov> zimbraMailPort: 80\nprov> prov> ";

zmi::Wanted wanted(std::set<std::string, std::less<>> attributes = {"zimbraMailPort", "zimbraServiceEnabled"}) {
    zmi::Wanted wanted;
    wanted.attributes = std::move(attributes);
    return wanted;
}

zmi::Expected<zmi::Answer> ask(ScriptedRunner& runner, ZmprovAccess access = ZmprovAccess::ldap,
                               const zmi::Wanted& what = wanted()) {
    return zmi::ask_zmprov(access, zmi::Product(), what, runner, std::chrono::seconds(30));
}

zmi::Error error_of(std::deque<Outcome> outcomes, const zmi::Wanted& what = wanted()) {
    ScriptedRunner runner(std::move(outcomes));
    const auto answer = ask(runner, ZmprovAccess::ldap, what);
    return answer ? zmi::Error{zmi::ErrorKind::bug, "no error", {}} : answer.error();
}

/// Asks a Carbonio whose bin has these programs.
std::vector<zmi::Command> asked_of_carbonio(const std::vector<std::string>& programs, ZmprovAccess access) {
    const TemporaryTree tree;
    for (const auto& name : programs) tree.write("opt/zextras/bin/" + name, "");
    ScriptedRunner runner({says(k_names), says(k_batch)});
    const auto product = zmi::assumed_product(zmi::ProductFamily::carbonio, tree.root());
    EXPECT_TRUE(zmi::ask_zmprov(access, product, wanted(), runner, std::chrono::seconds(30)));
    for (auto& command : runner.commands) command.program = command.program.lexically_relative(product.home);
    return runner.commands;
}

TEST(Zmprov, OfCarbonioIsAskedAsItsUser) {
    const auto commands = asked_of_carbonio({"zmprov", "carbonio"}, ZmprovAccess::soap);
    ASSERT_EQ(commands.size(), 2u);
    EXPECT_EQ(commands[0].program, "bin/zmprov");
    EXPECT_EQ(commands[0].arguments, std::vector<std::string>{"gas"});
    EXPECT_EQ(commands[0].environment.at("USER"), "zextras");
}

TEST(Zmprov, OfCarbonioIsItsOwnCommandWhereThereIsNoOther) {
    const auto commands = asked_of_carbonio({"carbonio"}, ZmprovAccess::ldap);
    ASSERT_EQ(commands.size(), 2u);
    EXPECT_EQ(commands[0].program, "bin/carbonio");
    EXPECT_EQ(commands[0].arguments, (std::vector<std::string>{"prov", "-l", "gas"}));
    EXPECT_EQ(commands[1].arguments, (std::vector<std::string>{"prov", "-l"}));
}

TEST(Zmprov, AsksForNamesAndThenForEverythingInOneBatch) {
    ScriptedRunner runner({says(k_names), says(k_batch)});
    ASSERT_TRUE(ask(runner));
    ASSERT_EQ(runner.commands.size(), 2u);
    EXPECT_EQ(runner.commands[0].program, "/opt/zimbra/bin/zmprov");
    EXPECT_EQ(runner.commands[0].arguments, (std::vector<std::string>{"-l", "gas"}));
    EXPECT_EQ(runner.commands[0].stdin_text, "");
    EXPECT_EQ(runner.commands[1].arguments, (std::vector<std::string>{"-l"}));
    EXPECT_EQ(runner.commands[1].stdin_text,
              "gs -e mbox1.example.com zimbraMailPort zimbraServiceEnabled\n"
              "gs -e MTA1.example.com zimbraMailPort zimbraServiceEnabled\n"
              "gcf zimbraMailPort\ngcf zimbraServiceEnabled\nexit\n");
}

TEST(Zmprov, AsksOverSoapWithoutTheOption) {
    ScriptedRunner runner({says(k_names), says(k_batch)});
    const auto answer = ask(runner, ZmprovAccess::soap);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->server, "zmprov");
    EXPECT_EQ(runner.commands[0].arguments, std::vector<std::string>{"gas"});
    EXPECT_TRUE(runner.commands[1].arguments.empty());
}

TEST(Zmprov, GivesServersByNameAndGlobalConfig) {
    ScriptedRunner runner({says(k_names), says(k_batch)});
    const auto answer = ask(runner);
    ASSERT_TRUE(answer) << answer.error().what;
    EXPECT_EQ(answer->server, "zmprov -l");
    EXPECT_EQ(answer->servers, (std::vector<zmi::Server>{{"mbox1.example.com", {{"zimbraMailPort", {"8080"}}}},
                                                         {"mta1.example.com", {}}}));
    EXPECT_EQ(answer->global, (zmi::Attributes{{"zimbraMailPort", {"80"}}}));
}

TEST(Zmprov, GetsAnEnvironmentOfItsOwnAndOneDeadlineForAll) {
    ScriptedRunner runner({says(k_names), says(k_batch)});
    ASSERT_TRUE(ask(runner));
    for (const auto& command : runner.commands) {
        EXPECT_EQ(command.environment, (std::map<std::string, std::string>{{"PATH", "/opt/zimbra/bin:/usr/bin:/bin"},
                                                                           {"HOME", "/opt/zimbra"},
                                                                           {"LC_ALL", "C.UTF-8"},
                                                                           {"USER", "zimbra"},
                                                                           {"LOGNAME", "zimbra"}}));
        EXPECT_GT(command.deadline, std::chrono::seconds(0));
        EXPECT_LE(command.deadline, std::chrono::seconds(30));
    }
    EXPECT_LE(runner.commands[1].deadline, runner.commands[0].deadline);
}

TEST(Zmprov, StartsOnceWhereNoAttributeIsWanted) {
    ScriptedRunner runner({says(k_names)});
    const auto answer = ask(runner, ZmprovAccess::ldap, wanted({}));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->servers.size(), 2u);
}

TEST(Zmprov, NeverAsksForASecret) {
    ScriptedRunner runner({says(k_names), says(k_batch)});
    ASSERT_TRUE(ask(runner, ZmprovAccess::ldap,
                    wanted({"zimbraMailPort", "zimbraSSLPrivateKey", "zimbraAuthTokenKey", "zimbraServiceEnabled"})));
    EXPECT_EQ(runner.commands[1].stdin_text.find("Key"), std::string::npos);
}

TEST(Zmprov, TakesCredentialsOutOfUrls) {
    ScriptedRunner runner(
        {says("a.example.com\n"),
         says("prov> # name a.example.com\nzimbraConvertdURL: http://u:s3cret@c.example.com/\n\nprov> prov> ")});
    const auto answer = ask(runner, ZmprovAccess::ldap, wanted({"zimbraConvertdURL"}));
    ASSERT_TRUE(answer) << answer.error().what;
    EXPECT_EQ(answer->servers[0].own.at("zimbraConvertdURL"), zmi::Values{"http://c.example.com/"});
}

TEST(Zmprov, LetsNoNameBecomeACommand) {
    const auto error = error_of({}, wanted({"zimbraMailPort\nds a.example.com"}));
    EXPECT_EQ(error.kind, zmi::ErrorKind::data);
    EXPECT_EQ(error.what, "'zimbraMailPort\\x0ads a.example.com' is not the name of an attribute");
    EXPECT_EQ(error_of({says("a;b\n")}).what, "zmprov -l gas: 'a;b' in the list of servers is not a host name");
}

TEST(Zmprov, SaysThatItCannotStart) {
    const auto error = error_of({});
    EXPECT_EQ(error.what, "zmprov -l gas: cannot start /opt/zimbra/bin/zmprov");
    EXPECT_EQ(error.kind, zmi::ErrorKind::program);
}

TEST(Zmprov, GivesTheErrorLine) {
    const auto error = error_of({says("", "log4j:WARN No appenders\nERROR: zclient.IO_ERROR (invoke refused)\n", 2)});
    EXPECT_EQ(error.what, "zmprov -l gas: exit status 2: 'ERROR: zclient.IO_ERROR (invoke refused)'");
    EXPECT_EQ(error.kind, zmi::ErrorKind::program);
    EXPECT_EQ(error.hint, "try `/opt/zimbra/bin/zmprov -l gas` as the zimbra user");
}

TEST(Zmprov, GivesTheMessageOfAnExceptionAndNoDump) {
    const auto error = error_of({says("",
                                      "\n2026-11-24 05:41:50,895 [main] INFO : master is down, falling back...\n"
                                      "2026-11-24 05:41:50,905 [main] FATAL: failed to initialize LDAP client\n"
                                      "com.zimbra.cs.ldap.LdapException: LDAP error: : invalid credentials\n"
                                      "\tat com.zimbra.cs.ldap.LdapException.LDAP_ERROR(LdapException.java:90)\n",
                                      1)});
    EXPECT_EQ(error.what, "zmprov -l gas: exit status 1: 'LDAP error: : invalid credentials'");
}

TEST(Zmprov, CutsWhatAFailedProgramSays) {
    const auto error = error_of({says("", std::string(10'000, 'x') + "\n", 1)});
    EXPECT_LT(error.what.size(), 300u);
}

TEST(Zmprov, GivesTheUsageWhereThereIsNothingElse) {
    EXPECT_EQ(error_of({says("\nzmprov [args] [cmd]\n", "", 1)}).what,
              "zmprov -l gas: exit status 1: 'zmprov [args] [cmd]'");
    EXPECT_EQ(error_of({says("", "", 1)}).what, "zmprov -l gas: exit status 1");
    EXPECT_EQ(error_of({says(k_names, "", 2)}).what, "zmprov -l gas: exit status 2");
}

TEST(Zmprov, SaysHowItEndedWhereItDidNotExit) {
    EXPECT_EQ(error_of({{Outcome::End::signalled, 9, k_names, ""}}).what, "zmprov -l gas: killed by signal 9");
    EXPECT_EQ(error_of({{Outcome::End::timed_out, 15, k_names, ""}}).what.find("zmprov -l gas: no answer in "), 0u);
    EXPECT_EQ(error_of({says(k_names), {Outcome::End::flooded, 15, "", ""}}).what,
              "zmprov -l batch: more than 64 MiB of output");
}

TEST(Zmprov, DoesNotTakeAPartForTheWhole) {
    EXPECT_EQ(error_of({says(k_names), says(k_batch, "ERROR: account.NO_SUCH_SERVER (no such server: x)\n", 0)}).what,
              "zmprov -l batch: it reports an error: 'ERROR: account.NO_SUCH_SERVER (no such server: x)'");
    EXPECT_EQ(error_of({says(k_names), says(k_batch, "", 2)}).what.find("zmprov -l batch: exit status 2"), 0u);
    EXPECT_EQ(error_of({says(k_names), says("prov> # name mbox1.example.com\n\nprov> ")}).what,
              "zmprov -l batch: the output ends after 2 of 5 commands");
    EXPECT_EQ(error_of({says("")}).what, "zmprov -l gas: the list of servers is empty");
    EXPECT_EQ(error_of({says(k_names, "ERROR: x (y)\n")}).what, "zmprov -l gas: it reports an error: 'ERROR: x (y)'");
}

TEST(Zmprov, IgnoresTalkOnStderr) {
    ScriptedRunner runner({says(k_names, "log4j:WARN x\n"), says(k_batch, "2026 [main] INFO : master is down\n")});
    EXPECT_TRUE(ask(runner));
}

TEST(Zmprov, RefusesAValueThatIsNotUtf8) {
    EXPECT_EQ(
        error_of({says("a.example.com\n"), says("prov> # name a.example.com\nzimbraMailPort: \xff\n\nprov> prov> ")},
                 wanted({"zimbraMailPort"}))
            .what,
        "server a.example.com: attribute zimbraMailPort is not valid UTF-8");
}

}  // namespace
