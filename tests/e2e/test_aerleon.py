#!/usr/bin/env python3
"""The YAML of the format aerleon has the shape that aerleon reads, and its terms, networks and services say what the
plan says: nothing more, nothing less. aerleon itself is in no Debian package, so its grammar is written down here (from
the schemas aerleon-policies and aerleon-definitions, and the limits of its generators)."""

import ipaddress
import itertools
import json
import re
import sys
import unittest

from support import Home, need_binary

try:
    import yaml
except ImportError:
    print("skipped: python3-yaml is not installed")
    sys.exit(77)

TOKEN = re.compile(r"^[-_a-zA-Z0-9]+$")
TERM_KEYS = {
    "name", "comment", "source-address", "destination-address", "destination-port", "protocol", "option", "icmp-type",
    "action",
}
LONGEST_TERM = 24  # of the generators iptables and juniper
LONGEST_COMMENT = 128
ICMP_TYPES = {
    "icmp": {"echo-request", "echo-reply", "unreachable", "time-exceeded", "parameter-problem"},
    "icmpv6": {
        "echo-request", "echo-reply", "destination-unreachable", "packet-too-big", "time-exceeded", "parameter-problem",
    },
}
ANY = {4: "0.0.0.0/0", 6: "::/0"}


class Loader(yaml.SafeLoader):
    """Refuses a key that stands twice, of which YAML would silently take the last."""


def mapping(loader, node):
    keys = [loader.construct_object(key) for key, _ in node.value]
    if len(keys) != len(set(keys)):
        raise ValueError(f"a key stands twice: {keys}")
    return loader.construct_mapping(node, deep=True)


Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)


def network(text):
    return str(ipaddress.ip_network(text))


class Aerleon(unittest.TestCase):
    def files(self, name, *options):
        with Home(name) as home:
            plan = json.loads(home.run("plan", "--all", "--json", *options, source="zmprov-ldap").out)
            done = home.run("emit", "aerleon", "--all", *options, "--output", home.path / "out", source="zmprov-ldap")
            self.assertEqual(done.status, 0, done.err)
            for server in plan["servers"]:
                folder = home.path / "out" / server["name"]
                read = [
                    yaml.load((folder / path).read_text(encoding="utf-8"), Loader)  # a SafeLoader
                    for path in ("def/zmfirewall.yaml", "policies/pol/zmfirewall.yaml")
                ]
                yield server, *read

    def networks_of(self, definitions):
        self.assertEqual(set(definitions), {"networks", "services"})
        found = {}
        for name, value in definitions["networks"].items():
            self.assertRegex(name, TOKEN)
            self.assertEqual(set(value), {"values"})
            self.assertTrue(value["values"], name)
            found[name] = {network(entry["address"]) for entry in value["values"]}
            self.assertEqual(len({ipaddress.ip_network(n).version for n in found[name]}), 1, "one family each")
        return found

    def services_of(self, definitions):
        found = {}
        for name, entries in definitions["services"].items():
            self.assertRegex(name, TOKEN)
            for entry in entries:
                self.assertEqual(set(entry), {"protocol", "port"})
                self.assertIn(entry["protocol"], ("tcp", "udp"))
                self.assertRegex(str(entry["port"]), r"^\d+(-\d+)?$")
            found[name] = {(entry["protocol"], str(entry["port"])) for entry in entries}
        return found

    def check_term(self, term):
        self.assertLessEqual(set(term), TERM_KEYS)
        self.assertRegex(term["name"], TOKEN)
        self.assertLessEqual(len(term["name"]), LONGEST_TERM, term["name"])
        self.assertLessEqual(len(term.get("comment", "")), LONGEST_COMMENT)
        self.assertIn(term["action"], ("accept", "deny"))
        if "icmp-type" in term:
            self.assertLessEqual(set(term["icmp-type"].split()), ICMP_TYPES[term["protocol"]])

    def pairs(self, family, terms, networks, services):
        """(source, protocol, port, destination) that the terms accept, besides answers and ICMP."""
        for term in terms:
            if "destination-port" not in term:
                continue
            self.assertEqual(term["action"], "accept")
            sources = networks[term["source-address"]] if "source-address" in term else {ANY[family]}
            targets = networks[term["destination-address"]] if "destination-address" in term else {ANY[family]}
            for service in services[term["destination-port"]]:
                self.assertEqual(service[0], term["protocol"])
                for source, target in itertools.product(sources, targets):
                    yield source, *service, target

    @staticmethod
    def planned(server, family):
        own = {network(address) for address in server["addresses"]}
        for rule in server["open"]:
            targets = {network(address) for address in rule["destinations"]} or own
            for source, target in itertools.product(map(network, rule["sources"]), targets):
                yield source, rule["protocol"], str(rule["port"]), target
        for rule in server.get("outbound", []):
            for source, target in itertools.product(own, map(network, rule["destinations"])):
                yield source, rule["protocol"], str(rule["port"]), target

    def compare(self, name, *options):
        compared = 0
        for server, definitions, policy in self.files(name, *options):
            networks = self.networks_of(definitions)
            services = self.services_of(definitions)
            self.assertEqual(set(policy), {"filters"})
            found = set()
            for one in policy["filters"]:
                self.assertEqual(set(one), {"header", "terms"})
                self.assertEqual(list(one["header"]["targets"]), ["iptables"])
                family = 6 if "inet6" in one["header"]["targets"]["iptables"].split() else 4
                names = [term["name"] for term in one["terms"]]
                self.assertEqual(len(names), len(set(names)), "a term's name stands twice")
                for term in one["terms"]:
                    self.check_term(term)
                # The last word is a denial of all that goes to the server.
                self.assertEqual(one["terms"][-1]["action"], "deny")
                self.assertNotIn("protocol", one["terms"][-1])
                found.update(self.pairs(family, one["terms"], networks, services))
            both = set(self.planned(server, 4))
            wanted = {p for p in both if ipaddress.ip_network(p[0]).version == ipaddress.ip_network(p[3]).version}
            self.assertEqual(found, wanted, server["name"])
            compared += len(wanted)
        self.assertGreater(compared, 0)

    def test_says_what_the_plan_says_in_every_deployment(self):
        for name in ("cluster", "dual-stack", "single", "crowded"):
            with self.subTest(name):
                self.compare(name)

    def test_says_what_leaves_where_it_is_asked_for(self):
        for name in ("cluster", "dual-stack", "single"):
            with self.subTest(name):
                self.compare(name, "--outbound")


if __name__ == "__main__":
    need_binary()
    unittest.main(argv=[sys.argv[0], "-v"])
