#include <zmintegration/local/setting_files.hpp>

#include <gtest/gtest.h>
#include <random>
#include <tests/unit/support/temporary_tree.hpp>

namespace zmi {
namespace {

/// "NAME=VALUE NAME=VALUE" of the wanted ones, or the error.
std::string values(std::string_view text, const std::string& path, const WantedSettings& wanted) {
    const auto settings = parse_setting_file(text, path, syntax_of(path));
    if (!settings) return settings.error().what;
    const auto found = select_settings(*settings, wanted);
    if (!found) return found.error().what;
    std::string all;
    for (const auto& [name, value] : *found) all += (all.empty() ? "" : " ") + name + "=" + value;
    return all;
}

// Made up after conf/janus.jcfg.sample.in as videoserver/videoserver-confs of zextras/carbonio-videoserver-ce patches
// it.
constexpr const char* k_janus = R"JCFG(# Main Janus configuration
general: {
	api_secret = "${API_SECRET}"	# String that all Janus requests must contain
	session_timeout = 0				# How long (in seconds)
}
media: {
	#rtp_port_range = "10000-10100"
	/* rtp_port_range = "1-2" */
	rtp_port_range = "20000-40000"
	dtls_timeout = 2000;
}
nat: { ice_ignore_list = "", turn = ( { a = "x" }, { b = "y)" } ) }
)JCFG";

TEST(SettingFile, JanusSaysItsRange) {
    EXPECT_EQ(values(k_janus, "/etc/janus/janus.jcfg", {"rtp_port_range"}), "rtp_port_range=20000-40000");
    EXPECT_EQ(values(k_janus, "/etc/janus/janus.jcfg", {"media.rtp_port_range", "media.dtls_timeout"}),
              "media.dtls_timeout=2000 media.rtp_port_range=20000-40000");
    EXPECT_EQ(values(k_janus, "/etc/janus/janus.jcfg", {"ws_port"}), "");
}

TEST(SettingFile, ASecretIsNeverKeptAndAComputedValueIsNoValue) {
    EXPECT_EQ(values(k_janus, "/etc/janus/janus.jcfg", {"api_secret"}), "");
    EXPECT_EQ(values("nat: { nat_1_1_mapping = \"${PUBLIC_IP_ADDRESS}\" }", "/a.jcfg", {"nat_1_1_mapping"}),
              "nat.nat_1_1_mapping in line 1 is computed: what comes of it is not known");
}

TEST(SettingFile, ANameThatStandsInSeveralSectionsNeedsItsSection) {
    const char* text = "general: { port = 8088; }\nadmin: { port = 7088; }\n";
    EXPECT_EQ(values(text, "/a.jcfg", {"port"}), "port stands in several sections");
    EXPECT_EQ(values(text, "/a.jcfg", {"admin.port"}), "admin.port=7088");
}

TEST(SettingFile, OddJcfgFilesAreErrorsWithTheirLine) {
    EXPECT_EQ(values("a: {\n", "/a.jcfg", {"b"}), "/a.jcfg:2: a group without an end");
    EXPECT_EQ(values("}\n", "/a.jcfg", {"b"}), "/a.jcfg:1: a '}' that closes nothing");
    EXPECT_EQ(values("a = \"x\n", "/a.jcfg", {"b"}), "/a.jcfg:1: a value without an end");
    EXPECT_EQ(values("@include \"x\"\n", "/a.jcfg", {"b"}), "/a.jcfg:1: includes of other files are not read");
    EXPECT_EQ(values("a\n", "/a.jcfg", {"b"}), "/a.jcfg:1: neither a group nor a setting");
}

// Made up after package/rabbitmq.conf of zextras/carbonio-message-broker.
TEST(SettingFile, RabbitSaysItsListenerTheLastOneWins) {
    const char* text =
        "# listeners.tcp.local = 0.0.0.0:5672\nlisteners.tcp.local = 127.0.0.1:1\nlog.console = true\n"
        "listeners.tcp.local = 127.78.0.18:10000  # ours\nmanagement.tcp.port = 10001\n";
    EXPECT_EQ(
        values(text, "/etc/carbonio/message-broker/rabbitmq.conf", {"listeners.tcp.local", "management.tcp.port"}),
        "listeners.tcp.local=127.78.0.18:10000 management.tcp.port=10001");
}

// Made up after package/mongooseim.toml of zextras/carbonio-message-dispatcher-ce.
TEST(SettingFile, MongooseimSaysThePortsOfEachListener) {
    const char* text =
        "[general]\n  hosts = [\"carbonio\"]\n[listen]\n  [[listen.c2s]]\n    port = 10000\n    ip_address = "
        "\"127.78.0.11\"\n  [[listen.c2s]]\n    port = 5_222 # also\n  [[listen.http]]\n    port = 10000\n"
        "    path = \"/api/[:with]\"\n  list = [\n    1,\n    2 ]\n";
    EXPECT_EQ(values(text, "/m.toml", {"listen.c2s.port", "listen.http.port", "listen.c2s.ip_address"}),
              "listen.c2s.ip_address=127.78.0.11 listen.c2s.port=10000 5222 listen.http.port=10000");
    EXPECT_EQ(values(text, "/m.toml", {"port"}), "");
    EXPECT_EQ(values("a = [\n1,\n", "/m.toml", {"a"}), "/m.toml:2: an array without an end");
    EXPECT_EQ(values("a = \"\"\"\n", "/m.toml", {"a"}), "/m.toml:1: texts of several lines are not read");
}

// Made up after packages/prometheus/prometheus.default of zextras/carbonio-prometheus.
TEST(SettingFile, ArgumentsOfAProgramAreFoundInTheValueThatIsMeant) {
    const char* text =
        "# ARGS=\"--web.listen-address=:1\"\nARGS=\"--old --web.listen-address=:2\"\nARGS=\"\n--log.level=info \\\n"
        "--web.listen-address=:9100 "
        "\\\n--web.enable-lifecycle\n\"\nDATA_SOURCE_NAME=\"postgresql://u:secret@:5432/\"\n";
    EXPECT_EQ(values(text, "/etc/default/x", {"--web.listen-address", "--web.enable-lifecycle"}),
              "--web.enable-lifecycle= --web.listen-address=:9100");
    EXPECT_EQ(values("ARGS='-web.listen-address 127.0.0.1:9113'", "/etc/default/x", {"--web.listen-address"}),
              "--web.listen-address=127.0.0.1:9113");
    EXPECT_EQ(values("ARGS=--a=:1\\ --a=:2", "/etc/default/x", {"--a"}), "--a=:1 :2");
    EXPECT_EQ(values("ARGS=\"--a=$PORT\"", "/etc/default/x", {"--a"}),
              "--a in line 1 is computed: what comes of it is not known");
    EXPECT_EQ(values("ARGS=\"--a=1", "/etc/default/x", {"--a"}), "/etc/default/x:1: a quote without an end");
    EXPECT_EQ(values("ARGS=\"--b=1\"", "/etc/default/x", {"--web.listen-address"}), "");
}

TEST(SettingFile, GrafanaSaysItsPortInItsSection) {
    const char* text = "[server]\n;http_port = 3000\nhttp_port = 3001 ; ours\n[database]\nhost = 127.0.0.1:3306\n";
    EXPECT_EQ(values(text, "/etc/grafana/grafana.ini", {"http_port"}), "http_port=3001");
    EXPECT_EQ(values(text, "/etc/grafana/grafana.ini", {"server.http_port"}), "server.http_port=3001");
    EXPECT_EQ(values("[server\n", "/etc/grafana/grafana.ini", {"http_port"}),
              "/etc/grafana/grafana.ini:1: a section without an end");
}

TEST(SettingFile, PatroniSaysWhereItListensByIndentation) {
    const char* text =
        "scope: x\nrestapi:\n  listen: '10.0.0.1:8008'  # here\n  connect_address: 10.0.0.1:8008\n"
        "postgresql:\n  listen: 10.0.0.1:5432\n  pg_hba:\n  - host all all 0.0.0.0/0 md5\n";
    EXPECT_EQ(values(text, "/etc/patroni/patroni.yml", {"restapi.listen"}), "restapi.listen=10.0.0.1:8008");
    EXPECT_EQ(values(text, "/etc/patroni/patroni.yml", {"listen"}), "listen stands in several sections");
}

TEST(SettingFile, RsyslogSaysThePortsOfItsInputs) {
    const char* text =
        "# module(load=\"imudp\")\nmodule(load=\"imudp\") # the module\ninput(type=\"imudp\"\n  port=\"514\")\n"
        "input(type=\"imtcp\" port=[\"601\", \"602\"])\n#$UDPServerRun 1\n$InputTCPServerRun 603\n";
    EXPECT_EQ(values(text, "/etc/rsyslog.conf", {"imudp.port", "imtcp.port"}), "imtcp.port=601 602 603 imudp.port=514");
    EXPECT_EQ(values("input(type=\"imudp\")\n", "/etc/rsyslog.conf", {"imudp.port"}), "imudp.port=514");
    EXPECT_EQ(values("#input(type=\"imudp\")\n", "/etc/rsyslog.conf", {"imudp.port"}), "");
    EXPECT_EQ(values("input(type=\"imudp\"\n", "/etc/rsyslog.conf", {"imudp.port"}),
              "/etc/rsyslog.conf:1: a statement without an end");
}

TEST(SettingFiles, AFileThatIsNotThereSaysSo) {
    const TemporaryTree tree;
    const auto state = read_settings({"/etc/janus/janus.jcfg", {"rtp_port_range"}}, tree.root(), tree.root());
    EXPECT_EQ(state.problem, k_no_such_file);
    EXPECT_EQ(state.path, (tree.root() / "etc/janus/janus.jcfg").string());
}

TEST(SettingFiles, AbsolutePathsAreOfTheSystemAndOthersOfTheHome) {
    const TemporaryTree tree;
    tree.write("etc/a.conf", "port = 1\n");
    tree.write("home/etc/a.conf", "port = 2\n");
    EXPECT_EQ(read_settings({"/etc/a.conf", {"port"}}, tree.root() / "home", tree.root()).settings.at("port"), "1");
    EXPECT_EQ(read_settings({"etc/a.conf", {"port"}}, tree.root() / "home", tree.root()).settings.at("port"), "2");
}

TEST(SettingFiles, PostgresqlIsReadWithWhatItIncludesAndWhatAlterSystemWrote) {
    const TemporaryTree tree;
    const WantedFile wanted{"/etc/postgresql/*/main/postgresql.conf", {"port", "listen_addresses"}};
    const auto read = [&] { return read_settings(wanted, tree.root(), tree.root()); };
    tree.write("etc/postgresql/16/main/postgresql.conf",
               "data_directory = '/var/lib/postgresql/16/main'\nport = 5432\t\t# (change requires restart)\n"
               "listen_addresses = 'localhost'\ninclude_dir = 'conf.d'\n");
    EXPECT_EQ(read().problem, "");
    EXPECT_EQ(read().settings,
              (std::map<std::string, std::string>{{"listen_addresses", "localhost"}, {"port", "5432"}}));
    tree.write("etc/postgresql/16/main/conf.d/10.conf", "port 5433\n");
    EXPECT_EQ(read().settings.at("port"), "5433");
    tree.write("var/lib/postgresql/16/main/postgresql.auto.conf", "# Do not edit\nlisten_addresses = '*'\n");
    EXPECT_EQ(read().settings.at("listen_addresses"), "*");
    tree.write("etc/postgresql/12/main/postgresql.conf", "port = 5434\n");
    EXPECT_NE(read().problem.find(" differ"), std::string::npos) << read().problem;
    EXPECT_TRUE(read().settings.empty());
}

TEST(SettingFiles, AnIncludeThatIsNotThereOrGoesRoundIsAProblem) {
    const TemporaryTree tree;
    const auto path = tree.write("etc/postgresql.conf", "include 'other.conf'\n");
    const auto read = [&] {
        return read_settings({"/etc/postgresql.conf", {"port"}}, tree.root(), tree.root()).problem;
    };
    EXPECT_EQ(read(), path.string() + ":1: other.conf is not there");
    tree.write("etc/postgresql.conf", "include 'postgresql.conf'\n");
    EXPECT_EQ(read(), path.string() + ": too many files include others");
    tree.write("etc/postgresql.conf", "include '../x'\n");
    EXPECT_NE(read(), "");
    tree.write("etc/postgresql.conf", "include_if_exists 'other.conf'\nport = 1\n");
    EXPECT_EQ(read(), "");
}

TEST(SettingFiles, HugeFilesAndFoldersAreProblems) {
    const TemporaryTree tree;
    tree.write("etc/a.conf", std::string(1024 * 1024 + 1, '#'));
    std::filesystem::create_directories(tree.root() / "etc/b.conf");
    EXPECT_NE(read_settings({"/etc/a.conf", {"port"}}, tree.root(), tree.root()).problem, "");
    EXPECT_NE(read_settings({"/etc/b.conf", {"port"}}, tree.root(), tree.root()).problem, "");
}

TEST(SettingFiles, SpoiltTextsEndInAnAnswer) {
    std::mt19937 random(11);
    for (const auto* path :
         {"/a.jcfg", "/a.toml", "/a.ini", "/a.yml", "/etc/default/a", "/etc/rsyslog.conf", "/a.conf"}) {
        for (int round = 0; round < 500; ++round) {
            std::string spoilt = k_janus;
            for (int i = 0; i < 6; ++i) spoilt[random() % spoilt.size()] = static_cast<char>(random() % 256);
            spoilt.resize(random() % spoilt.size());
            static_cast<void>(values(spoilt, path, {"rtp_port_range", "--a", "imudp.port"}));
        }
    }
}

}  // namespace
}  // namespace zmi
