#include <gtest/gtest.h>
#include <zmintegration/support/ordered_json.hpp>

TEST(OrderedJson, PrintsMembersInTheOrderInWhichTheyWereAdded) {
    zmi::OrderedJson document = {{"schema", "x/1"}, {"last", 1}, {"first", nullptr}};
    document["added"] = zmi::OrderedJson::array();
    document["added"].push_back({{"z", 1}, {"a", 2}});
    EXPECT_EQ(document.dump(), R"({"schema":"x/1","last":1,"first":null,"added":[{"z":1,"a":2}]})");
}

TEST(OrderedJson, AMemberThatIsThereIsFoundAndReplacedInItsPlace) {
    zmi::OrderedJson document = {{"b", 1}, {"a", 2}};
    document["b"] = "new";
    EXPECT_EQ(document.dump(), R"({"b":"new","a":2})");
    EXPECT_EQ(document.size(), 2U);
    EXPECT_EQ(document.count("a"), 1U);
    EXPECT_TRUE(document.find("c") == document.end());
    const auto copy = document;
    EXPECT_EQ(copy, document);
}
