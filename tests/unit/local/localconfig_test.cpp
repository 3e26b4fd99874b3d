#include <gtest/gtest.h>
#include <tests/unit/support/temporary_tree.hpp>
#include <zmintegration/local/localconfig.hpp>

namespace {

using zmi::parse_localconfig;

std::string key(const std::string& name, const std::string& value) {
    return "  <key name=\"" + name + "\">\n    <value>" + value + "</value>\n  </key>\n";
}

std::string file_of(const std::string& keys) {
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\n<localconfig>\n" + keys + "</localconfig>\n";
}

std::string get(const std::string& keys, std::string_view name) {
    const auto config = parse_localconfig(file_of(keys), "localconfig.xml");
    if (!config) return "error: " + config.error().what;
    const auto value = config->get(name);
    if (!value) return "error: " + value.error().what;
    return value->value_or("not set");
}

std::string parse_error(std::string_view xml) {
    const auto config = parse_localconfig(xml, "conf/localconfig.xml");
    return config ? "parsed" : config.error().what;
}

zmi::Wanted wanted(std::map<std::string, std::vector<std::string>, std::less<>> keys) {
    return zmi::Wanted{{}, std::move(keys)};
}

TEST(LocalConfig, GivesTheValueOfAKey) {
    EXPECT_EQ(get(key("mysql_port", "7306"), "mysql_port"), "7306");
}

TEST(LocalConfig, TellsThatAKeyIsNotSet) {
    EXPECT_EQ(get(key("mysql_port", "7306"), "ldap_url"), "not set");
}

TEST(LocalConfig, KnowsAnEmptyValueFromNone) {
    EXPECT_EQ(get(key("ldap_url", ""), "ldap_url"), "");
}

TEST(LocalConfig, KeepsBlanksCdataAndEntitiesOfAValue) {
    EXPECT_EQ(get(key("a", " x &amp; <![CDATA[<y>]]> "), "a"), " x & <y> ");
    EXPECT_EQ(get(key("a", "   "), "a"), "   ");
}

TEST(LocalConfig, TakesTheLastOfTwoValuesAsZimbraDoes) {
    EXPECT_EQ(get(key("mysql_port", "7306") + key("mysql_port", "7307"), "mysql_port"), "7307");
}

TEST(LocalConfig, IgnoresElementsThatZimbraIgnores) {
    EXPECT_EQ(get("<!-- note --><other/>" + key("mysql_port", "1"), "mysql_port"), "1");
}

TEST(LocalConfig, ExpandsReferences) {
    const auto keys = key("host", "ldap.example.com") + key("port", "389") + key("ldap_url", "ldap://${host}:${port}");
    EXPECT_EQ(get(keys, "ldap_url"), "ldap://ldap.example.com:389");
}

TEST(LocalConfig, ExpandsReferencesInsideOfReferences) {
    EXPECT_EQ(get(key("a", "[${b}]") + key("b", "(${c})") + key("c", "x"), "a"), "[(x)]");
}

TEST(LocalConfig, KnowsTheCompiledDefaultsThatReferencesNeed) {
    EXPECT_EQ(get(key("a", "${zimbra_home}/conf on ${zimbra_server_hostname}"), "a"), "/opt/zimbra/conf on localhost");
    EXPECT_EQ(get(key("zimbra_server_hostname", "mail.example.com"), "zimbra_server_hostname"), "mail.example.com");
}

TEST(LocalConfig, LeavesADollarSignWithoutAReferenceAlone) {
    EXPECT_EQ(get(key("a", "$x ${y"), "a"), "$x ${y");
}

TEST(LocalConfig, NamesTheKeyWhoseReferencesGoInACircle) {
    const auto error = get(key("a", "${b}") + key("b", "${a}"), "a");
    EXPECT_EQ(error, "error: localconfig key 'a': its ${...} references go in a circle or too deep");
}

TEST(LocalConfig, NamesTheKeyThatIsReferredToAndNotSet) {
    const auto error = get(key("a", "secret${nothing}"), "a");
    EXPECT_EQ(error, "error: localconfig key 'a': refers to the key 'nothing', which is not set");
}

TEST(LocalConfig, StopsReferencesThatMultiply) {
    std::string keys = key("k0", "");
    for (int i = 1; i < 15; ++i) {
        std::string ten;
        for (int k = 0; k < 10; ++k) ten += "${k" + std::to_string(i - 1) + "}";
        keys += key("k" + std::to_string(i), ten);
    }
    EXPECT_EQ(get(keys, "k14"), "error: localconfig key 'k14': it has too many ${...} references");
}

TEST(LocalConfig, StopsValuesThatGrowWithoutEnd) {
    const std::string big(40'000, 'x');
    EXPECT_EQ(get(key("a", big) + key("b", "${a}${a}"), "b"),
              "error: localconfig key 'b': its expanded value is too long");
}

TEST(LocalConfig, RefusesADocumentType) {
    EXPECT_EQ(parse_error("<?xml version=\"1.0\"?>\n<!DOCTYPE localconfig [<!ENTITY x \"y\">]>\n<localconfig/>"),
              "conf/localconfig.xml:2: a document type declaration is not allowed here");
}

TEST(LocalConfig, RefusesAnotherRoot) {
    EXPECT_EQ(parse_error("<config/>"), "conf/localconfig.xml:1: the root element is not localconfig");
    EXPECT_EQ(parse_error("<localconfig/>\n<localconfig/>"), "conf/localconfig.xml:2: a second root element");
    EXPECT_EQ(parse_error("<localconfig/>\ngarbage"), "conf/localconfig.xml:1: text outside of the root element");
    EXPECT_EQ(parse_error(""), "conf/localconfig.xml:1: no element localconfig");
}

TEST(LocalConfig, NamesTheLineOfATruncatedFile) {
    const auto error = parse_error("<localconfig>\n<key name=\"zimbra_ldap_password\">\n<value>s3cret</val");
    EXPECT_EQ(error.substr(0, 45), "conf/localconfig.xml:3: not well-formed XML: ");
    EXPECT_EQ(error.find("s3cret"), std::string::npos);
}

TEST(LocalConfig, RefusesAKeyWithoutNameOrValue) {
    EXPECT_EQ(parse_error("<localconfig>\n<key><value>x</value></key></localconfig>"),
              "conf/localconfig.xml:2: a key without a name");
    EXPECT_EQ(parse_error("<localconfig>\n<key name='a'/></localconfig>"),
              "conf/localconfig.xml:2: key 'a' has no value");
    EXPECT_EQ(parse_error("<localconfig>\n<key name='a'><value><b/></value></key></localconfig>"),
              "conf/localconfig.xml:2: an element inside of a value");
}

TEST(LocalConfig, RefusesWhatIsNotUtf8) {
    EXPECT_EQ(parse_error("<localconfig>\xff</localconfig>"), "conf/localconfig.xml:1: the file is not valid UTF-8");
    EXPECT_EQ(parse_error(std::string_view("<localconfig>\n\0</localconfig>", 29)),
              "conf/localconfig.xml:2: a NUL character");
}

TEST(LocalConfigSelection, HoldsOnlyWantedKeysThatAreSet) {
    const auto config = parse_localconfig(file_of(key("mysql_port", "7306") + key("other", "x")), "f");
    const auto selected = config->select(wanted({{"mysql_port", {}}, {"ldap_url", {}}, {"zimbra_home", {}}}));
    ASSERT_TRUE(selected);
    EXPECT_EQ(*selected, (std::map<std::string, std::string, std::less<>>{{"mysql_port", "7306"}}));
}

TEST(LocalConfigSelection, RefusesAKeyThatMayBeSecretWithoutShowingIt) {
    const auto config = parse_localconfig(file_of(key("zimbra_ldap_password", "s3cret")), "f");
    const auto selected = config->select(wanted({{"zimbra_ldap_password", {}}}));
    ASSERT_FALSE(selected);
    EXPECT_EQ(selected.error().kind, zmi::ErrorKind::data);
    EXPECT_EQ(selected.error().what, "localconfig key zimbra_ldap_password may hold a secret and is never kept");
}

TEST(LocalConfigSelection, TakesCredentialsOutOfUrls) {
    const auto config = parse_localconfig(file_of(key("ldap_url", "ldap://admin:s3cret@ldap.example.com:389")), "f");
    EXPECT_EQ(config->select(wanted({{"ldap_url", {}}}))->at("ldap_url"), "ldap://ldap.example.com:389");
}

TEST(LocalConfigSelection, CutsAValueToTheWantedWords) {
    const auto options =
        key("debug", "-agentlib:jdwp=address=${port} -server") + key("port", "5005") +
        key("mailboxd_java_options", "-server -Dttl=${networkaddress_cache_ttl} -Xrunjdwp:address=8000 ${debug}");
    const auto config = parse_localconfig(file_of(options), "f");
    const auto selected = config->select(wanted({{"mailboxd_java_options", {"-agentlib:jdwp", "-Xrunjdwp"}}}));
    ASSERT_TRUE(selected);
    EXPECT_EQ(selected->at("mailboxd_java_options"), "-Xrunjdwp:address=8000 -agentlib:jdwp=address=5005");
}

TEST(LocalConfigSelection, FailsForAWantedKeyThatCannotBeExpanded) {
    const auto config = parse_localconfig(file_of(key("mysql_port", "${nowhere}")), "f");
    EXPECT_FALSE(config->select(wanted({{"mysql_port", {}}})));
}

TEST(LocalConfigFile, IsReadFromTheConfFolderOfTheInstallation) {
    const TemporaryTree tree;
    tree.write("conf/localconfig.xml", file_of(key("a", "${zimbra_home}/x")));
    const auto config = zmi::read_localconfig(tree.root());
    ASSERT_TRUE(config) << config.error().what;
    EXPECT_EQ(config->get("a")->value(), tree.root().string() + "/x");
}

TEST(LocalConfigFile, SaysWhomToBeWhereItCannotBeRead) {
    const TemporaryTree tree;
    const auto config = zmi::read_localconfig(tree.root());
    ASSERT_FALSE(config);
    EXPECT_EQ(config.error().kind, zmi::ErrorKind::knowledge);
    EXPECT_EQ(config.error().what,
              "cannot read " + tree.root().string() + "/conf/localconfig.xml: No such file or directory");
    EXPECT_EQ(config.error().hint, "run zmfirewall as the zimbra user, or name the installation with --zimbra-home");
}

TEST(LocalConfigFile, MayNotBeLargerThanAnyRealOne) {
    const TemporaryTree tree;
    tree.write("conf/localconfig.xml", file_of(key("a", std::string(5 * 1024 * 1024, 'x'))));
    const auto config = zmi::read_localconfig(tree.root());
    ASSERT_FALSE(config);
    EXPECT_NE(config.error().what.find("larger than 4194304 bytes"), std::string::npos);
}

}  // namespace
