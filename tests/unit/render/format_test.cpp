#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <plugin/render/format.hpp>
#include <plugin/render/render.hpp>

#include "sample_plans.hpp"

namespace zmfw {
namespace {

namespace fs = std::filesystem;

/// A root with one format folder "demo".
class FormatFolder : public testing::Test {
protected:
    void SetUp() override {
        const auto* test = testing::UnitTest::GetInstance()->current_test_info();
        m_root = fs::path(ZMFIREWALL_BINARY_DIR) / "formats" / test->name();
        fs::remove_all(m_root);
        write("demo/demo.txt.mustache", "{{#rules}}{{port}}/{{protocol}} {{endpoint}}\n{{/rules}}");
    }
    void TearDown() override { fs::remove_all(m_root); }

    void write(const std::string& name, const std::string& text, const fs::path& below = {}) const {
        const auto path = m_root / below / name;
        fs::create_directories(path.parent_path());
        std::ofstream(path) << text;
    }
    void write_manifest(const std::string& files, const std::string& name = "demo") const {
        write("demo/manifest.xml", "<format name=\"" + name + "\" title=\"Demo\">\n" + files +
                                       "\n<apply>cp {server}</apply><undo>rm</undo></format>\n");
    }
    [[nodiscard]] std::string problem() const {
        const auto format = read_format(m_root / "demo");
        return format ? "" : format.error().what;
    }

    fs::path m_root;
    const std::string m_file = "<file template=\"demo.txt.mustache\" name=\"{server}.txt\"/>";
};

TEST_F(FormatFolder, IsAllThatANewFormatNeeds) {
    write_manifest(m_file);
    const auto format = find_format({m_root}, "demo");
    ASSERT_TRUE(format) << format.error().what;
    const auto files = render(*format, sample::plan({sample::open_port("smtp", "tcp", 25, "public", sample::anyone())}),
                              sample::source(), {"1"});
    ASSERT_TRUE(files) << files.error().what;
    ASSERT_EQ(files->size(), 1U);
    EXPECT_EQ(files->front().name, "mail.example.com.txt");
    EXPECT_EQ(files->front().content, "25/tcp smtp\n");
}

TEST_F(FormatFolder, KeepsItsBlankLinesAndLosesThoseOfTagsAlone) {
    write("demo/demo.txt.mustache",
          "a\n{{#rules}}\n{{#has_comment}}\nno\n{{/has_comment}}\n  {{! why }}\n{{port}}\n{{/rules}}\n\nb {{server}}");
    write_manifest(m_file);
    const auto format = read_format(m_root / "demo").value();
    const auto plan = sample::plan({sample::open_port("smtp", "tcp", 25, "public", sample::anyone())});
    EXPECT_EQ(render(format, plan, sample::source(), {"1"}).value().front().content, "a\n25\n\nb mail.example.com");
}

TEST_F(FormatFolder, MayHaveAFileForTheWholeDeployment) {
    write("demo/all.mustache", "{{#servers}}{{server}}{{^last}}, {{/last}}{{/servers}}\n");
    write_manifest("<file template=\"all.mustache\" name=\"all.txt\" scope=\"cluster\"/>");
    const auto format = read_format(m_root / "demo").value();
    auto other = sample::plan({});
    other.name = "other.example.com";
    EXPECT_EQ(render_cluster(format, {sample::plan({}), other}, sample::source(), {"1"}).value().front().content,
              "mail.example.com, other.example.com\n");
    EXPECT_TRUE(render(format, other, sample::source(), {"1"}).value().empty());
}

TEST_F(FormatFolder, OfALaterRootReplacesTheEarlierOneWhole) {
    write_manifest(m_file);
    write("demo/manifest.xml",
          "<format name=\"demo\" title=\"Site\"><file template=\"a.mustache\" name=\"{server}.a\"/>"
          "<apply>a</apply><undo>b</undo></format>",
          "site");
    write("demo/a.mustache", "x", "site");
    const auto formats = find_formats({m_root, m_root / "site", m_root / "absent"});
    ASSERT_TRUE(formats) << formats.error().what;
    ASSERT_EQ(formats->size(), 1U);
    EXPECT_EQ(formats->front().title, "Site");
    EXPECT_EQ(formats->front().files.front().name, "{server}.a");
}

TEST_F(FormatFolder, WithAMistakeNamesFileAndLine) {
    write_manifest("<fill/>");
    EXPECT_NE(problem().find("manifest.xml:2: unknown element 'fill' in <format>"), std::string::npos) << problem();
    write_manifest("<file template=\"demo.txt.mustache\" name=\"../{server}\"/>");
    EXPECT_NE(problem().find("manifest.xml:2: name must be"), std::string::npos) << problem();
    write_manifest("<file template=\"absent.mustache\" name=\"{server}\"/>");
    EXPECT_NE(problem().find("manifest.xml:2: "), std::string::npos) << problem();
    write_manifest(m_file + "\n<check program=\"nft\" template=\"x\"/>");
    EXPECT_NE(problem().find("manifest.xml:3: template must name"), std::string::npos) << problem();
    write_manifest(m_file, "other");
    EXPECT_NE(problem().find("manifest.xml:1: name must be the folder's"), std::string::npos) << problem();
    write_manifest("<file");
    EXPECT_NE(problem().find("manifest.xml:"), std::string::npos) << problem();
}

TEST_F(FormatFolder, WithAnUnknownNameInATemplateIsRefusedBeforeRendering) {
    write("demo/demo.txt.mustache", "\n{{#rules}}{{prot}}{{/rules}}");
    write_manifest(m_file);
    EXPECT_NE(problem().find("demo.txt.mustache:2: unknown name 'prot'; did you mean 'port'"), std::string::npos)
        << problem();
}

TEST_F(FormatFolder, MayHoldFilesThatAreNoTemplates) {
    write("demo/tasks.yml", "src: \"{{ inventory_hostname }}\"\n");
    write_manifest("<file template=\"tasks.yml\" name=\"tasks.yml\" scope=\"cluster\" verbatim=\"true\"/>");
    const auto format = read_format(m_root / "demo");
    ASSERT_TRUE(format) << format.error().what;
    EXPECT_EQ(render_cluster(*format, {}, sample::source(), {"1"}).value().front().content,
              "src: \"{{ inventory_hostname }}\"\n");
    write_manifest("<file template=\"demo.txt.mustache\" name=\"{server}\" verbatim=\"true\"/>");
    EXPECT_NE(problem().find("manifest.xml:2: the name of a template ends in .mustache"), std::string::npos)
        << problem();
}

TEST_F(FormatFolder, MayBorrowATemplateOfAnotherFormat) {
    write_manifest(m_file);
    write("more/manifest.xml",
          "<format name=\"more\" title=\"More\"><file template=\"demo.txt.mustache\" format=\"demo\" "
          "name=\"files/{server}\"/><apply>a</apply><undo>b</undo></format>");
    const auto format = read_format(m_root / "more");
    ASSERT_TRUE(format) << format.error().what;
    EXPECT_EQ(render(*format, sample::mixed_plan(), sample::source(), {"1"}).value().front().name,
              "files/mail.example.com");
    write_manifest("<file template=\"demo.txt.mustache\" name=\"{server}\" format=\"absent\"/>");
    EXPECT_NE(problem().find("manifest.xml:2: there is no format 'absent'"), std::string::npos) << problem();
}

TEST_F(FormatFolder, PrintsFreeTextsWithAnEscapeOnly) {
    write("demo/demo.txt.mustache", "{{#rules}}\n{{title}}\n{{/rules}}\n");
    write_manifest(m_file);
    EXPECT_NE(problem().find("demo.txt.mustache:2: 'title' may be any text"), std::string::npos) << problem();
    write_manifest("<file template=\"demo.txt.mustache\" name=\"{server}\" escape=\"xml\"/>");
    auto plan = sample::plan({sample::open_port("smtp", "tcp", 25, "public", sample::anyone())});
    plan.open[0].title = "<smtp>";
    const auto format = read_format(m_root / "demo");
    ASSERT_TRUE(format) << format.error().what;
    EXPECT_EQ(render(*format, plan, sample::source(), {"1"}).value().front().content, "&lt;smtp&gt;\n");
    write_manifest("<file template=\"demo.txt.mustache\" name=\"{server}\" escape=\"html\"/>");
    EXPECT_NE(problem().find("manifest.xml:2: escape must be"), std::string::npos) << problem();
}

TEST_F(FormatFolder, MayHaveAFileForEachItemOfAList) {
    write("demo/demo.txt.mustache", "{{server}} {{protocol}}/{{port}}{{#rules}} {{endpoint}}{{/rules}}\n");
    write_manifest("<file template=\"demo.txt.mustache\" name=\"{server}/{item}.txt\" each=\"services\"/>");
    const auto format = read_format(m_root / "demo");
    ASSERT_TRUE(format) << format.error().what;
    const auto files = render(*format, sample::mixed_plan(), sample::source(), {"1"}).value();
    ASSERT_EQ(files.size(), 8U);
    EXPECT_EQ(files[4].name, "mail.example.com/tcp_7071.txt");
    EXPECT_EQ(files[4].content, "mail.example.com tcp/7071 admin admin\n");
    write_manifest("<file template=\"demo.txt.mustache\" name=\"{server}.txt\" each=\"services\"/>");
    EXPECT_NE(problem().find("manifest.xml:2: the name of a file with each"), std::string::npos) << problem();
    write_manifest("<file template=\"demo.txt.mustache\" name=\"{server}/{item}\" each=\"rules\"/>");
    EXPECT_NE(problem().find("manifest.xml:2: each must be"), std::string::npos) << problem();
}

TEST_F(FormatFolder, MayLimitACountOfTheView) {
    write_manifest(m_file + "\n<limit value=\"source_count\" most=\"1\">two are\n too many</limit>");
    const auto format = read_format(m_root / "demo");
    ASSERT_TRUE(format) << format.error().what;
    const auto refused = render(*format, sample::mixed_plan(), sample::source(), {"1"});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().hint, "two are too many");
    write_manifest("<limit value=\"server\" most=\"1\">x</limit>" + m_file);
    EXPECT_NE(problem().find("is no count of the view"), std::string::npos) << problem();
}

TEST(Formats, OfTheTreeAreAllInOrder) {
    const auto formats = find_formats({sample::templates()});
    ASSERT_TRUE(formats) << formats.error().what;
    std::vector<std::string> names;
    for (const auto& format : *formats) names.push_back(format.name);
    EXPECT_NE(std::find(names.begin(), names.end(), "nftables"), names.end());
    EXPECT_NE(std::find(names.begin(), names.end(), "ufw"), names.end());
}

TEST(Formats, ThatCannotSayWhatLeavesRefuseAPlanThatDoes) {
    auto plan = sample::mixed_plan();
    plan.outbound.emplace();
    for (const auto* name : {"ufw", "firewalld"}) {
        const auto refused = render(find_format({sample::templates()}, name).value(), plan, sample::source(), {"1"});
        ASSERT_FALSE(refused) << name;
        EXPECT_EQ(refused.error().kind, zmi::ErrorKind::usage);
    }
    for (const auto* name : {"nftables", "iptables", "ansible", "aws", "aerleon"})
        EXPECT_TRUE(render(find_format({sample::templates()}, name).value(), plan, sample::source(), {"1"})) << name;
}

TEST(Formats, UnknownOnesAreAUsageErrorThatListsTheKnown) {
    const auto format = find_format({sample::templates()}, "ipchains");
    ASSERT_FALSE(format);
    EXPECT_EQ(format.error().kind, zmi::ErrorKind::usage);
    EXPECT_NE(format.error().hint.find("nftables"), std::string::npos);
}

TEST(Formats, MatchTheirSchema) {
    if (std::system("command -v xmllint >/dev/null 2>&1") != 0) GTEST_SKIP() << "xmllint is not installed";
    const auto root = sample::templates().string();
    const auto formats = find_formats({sample::templates()});
    ASSERT_TRUE(formats) << formats.error().what;
    for (const auto& format : *formats) {
        const auto command = "xmllint --nonet --noout --schema " + root + "/schema/format.xsd " + root + "/" +
                             format.name + "/manifest.xml >/dev/null 2>&1";
        EXPECT_EQ(std::system(command.c_str()), 0) << format.name;
    }
}

}  // namespace
}  // namespace zmfw
