#include <zmintegration/local/mesh_files.hpp>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <random>
#include <tests/unit/support/temporary_tree.hpp>
#include <zmintegration/local/hcl.hpp>

namespace zmi {
namespace {

// Made up after package/carbonio-files.hcl of zextras/carbonio-files-ce: the same blocks, commas and lack of commas.
constexpr const char* k_files = R"(services {
  check {
    http = "http://127.78.0.2:10000/health/ready/",
    method = "GET",
    timeout = "1s"
  }
  meta = {
    prom_port = "21500"
  }
  connect {
    sidecar_service {
      proxy {
        config {
          local_request_timeout_ms = 3600000
        }
        local_service_address = "127.78.0.2"
        expose {
          paths = [
            {
              path = "/metrics",
              local_path_port = 10000
              listener_port = 21500
            }
          ]
        }
        upstreams = [
          {
            destination_name = "carbonio-files-db"
            local_bind_port = 20000
          },
        ]
      }
    }
  }

  name = "carbonio-files"
  port = 10000
})";

// Made up after carbonio-prometheus-node-exporter-consul.hcl of zextras/carbonio-prometheus: no sidecar, no newline.
constexpr const char* k_exporter = R"(service {
  name = "carbonio-prometheus-node-exporter"
  tags = ["prometheus-exporter"]
  port = 9100
})";

std::string problem_of(std::string_view text) {
    const auto services = parse_mesh_file(text, "a.hcl");
    EXPECT_FALSE(services) << text;
    return services ? std::string() : services.error().what;
}

TEST(MeshFile, TellsTheServiceItsPortItsSidecarAndWhatItExposes) {
    const auto services = parse_mesh_file(k_files, "/m/carbonio-files.hcl");
    ASSERT_TRUE(services) << services.error().what;
    EXPECT_EQ(*services,
              (std::vector<MeshService>{{"carbonio-files", "/m/carbonio-files.hcl", 36, 10000, {21500}, true}}));
}

TEST(MeshFile, AServiceWithoutASidecarHasNone) {
    const auto services = parse_mesh_file(k_exporter, "a.hcl");
    ASSERT_TRUE(services) << services.error().what;
    EXPECT_EQ(*services,
              (std::vector<MeshService>{{"carbonio-prometheus-node-exporter", "a.hcl", 2, 9100, {}, false}}));
}

TEST(MeshFile, AnEmptySidecarBlockIsASidecarAndSeveralServicesAreSeveral) {
    const auto services = parse_mesh_file(
        "# one\nservice { name = \"a\" connect { sidecar_service {} } }\n/* two\n */services = "
        "[{name=\"b\"},{name=\"c\"}]\n",
        "a.hcl");
    ASSERT_TRUE(services) << services.error().what;
    ASSERT_EQ(services->size(), 3U);
    EXPECT_TRUE((*services)[0].sidecar);
    EXPECT_EQ((*services)[2].name, "c");
    EXPECT_EQ((*services)[2].line, 4);
}

TEST(MeshFile, ConfigurationThatRegistersNothingIsNone) {
    // After carbonio-prometheus-alertmanager-template.hcl: what consul-template reads.
    const auto services = parse_mesh_file(
        "consul {\n  address = \"127.0.0.1:8500\"\n}\ntemplate {\n  perms = 0640\n  source = \"${a(\"b\")}\"\n}\n",
        "a.hcl");
    ASSERT_TRUE(services) << services.error().what;
    EXPECT_TRUE(services->empty());
    EXPECT_TRUE(parse_mesh_file("", "a.hcl")->empty());
}

TEST(MeshFile, ExposedPathsMayBeBlocksAndAreToldInOrder) {
    const auto services = parse_mesh_file(
        "service { name = \"a\" connect { sidecar_service { proxy { expose { paths { listener_port = 21502 } paths { "
        "listener_port = 21501 } paths { listener_port = 21502 } } } } } }",
        "a.hcl");
    ASSERT_TRUE(services) << services.error().what;
    EXPECT_EQ(services->front().exposed, (std::vector<std::uint16_t>{21501, 21502}));
}

TEST(MeshFile, WhatCannotBeToldIsAnErrorWithItsLine) {
    EXPECT_EQ(problem_of("service {\n  port = 1\n}"), "a.hcl:1: a service without a name that can be read");
    EXPECT_EQ(problem_of("service {\n  name = \"${x}\"\n}"), "a.hcl:2: a service without a name that can be read");
    EXPECT_EQ(problem_of("service {\n  name = \"a b\"\n}"), "a.hcl:2: a service without a name that can be read");
    EXPECT_EQ(problem_of("service {\n  name = \"a\"\n  port = \"10000\"\n}"), "a.hcl:3: port is no port");
    EXPECT_EQ(problem_of("service {\n  name = \"a\"\n  port = 65536\n}"), "a.hcl:3: port is no port");
    EXPECT_EQ(problem_of("service {\n  name = \"a\"\n  name = \"b\"\n}"), "a.hcl:3: name stands twice");
    EXPECT_EQ(problem_of("service = 3"), "a.hcl:1: service is no object");
    const std::string begin = "service { name = \"a\"\nconnect { sidecar_service {\n";
    EXPECT_EQ(problem_of(begin + "port = 8080 } } }"),
              "a.hcl:2: the sidecar of a has the port 8080, which is outside of 21000-21255");
    EXPECT_EQ(problem_of(begin + "proxy { expose {\npaths = [{ path = \"/\" }] } } } } }"),
              "a.hcl:4: a exposes a path without listener_port: Consul chooses its port");
    EXPECT_EQ(problem_of(begin + "proxy { expose { checks = true } } } } }"),
              "a.hcl:3: a exposes its checks on ports that Consul chooses");
}

TEST(Hcl, WhatIsNotReadIsRefusedWithItsLine) {
    EXPECT_EQ(problem_of("a = <<EOT\nx\nEOT\n"), "a.hcl:1: heredocs are not read");
    EXPECT_EQ(problem_of("\na = \"x\ny\""), "a.hcl:2: a text without an end");
    EXPECT_EQ(problem_of("a {\nb = 1\n"), "a.hcl:3: an object without an end");
    EXPECT_EQ(problem_of("a = [1 2]"), "a.hcl:1: expected ',' or ']' in a list");
    EXPECT_EQ(problem_of("a = [1,"), "a.hcl:1: a list without an end");
    EXPECT_EQ(problem_of("-services {\n}"), "a.hcl:1: expected a key, found '-'");
    EXPECT_EQ(problem_of("a = yes"), "a.hcl:1: expected a value, found 'yes'");
    EXPECT_EQ(problem_of("a = 10s"), "a.hcl:1: '10s' is no number");
    EXPECT_EQ(problem_of("a"), "a.hcl:1: expected '=', '{' or a label after a key");
    EXPECT_EQ(problem_of("a = \"\\q\""), "a.hcl:1: an escape that is not read: \\q");
    EXPECT_EQ(problem_of("/* a"), "a.hcl:1: a comment without an end");
    EXPECT_EQ(problem_of("}"), "a.hcl:1: expected a key, found '}'");
}

TEST(Hcl, DepthAndSizeAreLimited) {
    std::string deep;
    for (int i = 0; i < 100'000; ++i) deep += "a {";
    EXPECT_EQ(problem_of(deep), "a.hcl:1: nested too deeply");
    std::string lists = "a = ";
    lists.append(100'000, '[');
    EXPECT_EQ(problem_of(lists), "a.hcl:1: nested too deeply");
    std::string labels;
    for (int i = 0; i < 100'000; ++i) labels += "a ";
    EXPECT_EQ(problem_of(labels), "a.hcl:1: nested too deeply");
    std::string many;
    for (int i = 0; i < 100'001; ++i) many += "a=1,";
    EXPECT_EQ(problem_of(many), "a.hcl:1: too many values");
}

TEST(Hcl, ALabelIsAnObjectInAnObject) {
    const auto file = parse_hcl("service \"web\" {\n  port = 1\n}", "a.hcl");
    ASSERT_TRUE(file) << file.error().what;
    ASSERT_EQ(file->all("service").size(), 1U);
    ASSERT_EQ(file->all("service")[0]->all("web").size(), 1U);
    EXPECT_EQ(file->all("service")[0]->all("web")[0]->all("port")[0]->number, 1);
}

TEST(Hcl, SpoiltFilesEndInAnAnswerOrAnErrorWithALine) {
    const std::string whole = k_files;
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const auto cut = parse_mesh_file(whole.substr(0, size), "a.hcl");
        EXPECT_TRUE(cut || cut.error().what.starts_with("a.hcl:")) << size;
    }
    std::mt19937 random(7);
    for (int round = 0; round < 5'000; ++round) {
        auto spoilt = whole;
        for (int i = 0; i < 4; ++i) spoilt[random() % spoilt.size()] = static_cast<char>(random() % 256);
        const auto read = parse_mesh_file(spoilt, "a.hcl");
        EXPECT_TRUE(read || read.error().what.starts_with("a.hcl:"));
    }
}

TEST(MeshFiles, AreThoseOfTheFolderSortedByName) {
    const TemporaryTree tree;
    tree.write("etc/zextras/service-discover/b.hcl", k_exporter);
    tree.write("etc/zextras/service-discover/a.hcl", k_files);
    tree.write("etc/zextras/service-discover/main.json", "{");
    const auto found = read_mesh_files(tree.root());
    EXPECT_EQ(found.problem, "");
    ASSERT_EQ(found.services.size(), 2U);
    EXPECT_EQ(found.services[0].name, "carbonio-files");
    EXPECT_EQ(found.services[1].name, "carbonio-prometheus-node-exporter");
}

TEST(MeshFiles, ANodeWithoutTheFolderRegistersNothing) {
    const TemporaryTree tree;
    const auto found = read_mesh_files(tree.root());
    EXPECT_EQ(found.problem, "");
    EXPECT_TRUE(found.services.empty());
}

TEST(MeshFiles, WhatCannotBeReadIsToldAndTheOthersAreKept) {
    const TemporaryTree tree;
    const auto bad = tree.write("etc/zextras/service-discover/a.hcl", "service {\n");
    tree.write("etc/zextras/service-discover/b.hcl", k_exporter);
    std::filesystem::create_directory(tree.root() / "etc/zextras/service-discover/c.hcl");
    const auto found = read_mesh_files(tree.root());
    EXPECT_EQ(found.problem, bad.string() + ":2: an object without an end (and 1 other files)");
    ASSERT_EQ(found.services.size(), 1U);
}

}  // namespace
}  // namespace zmi
