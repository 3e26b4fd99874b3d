#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <plugin/audit/audit_json.hpp>
#include <plugin/audit/audit_lines.hpp>
#include <string>

namespace zmfw {
namespace {

AuditReport with(std::vector<Severity> severities) {
    AuditReport report;
    report.server = "mbox1.example.com";
    report.facts_taken = "2026-11-24T06:15:47Z";
    report.listeners.push_back({"lmtp", "LMTP delivery", "tcp", 7025, {}, ListenerState::missing, "", "", "", 0});
    for (const auto severity : severities) {
        AuditFinding found;
        found.finding.id = "some-finding";
        found.finding.severity = severity;
        found.protocol = "tcp";
        found.port = 7025;
        report.findings.push_back(found);
    }
    return report;
}

TEST(Nagios, SaysTheWorstInItsStatus) {
    EXPECT_EQ(nagios_answer(with({}), "").status, 0);
    EXPECT_EQ(nagios_answer(with({Severity::info}), "").status, 0);
    EXPECT_EQ(nagios_answer(with({Severity::warning}), "").status, 1);
    EXPECT_EQ(nagios_answer(with({Severity::blocker, Severity::warning}), "").status, 2);
}

TEST(Nagios, IsUnknownWhereSomethingThatDecidesIsNotKnown) {
    auto report = with({});
    report.problems.push_back({"mbox1", "zimbraMailPort", "zimbraMailPort is 'x'"});
    EXPECT_EQ(nagios_answer(report, "").status, 3);
    EXPECT_EQ(nagios_unknown("no source").line, "ZMFIREWALL UNKNOWN - no source\n");
}

TEST(Nagios, IsOneLineWithPerformanceData) {
    const auto answer = nagios_answer(with({Severity::blocker, Severity::warning}), "facts of\nyesterday|x");
    EXPECT_EQ(answer.line,
              "ZMFIREWALL CRITICAL - some-finding (7025/tcp), some-finding (7025/tcp); facts of yesterday x | "
              "listeners=0 critical=1;;0 warning=1;0 missing=1 unknown=0\n");
}

TEST(Prometheus, HasATypeForEveryMetric) {
    const auto text = prometheus_text(with({Severity::warning}));
    EXPECT_NE(text.find("zmfirewall_listeners{server=\"mbox1.example.com\",state=\"missing\"} 1\n"), std::string::npos);
    EXPECT_NE(text.find("zmfirewall_finding{server=\"mbox1.example.com\",id=\"some-finding\",port=\"7025\",protocol="
                        "\"tcp\",severity=\"warning\"} 1\n"),
              std::string::npos);
    EXPECT_NE(text.find("zmfirewall_facts_timestamp_seconds{server=\"mbox1.example.com\"} 1795500947\n"),
              std::string::npos);
}

TEST(AuditJson, SaysCriticalOfABlocker) {
    const auto json = nlohmann::json::parse(to_json(with({Severity::blocker})));
    EXPECT_EQ(json["schema"], "zmfirewall/audit/1");
    EXPECT_EQ(json["findings"][0]["severity"], "critical");
    EXPECT_EQ(json["listeners"][0]["state"], "missing");
    EXPECT_FALSE(json.contains("rules"));
}

}  // namespace
}  // namespace zmfw
