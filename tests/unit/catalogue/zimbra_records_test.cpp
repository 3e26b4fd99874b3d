#include <fstream>
#include <map>
#include <optional>

#include "shipped_catalogue.hpp"

/// Compares how we read attributes with what a real Zimbra printed: `gs` applies inheritance, `gs -e` does not.
namespace zmfw::test {
namespace {

using Dump = std::map<std::string, std::string>;

std::optional<Dump> read_dump(const std::string& name) {
    std::ifstream file(ZMFIREWALL_SOURCE_DIR "/../shared/reference/records/zmprov-l/multi/" + name + ".stdout");
    if (!file) return std::nullopt;
    Dump dump;
    for (std::string line; std::getline(file, line);) {
        const auto colon = line.find(": ");
        if (line.starts_with("zimbra") && colon != std::string::npos)
            dump[line.substr(0, colon)] = line.substr(colon + 2);
    }
    return dump;
}

/// Global config alone has these; inherited="true" is how a server's condition reaches them.
const std::set<std::string>& global_only() {
    static const std::set<std::string> names = {"zimbraReverseProxyHttpPortAttribute",
                                                "zimbraReverseProxyHttpSSLPortAttribute",
                                                "zimbraReverseProxyImapPortAttribute",
                                                "zimbraReverseProxyImapSSLPortAttribute",
                                                "zimbraReverseProxyPop3PortAttribute",
                                                "zimbraReverseProxyPop3SSLPortAttribute",
                                                "zimbraReverseProxyAdminPortAttribute",
                                                "zimbraAttachmentsScanEnabled",
                                                "zimbraEphemeralBackendURL",
                                                "zimbraLogHostname"};
    return names;
}

TEST(ZimbraRecords, InheritWhatTheCatalogueCallsInherited) {
    const auto global = read_dump("gacf");
    const auto applied = read_dump("gs-ldap1");
    const auto own = read_dump("gs-e-ldap1");
    if (!global || !applied || !own) GTEST_SKIP() << "there are no records of a real Zimbra beside the project";
    std::size_t seen = 0;
    for (const auto& [name, value] : *global) {
        const auto spec = shipped_catalogue().attributes.find(name);
        if (spec == shipped_catalogue().attributes.end() || own->contains(name)) continue;
        ++seen;
        EXPECT_EQ(spec->second.inherited, applied->contains(name) || global_only().contains(name)) << name;
        EXPECT_FALSE(applied->contains(name) && global_only().contains(name)) << name;
    }
    EXPECT_GT(seen, 60U);
}

TEST(ZimbraRecords, AgreeOnTheDefaultsOfAFreshGlobalConfig) {
    const auto global = read_dump("gacf");
    if (!global) GTEST_SKIP() << "there are no records of a real Zimbra beside the project";
    std::size_t seen = 0;
    for (const auto& [name, spec] : shipped_catalogue().attributes) {
        const auto found = global->find(name);
        if (!spec.fallback || found == global->end()) continue;
        ++seen;
        EXPECT_EQ(*spec.fallback, found->second) << name;
    }
    EXPECT_GT(seen, 60U);
}

}  // namespace
}  // namespace zmfw::test
