#include <zmintegration/soap/envelope.hpp>

#include <gtest/gtest.h>
#include <pugixml.hpp>

namespace zmi {
namespace {

TEST(Envelope, EscapesEverythingThatIsMarkup) {
    std::string out;
    append_xml(out, "a<b>&\"'\r\n\t\xc3\xbc]]>");
    EXPECT_EQ(out, "a&lt;b&gt;&amp;&quot;&#39;&#13;&#10;&#9;\xc3\xbc]]&gt;");
}

TEST(Envelope, APasswordOfMarkupComesOutAsItWent) {
    const std::string password = "</password><x a='1'>&lt;\"\r\n ]]> \xe2\x82\xac ";
    const auto request = make_auth_request("zimbra", password);
    pugi::xml_document document;
    ASSERT_TRUE(document.load_string(request.text.c_str()));
    const auto auth = document.first_child().child("soap:Body").child("AuthRequest");
    EXPECT_STREQ(auth.attribute("xmlns").value(), "urn:zimbraAdmin");
    EXPECT_STREQ(auth.child_value("name"), "zimbra");
    EXPECT_EQ(auth.child_value("password"), password);
}

TEST(Envelope, ControlCharactersCannotBeSent) {
    EXPECT_TRUE(is_xml_text("pass word\t\r\n\xc3\xbc"));
    EXPECT_FALSE(is_xml_text(std::string_view("a\0b", 3)));
    EXPECT_FALSE(is_xml_text("a\x01"));
    EXPECT_FALSE(is_xml_text("\xff"));
}

TEST(Envelope, DiscoveryIsOneBatchWithTheFlushFirst) {
    const auto request = make_discovery_request("0_token&");
    pugi::xml_document document;
    ASSERT_TRUE(document.load_string(request.text.c_str()));
    const auto context = document.first_child().child("soap:Header").child("context");
    EXPECT_STREQ(context.child_value("authToken"), "0_token&");
    EXPECT_TRUE(context.child("nosession"));
    std::string order;
    const auto batch = document.first_child().child("soap:Body").child("BatchRequest");
    for (const auto child : batch.children()) order += std::string(child.name()) + " ";
    EXPECT_EQ(order, "FlushCacheRequest GetAllServersRequest GetAllConfigRequest GetVersionInfoRequest ");
    EXPECT_STREQ(batch.child("GetAllServersRequest").attribute("applyConfig").value(), "0");
    EXPECT_STREQ(batch.child("FlushCacheRequest").child("cache").attribute("type").value(), "config,server");
}

}  // namespace
}  // namespace zmi
