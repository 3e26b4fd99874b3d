#pragma once

#include <gtest/gtest.h>
#include <algorithm>
#include <plugin/plan/plan.hpp>
#include <string>
#include <zmintegration/support/text.hpp>

#include "policy_of.hpp"

/// A small catalogue with components, ranges of ports, a mesh, settings of files and unverified endpoints, and
/// deployments of it: what these mean is tested apart from what the shipped catalogue says of any product.
namespace zmfw::test {

inline const std::string& parts_xml() {
    static const std::string text = R"(<catalogue product="parts" format="1">
  <frame services-enabled="services" services-installed="installed" host-name="hostName" server-version="version"
         ip-mode="ipMode"/>
  <attribute name="services" type="text"/>
  <attribute name="installed" type="text"/>
  <attribute name="hostName" type="host"/>
  <attribute name="version" type="version" inherited="true"/>
  <attribute name="ipMode" type="enum" values="ipv4 ipv6 both" inherited="true" default="ipv4"/>
  <component id="video" packages="video-ce video-advanced" mesh="video" units="video.service">
    <title>video server</title><source>made up</source></component>
  <component id="files" packages="files" mesh="files" modules="files">
    <title>files</title><source>made up</source></component>
  <component id="suite" present="bin/suite /etc/suite lib/suite-*.jar" if-unknown="absent">
    <title>suite</title><source>made up</source></component>
  <component id="mesh" units="mesh.service">
    <title>service mesh</title><source>made up</source></component>
  <file key="janus.jcfg" path="/etc/janus/janus.jcfg"/>
  <file key="broker.conf" path="conf/broker.conf"/>
  <role id="internet" network="public"><never/></role>
  <role id="any"/>
  <role id="suites"><component name="suite"/></role>
  <endpoint id="rtp" protocol="udp" audience="public" confidence="verified" default-port="20000-40000">
    <title>media</title><versions>all</versions>
    <port file="janus.jcfg" setting="rtp_port_range" default="20000-40000"/>
    <bind families="both"/>
    <listens><component name="video"/></listens><source>made up</source></endpoint>
  <endpoint id="sidecar" protocol="tcp" audience="cluster" confidence="verified" default-port="21000-21255">
    <title>sidecars</title><versions>all</versions><port constant="21000-21255"/>
    <listens><any><component name="video"/><component name="files"/></any></listens><source>made up</source></endpoint>
  <endpoint id="metrics" protocol="tcp" audience="cluster" confidence="verified" default-port="21500">
    <title>exposed metrics</title><versions>all</versions><port mesh-exposed="files" default="21500"/>
    <listens><component name="files"/></listens><source>made up</source></endpoint>
  <endpoint id="broker" protocol="tcp" audience="cluster" confidence="verified" default-port="10000">
    <title>broker</title><versions>all</versions>
    <port file="broker.conf" setting="listeners.tcp.local" default="10000"/>
    <bind families="both" default="loopback" file="broker.conf" setting="listeners.tcp.local"/>
    <listens><component name="files"/></listens><source>made up</source></endpoint>
  <endpoint id="core" protocol="tcp" audience="cluster" confidence="docs only" verified="false" default-port="8735">
    <title>core link</title><versions>all</versions><port constant="8735"/>
    <listens><component name="suite"/></listens><closed>nobody saw it</closed>
    <settled-by>ss -lnt on a node with the suite</settled-by><source>made up</source></endpoint>
  <endpoint id="chat" protocol="tcp" audience="public" confidence="docs only" verified="false" default-port="5222 5223">
    <title>chat</title><versions>all</versions><port constant="5222 5223"/>
    <listens><component name="suite"/></listens><closed>nobody saw it</closed><source>made up</source></endpoint>
  <endpoint id="relay" protocol="tcp" audience="public" confidence="docs only" verified="false"
            default-port="49152-65535">
    <title>relay</title><versions>all</versions><port constant="49152-65535"/>
    <listens><component name="suite"/></listens><closed>nobody saw it</closed><source>made up</source></endpoint>
  <flow id="media" from="internet" to="any"><why>meetings</why><reach endpoint="rtp"/><reach endpoint="chat"/>
    <reach endpoint="relay"/></flow>
  <flow id="mesh" from="any" to="any"><why>the mesh</why><reach endpoint="sidecar"/><reach endpoint="metrics"/>
    <reach endpoint="broker"/></flow>
  <flow id="suites" from="suites" to="suites"><why>stores</why><reach endpoint="core"/></flow>
  <finding id="unverified" severity="warning" kind="unverified-endpoint"><text>{endpoint} {port}</text></finding>
</catalogue>)";
    return text;
}

inline const Catalogue& parts() {
    static const Catalogue parsed = [] {
        auto result = parse_catalogue(parts_xml(), "parts.xml");
        if (!result) throw std::runtime_error(result.error().what);
        return std::move(*result);
    }();
    return parsed;
}

/// Servers of that catalogue; those with local facts were asked themselves.
class Parts {
public:
    Parts() { m_inventory.product = "parts"; }

    Parts& server(const std::string& name, const std::string& address) {
        zmi::Server server;
        server.name = name;
        server.own["version"] = {"1.0"};
        if (m_inventory.this_node.empty()) m_inventory.this_node = name;
        m_inventory.servers.push_back(server);
        m_inventory.resolved[name].addresses = {*zmi::parse_address(address)};
        return *this;
    }
    /// The node was asked, and everything but modules and the mesh could be read.
    zmi::LocalFacts& asked(const std::string& name) {
        auto& local = m_inventory.local[name];
        local.files["packages"].path = "/var/lib/dpkg/status";
        local.files["units"].path = "systemctl";
        local.files["present"].path = "/";
        local.files["sockets"].path = "/proc/net";
        return local;
    }
    zmi::Server& entry(const std::string& name) {
        return *std::find_if(m_inventory.servers.begin(), m_inventory.servers.end(),
                             [&](const auto& server) { return server.name == name; });
    }
    Parts& policy(const std::string& content) {
        m_policy = policy_of(content);
        return *this;
    }

    [[nodiscard]] zmi::Inventory& inventory() { return m_inventory; }
    [[nodiscard]] const Policy& policy_value() const { return m_policy; }
    [[nodiscard]] Plan plans(bool outbound = false) const {
        return derive_plan(m_inventory, parts(), m_policy, std::nullopt, outbound);
    }
    [[nodiscard]] ServerPlan plan(const std::string& name) const {
        for (auto& found : plans().servers) {
            if (found.name == name) return found;
        }
        throw std::runtime_error("no server " + name);
    }

private:
    zmi::Inventory m_inventory;
    Policy m_policy;
};

/// Two nodes that were asked: a video server (with files) and a store with the suite.
inline Parts two_nodes() {
    Parts made;
    made.server("store1", "10.0.0.2").server("video1", "10.0.0.1");
    made.asked("video1").packages = {"video-ce", "files"};
    made.asked("store1").present = {"bin/suite"};
    return made;
}

/// "rtp/udp/20000-40000 public": all that is open, in the plan's order.
inline std::vector<std::string> opened(const ServerPlan& plan) {
    std::vector<std::string> words;
    for (const auto& open : plan.open)
        words.push_back(open.endpoint + "/" + open.protocol + "/" + open.port.to_string() + " " + open.audience);
    return words;
}

inline std::vector<std::string> candidates(const ServerPlan& plan) {
    std::vector<std::string> words;
    for (const auto& closed : plan.closed) {
        if (!closed.settled_by.empty())
            words.push_back(closed.endpoint + "/" + (closed.port ? closed.port->to_string() : "?"));
    }
    return words;
}

}  // namespace zmfw::test
