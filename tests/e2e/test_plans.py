"""Every deployment: exactly the ports that a person derived from the facts, and the same plan from every source."""

import json
import pathlib
import re
import unittest

import support

EXPECTED = pathlib.Path(__file__).resolve().parent / "expected"
ANY = {"any4": ["0.0.0.0/0"], "any": ["0.0.0.0/0", "::/0"]}
SOURCES = ("soap", "zmprov", "zmprov-ldap")


def full(short, servers):
    return next(n for n in servers if n.split(".")[0] == short)


def host_cidr(address):
    return address + ("/128" if ":" in address else "/32")


def read_line(line, deployment, server):
    """One line of expected/*.json, of a server, as what `plan --json` must say."""
    endpoint, protocol, port, audience, *rest = line.split()
    on = []
    if "on" in rest:
        on = rest[rest.index("on") + 1 :]
        rest = rest[: rest.index("on")]
    peers, sources = [], []
    if rest[0] == "from":
        others = [n for n in deployment.all_nodes() if n != server]
        peers = others if rest[1:] == ["all"] else sorted(full(p, others) for p in rest[1:])
        sources = [host_cidr(a) for p in peers for a in deployment.nodes[p]["addresses"]]
    else:
        for word in rest:
            sources += ANY.get(word, [word])
    return (endpoint, protocol, port, audience, tuple(sorted(sources)), tuple(peers), tuple(sorted(on)))


def read_entry(entry):
    """The same of one entry of `open`; a bare address is a host."""
    sources = [s if "/" in s else host_cidr(s) for s in entry["sources"]]
    return (
        entry["endpoint"], entry["protocol"], str(entry["port"]), entry["audience"], tuple(sorted(sources)),
        tuple(sorted(entry["peers"])), tuple(sorted(entry.get("destinations", []))),
    )  # fmt: skip


def expand_merged(entries):
    """Sources may be merged into larger networks; peers tell the same, so compare merged forms of both."""
    import ipaddress

    out = set()
    for e in entries:
        nets = [ipaddress.ip_network(s) for s in e[4]]
        four = ipaddress.collapse_addresses(n for n in nets if n.version == 4)
        six = ipaddress.collapse_addresses(n for n in nets if n.version == 6)
        out.add((*e[:4], tuple(map(str, four)) + tuple(map(str, six)), *e[5:]))
    return out


class ExpectedPorts(support.Case):
    """The hand-made tables in expected/."""

    def check(self, name):
        table = json.loads((EXPECTED / f"{name}.json").read_text(encoding="utf-8"))["servers"]
        with support.Home(name) as home:
            home.serve()
            result = home.run("plan", "--all", "--json", source="soap")
            self.assert_done(result)
            servers = {s["name"]: s for s in result.plan()["servers"]}
            self.assertEqual(sorted(servers), sorted(table))
            for server, lines in table.items():
                with self.subTest(server=server):
                    wanted = expand_merged(read_line(line, home.deployment, server) for line in lines)
                    found = expand_merged(read_entry(e) for e in servers[server]["open"])
                    self.assertEqual(found - wanted, set(), "open, and should not be")
                    self.assertEqual(wanted - found, set(), "not open, and should be")

    def test_every_open_port_says_why(self):
        with support.Home("cluster") as home:
            result = home.run("plan", "--all", "--json", source="zmprov-ldap")
            self.assert_done(result)
            for server in result.plan()["servers"]:
                for entry in server["open"]:
                    self.assertTrue(entry["because"], f"{server['name']} {entry['endpoint']}")
                    for fact in entry["because"]:
                        self.assertTrue({"fact", "value", "origin"} <= set(fact))
                for entry in server["closed"]:
                    self.assertTrue(entry["reason"], f"{server['name']} {entry['endpoint']}")


class SameFromEverySource(support.Case):
    """SOAP, zmprov, zmprov -l and the saved inventory lead to the same plan."""

    def check(self, name):
        with support.Home(name) as home:
            home.serve()
            plans = {}
            for source in SOURCES:
                home.forget_starts()
                result = home.run("plan", "--all", "--json", source=source)
                self.assert_done(result)
                plans[source] = result.plan()
                self.assertLessEqual(len(home.zmprov_starts()), 0 if source == "soap" else 2, source)
                self.assertEqual(plans[source]["source"]["kind"], source)
                self.assertIs(plans[source]["source"]["complete"], True)
            saved = home.run("discover", "--json", source="soap")
            self.assert_done(saved)
            file = home.path / "inventory.json"
            file.write_text(saved.out, encoding="utf-8")
            home.stop_server()
            again = support.run(
                [support.BINARY, "--inventory", file, "--policy", home.path / "conf" / "zmfirewall.xml",
                 "plan", "--all", "--json"]
            )  # fmt: skip
            self.assert_done(again)
            plans["inventory"] = again.plan()
            first = support.without_source(plans["soap"])
            for source, plan in plans.items():
                self.assertEqual(support.without_source(plan), first, f"{source} differs from soap")


def add_tests():
    for path in sorted(EXPECTED.glob("*.json")):
        name = path.stem
        setattr(ExpectedPorts, f"test_{name.replace('-', '_')}", lambda self, n=name: self.check(n))
    for name in support.deployments.every_name():
        setattr(SameFromEverySource, f"test_{name.replace('-', '_')}", lambda self, n=name: self.check(n))


class Rounds(support.Case):
    def test_soap_takes_one_login_and_one_further_round_trip(self):
        with support.Home("cluster") as home:
            home.serve()
            self.assert_done(home.run("plan", "--all", "--json", source="soap"))
            requests = (home.path / "soap.requests").read_text(encoding="utf-8").splitlines()
            self.assertEqual(len(requests), 2, requests)
            self.assertEqual(requests[0], "AuthRequest")
            self.assertIn("BatchRequest", requests[1])

    def test_zmprov_is_started_at_most_twice_for_many_servers(self):
        with support.Home(60) as home:
            for source in ("zmprov", "zmprov-ldap"):
                home.forget_starts()
                self.assert_done(home.run("plan", "--json", source=source))
                self.assertLessEqual(len(home.zmprov_starts()), 2)

    def test_a_change_of_global_config_is_seen_although_the_engine_caches_it(self):
        with support.Home("cluster") as home:
            home.serve()
            home.deployment.config["zimbraLmtpBindPort"] = ["17025"]
            home.deployment.save(home.path / ".standin" / "deployment.json")
            result = home.run("plan", "--server", "mbox2.example.com", "--json", source="soap")
            self.assert_done(result)
            ports = {e["endpoint"]: e["port"] for e in result.plan()["servers"][0]["open"]}
            self.assertEqual(ports["lmtp"], 17025)

    def test_the_plan_of_one_server_is_its_part_of_the_whole(self):
        with support.Home("cluster") as home:
            whole = home.run("plan", "--all", "--json", source="zmprov-ldap").plan()
            here = home.run("plan", "--json", source="zmprov-ldap").plan()
            other = home.run("plan", "--server", "proxy2.example.com", "--json", source="zmprov-ldap").plan()
            by_name = {s["name"]: s for s in whole["servers"]}
            self.assertEqual(here["servers"], [by_name["mbox1.example.com"]])
            self.assertEqual(other["servers"], [by_name["proxy2.example.com"]])

    def test_a_node_without_mailbox_service_asks_the_directory(self):
        """Its configured SOAP server is localhost, where nothing answers."""
        table = json.loads((EXPECTED / "cluster.json").read_text(encoding="utf-8"))["servers"]["mta1.example.com"]
        with support.Home("cluster", node="mta1.example.com") as home:
            home.misbehave("zmprov refused")
            result = home.run("plan", "--json")
            self.assert_done(result)
            self.assertEqual(result.plan()["source"]["kind"], "zmprov-ldap")
            found = expand_merged(read_entry(e) for e in result.plan()["servers"][0]["open"])
            wanted = expand_merged(read_line(line, home.deployment, "mta1.example.com") for line in table)
            self.assertEqual(found, wanted)

    def test_the_same_facts_give_the_same_bytes(self):
        with support.Home("dual-stack") as home:
            file = home.path / "inventory.json"
            file.write_text(home.run("discover", "--json", source="zmprov").out, encoding="utf-8")
            command = [support.BINARY, "--inventory", file, "--policy", home.path / "conf/zmfirewall.xml"]
            outputs = [support.run([*command, "plan", "--all", "--json"]).out for _ in range(3)]
            # But for the line that says when.
            runs = {re.sub('(?m)^  "made_at": "[0-9TZ:-]+",$', "", output) for output in outputs}
            self.assertNotIn(outputs[0], runs)
            self.assertEqual(len(runs), 1)


if __name__ == "__main__":
    support.need_binary()
    add_tests()
    unittest.main(verbosity=1)
