#include <gtest/gtest.h>
#include <plugin/notify/notify.hpp>

namespace zmfw {
namespace {

/// Remembers what it was to run, and ends as told.
class FakeRunner final : public zmi::ProcessRunner {
public:
    std::vector<zmi::Command> commands;
    int code = 0;
    zmi::Expected<zmi::Outcome> run(const zmi::Command& command) override {
        commands.push_back(command);
        zmi::Outcome outcome;
        outcome.code = code;
        return outcome;
    }
};

struct Fixture {
    FakeRunner runner;
    std::vector<std::string> logged;
    Messengers messengers{
        runner,
        [this](bool failure, const std::string& line) { logged.push_back((failure ? "error " : "notice ") + line); },
        "/opt/zimbra/common/sbin/sendmail"};
};

TEST(Notify, TheCommandGetsItsArgumentsAndTheMarkdownWithoutAShell) {
    Fixture it;
    const auto command = parse_notify_command("/usr/local/bin/tell --to ops;reboot");
    ASSERT_TRUE(command);
    EXPECT_TRUE(notify({"2 opening", "# what\n"}, false, {*command, {}, false}, it.messengers));
    ASSERT_EQ(it.runner.commands.size(), 1U);
    EXPECT_EQ(it.runner.commands.front().program, "/usr/local/bin/tell");
    EXPECT_EQ(it.runner.commands.front().arguments, (std::vector<std::string>{"--to", "ops;reboot"}));
    EXPECT_EQ(it.runner.commands.front().stdin_text, "# what\n");
    EXPECT_TRUE(it.logged.empty());
}

TEST(Notify, ARelativeCommandIsRefused) {
    EXPECT_FALSE(parse_notify_command("tell"));
    EXPECT_FALSE(parse_notify_command(""));
}

TEST(Notify, MailGoesThroughZimbrasSendmail) {
    Fixture it;
    EXPECT_TRUE(
        notify({"sub\r\nBcc: evil@example.com", "# what\n"}, false, {{}, {"ops@example.com"}, false}, it.messengers));
    ASSERT_EQ(it.runner.commands.size(), 1U);
    const auto& sent = it.runner.commands.front();
    EXPECT_EQ(sent.program, "/opt/zimbra/common/sbin/sendmail");
    EXPECT_EQ(sent.arguments, (std::vector<std::string>{"-i", "--", "ops@example.com"}));
    EXPECT_EQ(sent.stdin_text.find("\nBcc:"), std::string::npos);
    EXPECT_NE(sent.stdin_text.find("Subject: sub??Bcc: evil"), std::string::npos);
    EXPECT_NE(sent.stdin_text.find("\n\n# what\n"), std::string::npos);
}

TEST(Notify, NoLineOfAMailIsLongerThanMailAllows) {
    const auto text = mail_text({"s", std::string(5000, 'x')}, "ops@example.com");
    std::size_t length = 0;
    for (const char c : text) {
        length = c == '\n' ? 0 : length + 1;
        ASSERT_LT(length, 998U);
    }
}

TEST(Notify, AddressesThatAreMoreThanAddressesAreRefused) {
    EXPECT_TRUE(is_mail_address("ops+fw@mail.example.com"));
    for (const auto* text : {"", "ops", "-f@example.com", "a b@example.com", "a@b@c", "a@exa mple.com",
                             "a\n@example.com", "@example.com", "|sh@example.com"})
        EXPECT_FALSE(is_mail_address(text)) << text;
}

TEST(Notify, SyslogGetsOneLineWithItsPriority) {
    Fixture it;
    EXPECT_TRUE(notify({"no plan:\nx", "#"}, true, {{}, {}, true}, it.messengers));
    EXPECT_EQ(it.logged, std::vector<std::string>{"error no plan:?x"});
}

TEST(Notify, OneThatFailsDoesNotKeepItFromTheOthersAndIsAFailure) {
    Fixture it;
    it.runner.code = 75;
    const auto told =
        notify({"s", "#"}, false, {{"/bin/tell"}, {"a@example.com", "b@example.com"}, true}, it.messengers);
    ASSERT_FALSE(told);
    EXPECT_EQ(told.error().kind, zmi::ErrorKind::program);
    EXPECT_EQ(it.runner.commands.size(), 3U);
    EXPECT_EQ(it.logged.size(), 1U);
}

}  // namespace
}  // namespace zmfw
