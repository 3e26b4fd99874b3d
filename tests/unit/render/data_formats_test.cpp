#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <zmintegration/support/text.hpp>

#include "run_program.hpp"
#include "sample_plans.hpp"

namespace zmfw {
namespace {

using nlohmann::json;

/// The mixed plan with texts that a careless file would trip over.
ServerPlan hostile_plan() {
    auto plan = sample::mixed_plan();
    plan.open[0].title = "=cmd|' /C calc'!A0 \"<b>\"\n| x";
    plan.open[0].because = {{"zimbraFoo", "a\"b\\c\x01 <\xff>|", "server", "mta1.example.com"}};
    plan.open[7].comment = "@SUM(1+1)|<*_*>";
    return plan;
}

std::string rendered_cluster(const std::string& name, const std::vector<ServerPlan>& plans) {
    const auto format = find_format({sample::templates()}, name);
    if (!format) throw std::runtime_error(format.error().what);
    const auto files = render_cluster(*format, plans, sample::source(), {"1.2.3"});
    if (!files) throw std::runtime_error(files.error().what);
    return files->at(0).content;
}

ServerPlan other_plan() {
    auto plan = sample::plan({});
    plan.name = "other.example.com";
    return plan;
}

/// Cells in quotes only, none of which goes over a line.
std::vector<std::vector<std::string>> csv_rows(const std::string& text) {
    std::vector<std::vector<std::string>> rows;
    for (const auto line : zmi::split_lines(text)) {
        if (line.empty()) continue;
        std::vector<std::string> cells;
        for (std::size_t at = 0; at < line.size(); ++at) {
            EXPECT_EQ(line[at], '"') << line;
            std::string cell;
            for (++at; at < line.size(); ++at) {
                if (line[at] == '"' && line.substr(at, 2) != "\"\"") break;
                if (line[at] == '"') ++at;
                cell += line[at];
            }
            cells.push_back(cell);
            ++at;
        }
        rows.push_back(cells);
    }
    return rows;
}

TEST(Csv, HasARowForEachSourceOfEachRule) {
    const auto rows = csv_rows(rendered_cluster("csv", {sample::mixed_plan(), other_plan()}));
    EXPECT_EQ(rows.size(), 1U + 2 + 2 + 1 + 3 + 1 + 1 + 1 + 1 + 1);
    for (const auto& row : rows) EXPECT_EQ(row.size(), rows[0].size());
    EXPECT_EQ(rows[0][5], "source");
    EXPECT_EQ(rows[1], (std::vector<std::string>{"mail.example.com", "in", "tcp", "22", "22", "0.0.0.0/0",
                                                 "all own IPv4 addresses", "ssh", "ssh", "ssh", "r0a1b2c3d", "",
                                                 std::string(64, 'a')}));
}

TEST(Csv, GivesASpreadsheetNothingToCalculate) {
    for (const auto& row : csv_rows(rendered_cluster("csv", {hostile_plan()}))) {
        for (const auto& cell : row)
            EXPECT_TRUE(cell.empty() || std::string("=+-@").find(cell[0]) == std::string::npos);
    }
}

TEST(Csv, LimitsARuleToItsAddress) {
    std::size_t found = 0;
    for (const auto& row : csv_rows(rendered_cluster("csv", {sample::mixed_plan()}))) {
        if (row[7] != "memcached") continue;
        EXPECT_EQ(row[6], "10.0.0.5");
        ++found;
    }
    EXPECT_EQ(found, 1U);
    EXPECT_EQ(csv_rows(rendered_cluster("csv", {other_plan()})).size(), 1U);
}

TEST(Markdown, KeepsEveryRuleInItsRow) {
    const auto text = rendered_cluster("markdown", {hostile_plan(), other_plan()});
    EXPECT_NE(text.find("## other.example.com"), std::string::npos);
    EXPECT_NE(text.find("Nothing is open."), std::string::npos);
    EXPECT_NE(text.find("| tcp | 389 | mbox1.example.com, mbox2.example.com: 10.0.0.11 10.0.1.0/24 2001:db8:5::11 | "
                        "all IPv4, all IPv6 | ldap: ldap | cluster |"),
              std::string::npos)
        << text;
    std::size_t rows = 0;
    for (const auto line : zmi::split_lines(text)) {
        if (!line.starts_with("|")) continue;
        std::size_t bars = 0;
        for (std::size_t i = 0; i < line.size(); ++i) bars += line[i] == '|' && (i == 0 || line[i - 1] != '\\');
        EXPECT_EQ(bars, 9U) << line;
        ++rows;
    }
    EXPECT_EQ(rows, 2 + hostile_plan().open.size());
}

TEST(Json, HoldsThePlanOfAllServers) {
    const auto data = json::parse(rendered_cluster("json", {hostile_plan(), other_plan()}));
    EXPECT_EQ(data.at("schema"), "zmfirewall/plan/1");
    ASSERT_EQ(data.at("servers").size(), 2U);
    const auto& rules = data["servers"][0]["open"];
    ASSERT_EQ(rules.size(), hostile_plan().open.size());
    EXPECT_EQ(data["servers"][1]["open"], json::array());
    EXPECT_EQ(data["servers"][0]["addresses"], json({"10.0.0.5", "10.0.0.6", "2001:db8:5::5"}));
    EXPECT_EQ(rules[0]["title"], hostile_plan().open[0].title);
    EXPECT_EQ(rules[0]["because"][0]["value"], "a\"b\\c\x01 <?>|");
    std::map<std::string, json> by_endpoint;
    for (const auto& rule : rules) by_endpoint[rule["endpoint"]] = rule;
    EXPECT_EQ(by_endpoint["ldap"]["sources"], json({"10.0.0.11", "10.0.1.0/24", "2001:db8:5::11"}));
    EXPECT_EQ(by_endpoint["memcached"]["destinations"], json({"10.0.0.5"}));
    EXPECT_EQ(by_endpoint["memcached"]["sources"], json({"10.0.0.11"}));
    EXPECT_EQ(by_endpoint["policy"]["port"], "20000-20010");
    EXPECT_EQ(by_endpoint["smtp"]["port"], 25);
    EXPECT_EQ(by_endpoint["smtp"]["sources"], json({"0.0.0.0/0", "::/0"}));
}

TEST(Aws, GivesOnePermissionAPortWithMergedNetworks) {
    const auto data = json::parse(sample::rendered("aws", sample::mixed_plan()).at(0).content);
    std::map<int, json> by_port;
    for (const auto& permission : data) {
        EXPECT_TRUE(by_port.emplace(permission.at("FromPort").get<int>(), permission).second);
        EXPECT_LE(permission["ToPort"].get<int>(), 65535);
    }
    const auto networks = [&](int port, const char* list, const char* field) {
        std::vector<std::string> result;
        for (const auto& range : by_port.at(port).at(list)) {
            result.push_back(range.at(field));
            EXPECT_LE(range.at("Description").get<std::string>().size(), 255U);
        }
        return result;
    };
    EXPECT_EQ(networks(389, "IpRanges", "CidrIp"), (std::vector<std::string>{"10.0.0.11/32", "10.0.1.0/24"}));
    EXPECT_EQ(networks(389, "Ipv6Ranges", "CidrIpv6"), (std::vector<std::string>{"2001:db8:5::11/128"}));
    EXPECT_EQ(networks(7071, "IpRanges", "CidrIp"), (std::vector<std::string>{"10.0.0.11/32", "192.168.7.0/24"}));
    EXPECT_EQ(by_port.at(514).at("IpProtocol"), "udp");
    EXPECT_EQ(by_port.at(20000).at("ToPort"), 20010);
    EXPECT_EQ(json::parse(sample::rendered("aws", sample::plan({})).at(0).content), json::array());
}

zmfw::ServerPlan letting_out(int count) {
    auto plan = sample::mixed_plan();
    std::vector<std::string> destinations;
    for (int i = 1; i <= count; ++i) destinations.push_back("10.1.0." + std::to_string(2 * i));
    plan.outbound = {sample::open_port("ldap", "tcp", 389, "cluster", destinations)};
    return plan;
}

TEST(Aws, WritesEgressRulesOnlyWhereTheyWereAskedFor) {
    EXPECT_EQ(sample::rendered("aws", sample::mixed_plan()).size(), 1U);
    const auto files = sample::rendered("aws", letting_out(2));
    ASSERT_EQ(files.size(), 2U);
    EXPECT_EQ(files.at(1).name, "mail.example.com/aws-egress.json");
    const auto data = json::parse(files.at(1).content);
    ASSERT_EQ(data.size(), 1U);
    EXPECT_EQ(data[0].at("FromPort"), 389);
    EXPECT_EQ(data[0].at("IpRanges").at(1).at("CidrIp"), "10.1.0.4/32");
}

TEST(Aws, DescribesRulesInTheSignsThatAwsTakes) {
    for (const auto& file : sample::rendered("aws", letting_out(2))) {
        for (const auto& permission : json::parse(file.content)) {
            for (const auto& range : permission.at("IpRanges")) {
                const auto text = range.at("Description").get<std::string>();
                EXPECT_LE(text.size(), 255U);
                EXPECT_EQ(text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                                 " ._-:/()#,@[]+=&;{}!$*"),
                          std::string::npos)
                    << text;
            }
        }
    }
}

TEST(Aws, RefusesMoreEgressRulesThanASecurityGroupTakes) {
    const auto format = find_format({sample::templates()}, "aws").value();
    EXPECT_TRUE(render(format, letting_out(60), sample::source(), {"1"}));
    const auto refused = render(format, letting_out(61), sample::source(), {"1"});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().what,
              "the plan of mail.example.com does not fit into aws: outbound_count are 61, at most 60");
}

TEST(Csv, ListsWhatLeavesWithItsDirection) {
    const auto text = rendered_cluster("csv", {letting_out(2)});
    EXPECT_NE(text.find("\"mail.example.com\",\"out\",\"tcp\",\"389\",\"389\",\"all own IPv4 addresses\",\"10.1.0.4\""),
              std::string::npos)
        << text;
    EXPECT_EQ(rendered_cluster("csv", {sample::mixed_plan()}).find("\"out\""), std::string::npos);
}

TEST(Aws, RefusesMoreRulesThanASecurityGroupTakes) {
    const auto with_sources = [](int count) {
        std::vector<std::string> sources;
        for (int i = 1; i <= count; ++i) sources.push_back("10.1.0." + std::to_string(2 * i));
        return sample::plan({sample::open_port("ldap", "tcp", 389, "cluster", sources)});
    };
    const auto format = find_format({sample::templates()}, "aws").value();
    EXPECT_TRUE(render(format, with_sources(60), sample::source(), {"1"}));
    const auto refused = render(format, with_sources(61), sample::source(), {"1"});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().what,
              "the plan of mail.example.com does not fit into aws: source_count are 61, at most 60");
    EXPECT_NE(refused.error().hint.find("security group"), std::string::npos);
}

}  // namespace
}  // namespace zmfw
