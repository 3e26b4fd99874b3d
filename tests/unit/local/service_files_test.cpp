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

/// With the protocol where it is not TCP, then settings, then what is not known.
Words in_words(const zmi::Expected<zmi::ServiceFile>& file) {
    if (!file) return {file.error().what};
    Words words;
    for (const auto& one : file->listeners)
        words.push_back((one.protocol == "tcp" ? "" : one.protocol + " ") + in_words(one));
    for (const auto& [name, value] : file->settings) words.push_back(name + ": " + value);
    words.insert(words.end(), file->unknown.begin(), file->unknown.end());
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

TEST(ServiceLines, ReadAmavis) {
    EXPECT_EQ(in_words(zmi::parse_amavisd_conf("$inet_socket_port = [10024,10026];  # two\n"
                                               "$inet_socket_bind = '127.0.0.1';\n",
                                               "F")),
              (Words{"1: 127.0.0.1 10024", "1: 127.0.0.1 10026"}));
    EXPECT_EQ(in_words(zmi::parse_amavisd_conf("$inet_socket_port = $x;\n", "F")), Words{"F:1: no ports are '$x'"});
}

TEST(ServiceLines, ReadTheInterfacesOfUnboundAndWhoMayAskIt) {
    // As zmconfigd writes it: no port line, and then it is 53.
    EXPECT_EQ(in_words(zmi::parse_unbound_conf("server:\n\tinterface: 127.0.0.1\n\tdo-tcp: yes\n\tdo-udp: yes\n", "F")),
              (Words{"2: 127.0.0.1 53", "udp 2: 127.0.0.1 53"}));
    EXPECT_EQ(in_words(zmi::parse_unbound_conf(
                  "server:\n interface: 0.0.0.0\n ip-address: \"::1@5353\"\n port: 54\n do-tcp: no\n"
                  " access-control: 10.0.0.0/8 allow # ours\n access-control: 0.0.0.0/0 refuse\n",
                  "F")),
              (Words{"udp 2: 0.0.0.0 54", "udp 3: ::1 5353",
                     "access-control: 10.0.0.0/8 allow (F:6), 0.0.0.0/0 refuse (F:7)"}));
    EXPECT_EQ(in_words(zmi::parse_unbound_conf("port: 5353\n", "F")), (Words{"1: * 5353", "udp 1: * 5353"}));
    EXPECT_EQ(in_words(zmi::parse_unbound_conf("server:\n", "F")), Words{});
}

TEST(ServiceLines, NameTheLineOfUnboundThatIsOddOrSaysTooLittle) {
    EXPECT_EQ(in_words(zmi::parse_unbound_conf("port: x\n", "F")), Words{"F:1: no port is 'x'"});
    EXPECT_EQ(in_words(zmi::parse_unbound_conf("\ninterface: a b@c\n", "F")), (Words{"2: a 53", "udp 2: a 53"}));
    EXPECT_EQ(in_words(zmi::parse_unbound_conf("interface: ::1@0x35\n", "F")),
              Words{"F:1: no interface is '::1@0x35'"});
    EXPECT_EQ(in_words(zmi::parse_unbound_conf("access-control: all allow\n", "F")),
              Words{"F:1: no access-control is 'access-control: all allow'"});
    EXPECT_EQ(in_words(zmi::parse_unbound_conf("interface: ::1\ninclude: \"/etc/more\"\n", "F")),
              (Words{"1: ::1 53", "udp 1: ::1 53", "F:2: what include: adds is not read"}));
}

TEST(ServiceLines, ReadTheConnectorsOfJettyAndNotItsRulesAboutPorts) {
    EXPECT_EQ(in_words(zmi::parse_jetty_xml(
                  "<Configure>\n<New class=\"org.eclipse.jetty.server.ServerConnector\">\n<Set name=\"host\">10.0.0.5"
                  "</Set>\n<Set name=\"port\">8443</Set>\n</New>\n"
                  "<New class=\"org.eclipse.jetty.server.ServerConnector\"><Set name=\"host\"></Set>\n"
                  "<Set name=\"port\">7071</Set></New>\n"
                  "<New class=\"com.zimbra.common.jetty.PortRule\"><Set name=\"Port\">9443</Set></New></Configure>",
                  "F")),
              (Words{"4: 10.0.0.5 8443", "7: * 7071"}));
    EXPECT_EQ(in_words(zmi::parse_jetty_xml(
                  "<Configure>\n<New class=\"ServerConnector\"><Set name=\"port\">many</Set></New></Configure>", "F")),
              Words{"F:2: no port is 'many'"});
    EXPECT_EQ(in_words(zmi::parse_jetty_xml("<New class=\"ServerConnector\"><Set name=\"host\">a b</Set>"
                                            "<Set name=\"port\">80</Set></New>",
                                            "F")),
              Words{"F:1: no host is 'a b'"});
    EXPECT_FALSE(zmi::parse_jetty_xml("<Configure>", "F"));
}

TEST(ServiceLines, SayWhichPortsJettyComputesInsteadOfGuessing) {
    EXPECT_EQ(in_words(zmi::parse_jetty_xml(
                  "<Configure>\n<New class=\"org.eclipse.jetty.server.ServerConnector\">\n"
                  "<Set name=\"port\"><Property name=\"jetty.http.port\" default=\"8080\" /></Set></New>\n"
                  "<New class=\"ServerConnector\"><Set name=\"host\"><SystemProperty name=\"jetty.host\"/></Set>"
                  "<Set name=\"port\">7443</Set></New>\n"
                  "<New class=\"ServerConnector\"><Set name=\"port\">7070</Set></New></Configure>",
                  "F")),
              (Words{"5: * 7070", "F:3: the port is computed when jetty starts, from 'Property' 'jetty.http.port'",
                     "F:4: the host is computed when jetty starts, from 'SystemProperty' 'jetty.host'"}));
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

TEST(ServiceFiles, ListWhatAFileSaysBesideWhatItLeavesOpen) {
    const TemporaryTree home;
    home.write("conf/unbound.conf", "interface: 10.0.0.5\naccess-control: 10.0.0.0/8 allow\n");
    home.write("mailboxd/etc/jetty.xml",
               "<Configure>\n<New class=\"ServerConnector\"><Set name=\"port\">8443</Set></New>\n"
               "<New class=\"ServerConnector\"><Set name=\"port\"><Env name=\"PORT\"/></Set></New></Configure>");
    const auto found = zmi::read_service_files(home.root());
    EXPECT_EQ(in_words(zmi::FileListeners(found.listeners)), (Words{"1: 10.0.0.5 53", "1: 10.0.0.5 53", "2: * 8443"}));
    EXPECT_NE(found.files.at("unbound.conf").settings.at("access-control").find("10.0.0.0/8 allow"), std::string::npos);
    EXPECT_NE(found.files.at("jetty.xml").problem.find("jetty.xml:3: the port is computed"), std::string::npos);
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
