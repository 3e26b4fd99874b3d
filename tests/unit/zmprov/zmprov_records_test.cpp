#include <gtest/gtest.h>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <zmintegration/zmprov/zmprov_output.hpp>

/// Output of Zimbra's own zmprov, where the folder with the records is at hand.
namespace {

namespace fs = std::filesystem;
using Names = std::set<std::string, std::less<>>;
using Pairs = std::vector<std::pair<std::string, std::string>>;

const fs::path k_records = fs::path(ZMFIREWALL_SOURCE_DIR) / "../shared/reference/records";

std::string content(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// All records NAME.stdout of both ways whose command line passes.
template <class Filter>
std::vector<fs::path> records(Filter filter) {
    std::vector<fs::path> found;
    for (const auto* way : {"zmprov-l", "zmprov-soap"}) {
        if (!fs::exists(k_records / way)) continue;
        for (const auto& entry : fs::recursive_directory_iterator(k_records / way)) {
            if (entry.path().extension() != ".stdout") continue;
            std::istringstream line(content(fs::path(entry.path()).replace_extension(".cmd")));
            std::string first;
            std::getline(line, first);
            if (filter(first) && content(fs::path(entry.path()).replace_extension(".rc")) == "0\n") {
                found.push_back(entry.path());
            }
        }
    }
    std::sort(found.begin(), found.end());
    return found;
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

/// Independent of the parser: the lines of the form "zimbraName: value" as they stand.
Pairs zimbra_lines(const std::string& text) {
    Pairs pairs;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        const auto colon = line.find(": ");
        if (line.rfind("zimbra", 0) == 0 && colon != std::string::npos && line.find(' ') == colon + 1) {
            pairs.emplace_back(line.substr(0, colon), line.substr(colon + 2));
        }
    }
    return pairs;
}

Pairs pairs_of(const zmi::Attributes& attributes) {
    Pairs pairs;
    for (const auto& [name, values] : attributes) {
        for (const auto& value : values) pairs.emplace_back(name, value.substr(0, value.find('\n')));
    }
    return pairs;
}

Names names_in(const Pairs& pairs) {
    Names names;
    for (const auto& [name, value] : pairs) names.insert(name);
    return names;
}

class ZmprovRecords : public testing::Test {
protected:
    void SetUp() override {
        if (!fs::exists(k_records)) GTEST_SKIP() << "no records of Zimbra's programs at " << k_records;
    }
};

TEST_F(ZmprovRecords, ListOfServersIsRead) {
    const auto found =
        records([](std::string_view command) { return command == "zmprov gas" || command == "zmprov -l gas"; });
    ASSERT_GE(found.size(), 4u);
    for (const auto& record : found) {
        const auto names = zmi::parse_server_names(content(record));
        ASSERT_TRUE(names) << record << ": " << names.error().what;
        std::string joined;
        for (const auto& name : *names) joined += name + "\n";
        EXPECT_EQ(joined, content(record));
    }
}

/// A dump of all attributes, cut to the zimbra ones: what a batch that asks for them by name gives.
TEST_F(ZmprovRecords, ServerDumpIsRead) {
    const auto found = records([](std::string_view command) {
        return contains(command, " gs ") && !contains(command, "-fd") && !contains(command, "--debug") &&
               !contains(command, " -d ") && !contains(command, "tmp1.");
    });
    ASSERT_GE(found.size(), 20u);
    int read = 0;
    for (const auto& record : found) {
        const auto text = content(record);
        const auto begin = text.find("\nzimbra");
        if (text.rfind("# name ", 0) != 0 || begin == std::string::npos) continue;
        const auto header = text.substr(0, text.find('\n'));
        const auto expected = zimbra_lines(text);
        const auto out = "prov> " + header + text.substr(begin) + "prov> ";
        const auto blocks = zmi::parse_batch(out, {"gs -e " + header.substr(7), "exit"}, names_in(expected));
        ASSERT_TRUE(blocks) << record << ": " << blocks.error().what;
        ASSERT_EQ(blocks->size(), 1u);
        EXPECT_EQ(blocks->front().name, header.substr(7));
        EXPECT_EQ(pairs_of(blocks->front().attributes), expected) << record;
        ++read;
    }
    EXPECT_GE(read, 15);
}

TEST_F(ZmprovRecords, SettingOfGlobalConfigIsRead) {
    const auto found = records([](std::string_view command) {
        return contains(command, " gcf ") && !contains(command, "-D ") && !contains(command, "-d ");
    });
    ASSERT_GE(found.size(), 8u);
    for (const auto& record : found) {
        const auto text = content(record);
        std::istringstream command(content(fs::path(record).replace_extension(".cmd")));
        std::string line;
        std::getline(command, line);
        const auto question = line.substr(line.find("gcf "));
        const auto blocks = zmi::parse_batch("prov> " + text + "prov> ", {question, "exit"}, {});
        ASSERT_TRUE(blocks) << record << ": " << blocks.error().what;
        EXPECT_EQ(pairs_of(blocks->front().attributes), zimbra_lines(text)) << record;
    }
}

TEST_F(ZmprovRecords, ForgedAttributeIsFound) {
    for (const auto* record : {"zmprov-l/mutations/21-gs-multiline", "zmprov-soap/mutations/05-gs-e-multiline"}) {
        auto text = content(k_records / (std::string(record) + ".stdout"));
        text.erase(text.find("cn: "), text.find("description: ") - text.find("cn: "));
        const auto blocks = zmi::parse_batch(
            "prov> " + text + "prov> ", {"gs -e tmp1.example.test", "exit"},
            {"description", "objectClass", "zimbraServiceEnabled", "zimbraServiceHostname", "zimbraServiceInstalled"});
        ASSERT_FALSE(blocks);
        EXPECT_EQ(blocks.error().what,
                  "server 'tmp1.example.test': attribute objectClass stands after zimbraServiceEnabled, where it "
                  "cannot; a value over several lines may forge it");
    }
}

/// The commands of a recorded batch that only read, with what they gave: stdin echoes, -f does not.
TEST_F(ZmprovRecords, BatchIsReadWithAndWithoutEcho) {
    const auto soap = content(k_records / "zmprov-soap/single/stdin-1.stdout");
    const auto stop = soap.find("prov> # a comment");
    const auto start = soap.find("prov> gs ");
    ASSERT_NE(stop, std::string::npos);
    const std::vector<std::string> commands{
        "gs mail.example.test zimbraServiceEnabled", "gs mail.example.test zimbraMtaMyNetworks",
        "gs mail.example.test description", "gs mail.example.test description", "gcf zimbraLogHostname"};
    auto text = soap.substr(start, stop - start) + soap.substr(soap.find("prov> gcf "));
    for (const bool echo : {true, false}) {
        const auto blocks = zmi::parse_batch(text, commands, {"zimbraServiceEnabled", "zimbraMtaMyNetworks"});
        ASSERT_TRUE(blocks) << echo << ": " << blocks.error().what;
        ASSERT_EQ(blocks->size(), 5u);
        EXPECT_EQ((*blocks)[0].attributes.at("zimbraServiceEnabled").size(), 19u);
        EXPECT_TRUE((*blocks)[1].attributes.empty());
        EXPECT_EQ((*blocks)[4].attributes.at("zimbraLogHostname"), zmi::Values{"mail.example.test"});
        for (const auto& command : commands) {
            const auto at = text.find(command + "\n");
            if (at != std::string::npos) text.erase(at, command.size() + 1);
        }
    }
    EXPECT_EQ(text.find("gs mail"), std::string::npos);
}

TEST_F(ZmprovRecords, BatchThatFailsInPartIsRefused) {
    for (const auto* record : {"zmprov-l/batch/stdin-2", "zmprov-l/batch/stdin-4", "zmprov-soap/single/stdin-2"}) {
        const auto base = (k_records / record).string();
        std::vector<std::string> commands;
        std::istringstream lines(content(base + ".stdin"));
        for (std::string line; std::getline(lines, line);) commands.push_back(line);
        EXPECT_FALSE(zmi::parse_batch(content(base + ".stdout"), commands, {"zimbraMailPort", "zimbraLogHostname"}));
        EXPECT_FALSE(zmi::error_lines(content(base + ".stderr")).empty());
    }
}

}  // namespace
