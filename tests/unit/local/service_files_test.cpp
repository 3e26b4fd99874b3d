#include <gtest/gtest.h>
#include <string>
#include <tests/unit/support/temporary_tree.hpp>
#include <vector>
#include <zmintegration/local/service_files.hpp>
#include <zmintegration/local/service_lines.hpp>

namespace {

using Words = std::vector<std::string>;

std::string in_words(const zmi::FileListener& one) {
    return std::to_string(one.line) + ": " + (one.address.empty() ? "*" : one.address) + " " + std::to_string(one.port);
}

Words in_words(const zmi::FileListeners& listeners) {
    if (!listeners) return {listeners.error().what};
    Words words;
    for (const auto& one : *listeners) words.push_back(in_words(one));
    return words;
}

TEST(ServiceLines, ReadTheSectionOfTheDatabaseServerAlone) {
    EXPECT_EQ(in_words(zmi::parse_my_cnf("[client]\nport = 1\n[mysqld]\n# port = 2\nbind_address = 127.0.0.1\n"
                                         "port = 7306\n",
                                         "my.cnf", "F")),
              Words{"6: 127.0.0.1 7306"});
    EXPECT_EQ(in_words(zmi::parse_my_cnf("[mysqld]\nport = 99999\n", "my.cnf", "F")), Words{"F:2: no port is '99999'"});
    EXPECT_EQ(in_words(zmi::parse_my_cnf("[mysqld]\n", "my.cnf", "F")), Words{});
}

TEST(ServiceLines, ReadApacheAndOpendkimAndCbpolicyd) {
    EXPECT_EQ(in_words(zmi::parse_httpd_conf("#Listen 80\nlisten 7780\nListen [::1]:7781 https\n", "F")),
              (Words{"2: * 7780", "3: ::1 7781"}));
    EXPECT_EQ(in_words(zmi::parse_httpd_conf("Listen ${PORT}\n", "F")), Words{"F:1: Listen cannot be '${PORT}'"});
    EXPECT_EQ(in_words(zmi::parse_opendkim_conf("Socket inet:8465@[127.0.0.1]\nSocket local:/run/x\n", "F")),
              Words{"1: 127.0.0.1 8465"});
    EXPECT_EQ(in_words(zmi::parse_opendkim_conf("Socket inet:x@y\n", "F")), Words{"F:1: Socket cannot be 'inet:x@y'"});
    EXPECT_EQ(in_words(zmi::parse_cbpolicyd_conf("[server]\nhost=127.0.0.1\nport=10031\n", "F")),
              Words{"3: 127.0.0.1 10031"});
}

TEST(ServiceLines, ReadUnboundAndAmavis) {
    EXPECT_EQ(
        in_words(zmi::parse_unbound_conf("server:\n interface: 127.0.0.1\n interface: ::1@5353\n port: 53\n", "F")),
        (Words{"2: 127.0.0.1 53", "3: ::1 5353"}));
    EXPECT_EQ(in_words(zmi::parse_unbound_conf("server:\n interface: 127.0.0.1\n", "F")), Words{});
    EXPECT_EQ(in_words(zmi::parse_amavisd_conf("$inet_socket_port = [10024,10026];  # two\n"
                                               "$inet_socket_bind = '127.0.0.1';\n",
                                               "F")),
              (Words{"1: 127.0.0.1 10024", "1: 127.0.0.1 10026"}));
    EXPECT_EQ(in_words(zmi::parse_amavisd_conf("$inet_socket_port = $x;\n", "F")), Words{"F:1: no ports are '$x'"});
}

TEST(ServiceLines, ReadTheConnectorsOfJetty) {
    EXPECT_EQ(in_words(zmi::parse_jetty_xml("<Configure>\n<New class=\"ServerConnector\">\n<Set name=\"host\">10.0.0.5"
                                            "</Set>\n<Set name=\"port\">8443</Set>\n</New>\n<New>\n<Set name=\"port\">"
                                            "<Property name=\"x\"/></Set>\n</New></Configure>",
                                            "F")),
              Words{"4: 10.0.0.5 8443"});
    EXPECT_EQ(in_words(zmi::parse_jetty_xml("<Configure>\n<Set name=\"port\">many</Set></Configure>", "F")),
              Words{"F:2: no port is 'many'"});
    EXPECT_FALSE(zmi::parse_jetty_xml("<Configure>", "F"));
}

TEST(ServiceLines, RefuseJettyThatIsNestedWithoutEnd) {
    std::string text;
    for (int i = 0; i < 5000; ++i) text += "<a>";
    for (int i = 0; i < 5000; ++i) text += "</a>";
    EXPECT_FALSE(zmi::parse_jetty_xml(text, "F"));
}

TEST(ServiceLines, ReadNginxWithItsQuotesCommentsAndBlocks) {
    const auto file = zmi::parse_nginx_conf(
        "http {\n  # listen 1;\n  server { listen 443 ssl; listen [::]:443\n"
        "    ipv6only=on; log 'a;listen 2;'; }\n  include \"more.conf\";\n"
        "  listen unix:/run/x; set $a ${b}c; listen *:80; }\n",
        "F");
    ASSERT_TRUE(file) << file.error().what;
    EXPECT_EQ(in_words(zmi::FileListeners(file->listeners)), (Words{"3: * 443", "3: :: 443", "6: * 80"}));
    ASSERT_EQ(file->includes.size(), 1U);
    EXPECT_EQ(file->includes[0].first, "more.conf");
}

TEST(ServiceLines, NameTheLineOfNginxThatIsOdd) {
    const auto problem = [](std::string_view text) {
        const auto file = zmi::parse_nginx_conf(text, "F");
        return file ? std::string("none") : file.error().what;
    };
    EXPECT_EQ(problem("\nlisten $port;"), "F:2: listen cannot be '$port'");
    EXPECT_EQ(problem("\nlisten 80"), "F:2: a directive without an end");
    EXPECT_EQ(problem("a 'b"), "F:1: a quote without an end");
    EXPECT_EQ(problem("a 'b\\"), "F:1: a quote without an end");
}

TEST(ServiceFiles, FollowTheIncludesOfNginxOnce) {
    const TemporaryTree home;
    home.write("conf/nginx.conf",
               "include /opt/zimbra/conf/nginx/includes/main;\ninclude /opt/zimbra/conf/d/*.conf;\n");
    home.write("conf/nginx/includes/main", "listen 25;\ninclude /opt/zimbra/conf/nginx/includes/main;\n");
    home.write("conf/d/b.conf", "\nlisten 127.0.0.1:2;\n");
    home.write("conf/d/a.conf", "listen 1;\n");
    home.write("conf/d/c.txt", "listen 3;\n");
    const auto found = zmi::read_service_files(home.root());
    EXPECT_EQ(in_words(zmi::FileListeners(found.listeners)), (Words{"1: * 25", "1: * 1", "2: 127.0.0.1 2"}));
    EXPECT_EQ(found.listeners[2].path, (home.root() / "conf/d/b.conf").string());
    EXPECT_EQ(found.files.at("nginx.conf").problem, "");
}

TEST(ServiceFiles, SayWhichFileIsNotThereOrCannotBeRead) {
    const TemporaryTree home;
    home.write("conf/httpd.conf", "Listen nowhere\n");
    home.write("conf/nginx.conf", "include gone.conf;\n");
    std::filesystem::create_directories(home.root() / "conf/my.cnf");
    const auto found = zmi::read_service_files(home.root());
    EXPECT_EQ(found.files.at("opendkim.conf").problem, zmi::k_no_such_file);
    EXPECT_NE(found.files.at("httpd.conf").problem.find("httpd.conf:1: Listen cannot be 'nowhere'"), std::string::npos);
    EXPECT_NE(found.files.at("my.cnf").problem.find("not a regular file"), std::string::npos);
    EXPECT_TRUE(found.listeners.empty());
}

}  // namespace
