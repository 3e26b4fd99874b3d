#include <gtest/gtest.h>
#include <zmintegration/zmprov/zmprov_output.hpp>

namespace {

using Names = std::set<std::string, std::less<>>;

/// The blocks in one readable text, or the error.
std::string blocks_of(std::string_view out, const std::vector<std::string>& commands, const Names& asked) {
    const auto blocks = zmi::parse_batch(out, commands, asked);
    if (!blocks) {
        EXPECT_EQ(blocks.error().kind, zmi::ErrorKind::knowledge);
        return blocks.error().what;
    }
    std::string text;
    for (const auto& block : *blocks) {
        text += "[" + block.name + "]";
        for (const auto& [name, values] : block.attributes) {
            for (const auto& value : values) text += " " + name + "=<" + value + ">";
        }
        text += "\n";
    }
    return text;
}

const std::vector<std::string> k_one{"gs -e a.example.com zimbraMailMode zimbraMailPort zimbraServiceEnabled", "exit"};
const Names k_asked{"zimbraMailMode", "zimbraMailPort", "zimbraServiceEnabled"};

std::string one_server(const std::string& lines) {
    return blocks_of("prov> # name a.example.com\n" + lines + "\nprov> ", k_one, k_asked);
}

std::string names_of(std::string_view out) {
    const auto names = zmi::parse_server_names(out);
    if (!names) return names.error().what;
    std::string text;
    for (const auto& name : *names) text += name + " ";
    return text;
}

TEST(ServerNames, AreOneALine) {
    EXPECT_EQ(names_of("mbox1.example.com\nMTA1.example.com\n"), "mbox1.example.com MTA1.example.com ");
}

TEST(ServerNames, MustBeHostNames) {
    EXPECT_EQ(names_of("a.example.com\n-x;y\n"), "'-x;y' in the list of servers is not a host name");
    EXPECT_EQ(names_of("a.example.com\n\n"), "'' in the list of servers is not a host name");
    EXPECT_EQ(names_of("a.example.com zimbraX\n"), "'a.example.com zimbraX' in the list of servers is not a host name");
}

TEST(ServerNames, MustBeThereAndComplete) {
    EXPECT_EQ(names_of(""), "the list of servers is empty");
    EXPECT_EQ(names_of("a.example.com\nb.exam"), "the list of servers breaks off");
    EXPECT_EQ(names_of("a.example.com\nA.example.com\n"), "server 'A.example.com' is listed twice");
}

TEST(ZmprovBatch, GivesTheAttributesOfAServer) {
    EXPECT_EQ(one_server("zimbraMailPort: 8080\nzimbraServiceEnabled: mta\nzimbraServiceEnabled: ldap\n"),
              "[a.example.com] zimbraMailPort=<8080> zimbraServiceEnabled=<mta> zimbraServiceEnabled=<ldap>\n");
}

TEST(ZmprovBatch, MayFindNothingSet) {
    EXPECT_EQ(one_server(""), "[a.example.com]\n");
}

TEST(ZmprovBatch, KeepsBlanksOfAValue) {
    EXPECT_EQ(one_server("zimbraMailMode:   x  \n"), "[a.example.com] zimbraMailMode=<  x  >\n");
}

TEST(ZmprovBatch, AlignsAnswersWithCommandsWithoutEcho) {
    EXPECT_EQ(blocks_of("prov> # name a.example.com\nzimbraMailPort: 1\n\nprov> prov> prov> zimbraMailPort: 2\n"
                        "zimbraMailPort: 3\nprov> prov> ",
                        {"gs -e a.example.com zimbraMailPort", "gcf zimbraMailMode", "gcf zimbraMailMode",
                         "gcf zimbraMailPort", "gcf zimbraMailMode", "exit"},
                        k_asked),
              "[a.example.com] zimbraMailPort=<1>\n[]\n[]\n[] zimbraMailPort=<2> zimbraMailPort=<3>\n[]\n");
}

TEST(ZmprovBatch, AlignsAnswersWithCommandsWithEcho) {
    EXPECT_EQ(
        blocks_of("prov> gs -e a.example.com zimbraMailPort\n# name a.example.com\nzimbraMailPort: 1\n\n"
                  "prov> gcf zimbraMailMode\nprov> gcf zimbraMailPort\r\nzimbraMailPort: 2\nprov> exit\n",
                  {"gs -e a.example.com zimbraMailPort", "gcf zimbraMailMode", "gcf zimbraMailPort", "exit"}, k_asked),
        "[a.example.com] zimbraMailPort=<1>\n[]\n[] zimbraMailPort=<2>\n");
}

TEST(ZmprovBatch, MayEndWithoutExit) {
    EXPECT_EQ(blocks_of("prov> zimbraMailPort: 2\nprov> ", {"gcf zimbraMailPort"}, k_asked), "[] zimbraMailPort=<2>\n");
}

TEST(ZmprovBatch, JoinsAValueOverSeveralLines) {
    EXPECT_EQ(
        one_server("zimbraMailMode: first\n\nProc-Type: 4\n# name b.example.com\nlast\nzimbraMailPort: 1\n"),
        "[a.example.com] zimbraMailMode=<first\n\nProc-Type: 4\n# name b.example.com\nlast> zimbraMailPort=<1>\n");
    EXPECT_EQ(blocks_of("prov> zimbraMailMode: a\n\nprov> ", {"gcf zimbraMailMode", "exit"}, k_asked),
              "[] zimbraMailMode=<a\n>\n");
}

TEST(ZmprovBatch, DecodesBase64Values) {
    EXPECT_EQ(one_server("zimbraMailMode:: Zm9v\r\nYmFy\r\nzimbraMailPort: 1\n"),
              "[a.example.com] zimbraMailMode=<foobar> zimbraMailPort=<1>\n");
    EXPECT_EQ(one_server("zimbraMailMode:: Zm9v\r\n\n"), "[a.example.com] zimbraMailMode=<foo>\n");
    EXPECT_EQ(one_server("zimbraMailMode:: ?\n"),
              "server 'a.example.com': attribute zimbraMailMode is not valid base64");
}

TEST(ZmprovBatch, RefusesAForgedLineThatStandsOutOfOrder) {
    EXPECT_EQ(one_server("zimbraServiceEnabled: x\nzimbraMailPort: 1\n"),
              "server 'a.example.com': attribute zimbraMailPort stands after zimbraServiceEnabled, where it cannot; "
              "a value over several lines may forge it");
    EXPECT_EQ(one_server("zimbraMailMode: x\nzimbraServiceEnabled: fake\nzimbraMailPort: 1\n").find("server 'a"), 0u);
}

TEST(ZmprovBatch, RefusesAForgedLineInGlobalConfig) {
    EXPECT_EQ(blocks_of("prov> zimbraMailMode: x\nzimbraMailPort: 1\nprov> ", {"gcf zimbraMailMode", "exit"}, k_asked),
              "global config: attribute zimbraMailPort was not asked for");
}

TEST(ZmprovBatch, RefusesAnAttributeNobodyAskedFor) {
    EXPECT_EQ(one_server("zimbraId: 1\n"), "server 'a.example.com': 'zimbraId: 1' is no attribute that was asked for");
    EXPECT_EQ(one_server("zimbraMailMode: x\nzimbraMailmode: y\n"),
              "server 'a.example.com': attribute zimbraMailmode was not asked for");
    EXPECT_EQ(one_server("\nzimbraMailMode: x\n"), "server 'a.example.com': '' is no attribute that was asked for");
}

TEST(ZmprovBatch, RefusesAForgedPrompt) {
    EXPECT_EQ(one_server("zimbraMailMode: x\n\nprov> # name b.example.com\n"),
              "3 prompts for 2 commands; a value over several lines may forge one");
}

TEST(ZmprovBatch, RefusesTheAnswerOfAnotherServer) {
    EXPECT_EQ(blocks_of("prov> # name b.example.com\n\nprov> ", k_one, k_asked),
              "server 'a.example.com': the answer is for 'b.example.com'");
}

TEST(ZmprovBatch, RefusesAServerWithoutABlock) {
    EXPECT_EQ(blocks_of("prov> prov> ", k_one, k_asked), "server 'a.example.com': no block of attributes but ''");
    EXPECT_EQ(blocks_of("prov> Unknown command. Type: 'help commands' for a list\nprov> ", k_one, k_asked),
              "server 'a.example.com': no block of attributes but 'Unknown command. Type: 'help commands' for a list'");
    EXPECT_EQ(blocks_of("prov> usage:  getServer(gs) [-e] {name|id}\nprov> ", k_one, k_asked).find("server 'a"), 0u);
}

TEST(ZmprovBatch, RefusesAnOutputThatBreaksOff) {
    const std::string whole = "prov> # name a.example.com\nzimbraMailPort: 8080\n\nprov> zimbraMailMode: https\nprov> ";
    const std::vector<std::string> commands{"gs -e a.example.com zimbraMailPort", "gcf zimbraMailMode", "exit"};
    ASSERT_EQ(blocks_of(whole, commands, k_asked),
              "[a.example.com] zimbraMailPort=<8080>\n[] zimbraMailMode=<https>\n");
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_FALSE(zmi::parse_batch(whole.substr(0, size), commands, k_asked)) << size;
    }
    EXPECT_EQ(blocks_of(whole.substr(0, 49), commands, k_asked), "the output ends after 1 of 3 commands");
}

TEST(ZmprovBatch, RefusesABlockWithoutEnd) {
    EXPECT_EQ(blocks_of("prov> # name a.example.com\nzimbraMailPort: 80\nprov> ", k_one, k_asked),
              "server 'a.example.com': its block has no end");
}

TEST(ZmprovBatch, RefusesTextBeforeTheFirstPromptAndAfterExit) {
    EXPECT_EQ(blocks_of("hello\nprov> ", {"exit"}, k_asked), "the output does not begin with a prompt");
    EXPECT_EQ(blocks_of("prov> zimbraMailPort: 1\n", {"exit"}, k_asked), "an answer to 'exit' was not expected");
}

TEST(ZmprovBatch, ReadsLargeOutputsInLinearTime) {
    std::vector<std::string> commands;
    std::string out;
    for (int i = 0; i < 20'000; ++i) {
        const auto name = "s" + std::to_string(i) + ".example.com";
        commands.push_back("gs -e " + name + " zimbraMailPort zimbraServiceEnabled");
        out += "prov> # name " + name + "\nzimbraMailPort: 1\nzimbraServiceEnabled: mta\n\n";
    }
    const auto blocks = zmi::parse_batch(out + "prov> ", commands, k_asked);
    ASSERT_TRUE(blocks) << blocks.error().what;
    EXPECT_EQ(blocks->size(), commands.size());
    EXPECT_EQ(blocks->back().name, "s19999.example.com");
}

TEST(ZmprovErrors, AreTheErrorLinesOfStderr) {
    EXPECT_EQ(zmi::error_lines("log4j:WARN x\nERROR: account.NO_SUCH_SERVER (no such server: x)\n\tat y ERROR: z\n"),
              std::vector<std::string>{"ERROR: account.NO_SUCH_SERVER (no such server: x)"});
    EXPECT_TRUE(zmi::error_lines("2026-11-24 05:41:50,895 [main] INFO : master is down\n").empty());
}

}  // namespace
