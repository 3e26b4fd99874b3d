#include <gtest/gtest.h>

#include <plugin/host/containers.hpp>

namespace zmfw {
namespace {

std::string command_line(std::initializer_list<const char*> words) {
    std::string text;
    for (const auto* word : words) text += std::string(word) + '\0';
    return text;
}

TEST(Containers, DockerProxyTellsWhatItPublishes) {
    const auto port = parse_docker_proxy(
        command_line({"/usr/bin/docker-proxy", "-proto", "tcp", "-host-ip", "::", "-host-port", "8080", "-container-ip",
                      "172.17.0.2", "-container-port", "80", "-use-listen-fd"}));
    ASSERT_TRUE(port);
    EXPECT_EQ(port->address, "::");
    EXPECT_EQ(port->first, 8080);
    EXPECT_EQ(port->last, 8080);
    EXPECT_EQ(port->protocol, "tcp");
    EXPECT_EQ(port->container, "172.17.0.2 port 80");
}

TEST(Containers, OtherProcessesAndOddArgumentsAreNoProxy) {
    EXPECT_FALSE(parse_docker_proxy(""));
    EXPECT_FALSE(parse_docker_proxy(command_line({"/usr/bin/dockerd", "-proto", "tcp", "-host-port", "1"})));
    EXPECT_FALSE(parse_docker_proxy(command_line({"docker-proxy", "-proto", "tcp", "-host-port", "99999"})));
    EXPECT_FALSE(parse_docker_proxy(command_line({"docker-proxy", "-proto", "icmp", "-host-port", "1"})));
    EXPECT_FALSE(
        parse_docker_proxy(command_line({"docker-proxy", "-proto", "tcp", "-host-port", "1", "-host-ip", "\x1b[31m"})));
}

TEST(Containers, DockerPsListsAddressesRangesAndNoExposedPorts) {
    const auto ports = parse_docker_ps(R"({"Names":"web","Ports":"0.0.0.0:8080->80/tcp, [::]:8080->80/tcp, 443/tcp"})"
                                       "\n"
                                       R"({"Names":"sip","Ports":"127.0.0.1:8000-8010->8000-8010/udp, :::53->53/udp"})"
                                       "\n"
                                       R"({"Names":"none","Ports":""})"
                                       "\n");
    ASSERT_TRUE(ports) << ports.error().what;
    ASSERT_EQ(ports->size(), 4U);
    EXPECT_EQ((*ports)[1].address, "::");
    EXPECT_EQ((*ports)[2].first, 8000);
    EXPECT_EQ((*ports)[2].last, 8010);
    EXPECT_TRUE((*ports)[2].is_local());
    EXPECT_EQ((*ports)[3].address, "::");
    EXPECT_EQ((*ports)[0].container, "web");
}

TEST(Containers, DockerPsIsNotReadByHalves) {
    for (const auto* text : {"nonsense", "{}", R"({"Names":1,"Ports":""})", R"({"Names":"a b","Ports":""})",
                             R"({"Names":"a","Ports":"0.0.0.0:0->80/tcp"})", R"({"Names":"a","Ports":"x:80->80/tcp"})",
                             R"({"Names":"a","Ports":"0.0.0.0:80->80/icmp"})", R"({"Names":"a","Ports":"80->80"})"})
        EXPECT_FALSE(parse_docker_ps(text)) << text;
}

TEST(Containers, PodmanPsListsRanges) {
    const auto ports = parse_podman_ps(
        R"([{"Names":["db"],"Ports":[{"host_ip":"","container_port":5432,"host_port":15432,"range":2,"protocol":"tcp"}]},
            {"Names":["idle"],"Ports":null}])");
    ASSERT_TRUE(ports) << ports.error().what;
    ASSERT_EQ(ports->size(), 1U);
    EXPECT_EQ(ports->front().address, "0.0.0.0");
    EXPECT_EQ(ports->front().last, 15433);
    EXPECT_EQ(ports->front().engine, "podman");
}

TEST(Containers, PodmanPsIsNotReadByHalves) {
    for (const auto* text : {"", "{}", "[1]", R"([{"Names":[]}])", R"([{"Names":["a"],"Ports":[{}]}])",
                             R"([{"Names":["a"],"Ports":[{"host_port":65535,"range":2}]}])",
                             R"([{"Names":["a"],"Ports":[{"host_port":"x"}]}])"})
        EXPECT_FALSE(parse_podman_ps(text)) << text;
}

}  // namespace
}  // namespace zmfw
