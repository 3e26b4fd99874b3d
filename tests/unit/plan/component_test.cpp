#include <plugin/plan/component.hpp>

#include "parts.hpp"

namespace zmfw::test {
namespace {

using Texts = std::vector<std::string>;

Truth about(Parts& parts_of, const std::string& component, const std::string& server) {
    const FactsView view(parts_of.inventory(), parts(), parts_of.policy_value());
    for (std::size_t i = 0; i < view.size(); ++i) {
        if (view.name(i) == server) return component_truth(view, parts().components.at(component), i);
    }
    throw std::runtime_error("no server " + server);
}

Parts one() {
    Parts made;
    made.server("node1", "10.0.0.1").server("other", "10.0.0.9");
    return made;
}

TEST(Component, IsThereWhereAnyKindOfEvidenceOfTheNodeSaysSo) {
    const std::vector<std::pair<std::string, std::function<void(zmi::LocalFacts&)>>> cases = {
        {"package=video-advanced", [](auto& local) { local.packages = {"video-advanced"}; }},
        {"unit=video.service active",
         [](auto& local) {
             local.units = {{"video.service", "active"}};
         }},
        {"/etc/mesh/video.hcl:3=video", [](auto& local) {
             local.mesh = {{"video", "/etc/mesh/video.hcl", 3, 0, {}, true}};
         }}};
    for (const auto& [fact, add] : cases) {
        auto made = one();
        add(made.asked("node1"));
        const auto truth = about(made, "video", "node1");
        EXPECT_EQ(truth.verdict, Verdict::yes) << fact;
        ASSERT_EQ(truth.because.size(), 1U);
        EXPECT_EQ(truth.because.front().fact + "=" + truth.because.front().value, fact);
    }
    auto made = one();
    made.asked("node1").modules = {{"files", "running"}};
    EXPECT_EQ(about(made, "files", "node1").because.front().origin, "module");
    made.asked("node1").present = {"/etc/suite"};
    EXPECT_EQ(about(made, "suite", "node1").because.front().fact, "/etc/suite");
}

TEST(Component, IsNotThereWhereTheNodeWasAskedAndNothingSaysSo) {
    auto made = one();
    made.asked("node1").units = {{"video.service", "failed"}, {"mesh.service", "inactive"}};
    made.asked("node1").modules = {{"files", "stopped"}};
    for (const auto* component : {"video", "files", "suite", "mesh"}) {
        const auto truth = about(made, component, "node1");
        EXPECT_EQ(truth.verdict, Verdict::no) << component;
        EXPECT_TRUE(truth.assumed.empty()) << component;
        EXPECT_NE(truth.reason.find(component), std::string::npos);
    }
}

TEST(Component, IsUnknownWhereAKindOfItsEvidenceCouldNotBeRead) {
    auto made = one();
    made.asked("node1").files["packages"].problem = "permission denied";
    const auto truth = about(made, "video", "node1");
    EXPECT_EQ(truth.verdict, Verdict::unknown);
    ASSERT_EQ(truth.problems.size(), 1U);
    EXPECT_EQ(truth.problems.front().server, "node1");
    EXPECT_NE(truth.problems.front().text.find("packages: permission denied"), std::string::npos);
    EXPECT_EQ(about(made, "mesh", "node1").verdict, Verdict::no) << "it has no packages";
    made.asked("node1").units = {{"video.service", "active"}};
    EXPECT_EQ(about(made, "video", "node1").verdict, Verdict::yes) << "what was read is enough";
}

TEST(Component, IsNotSoughtInAMeshThatIsNotThere) {
    auto made = one();
    made.asked("node1").files["mesh"].problem = std::string(zmi::k_no_such_file);
    EXPECT_EQ(about(made, "video", "node1").verdict, Verdict::no);
    made.asked("node1").files["mesh"].problem = "permission denied";
    EXPECT_EQ(about(made, "video", "node1").verdict, Verdict::unknown);
}

TEST(Component, IsNotAbsentOnTheWordOfLocalFactsFromBeforeTheyToldOfComponents) {
    auto made = one();
    made.inventory().local["node1"].localconfig["key"] = "value";
    EXPECT_EQ(about(made, "video", "node1").verdict, Verdict::unknown);
}

TEST(Component, IsWhatThePolicySaysOfAServerThatWasNotAsked) {
    auto made = one();
    made.policy("<server name='other'><components>video</components></server>");
    EXPECT_EQ(about(made, "video", "other").verdict, Verdict::yes);
    EXPECT_EQ(about(made, "video", "other").because.front().origin, "policy");
    EXPECT_EQ(about(made, "files", "other").verdict, Verdict::no) << "exactly those";
    made.asked("other");
    EXPECT_EQ(about(made, "video", "other").verdict, Verdict::no) << "what the node itself says goes first";
    made.asked("other").files["units"].problem = "no answer";
    EXPECT_EQ(about(made, "video", "other").verdict, Verdict::yes) << "but not where it could not be read";
}

TEST(Component, IsWhatTheMeshHasRegistered) {
    auto made = one();
    made.entry("other").mesh_services = std::set<std::string, std::less<>>{"files"};
    EXPECT_EQ(about(made, "files", "other").verdict, Verdict::yes);
    EXPECT_EQ(about(made, "files", "other").because.front().origin, "mesh");
    EXPECT_EQ(about(made, "video", "other").verdict, Verdict::no);
    EXPECT_EQ(about(made, "mesh", "other").verdict, Verdict::unknown) << "the mesh has no name for it";
    made.asked("other");
    EXPECT_EQ(about(made, "files", "other").verdict, Verdict::yes) << "a registration is evidence as any other";
}

TEST(Component, OfWhichNobodyTellsIsAbsentByAssumptionOrUnknownWithThreeWaysOut) {
    auto made = one();
    const auto suite = about(made, "suite", "other");
    EXPECT_EQ(suite.verdict, Verdict::no);
    EXPECT_EQ(suite.assumed, Texts{"the absence of suite on other"});
    const auto video = about(made, "video", "other");
    EXPECT_EQ(video.verdict, Verdict::unknown);
    ASSERT_EQ(video.problems.size(), 1U);
    const auto& text = video.problems.front().text;
    for (const auto* part :
         {"other", "'video'", "join its inventory", "--join FILE", "all that runs there",
          "<server name=\"other\"><components>", "a token with which Consul tells", "--consul-token-file"}) {
        EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
    }
}

TEST(Component, ThatIsUnknownStopsAPlanOnlyWhereSomebodyWouldGetInByIt) {
    Parts alone;
    alone.server("node1", "10.0.0.1");
    alone.inventory().local["node1"];
    const auto plan = alone.plan("node1");
    EXPECT_FALSE(plan.complete()) << "the public would get in by the video server";
    EXPECT_EQ(plan.problems.size(), 1U) << "and by nothing else: there is no other server";
    alone.policy("<close endpoint='rtp'/>");
    EXPECT_TRUE(alone.plan("node1").complete());
}

TEST(Component, RulesOutWhatItDecidesAlone) {
    auto made = two_nodes();
    const FactsView view(made.inventory(), parts(), made.policy_value());
    const Evaluator evaluator(view);
    Condition condition;
    condition.kind = Condition::Kind::component;
    condition.name = "video";
    EXPECT_TRUE(evaluator.rules_out(condition, 0));
    EXPECT_FALSE(evaluator.rules_out(condition, 1));
}

TEST(PolicyServer, IsOneOfThePlanWhereThePolicySaysWhatRunsThere) {
    auto made = two_nodes();
    made.policy("<server name='db1'><address>10.0.0.7</address><components>files</components></server>");
    const auto plan = made.plans();
    ASSERT_EQ(plan.servers.size(), 3U);
    EXPECT_EQ(plan.servers.front().name, "db1") << "sorted by name";
    EXPECT_EQ(opened(plan.servers.front()), (Texts{"sidecar/tcp/21000-21255 cluster", "metrics/tcp/21500 cluster"}));
    const auto video = made.plan("video1");
    const auto sidecar = std::find_if(video.open.begin(), video.open.end(),
                                      [](const OpenPort& open) { return open.endpoint == "sidecar"; });
    ASSERT_NE(sidecar, video.open.end());
    EXPECT_EQ(sidecar->peers, (Texts{"db1", "store1"}));
}

TEST(PolicyServer, WithoutAnAddressIsAProblemWhereItIsAPeer) {
    auto made = two_nodes();
    made.policy("<server name='db1'><components/></server>");
    const auto plan = made.plan("video1");
    ASSERT_FALSE(plan.complete());
    EXPECT_EQ(plan.problems.front().server, "db1");
    EXPECT_NE(plan.problems.front().text.find("<address>"), std::string::npos) << plan.problems.front().text;
}

}  // namespace
}  // namespace zmfw::test
