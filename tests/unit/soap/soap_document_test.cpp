#include <zmintegration/soap/soap_document.hpp>

#include <gtest/gtest.h>
#include "soap_texts.hpp"

namespace zmi {
namespace {

using testing::envelope;
using testing::fault;

const std::string k_content = R"(<PingResponse xmlns="urn:zimbraAdmin"/>)";

SoapProblem problem_of(const std::string& text) {
    const auto document = SoapDocument::parse(text);
    EXPECT_FALSE(document.has_value()) << text.substr(0, 200);
    return document ? SoapProblem{} : document.error();
}

TEST(SoapDocument, GivesTheOneElementOfTheBody) {
    const auto document = SoapDocument::parse(envelope(k_content));
    ASSERT_TRUE(document) << document.error().what;
    EXPECT_TRUE(is_element(document->content(), "PingResponse", "urn:zimbraAdmin"));
    EXPECT_FALSE(is_element(document->content(), "PingResponse", "urn:zimbra"));
}

TEST(SoapDocument, AnyPrefixWillDo) {
    const auto document = SoapDocument::parse(
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        "<Envelope xmlns='http://www.w3.org/2003/05/soap-envelope' xmlns:z='urn:zimbraAdmin'>\n <Header/>\n <Body>\n"
        "  <z:PingResponse/>\n </Body>\n</Envelope>\n");
    ASSERT_TRUE(document) << document.error().what;
    EXPECT_TRUE(is_element(document->content(), "PingResponse", "urn:zimbraAdmin"));
}

TEST(SoapDocument, Soap11IsReadAsWell) {
    const auto document =
        SoapDocument::parse("<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body>" + k_content +
                            "</s:Body></s:Envelope>");
    EXPECT_TRUE(document) << document.error().what;
}

TEST(SoapDocument, AFaultIsAProblemWithItsCode) {
    const auto problem = problem_of(envelope(fault("account.AUTH_FAILED", "authentication failed for [zimbra]")));
    EXPECT_EQ(problem.code, "account.AUTH_FAILED");
    EXPECT_EQ(problem.what, "authentication failed for [zimbra] (account.AUTH_FAILED)");
}

TEST(SoapDocument, AFaultOfSoap11IsAProblemWithItsCode) {
    const auto problem = problem_of(
        "<s:Envelope "
        "xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><s:Fault><faultcode>s:Client</faultcode>"
        "<faultstring>no valid authtoken present</faultstring><detail><Error xmlns='urn:zimbra'>"
        "<Code>service.AUTH_REQUIRED</Code></Error></detail></s:Fault></s:Body></s:Envelope>");
    EXPECT_EQ(problem.code, "service.AUTH_REQUIRED");
    EXPECT_EQ(problem.what, "no valid authtoken present (service.AUTH_REQUIRED)");
}

TEST(SoapDocument, AFaultInJsonIsAProblemWithItsCode) {
    const auto problem = problem_of(
        R"({"Body":{"Fault":{"Code":{"Value":"soap:Sender"},"Reason":{"Text":"parse error"},"Detail":{"Error":)"
        R"({"Code":"service.PARSE_ERROR","Trace":"x","_jsns":"urn:zimbra"}}}},"_jsns":"urn:zimbraSoap"})");
    EXPECT_EQ(problem.code, "service.PARSE_ERROR");
    EXPECT_EQ(problem.what, "parse error (service.PARSE_ERROR)");
    EXPECT_EQ(problem_of("{\"Body\":{}}").what, "the answer is JSON, not XML");
    EXPECT_EQ(problem_of("{\"Body\":").what, "the answer is neither XML nor JSON");
    EXPECT_EQ(problem_of(R"({"Body":{"Fault":[{"Reason":[{"Text":[{"_content":"why"}]}]}]}})").what, "why");
    EXPECT_EQ(problem_of(R"({"Body":{"Fault":[]}})").what, "fault without a reason");
}

TEST(SoapDocument, TheTextOfAFaultCannotForgeATerminal) {
    const auto problem = problem_of(envelope(fault("x", "red\x1b[31m\r\nsecond line" + std::string(5000, 'x'))));
    EXPECT_EQ(problem.what.find('\x1b'), std::string::npos);
    EXPECT_EQ(problem.what.find('\n'), std::string::npos);
    EXPECT_LT(problem.what.size(), 600U);
}

TEST(SoapDocument, RefusesADoctype) {
    EXPECT_EQ(problem_of("<!DOCTYPE x [<!ENTITY a 'b'>]>" + envelope(k_content)).what,
              "the answer has a DOCTYPE, which SOAP forbids");
}

TEST(SoapDocument, EntitiesOfADtdAreNotExpanded) {
    problem_of("<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>" + envelope("<a>&a;</a>"));
}

TEST(SoapDocument, RefusesWhatStandsBesideTheEnvelope) {
    EXPECT_EQ(problem_of(envelope(k_content) + "<x/>").what, "the answer has more than one root element");
    EXPECT_EQ(problem_of(envelope(k_content) + " trailing").what, "the answer has text outside its root element");
    EXPECT_EQ(problem_of("leading " + envelope(k_content)).what, "the answer has text outside its root element");
}

TEST(SoapDocument, RefusesABodyThatIsNotOneElement) {
    EXPECT_EQ(problem_of(envelope("")).what, "the answer has nothing in its body");
    EXPECT_EQ(problem_of(envelope("text")).what, "the answer has text in its body");
    EXPECT_EQ(problem_of(envelope(k_content + k_content)).what, "the answer has more than one element in its body");
    const std::string start = "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'>";
    const std::string body = "<s:Body>" + k_content + "</s:Body>";
    EXPECT_EQ(problem_of(start + body + body + "</s:Envelope>").what,
              "the answer has 's:Body' where the body should be");
    EXPECT_EQ(problem_of(start + "</s:Envelope>").what, "the answer has no body");
    EXPECT_EQ(problem_of(start + "<Body>" + k_content + "</Body></s:Envelope>").what,
              "the answer has 'Body' where the body should be");
}

TEST(SoapDocument, RefusesOtherRootsAndNamespaces) {
    EXPECT_EQ(problem_of("<html><body>login</body></html>").what, "the answer is not SOAP: its root element is 'html'");
    EXPECT_EQ(problem_of("<s:Envelope xmlns:s='urn:evil'><s:Body>" + k_content + "</s:Body></s:Envelope>").what,
              "the answer is not SOAP: its root element is 's:Envelope'");
    EXPECT_EQ(problem_of("<s:Envelope><s:Body>" + k_content + "</s:Body></s:Envelope>").what,
              "the answer is not SOAP: its root element is 's:Envelope'");
}

TEST(SoapDocument, RefusesWhatIsNoXmlOrCutShort) {
    EXPECT_EQ(problem_of("").what, "the answer is empty");
    EXPECT_EQ(problem_of(" \n").what, "the answer is empty");
    problem_of("hello");
    const auto whole = envelope(k_content);
    for (std::size_t size = 0; size < whole.size(); ++size) problem_of(whole.substr(0, size));
}

TEST(SoapDocument, RefusesBytesThatAreNoUtf8) {
    EXPECT_EQ(problem_of(envelope("<a>\xff</a>")).what, "the answer is not valid UTF-8");
    EXPECT_EQ(problem_of("<?xml version='1.0' encoding='ISO-8859-1'?>" + envelope(k_content)).what,
              "the answer is not UTF-8");
}

TEST(SoapDocument, AMillionLevelsDoNotOverflowTheStack) {
    std::string deep;
    for (int i = 0; i < 1'000'000; ++i) deep += "<a>";
    problem_of(envelope(deep));
    std::string closed = deep;
    for (int i = 0; i < 1'000'000; ++i) closed += "</a>";
    EXPECT_TRUE(SoapDocument::parse(envelope(closed)));
}

TEST(SoapDocument, TextInSeveralPiecesIsOneValue) {
    const auto document = SoapDocument::parse(envelope("<a>7<![CDATA[<1>]]>1<!-- no -->0</a>"));
    ASSERT_TRUE(document);
    std::string text;
    ASSERT_TRUE(text_of(document->content(), text));
    EXPECT_EQ(text, "7<1>10");
}

TEST(SoapDocument, AnAttributeThatStandsTwiceIsNone) {
    const auto document = SoapDocument::parse(envelope("<a n='x' n='y' m='z'/>"));
    ASSERT_TRUE(document);
    EXPECT_EQ(only_attribute(document->content(), "n"), nullptr);
    EXPECT_STREQ(only_attribute(document->content(), "m"), "z");
}

}  // namespace
}  // namespace zmi
