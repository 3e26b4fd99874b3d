#include <gtest/gtest.h>
#include <plugin/harden/harden.hpp>
#include <plugin/harden/settings.hpp>
#include <zmintegration/zmprov/batch_word.hpp>

#include "deployment.hpp"

namespace zmfw::test {
namespace {

using Words = std::vector<std::pair<std::string, std::string>>;

/// The lines that zmprov would act upon.
std::vector<std::string> commands(const std::string& batch) {
    std::vector<std::string> lines;
    for (const auto line : zmi::split_lines(batch)) {
        if (!line.empty() && !line.starts_with('#')) lines.emplace_back(line);
    }
    return lines;
}

Finding finding_with(std::vector<Change> changes, const std::string& id = "made-up") {
    Finding finding;
    finding.id = id;
    finding.server = "mail.example.com";
    finding.severity = Severity::warning;
    finding.text = "Something is wrong.";
    finding.remedy = {"zmprov ms ..."};
    finding.changes = {std::move(changes)};
    return finding;
}

Change change(Change::Kind kind, const std::string& name, const std::string& value,
              const std::string& server = "mail.example.com") {
    return {kind, FactKind::attribute, server, name, value, {}};
}

Deployment single() {
    Deployment deployment;
    deployment.server("mail.example.com", "mailbox memcached", "10.0.0.1");
    return deployment;
}

Hardening hardened(Deployment& deployment, const std::vector<Finding>& findings) {
    return harden(deployment.inventory(), catalogue(), findings);
}

TEST(BatchWord, LeavesPlainWordsAsTheyAre) {
    EXPECT_EQ(*zmi::batch_word("zimbraMailPort"), "zimbraMailPort");
    EXPECT_EQ(*zmi::batch_word("+10.0.0.1:25/tcp"), "+10.0.0.1:25/tcp");
    EXPECT_EQ(*zmi::batch_word("fe80::1"), "fe80::1");
}

TEST(BatchWord, QuotesWhatTheGrammarWouldReadOtherwise) {
    EXPECT_EQ(*zmi::batch_word(""), "\"\"");
    EXPECT_EQ(*zmi::batch_word("a b"), "\"a b\"");
    EXPECT_EQ(*zmi::batch_word("#no"), "\"#no\"");
    EXPECT_EQ(*zmi::batch_word(R"(it's "so" \)"), R"("it's \"so\" \\")");
}

TEST(BatchWord, RefusesWhatCouldEndTheLineOrDependsOnTheCharset) {
    for (const auto* bad : {"a\nda x", "a\rb", "a\tb", "\x1b[2J", "na\xc3\xafve", "\x7f"}) {
        const auto word = zmi::batch_word(bad);
        ASSERT_FALSE(word.has_value()) << bad;
        EXPECT_EQ(word.error().kind, zmi::ErrorKind::data);
        EXPECT_EQ(word.error().what.find('\n'), std::string::npos);
    }
    EXPECT_FALSE(zmi::batch_word(std::string(4097, 'a')).has_value());
}

TEST(Difference, IsAPlainValueWhereOneIsReplaced) {
    EXPECT_EQ(difference("a", {}, {"x"}), (Words{{"a", "x"}}));
    EXPECT_EQ(difference("a", {"x"}, {"y"}), (Words{{"a", "y"}}));
    EXPECT_EQ(difference("a", {"x", "y"}, {}), (Words{{"a", ""}}));
    EXPECT_EQ(difference("a", {"x"}, {"x"}), Words{});
}

TEST(Difference, TakesAwayAndAddsWhereThereIsAList) {
    EXPECT_EQ(difference("a", {"x", "y"}, {"y"}), (Words{{"-a", "x"}}));
    EXPECT_EQ(difference("a", {"x", "y"}, {"z"}), (Words{{"-a", "x"}, {"-a", "y"}, {"+a", "z"}}));
    EXPECT_EQ(difference("a", {"x"}, {"x", "y"}), (Words{{"+a", "y"}}));
}

TEST(Harden, SetsAndTakesBackWithTheValueThatWasThere) {
    auto deployment = single().set("mail.example.com", "zimbraMemcachedBindAddress", "127.0.0.1");
    const auto made =
        hardened(deployment, {finding_with({change(Change::Kind::set, "zimbraMemcachedBindAddress", "10.0.0.1")})});
    EXPECT_EQ(commands(made.batch),
              (std::vector<std::string>{"ms mail.example.com zimbraMemcachedBindAddress 10.0.0.1", "exit"}));
    EXPECT_EQ(commands(made.undo),
              (std::vector<std::string>{"ms mail.example.com zimbraMemcachedBindAddress 127.0.0.1", "exit"}));
    EXPECT_NE(made.batch.find("now: zimbraMemcachedBindAddress on mail.example.com is '127.0.0.1'"), std::string::npos)
        << made.batch;
    EXPECT_EQ(made.changes, 1U);
}

TEST(Harden, UnsetsAgainWhatWasNotSetOnTheServer) {
    auto deployment = single().global("zimbraReverseProxySSLToUpstreamEnabled", "FALSE");
    const auto made = hardened(
        deployment, {finding_with({change(Change::Kind::set, "zimbraReverseProxySSLToUpstreamEnabled", "TRUE")})});
    EXPECT_EQ(commands(made.undo),
              (std::vector<std::string>{"ms mail.example.com zimbraReverseProxySSLToUpstreamEnabled \"\"", "exit"}));
    EXPECT_NE(made.batch.find("is not set; global config has 'FALSE'"), std::string::npos) << made.batch;
}

TEST(Harden, WritesGlobalConfigWhereNoServerIsNamed) {
    auto deployment = single().global("zimbraReverseProxyAdminPortAttribute", "zimbraMailPort");
    const auto fix = change(Change::Kind::set, "zimbraReverseProxyAdminPortAttribute", "zimbraAdminPort", "");
    const auto made = hardened(deployment, {finding_with({fix}), finding_with({fix}, "the-same-of-another-server")});
    EXPECT_EQ(commands(made.batch),
              (std::vector<std::string>{"mcf zimbraReverseProxyAdminPortAttribute zimbraAdminPort", "exit"}));
    EXPECT_EQ(commands(made.undo),
              (std::vector<std::string>{"mcf zimbraReverseProxyAdminPortAttribute zimbraMailPort", "exit"}));
    EXPECT_TRUE(made.refused.empty());
}

TEST(Harden, AddsToAListAndTakesThatValueAwayAgain) {
    auto deployment = single();
    const auto made =
        hardened(deployment, {finding_with({change(Change::Kind::add, "zimbraServiceEnabled", "proxy")})});
    EXPECT_EQ(commands(made.batch),
              (std::vector<std::string>{"ms mail.example.com +zimbraServiceEnabled proxy", "exit"}));
    EXPECT_EQ(commands(made.undo),
              (std::vector<std::string>{"ms mail.example.com -zimbraServiceEnabled proxy", "exit"}));
}

TEST(Harden, TakesBackInTheOppositeOrder) {
    auto deployment = single();
    const auto made =
        hardened(deployment, {finding_with({change(Change::Kind::set, "zimbraMemcachedBindAddress", "10.0.0.1")}),
                              finding_with({change(Change::Kind::add, "zimbraServiceEnabled", "proxy")})});
    EXPECT_EQ(commands(made.undo),
              (std::vector<std::string>{"ms mail.example.com -zimbraServiceEnabled proxy",
                                        "ms mail.example.com zimbraMemcachedBindAddress \"\"", "exit"}));
}

TEST(Harden, LeavesASecondWishForTheSameSettingOut) {
    auto deployment = single();
    const auto made =
        hardened(deployment, {finding_with({change(Change::Kind::set, "zimbraMemcachedBindAddress", "10.0.0.1")}),
                              finding_with({change(Change::Kind::set, "zimbraMemcachedBindAddress", "10.0.0.2")})});
    EXPECT_EQ(made.changes, 1U);
    ASSERT_EQ(made.refused.size(), 1U);
    EXPECT_NE(made.refused.front().find("zimbraMemcachedBindAddress"), std::string::npos);
    EXPECT_EQ(made.batch.find("10.0.0.2"), std::string::npos);
}

TEST(Harden, RefusesAValueThatCannotBeQuotedAndSaysSoWithoutWritingIt) {
    auto deployment = single().set("mail.example.com", "zimbraMemcachedBindAddress", "x\nmcf zimbraMtaRelayHost evil");
    const auto made =
        hardened(deployment, {finding_with({change(Change::Kind::set, "zimbraMemcachedBindAddress", "10.0.0.1")})});
    EXPECT_EQ(commands(made.batch), std::vector<std::string>{"exit"});
    EXPECT_EQ(commands(made.undo), std::vector<std::string>{"exit"});
    ASSERT_EQ(made.refused.size(), 1U);
    EXPECT_NE(made.refused.front().find("zimbraMemcachedBindAddress"), std::string::npos);
    EXPECT_NE(made.refused.front().find("cannot be written safely"), std::string::npos);
}

TEST(Harden, ChangesNoServerThatTheInventoryDoesNotHave) {
    auto deployment = single();
    const auto made = hardened(
        deployment,
        {finding_with({change(Change::Kind::set, "zimbraMemcachedBindAddress", "10.0.0.1", "other.example.com")})});
    EXPECT_EQ(commands(made.batch), std::vector<std::string>{"exit"});
    EXPECT_EQ(made.refused.size(), 1U);
}

TEST(Harden, NeverLetsATextLeaveItsComment) {
    auto deployment = single();
    auto finding = finding_with({});
    finding.text = "one\nms x y z \\";
    finding.remedy = {"first\nexit \\"};
    const auto made = hardened(deployment, {finding});
    EXPECT_EQ(commands(made.batch), std::vector<std::string>{"exit"});
    for (const auto line : zmi::split_lines(made.batch)) EXPECT_FALSE(line.ends_with('\\')) << line;
}

TEST(Harden, TellsLocalconfigAsCommentsWithTheValueOfTheNode) {
    auto deployment = single().local("mail.example.com", "antispam_mysql_enabled", "true");
    const Change off{
        Change::Kind::set, FactKind::localconfig, "mail.example.com", "antispam_mysql_enabled", "false", {}};
    const auto made = hardened(deployment, {finding_with({off})});
    EXPECT_EQ(commands(made.batch), std::vector<std::string>{"exit"});
    EXPECT_NE(made.batch.find("on mail.example.com: zmlocalconfig -e antispam_mysql_enabled=false"), std::string::npos);
    EXPECT_NE(made.undo.find("on mail.example.com: zmlocalconfig -e antispam_mysql_enabled=true"), std::string::npos);
}

TEST(Harden, LeavesWhatThePolicyAcceptsAsItIs) {
    auto deployment = single();
    auto finding = finding_with({change(Change::Kind::set, "zimbraMemcachedBindAddress", "10.0.0.1")});
    finding.accepted = true;
    EXPECT_EQ(hardened(deployment, {finding}).changes, 0U);
}

TEST(Harden, GivesTheFindingsOfAnAuditTheirValueBeforeThoseOfThePlan) {
    auto deployment = single();
    const auto live = finding_with({change(Change::Kind::set, "zimbraMemcachedBindAddress", "127.0.0.1")}, "live-one");
    const auto planned = finding_with({change(Change::Kind::set, "zimbraMemcachedBindAddress", "10.0.0.1")});
    const auto made = harden(deployment.inventory(), catalogue(), {planned}, {live});
    EXPECT_EQ(commands(made.batch),
              (std::vector<std::string>{"ms mail.example.com zimbraMemcachedBindAddress 127.0.0.1", "exit"}));
    EXPECT_EQ(commands(made.undo),
              (std::vector<std::string>{"ms mail.example.com zimbraMemcachedBindAddress \"\"", "exit"}));
    EXPECT_TRUE(made.refused.empty());
    EXPECT_NE(made.batch.find("live-one settles zimbraMemcachedBindAddress above"), std::string::npos) << made.batch;
}

TEST(Harden, ProposesInCommentsWithBothValuesWhatNeedsThought) {
    auto deployment = single().set("mail.example.com", "zimbraMemcachedBindAddress", "10.0.0.9");
    auto finding = finding_with({});
    finding.proposed = {{change(Change::Kind::set, "zimbraMemcachedBindAddress", "10.0.0.1")}};
    const auto made = hardened(deployment, {finding});
    EXPECT_EQ(commands(made.batch), std::vector<std::string>{"exit"});
    EXPECT_EQ(commands(made.undo), std::vector<std::string>{"exit"});
    EXPECT_NE(made.batch.find("now: zimbraMemcachedBindAddress on mail.example.com is '10.0.0.9'"), std::string::npos);
    EXPECT_NE(made.batch.find("zmprov ms mail.example.com zimbraMemcachedBindAddress 10.0.0.1"), std::string::npos);
    EXPECT_NE(made.undo.find("by hand: ms mail.example.com zimbraMemcachedBindAddress 10.0.0.9"), std::string::npos)
        << made.undo;
    EXPECT_EQ(made.changes, 0U);
}

TEST(Harden, TellsOnceHowAValueOfLocalconfigIsWorkedOutAndWhatIsKnownOfIt) {
    auto deployment = single().local("mail.example.com", "mailboxd_java_options", "-agentlib:jdwp=address=*:8000");
    const Change less{Change::Kind::set,
                      FactKind::localconfig,
                      "mail.example.com",
                      "mailboxd_java_options",
                      {},
                      "zmlocalconfig -m nokey mailboxd_java_options | sed 's/x//'"};
    const auto made = harden(deployment.inventory(), catalogue(), {finding_with({less})}, {finding_with({less})});
    EXPECT_EQ(commands(made.batch), std::vector<std::string>{"exit"});
    const std::string line =
        "on mail.example.com: zmlocalconfig -e mailboxd_java_options=\"$(zmlocalconfig -m nokey "
        "mailboxd_java_options | sed 's/x//')\"";
    const auto first = made.batch.find(line);
    ASSERT_NE(first, std::string::npos) << made.batch;
    EXPECT_EQ(made.batch.find(line, first + 1), std::string::npos);
    EXPECT_NE(made.batch.find("holds '-agentlib:jdwp=address=*:8000', and more"), std::string::npos) << made.batch;
}

TEST(HardenedPlan, ProposesAnAddressWhereTheNameHasSeveral) {
    Deployment deployment;
    deployment.mailstore("mbox1.example.com", "192.168.0.2").proxy("proxy1.example.com", "192.168.0.1");
    deployment.addresses("proxy1.example.com", {"192.0.2.1", "192.168.0.1"});
    const auto made = harden(deployment.inventory(), catalogue(), deployment.plan("proxy1.example.com").findings);
    EXPECT_EQ(commands(made.batch), std::vector<std::string>{"exit"});
    EXPECT_NE(made.batch.find("zmprov ms proxy1.example.com zimbraMemcachedBindAddress"), std::string::npos);
}

TEST(HardenedPlan, NamesTheAddressThatOthersReachAndNotTheLoopback) {
    Deployment deployment;
    deployment.mailstore("mbox1.example.com", "192.168.0.2").proxy("proxy1.example.com", "192.168.0.1");
    deployment.addresses("proxy1.example.com", {"127.0.1.1", "192.168.0.1"});
    const auto plan = deployment.plan("proxy1.example.com");
    const auto made = harden(deployment.inventory(), catalogue(), plan.findings);
    EXPECT_EQ(commands(made.batch).front(), "ms proxy1.example.com zimbraMemcachedBindAddress 192.168.0.1");
}

TEST(HardenedPlan, DoesNotSwitchToTlsBeforeTheMailstoresSpeakIt) {
    Deployment deployment;
    deployment.mailstore("mbox1.example.com", "10.0.0.2").proxy("proxy1.example.com", "10.0.0.1");
    deployment.set("proxy1.example.com", "zimbraReverseProxySSLToUpstreamEnabled", "FALSE");
    const auto changed = [&] {
        const auto made = harden(deployment.inventory(), catalogue(), deployment.plan("proxy1.example.com").findings);
        return made.batch.find("\nms proxy1.example.com zimbraReverseProxySSLToUpstreamEnabled TRUE\n") !=
               std::string::npos;
    };
    EXPECT_TRUE(changed());
    deployment.set("mbox1.example.com", "zimbraMailMode", "http");
    EXPECT_FALSE(changed());
}

TEST(HardenedPlan, EnablesNoServiceThatIsNotInstalled) {
    Deployment deployment;
    deployment.mailstore("mbox1.example.com", "10.0.0.2").proxy("proxy1.example.com", "10.0.0.1");
    deployment.set("proxy1.example.com", "zimbraServiceEnabled", "proxy");
    const auto commands_now = [&] {
        return commands(
            harden(deployment.inventory(), catalogue(), deployment.plan("proxy1.example.com").findings).batch);
    };
    EXPECT_EQ(commands_now().front(), "ms proxy1.example.com +zimbraServiceEnabled memcached");
    deployment.set("proxy1.example.com", "zimbraServiceInstalled", "proxy");
    EXPECT_EQ(commands_now(), std::vector<std::string>{"exit"});
}

}  // namespace
}  // namespace zmfw::test
