#include <zmintegration/facts/inventory_json.hpp>

#include <gtest/gtest.h>
#include <chrono>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

namespace zmi {
namespace {

Inventory sample() {
    Inventory inventory;
    inventory.source = {"soap", "https://localhost:7071", true, "2026-11-24T06:15:47Z"};
    inventory.version = "10.1.2_GA_4652.FOSS";
    inventory.this_node = "mail.example.com";
    inventory.global = {{"zimbraMailPort", {"80"}}, {"zimbraMemcachedClientServerList", {}}};
    inventory.servers = {
        {"ldap.example.com", {{"zimbraServiceEnabled", {"ldap", "stats"}}}},
        {"mail.example.com", {{"zimbraServiceEnabled", {"mta", "mailbox"}}, {"description", {"two\nlines \"ü\" \\"}}}}};
    LocalFacts local;
    local.localconfig = {{"ldap_url", "ldap://ldap.example.com:389"}};
    local.files["master.cf"] = {"/opt/zimbra/common/conf/master.cf", "", {{"inet_interfaces", "all"}}};
    local.files["sshd_config"] = {"/etc/ssh/sshd_config", "permission denied", {}};
    local.listeners = {{"master.cf", "/opt/zimbra/common/conf/master.cf", 12, "smtp", "", 25}};
    inventory.local["mail.example.com"] = local;
    inventory.resolved["mail.example.com"] = {{*parse_address("192.0.2.10"), *parse_address("2001:db8::10")}, ""};
    inventory.resolved["bad name"] = {{}, "not a valid host name"};
    return inventory;
}

/// With all that only Carbonio, or a node with its own facts, has.
Inventory full_sample() {
    auto inventory = sample();
    inventory.product = "carbonio";
    inventory.edition = "ce";
    inventory.product_evidence = {"/opt/zextras/.version", "package carbonio-core"};
    Server video{"video.example.com", {}, "mesh", std::set<std::string, std::less<>>{"carbonio-videoserver"}};
    inventory.servers.push_back(video);
    auto& local = inventory.local["mail.example.com"];
    local.files["packages"] = {"/var/lib/dpkg/status", "", {}};
    local.files["modules"] = {"/opt/zextras/bin/carbonio", "no answer in 20 s", {}};
    local.packages = {"carbonio-files-ce", "libstdc++6"};
    local.present = {"/etc/janus/janus.jcfg"};
    local.units = {{"carbonio-files.service", "active"}, {"postgresql@16-main.service", "absent"}};
    local.modules = {{"mobile", "running"}, {"mobile/anti-dos", "stopped"}};
    local.mesh = {
        {"carbonio-files", "/etc/zextras/service-discover/carbonio-files.hcl", 51, 10000, {21500}, true, 21003}};
    local.live = {{"tcp", 21000, "0.0.0.0"}, {"tcp", 8735, "::"}, {"udp", 514, "192.0.2.10"}};
    return inventory;
}

/// The full sample as JSON, with one change to the facts of its node.
std::string changed_local(const std::function<void(nlohmann::json&)>& change) {
    auto json = nlohmann::json::parse(to_json(full_sample()));
    change(json["local"]["mail.example.com"]);
    return json.dump();
}

/// The sample as JSON, with one change.
std::string changed(const std::function<void(nlohmann::json&)>& change) {
    auto json = nlohmann::json::parse(to_json(sample()));
    change(json);
    return json.dump();
}

std::string error_of(const std::string& json) {
    const auto result = parse_inventory(json, "saved.json");
    EXPECT_FALSE(result.has_value());
    if (result) return "";
    EXPECT_EQ(result.error().kind, ErrorKind::data);
    return result.error().what;
}

void expect_error(const std::function<void(nlohmann::json&)>& change, const std::string& start) {
    EXPECT_EQ(error_of(changed(change)).substr(0, start.size()), start);
}

TEST(InventoryJson, ComesBackAsItWas) {
    const auto result = parse_inventory(to_json(sample()), "saved.json");
    ASSERT_TRUE(result) << result.error().what;
    EXPECT_EQ(*result, sample());
}

TEST(InventoryJson, WhatOnlyANodeKnowsComesBackAsItWas) {
    const auto result = parse_inventory(to_json(full_sample()), "saved.json");
    ASSERT_TRUE(result) << result.error().what;
    EXPECT_EQ(*result, full_sample());
}

TEST(InventoryJson, AMeshThatWasAskedAndHasNothingIsNotOneThatWasNotAsked) {
    auto inventory = sample();
    inventory.servers[0].mesh_services.emplace();
    EXPECT_EQ(parse_inventory(to_json(inventory), "saved.json"), inventory);
}

TEST(InventoryJson, WritesNothingOfWhatThereIsNot) {
    const auto json = to_json(sample());
    for (const auto* name : {"edition", "product_evidence", "known_from", "mesh_services", "packages", "present",
                             "units", "modules", "mesh", "live"}) {
        EXPECT_EQ(json.find(std::string("\"") + name + "\""), std::string::npos) << name;
    }
}

TEST(InventoryJson, RefusesFactsOfANodeThatAreNone) {
    const auto refused = [](const std::function<void(nlohmann::json&)>& change, const std::string& start) {
        const auto all = "saved.json: /local/mail.example.com/" + start;
        EXPECT_EQ(error_of(changed_local(change)).substr(0, all.size()), all);
    };
    refused([](auto& l) { l["packages"] = {"a", "a"}; }, "packages/1: 'a' stands twice");
    refused([](auto& l) { l["packages"] = {"a\nb"}; }, "packages/0: 'a\\x0ab' is too long or has control characters");
    refused([](auto& l) { l["packages"] = {""}; }, "packages/0: empty name");
    refused([](auto& l) { l["packages"] = "a"; }, "packages: expected an array");
    refused([](auto& l) { l["packages"] = std::vector<int>(20'001, 1); }, "packages: more than 20000");
    refused([](auto& l) { l["present"] = {std::string(1025, 'a')}; }, "present/0: ");
    refused([](auto& l) { l["units"]["a.service"] = "dead"; }, "units/a.service: 'dead' is no state");
    refused([](auto& l) { l["units"]["a b"] = "active"; }, "units: 'a b' is no name");
    refused([](auto& l) { l["modules"]["docs"] = "active"; }, "modules/docs: 'active' is no state");
    refused([](auto& l) { l["mesh"][0]["port"] = 65536; }, "mesh/0/port: expected a number from 0 to 65535");
    refused([](auto& l) { l["mesh"][0]["exposed"] = {0}; }, "mesh/0/exposed/0: expected a number");
    refused([](auto& l) { l["mesh"][0]["exposed"] = {2, 1}; }, "mesh/0/exposed: the ports are not in order");
    refused([](auto& l) { l["mesh"][0]["name"] = ""; }, "mesh/0/name: '' is no name of a service");
    refused([](auto& l) { l["mesh"][0]["sidecar"] = 1; }, "mesh/0/sidecar: expected a boolean");
    refused([](auto& l) { l["mesh"][0].erase("line"); }, "mesh/0/line: missing");
    refused([](auto& l) { l["live"][0]["protocol"] = "sctp"; }, "live/0/protocol: expected tcp or udp");
    refused([](auto& l) { l["live"][0]["port"] = 0; }, "live/0/port: expected a number from 1 to 65535");
    refused([](auto& l) { l["live"][0]["address"] = "127.78.0.2"; }, "live/0/address: 127.78.0.2 is loopback");
    refused([](auto& l) { l["live"][0]["address"] = "eth0"; }, "live/0/address: 'eth0' is not an IP address");
    refused([](auto& l) { l["live"][1] = l["live"][0]; }, "live/1: a listener stands twice");
    refused([](auto& l) { l["sockets"] = 1; }, "sockets: unknown member");
}

TEST(InventoryJson, RefusesWitnessesOfAServerThatThereAreNot) {
    expect_error([](auto& j) { j["servers"][0]["known_from"] = "hearsay"; },
                 "saved.json: /servers/0/known_from: expected mesh, node or policy");
    expect_error(
        [](auto& j) {
            j["servers"][0]["mesh_services"] = {"a", "a"};
        },
        "saved.json: /servers/0/mesh_services/1: 'a' stands twice");
    expect_error([](auto& j) { j["edition"] = "C E"; }, "saved.json: /edition: ");
    expect_error([](auto& j) { j["product_evidence"] = {"\u001b[2J"}; }, "saved.json: /product_evidence/0: ");
}

TEST(InventoryJson, SameFactsGiveTheSameBytes) {
    const auto first = to_json(sample());
    EXPECT_EQ(first, to_json(sample()));
    EXPECT_EQ(to_json(*parse_inventory(first, "saved.json")), first);
    EXPECT_EQ(first.back(), '\n');
}

TEST(InventoryJson, OrderOfServersInTheFileDoesNotMatter) {
    const auto json = changed([](auto& j) { std::swap(j["servers"][0], j["servers"][1]); });
    EXPECT_EQ(parse_inventory(json, "saved.json"), sample());
}

TEST(InventoryJson, NeverWritesASecret) {
    auto inventory = sample();
    inventory.global["zimbraAuthTokenKey"] = {"hunter2"};
    inventory.servers[0].own["zimbraSSLPrivateKey"] = {"hunter2"};
    inventory.servers[0].own["zimbraMailURL"] = {"https://admin:hunter2@host/"};
    inventory.local["mail.example.com"].localconfig["zimbra_ldap_password"] = "hunter2";
    inventory.source.server = "ldap://cn=admin:hunter2@ldap:389";
    const auto json = to_json(inventory);
    EXPECT_EQ(json.find("hunter2"), std::string::npos) << json;
    EXPECT_NE(json.find("https://host/"), std::string::npos);
}

TEST(InventoryJson, BytesThatAreNoUtf8StillGiveValidJson) {
    auto inventory = sample();
    inventory.servers[0].own["description"] = {"\xff\x01 \xc3("};
    EXPECT_TRUE(parse_inventory(to_json(inventory), "saved.json"));
}

TEST(InventoryJson, RefusesASecretInAFile) {
    expect_error([](auto& j) { j["global"]["zimbraPreAuthKeySecret"] = {"x"}; },
                 "saved.json: /global/zimbraPreAuthKeySecret: may hold a secret");
    expect_error(
        [](auto& j) {
            j["servers"][1]["attributes"]["url"] = {"ok", "http://u:p@h/"};
        },
        "saved.json: /servers/1/attributes/url/1: holds the credentials");
    expect_error([](auto& j) { j["local"]["mail.example.com"]["localconfig"]["zimbra_ldap_password"] = "x"; },
                 "saved.json: /local/mail.example.com/localconfig/zimbra_ldap_password: may hold a secret");
}

TEST(InventoryJson, RefusesNamesThatAreNone) {
    expect_error([](auto& j) { j["servers"][0]["name"] = "a b"; }, "saved.json: /servers/0/name: 'a b' is not a valid");
    expect_error([](auto& j) { j["servers"][0]["name"] = "LDAP.example.com"; },
                 "saved.json: /servers/0/name: 'LDAP.example.com' is not in lower case");
    expect_error([](auto& j) { j["this_node"] = ""; }, "saved.json: /this_node: '' is not a valid host name");
    expect_error([](auto& j) { j["local"]["x y"] = j["local"]["mail.example.com"]; }, "saved.json: /local/x y: 'x y'");
    expect_error([](auto& j) { j["resolved"]["x y"] = j["resolved"]["mail.example.com"]; },
                 "saved.json: /resolved/x y: 'x y' is not a valid host name");
}

TEST(InventoryJson, RefusesAServerThatStandsTwice) {
    expect_error([](auto& j) { j["servers"][1]["name"] = "ldap.example.com"; },
                 "saved.json: /servers/1/name: server ldap.example.com stands twice");
}

TEST(InventoryJson, RefusesAnInventoryWithoutServers) {
    expect_error([](auto& j) { j["servers"] = nlohmann::json::array(); }, "saved.json: /servers: no server");
}

TEST(InventoryJson, RefusesBadAddressesAndPorts) {
    expect_error([](auto& j) { j["resolved"]["mail.example.com"]["addresses"][1] = "10.0.0.256"; },
                 "saved.json: /resolved/mail.example.com/addresses/1: '10.0.0.256' is not an IP address");
    for (const auto& port : {nlohmann::json(0), nlohmann::json(65536), nlohmann::json(-1)}) {
        expect_error(
            [&](auto& j) {
                auto& listener = j["local"]["mail.example.com"]["listeners"][0];
                listener["service"] = "25";
                listener["port"] = port;
            },
            "saved.json: /local/mail.example.com/listeners/0/port: expected a number from 1 to 65535");
    }
    expect_error([](auto& j) { j["local"]["mail.example.com"]["listeners"][0]["port"] = "25"; },
                 "saved.json: /local/mail.example.com/listeners/0/port: expected an integer, found a string");
    expect_error([](auto& j) { j["local"]["mail.example.com"]["listeners"][0]["port"] = 25.5; },
                 "saved.json: /local/mail.example.com/listeners/0/port: expected an integer, found a fraction");
    expect_error([](auto& j) { j["local"]["mail.example.com"]["listeners"][0]["address"] = "1 2"; },
                 "saved.json: /local/mail.example.com/listeners/0/address: blanks");
}

TEST(InventoryJson, KeepsAServiceWhosePortIsNotKnown) {
    auto inventory = sample();
    inventory.local["mail.example.com"].listeners = {{"master.cf", "/x/master.cf", 7, "policy", "10.0.0.5", 0}};
    EXPECT_NE(to_json(inventory).find("\"port\": 0"), std::string::npos);
    EXPECT_EQ(parse_inventory(to_json(inventory), "saved.json"), inventory);
    for (const auto* member : {"service", "file"}) {
        expect_error(
            [&](auto& j) {
                auto& listener = j["local"]["mail.example.com"]["listeners"][0];
                listener["port"] = 0;
                listener[member] = member == std::string("file") ? "sshd_config" : "";
            },
            "saved.json: /local/mail.example.com/listeners/0/port: expected a number from 1 to 65535");
    }
}

TEST(InventoryJson, RefusesAddressesThatNoHostHas) {
    for (const auto* text :
         {"0.0.0.0", "::", "224.0.0.1", "239.1.2.3", "ff02::1", "169.254.1.1", "fe80::1", "255.255.255.255"}) {
        expect_error([&](auto& j) { j["resolved"]["mail.example.com"]["addresses"][1] = text; },
                     "saved.json: /resolved/mail.example.com/addresses/1: " + std::string(text) +
                         " is not the address of a host");
    }
    // Loopback is kept: that a name resolves to it is a finding of the plan.
    EXPECT_TRUE(parse_inventory(
        changed([](auto& j) { j["resolved"]["mail.example.com"]["addresses"][1] = "127.0.1.1"; }), "saved.json"));
}

TEST(InventoryJson, RefusesProductsWhoseNameIsNone) {
    for (const auto& name : {std::string(), std::string("Zimbra"), std::string("a b"), std::string("../x"),
                             std::string("z\n"), std::string(41, 'a')}) {
        expect_error([&](auto& j) { j["product"] = name; }, "saved.json: /product: ");
    }
    for (const auto& name : {std::string("carbonio-2"), std::string(40, 'a')}) {
        const auto inventory = parse_inventory(changed([&](auto& j) { j["product"] = name; }), "saved.json");
        ASSERT_TRUE(inventory) << name;
        EXPECT_EQ(inventory->product, name);
    }
}

TEST(InventoryJson, AnIncompleteSourceIsLeftToTheCallerToJudge) {
    const auto inventory = parse_inventory(changed([](auto& j) { j["source"]["complete"] = false; }), "saved.json");
    ASSERT_TRUE(inventory);
    EXPECT_FALSE(inventory->source.complete);
}

TEST(InventoryJson, RefusesUnknownMissingAndRepeatedMembers) {
    expect_error([](auto& j) { j["extra"] = 1; }, "saved.json: /extra: unknown member");
    expect_error([](auto& j) { j["servers"][0]["a/b"] = 1; }, "saved.json: /servers/0/a~1b: unknown member");
    expect_error([](auto& j) { j.erase("global"); }, "saved.json: /global: missing");
    expect_error([](auto& j) { j["source"].erase("kind"); }, "saved.json: /source/kind: missing");
    auto json = to_json(sample());
    json.insert(1, "\"version\": \"9\",");
    EXPECT_EQ(error_of(json), "saved.json: member 'version' stands twice in one object");
}

TEST(InventoryJson, RefusesWrongTypes) {
    expect_error([](auto& j) { j["servers"] = 3; }, "saved.json: /servers: expected an array, found an integer");
    expect_error([](auto& j) { j["global"]["x"] = "80"; }, "saved.json: /global/x: expected an array, found a string");
    expect_error([](auto& j) { j["global"]["x"] = {80}; }, "saved.json: /global/x/0: expected a string");
    expect_error([](auto& j) { j["source"]["complete"] = "yes"; }, "saved.json: /source/complete: expected a boolean");
    expect_error([](auto& j) { j["source"]["kind"] = "ftp"; }, "saved.json: /source/kind: expected soap, zmprov or");
    expect_error([](auto& j) { j["source"]["taken_at"] = "today"; }, "saved.json: /source/taken_at: expected a time");
    EXPECT_EQ(error_of("[]"), "saved.json: /: expected an object, found an array");
}

TEST(InventoryJson, RefusesAnotherSchema) {
    expect_error([](auto& j) { j["schema"] = "zmfirewall/inventory/2"; }, "saved.json: /schema: expected");
    expect_error([](auto& j) { j["schema"] = 1; }, "saved.json: /schema: expected");
}

TEST(InventoryJson, TellsWhereTheJsonIsBroken) {
    EXPECT_EQ(error_of("{\n  \"schema\" 1"), "saved.json: not valid JSON at line 2, column 12");
    EXPECT_EQ(error_of(""), "saved.json: not valid JSON at line 1, column 1");
    EXPECT_NE(error_of(to_json(sample()) + "x"), "");
    const auto whole = to_json(sample());
    for (std::size_t size = 0; size + 1 < whole.size(); size += 7) {
        EXPECT_FALSE(parse_inventory(whole.substr(0, size), "cut").has_value()) << size;
    }
}

TEST(InventoryJson, DeepNestingIsRefusedAndNotFollowed) {
    EXPECT_EQ(error_of(std::string(1'000'000, '[')), "saved.json: nested too deeply");
}

TEST(InventoryJson, TooLargeIsRefusedBeforeItIsRead) {
    EXPECT_EQ(error_of(std::string(32 * 1024 * 1024 + 1, ' ')), "saved.json: more than 32 MiB");
}

TEST(InventoryJson, FiveHundredServersAreQuick) {
    auto inventory = sample();
    inventory.servers.clear();
    for (int i = 0; i < 500; ++i) {
        Server server{"mbox" + std::to_string(1000 + i) + ".example.com", {}};
        for (int k = 0; k < 60; ++k) server.own["zimbraSomeAttributeOfPort" + std::to_string(k)] = {"7110"};
        inventory.servers.push_back(server);
    }
    const auto start = std::chrono::steady_clock::now();
    const auto json = to_json(inventory);
    const auto written = std::chrono::steady_clock::now();
    const auto back = parse_inventory(json, "saved.json");
    const auto read = std::chrono::steady_clock::now();
    ASSERT_TRUE(back);
    EXPECT_EQ(back->servers.size(), 500U);
    using Microseconds = std::chrono::duration<double, std::micro>;
    RecordProperty("write_us", std::to_string(Microseconds(written - start).count()));
    RecordProperty("read_us", std::to_string(Microseconds(read - written).count()));
    // Wide of what it takes (a few ms), so that only a quadratic mistake or worse fails.
    EXPECT_LT(read - start, std::chrono::seconds(2));
}

TEST(InventorySchema, NamesTheMembersThatAreWritten) {
    std::ifstream file(ZMFIREWALL_SOURCE_DIR "/templates/schema/inventory-1.schema.json");
    const auto schema = nlohmann::json::parse(file);
    const auto least = nlohmann::json::parse(to_json(sample()));
    const auto json = nlohmann::json::parse(to_json(full_sample()));
    const auto names = [](const nlohmann::json& object) {
        std::set<std::string> result;
        for (const auto& [name, value] : object.items()) result.insert(name);
        return result;
    };
    EXPECT_EQ(names(least), schema["required"].get<std::set<std::string>>());
    EXPECT_EQ(names(json), names(schema["properties"]));
    EXPECT_EQ(names(json["source"]), names(schema["properties"]["source"]["properties"]));
    EXPECT_EQ(names(json["servers"][2]), names(schema["properties"]["servers"]["items"]["properties"]));
    const auto& whole = schema["properties"]["local"]["additionalProperties"];
    EXPECT_EQ(names(least["local"]["mail.example.com"]), whole["required"].get<std::set<std::string>>());
    const auto& local = whole["properties"];
    for (const auto* list : {"mesh", "live"}) {
        EXPECT_EQ(names(json["local"]["mail.example.com"][list][0]), names(local[list]["items"]["properties"]));
    }
    EXPECT_EQ(names(json["local"]["mail.example.com"]), names(local));
    EXPECT_EQ(names(json["local"]["mail.example.com"]["listeners"][0]),
              names(local["listeners"]["items"]["properties"]));
    EXPECT_EQ(json["schema"], schema["properties"]["schema"]["const"]);
}

}  // namespace
}  // namespace zmi
