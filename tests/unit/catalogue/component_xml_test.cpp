#include <filesystem>
#include <fstream>
#include <plugin/catalogue/catalogue.hpp>
#include <tests/unit/plan/parts.hpp>
#include <tests/unit/support/temporary_tree.hpp>

namespace zmfw::test {
namespace {

using Texts = std::vector<std::string>;

const std::string k_frame =
    R"(<frame services-enabled="s" services-installed="s" host-name="s" server-version="s" ip-mode="s"/>
<attribute name="s" type="text"/>
)";

std::string mistake(const std::string& entries) {
    const auto parsed =
        parse_catalogue("<catalogue product='p' format='1'>" + k_frame + entries + "</catalogue>", "test.xml");
    return parsed ? std::string() : parsed.error().what;
}

std::string endpoint(const std::string& port, const std::string& more = {}, const std::string& attributes = {}) {
    return "<endpoint id='e' protocol='tcp' audience='cluster' confidence='c' " + attributes + "><title>t</title>" +
           port + "<listens/>" + more + "<source>s</source></endpoint>";
}

TEST(ComponentXml, IsReadWhole) {
    const auto& video = parts().components.at("video");
    EXPECT_EQ(video.packages, (Texts{"video-ce", "video-advanced"}));
    EXPECT_EQ(video.units, Texts{"video.service"});
    EXPECT_EQ(video.mesh, Texts{"video"});
    EXPECT_FALSE(video.absent_if_unknown);
    EXPECT_EQ(video.file, "parts.xml");
    EXPECT_GT(video.line, 1);
    EXPECT_TRUE(parts().components.at("suite").absent_if_unknown);
    EXPECT_EQ(parts().components.at("suite").present, (Texts{"bin/suite", "/etc/suite", "lib/suite-*.jar"}));
    EXPECT_EQ(parts().files.at("janus.jcfg").path, "/etc/janus/janus.jcfg");
    EXPECT_EQ(parts().find("core")->settled_by, "ss -lnt on a node with the suite");
    EXPECT_EQ(parts().find("rtp")->port.constants, (std::vector<PortRange>{{20000, 40000}}));
}

TEST(ComponentXml, MistakesCarryFileAndLine) {
    const auto component = [](const std::string& attributes) {
        return "<component id='c' " + attributes + "><title>t</title><source>s</source></component>";
    };
    const std::vector<std::pair<std::string, std::string>> cases = {
        {component(""), "needs packages"},
        {component("packages='--root=/'"), "cannot stand in packages"},
        {component("packages='a;b'"), "cannot stand in packages"},
        {component("units='nodot'"), "cannot stand in units"},
        {component("present='../etc/shadow'"), "cannot stand in present"},
        {component("present='/etc/../x'"), "cannot stand in present"},
        {component("packages='a' if-unknown='present'"), "if-unknown is absent"},
        {"<component id='c' packages='a'><title>t</title></component>", "needs <title> and <source>"},
        {component("packages='a'") + component("packages='b'"), "defined twice"},
        {"<file key='main.cf' path='/etc/main.cf'/>", "means something of its own"},
        {"<file key='packages' path='/x'/>", "means something of its own"},
        {"<file key='f' path='/etc/../shadow'/>", "is no path"},
        {"<file key='f' path='a b'/>", "is no path"},
        {"<file key='f' path='/etc/*'/>", "is no path"},
        {"<role id='r'><component name='nowhere'/></role>", "role 'r': the catalogue declares no component 'nowhere'"},
        {"<condition id='x'><not><component name='nowhere'/></not></condition>", "no component 'nowhere'"},
        {endpoint("<port file='nowhere' setting='s' default='1'/>"),
         "endpoint 'e': the catalogue declares no file 'nowhere'"},
        {endpoint("<port file='main.cf' setting='s' default='1'/>"), "has no settings that name ports"},
        {"<file key='f' path='/f'/>" + endpoint("<port file='f' setting='s'/>"), "needs a default"},
        {"<file key='f' path='/f'/>" + endpoint("<port file='f' setting='db_password' default='1'/>"),
         "may hold a secret"},
        {"<file key='f' path='/f'/>" + endpoint("<port file='f' setting='s' services='x' default='1'/>"),
         "either services or a setting"},
        {endpoint("<port constant='1' setting='s'/>"), "one of a file"},
        {endpoint("<port mesh-exposed='m'/>"), "needs a default"},
        {endpoint("<port constant='40000-20000'/>"), "no port or range"},
        {endpoint("<port constant='1-70000'/>"), "no port or range"},
        {endpoint("<port constant='1'/>", "<settled-by>x</settled-by>"), "of an unverified endpoint"},
    };
    for (const auto& [xml, wanted] : cases) {
        const auto what = mistake(xml);
        EXPECT_NE(what.find(wanted), std::string::npos) << xml << ": " << what;
        EXPECT_EQ(what.substr(0, 9), "test.xml:") << what;
    }
}

TEST(ComponentXml, TellsWhatToAskANodeFor) {
    const auto wanted = parts().wanted();
    EXPECT_EQ(wanted.packages, (std::set<std::string, std::less<>>{"video-ce", "video-advanced", "files"}));
    EXPECT_EQ(wanted.present, (std::set<std::string, std::less<>>{"bin/suite", "/etc/suite", "lib/suite-*.jar"}));
    EXPECT_EQ(wanted.units, (std::set<std::string, std::less<>>{"video.service", "mesh.service"}));
    EXPECT_EQ(wanted.modules, (std::set<std::string, std::less<>>{"files"}));
    EXPECT_TRUE(wanted.mesh);
    ASSERT_EQ(wanted.files.size(), 2U);
    EXPECT_EQ(wanted.files.at("broker.conf"), (zmi::WantedFile{"conf/broker.conf", {"listeners.tcp.local"}}));
    EXPECT_EQ(wanted.ports, (std::set<zmi::WantedPorts>{{"tcp", 5222, 5222},
                                                        {"tcp", 5223, 5223},
                                                        {"tcp", 8735, 8735},
                                                        {"tcp", 21000, 21255},
                                                        {"tcp", 49152, 65535}}));
}

TEST(LoadCatalogue, TakesTheFilesOfItsProductAndLaterFoldersReplace) {
    const TemporaryTree tree;
    const auto write = [&](const std::string& name, const std::string& products, const std::string& entries) {
        std::filesystem::create_directories((tree.root() / name).parent_path());
        std::ofstream(tree.root() / name)
            << "<catalogue product='" << products << "' format='1'>" << entries << "</catalogue>";
    };
    const auto one = [](const std::string& id, const std::string& package) {
        return "<component id='" + id + "' packages='" + package + "'><title>t</title><source>s</source></component>";
    };
    write("data/10-both.xml", "a b", k_frame + one("shared", "x"));
    write("data/20-a.xml", "a", one("of-a", "x") + "<file key='f' path='/f'/>");
    write("data/20-b.xml", "b", one("of-b", "x"));
    write("site/10.xml", "a", one("of-a", "y") + "<file key='f' path='/g'/>");
    const auto a = load_catalogue({tree.root() / "data", tree.root() / "site"}, "a");
    ASSERT_TRUE(a) << a.error().what;
    EXPECT_EQ(a->product, "a");
    EXPECT_EQ(a->components.size(), 2U);
    EXPECT_EQ(a->components.at("of-a").packages, Texts{"y"});
    EXPECT_EQ(a->files.at("f").path, "/g");
    const auto b = load_catalogue({tree.root() / "data", tree.root() / "site"}, "b");
    ASSERT_TRUE(b) << b.error().what;
    EXPECT_EQ(b->product, "b");
    EXPECT_TRUE(b->components.contains("of-b") && b->components.contains("shared") && !b->components.contains("of-a"));
    const auto none = load_catalogue({tree.root() / "data"}, "c");
    ASSERT_FALSE(none);
    EXPECT_NE(none.error().what.find("'c'"), std::string::npos);
}

}  // namespace
}  // namespace zmfw::test
