#include <gtest/gtest.h>
#include <plugin/observe/judge.hpp>

#include "../plan/deployment.hpp"

namespace zmfw {
namespace {

Attempt attempt(const std::string& address, const std::string& protocol, std::uint16_t port) {
    return {zmi::parse_address(address).value(), protocol, port};
}

class Judging : public testing::Test {
protected:
    Judging() {
        m_deployment.mailstore("mbox1.example.com", "10.0.0.11").proxy("proxy1.example.com", "10.0.0.21");
        m_deployment.server("ldap1.example.com", "ldap", "10.0.0.31");
        m_deployment.policy("<network name=\"admin\"><cidr>192.168.1.0/24</cidr></network>");
    }
    /// A port of the mailstore that the plan opens to the proxy and to nobody else.
    Attempt from_the_proxy() {
        for (const auto& open : m_deployment.plan("mbox1.example.com").open) {
            if (open.audience == "cluster" && open.peers == std::vector<std::string>{"proxy1.example.com"})
                return attempt("10.0.0.21", open.protocol, open.port.first);
        }
        throw std::runtime_error("nothing is open to the proxy alone");
    }
    std::vector<Observed> judged(const std::vector<std::pair<Attempt, std::uint64_t>>& attempts) {
        Sightings seen;
        for (const auto& [one, packets] : attempts) seen.of(one)->counted = packets;
        const auto plan = m_deployment.plan();
        return judge(seen, plan, m_deployment.plan("mbox1.example.com"), m_deployment.policy_value());
    }
    Observed judged(const Attempt& one) { return judged({{one, 1}}).at(0); }

    test::Deployment m_deployment;
};

TEST_F(Judging, KnowsAServerWhoseRoleDoesNotNeedThePort) {
    const auto allowed = from_the_proxy();
    ASSERT_EQ(judged(allowed).likely, Likely::let_in_now);
    const auto seen = judged(attempt("10.0.0.31", allowed.protocol, allowed.port));
    EXPECT_EQ(seen.likely, Likely::not_its_role) << seen.why;
    EXPECT_EQ(seen.peer, "ldap1.example.com");
    EXPECT_FALSE(seen.endpoint.empty());
}

TEST_F(Judging, KnowsAnAdminOnAPortThatIsNotForAdmins) {
    ASSERT_EQ(judged(attempt("192.168.1.50", "tcp", 7071)).likely, Likely::let_in_now);
    const auto allowed = from_the_proxy();
    const auto seen = judged(attempt("192.168.1.50", allowed.protocol, allowed.port));
    EXPECT_EQ(seen.likely, Likely::not_for_admins) << seen.why;
    EXPECT_EQ(seen.peer, "admin network");
}

TEST_F(Judging, KnowsAStrangerToAPortThatIsOpenToOthers) {
    const auto seen = judged(attempt("203.0.113.7", "tcp", 7071));
    EXPECT_EQ(seen.likely, Likely::not_for_all) << seen.why;
    EXPECT_EQ(seen.peer, "");
}

TEST_F(Judging, SaysWhyAnEndpointIsClosedHere) {
    const auto plan = m_deployment.plan("mbox1.example.com");
    const auto closed = std::find_if(plan.closed.begin(), plan.closed.end(), [&](const ClosedPort& one) {
        return one.port && one.protocol == "tcp" && one.port->first == 389;
    });
    ASSERT_NE(closed, plan.closed.end());
    const auto seen = judged(attempt("203.0.113.7", "tcp", 389));
    EXPECT_EQ(seen.likely, Likely::closed);
    EXPECT_EQ(seen.endpoint, closed->endpoint);
    EXPECT_NE(seen.why.find(closed->reason), std::string::npos) << seen.why;
}

TEST_F(Judging, KnowsAnUnknownPortAScanAndWhatHasNoPort) {
    EXPECT_EQ(judged(attempt("203.0.113.7", "tcp", 4444)).likely, Likely::unknown_port);
    EXPECT_EQ(judged(attempt("203.0.113.7", "icmp", 0)).likely, Likely::no_port);
    EXPECT_EQ(judged(attempt("203.0.113.7", "icmp", 0)).policy_line, "");
    std::vector<std::pair<Attempt, std::uint64_t>> scan;
    for (std::uint16_t port = 4000; port < 4010; ++port) scan.emplace_back(attempt("203.0.113.7", "tcp", port), 1);
    scan.emplace_back(attempt("203.0.113.8", "tcp", 4000), 1);
    for (const auto& seen : judged(scan)) {
        const bool scans = seen.attempt.source == attempt("203.0.113.7", "tcp", 1).source;
        EXPECT_EQ(seen.likely, scans ? Likely::scan : Likely::unknown_port);
        EXPECT_EQ(seen.policy_line.empty(), scans);
    }
}

TEST_F(Judging, PutsMostPacketsFirst) {
    const auto seen = judged({{attempt("203.0.113.7", "tcp", 1), 3}, {attempt("203.0.113.9", "tcp", 2), 300}});
    EXPECT_EQ(seen.at(0).tally.counted, 300U);
}

TEST_F(Judging, GivesThePolicyLineThatOpensExactlyThat) {
    for (const auto& one :
         {attempt("10.0.0.31", "tcp", 7143), attempt("203.0.113.7", "udp", 389), attempt("2001:db8::7", "tcp", 4444)}) {
        const auto before = m_deployment.plan();
        const auto line = judged(one).policy_line;
        ASSERT_FALSE(line.empty());
        auto with = m_deployment;
        with.policy("<network name=\"admin\"><cidr>192.168.1.0/24</cidr></network>" + line);
        ASSERT_EQ(with.policy_value().allow.size(), 1U);
        const auto after = with.plan();
        for (std::size_t at = 0; at < after.servers.size(); ++at) {
            std::vector<OpenPort> added;
            for (const auto& open : after.servers[at].open) {
                if (open.endpoint == "policy") added.push_back(open);
            }
            const bool here = after.servers[at].name == "mbox1.example.com";
            ASSERT_EQ(after.servers[at].open.size(), before.servers[at].open.size() + (here ? 1 : 0));
            ASSERT_EQ(added.size(), here ? 1U : 0U);
            if (!here) continue;
            EXPECT_EQ(added[0].protocol, one.protocol);
            EXPECT_EQ(added[0].port, (PortRange{one.port, one.port}));
            EXPECT_EQ(added[0].sources, std::vector{zmi::host_cidr(one.source)});
        }
    }
}

}  // namespace
}  // namespace zmfw
