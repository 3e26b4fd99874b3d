#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <tests/unit/support/temporary_tree.hpp>
#include <zmintegration/local/product.hpp>

namespace zmi {
namespace {

namespace fs = std::filesystem;

std::string dpkg(const std::string& package, const std::string& status) {
    return "Package: " + package + "\nStatus: " + status + "\nVersion: 1\nDescription: x\n Package: nothing\n\n";
}

/// A host, made of what each test puts there.
class Host {
public:
    void program(const std::string& name) const { fs::permissions(tree.write(name, "#!/bin/sh\n"), fs::perms(0755)); }
    void users(const std::string& names) const {
        std::string text = "root:x:0:0::/root:/bin/sh\n";
        for (const auto& name : {std::string("zimbra"), std::string("zextras")}) {
            if (names.find(name) != std::string::npos) text += name + ":x:998:998::/nowhere:/bin/sh\n";
        }
        tree.write("etc/passwd", text);
    }
    void zimbra() const {
        tree.write("opt/zimbra/conf/localconfig.xml", "<localconfig/>");
        program("opt/zimbra/bin/zmprov");
    }
    void carbonio() const {
        tree.write("opt/zextras/conf/localconfig.xml", "<localconfig/>");
        tree.write("opt/zextras/.version", "26.6.0\n");
        program("opt/zextras/bin/carbonio");
        program("opt/zextras/bin/zmprov");
    }
    [[nodiscard]] Product product() const {
        auto found = detect_product(tree.root());
        EXPECT_TRUE(found.has_value()) << (found ? "" : found.error().what);
        return found.value_or(Product());
    }
    [[nodiscard]] Error error() const {
        const auto found = detect_product(tree.root());
        EXPECT_FALSE(found.has_value());
        return found ? Error() : found.error();
    }
    TemporaryTree tree;
};

bool tells(const std::vector<std::string>& lines, std::string_view text) {
    return std::any_of(lines.begin(), lines.end(),
                       [&](const std::string& line) { return line.find(text) != std::string::npos; });
}

TEST(ProductDetection, KnowsAZimbraByItsFilesAndUser) {
    const Host host;
    host.zimbra();
    host.users("zimbra");
    const auto product = host.product();
    EXPECT_EQ(product.family, ProductFamily::zimbra);
    EXPECT_EQ(product.home, host.tree.root() / "opt/zimbra");
    EXPECT_EQ(product.user, "zimbra");
    EXPECT_EQ(product.edition, "");
    EXPECT_EQ(product.release, "");
    EXPECT_TRUE(tells(product.evidence, "opt/zimbra/conf/localconfig.xml"));
    EXPECT_TRUE(tells(product.evidence, "user zimbra in "));
    EXPECT_TRUE(product.leftovers.empty());
}

TEST(ProductDetection, KnowsACarbonioCommunityEditionAndItsRelease) {
    const Host host;
    host.carbonio();
    host.users("zextras");
    const auto product = host.product();
    EXPECT_EQ(product.family, ProductFamily::carbonio);
    EXPECT_EQ(product.home, host.tree.root() / "opt/zextras");
    EXPECT_EQ(product.user, "zextras");
    EXPECT_EQ(product.edition, "ce");
    EXPECT_EQ(product.release, "26.6.0");
    EXPECT_TRUE(tells(product.evidence, ".version says 26.6.0"));
    EXPECT_EQ(describe(product).find("Carbonio (ce) 26.6.0 in "), 0u);
}

TEST(ProductDetection, KnowsCarbonioAdvancedByItsJarOrItsPackage) {
    const Host by_jar;
    by_jar.carbonio();
    by_jar.tree.write("opt/zextras/lib/ext/carbonio/carbonio-advanced-1.2.jar", "");
    EXPECT_EQ(by_jar.product().edition, "advanced");

    const Host by_package;
    by_package.carbonio();
    by_package.tree.write("var/lib/dpkg/status", dpkg("carbonio-advanced", "install ok installed"));
    EXPECT_EQ(by_package.product().edition, "advanced");

    const Host removed;
    removed.carbonio();
    removed.tree.write("opt/zextras/lib/ext/carbonio/other.jar", "");
    removed.tree.write("var/lib/dpkg/status", dpkg("carbonio-advanced", "deinstall ok config-files"));
    EXPECT_EQ(removed.product().edition, "ce");
}

TEST(ProductDetection, KnowsTheSuiteByACommandThatCanBeExecuted) {
    const Host host;
    host.zimbra();
    host.tree.write("opt/zimbra/bin/zxsuite", "");
    EXPECT_EQ(host.product().edition, "");
    host.program("opt/zimbra/bin/zxsuite");
    EXPECT_EQ(host.product().edition, "suite");
    EXPECT_TRUE(tells(host.product().evidence, "zxsuite"));
}

TEST(ProductDetection, TellsOfWhatIsLeftOfTheOtherProductAndIsNotMovedByIt) {
    const Host host;
    host.carbonio();
    host.users("zimbra zextras");
    host.tree.write("opt/zimbra/conf/localconfig.xml", "<localconfig/>");
    host.tree.write("opt/zimbra/data/zmfirewall/inventory.json", "{}");
    host.tree.write("var/lib/dpkg/status",
                    dpkg("zimbra-core", "deinstall ok config-files") + dpkg("carbonio-core", "install ok installed"));
    const auto product = host.product();
    EXPECT_EQ(product.family, ProductFamily::carbonio);
    EXPECT_TRUE(tells(product.leftovers, "Zimbra: "));
    EXPECT_TRUE(tells(product.leftovers, "opt/zimbra/conf/localconfig.xml"));
    EXPECT_TRUE(tells(product.leftovers, "user zimbra"));
    EXPECT_FALSE(tells(product.leftovers, "package"));

    const Host other;
    other.zimbra();
    other.users("zimbra zextras");
    other.tree.write("opt/zextras/.version", "23.1.0");
    EXPECT_EQ(other.product().family, ProductFamily::zimbra);
    EXPECT_TRUE(tells(other.product().leftovers, "Carbonio: "));
}

TEST(ProductDetection, DoesNotChooseBetweenTwoWholeInstallations) {
    const Host host;
    host.zimbra();
    host.carbonio();
    host.users("zimbra zextras");
    const auto error = host.error();
    EXPECT_EQ(error.kind, ErrorKind::knowledge);
    EXPECT_NE(error.what.find("both Zimbra"), std::string::npos);
    EXPECT_NE(error.hint.find("--product carbonio"), std::string::npos);
    for (const auto family : {ProductFamily::zimbra, ProductFamily::carbonio}) {
        const auto named = detect_product(host.tree.root(), std::nullopt, family);
        ASSERT_TRUE(named);
        EXPECT_EQ(named->family, family);
        EXPECT_FALSE(named->leftovers.empty());
    }
}

TEST(ProductDetection, DoesNotChooseBetweenTwoHalves) {
    const Host host;
    host.tree.write("opt/zimbra/conf/localconfig.xml", "<localconfig/>");
    host.program("opt/zextras/bin/carbonio");
    EXPECT_EQ(host.error().kind, ErrorKind::knowledge);
}

TEST(ProductDetection, SaysThatNothingIsHere) {
    const Host host;
    const auto product = host.product();
    EXPECT_EQ(product.family, ProductFamily::zimbra);
    EXPECT_TRUE(product.evidence.empty());
    EXPECT_NE(describe(product).find("nothing of Zimbra was found"), std::string::npos);
    host.users("zimbra zextras");
    EXPECT_EQ(host.product().family, ProductFamily::zimbra);
}

TEST(ProductDetection, TakesANodeOfCarbonioThatIsNotSetUpYetForOne) {
    const Host host;
    host.tree.write("var/lib/dpkg/status", dpkg("carbonio-core", "install ok half-configured"));
    EXPECT_EQ(host.product().family, ProductFamily::carbonio);
    EXPECT_TRUE(tells(host.product().evidence, "package carbonio-core"));
}

TEST(ProductDetection, LooksIntoTheHomeThatSomebodyNames) {
    const Host host;
    host.zimbra();
    host.users("zimbra");
    host.program("srv/mail/bin/carbonio");
    const auto found = detect_product(host.tree.root(), host.tree.root() / "srv/mail");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->family, ProductFamily::carbonio);
    EXPECT_EQ(found->home, host.tree.root() / "srv/mail");
    const auto empty = detect_product(host.tree.root(), host.tree.root() / "srv/none");
    ASSERT_TRUE(empty);
    EXPECT_EQ(empty->family, ProductFamily::zimbra);
    const auto overruled = detect_product(host.tree.root(), host.tree.root() / "srv/none", ProductFamily::carbonio);
    ASSERT_TRUE(overruled);
    EXPECT_EQ(overruled->family, ProductFamily::carbonio);
    EXPECT_EQ(overruled->user, "zextras");
}

TEST(ProductDetection, FollowsAHomeThatIsALink) {
    const Host host;
    host.tree.write("srv/zextras/conf/localconfig.xml", "<localconfig/>");
    host.program("srv/zextras/bin/carbonio");
    fs::create_directories(host.tree.root() / "opt");
    fs::create_directory_symlink("../srv/zextras", host.tree.root() / "opt/zextras");
    EXPECT_EQ(host.product().family, ProductFamily::carbonio);
}

TEST(ProductDetection, IsNotLedInCirclesByLinks) {
    const Host host;
    host.zimbra();
    fs::create_directories(host.tree.root() / "opt/zextras/conf");
    fs::create_symlink("localconfig.xml", host.tree.root() / "opt/zextras/conf/localconfig.xml");
    const auto error = host.error();
    EXPECT_NE(error.what.find("cannot be looked into"), std::string::npos);
    EXPECT_NE(error.hint.find("--product"), std::string::npos);
    EXPECT_TRUE(detect_product(host.tree.root(), std::nullopt, ProductFamily::zimbra));
}

TEST(ProductDetection, IsNotHeldUpByFilesThatAreNone) {
    const Host host;
    host.zimbra();
    fs::create_directories(host.tree.root() / "opt/zextras/conf");
    fs::create_directories(host.tree.root() / "opt/zextras/bin/carbonio");
    ASSERT_EQ(::mkfifo((host.tree.root() / "opt/zextras/conf/localconfig.xml").c_str(), 0600), 0);
    ASSERT_EQ(::mkfifo((host.tree.root() / "opt/zextras/.version").c_str(), 0600), 0);
    fs::create_directories(host.tree.root() / "etc");
    ASSERT_EQ(::mkfifo((host.tree.root() / "etc/passwd").c_str(), 0600), 0);
    EXPECT_EQ(host.product().family, ProductFamily::zimbra);
}

TEST(ProductDetection, BelievesNoReleaseThatIsNone) {
    for (const auto& text : {std::string(), std::string("\n"), std::string("26 6"), std::string("26\x1b[2J"),
                             std::string(65, '1'), std::string(1 << 20, '1')}) {
        const Host host;
        host.carbonio();
        host.tree.write("opt/zextras/.version", text);
        EXPECT_EQ(host.product().release, "") << text.size();
        EXPECT_TRUE(tells(host.product().evidence, "names no release"));
    }
    const Host printed;
    printed.carbonio();
    printed.tree.write("opt/zextras/.version", "Carbonio Release 25.3.0\nmore\n");
    EXPECT_EQ(printed.product().release, "25.3.0");
}

TEST(ProductDetection, SaysWhichProductCannotBeLookedInto) {
    if (::geteuid() == 0) GTEST_SKIP() << "root may look everywhere";
    const Host host;
    host.zimbra();
    host.carbonio();
    const auto closed = host.tree.root() / "opt/zextras";
    fs::permissions(closed, fs::perms::none);
    const auto error = host.error();
    fs::permissions(closed, fs::perms::owner_all);
    EXPECT_NE(error.what.find("Permission denied"), std::string::npos);
}

}  // namespace
}  // namespace zmi
