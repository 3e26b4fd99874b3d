#!/usr/bin/env python3
"""Observing rules let everything pass in a real kernel, and `observed` tells exactly what the plan denies."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import deployed  # noqa: E402
import hosts  # noqa: E402

support = hosts.support()
support.need_binary()
hosts.enter_namespaces("nft", "iptables", "ip6tables", "ipset")

SERVER = "mbox1.example.com"


class Observing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        hosts.make_bridge()

    def run_on(self, deployment, *command, status=0):
        done, output = deployment.hosts[SERVER].call("run", command=[str(word) for word in command])
        self.assertEqual(done, status, f"{command}: {output}")
        return output

    def observed(self, deployment, *arguments, status=0):
        folder = pathlib.Path(deployment.emission.folder.name)
        options = ("--inventory", folder / "inventory.json", "--policy", folder / "policy.xml")
        options += ("--system-root", folder / "root")
        command = (support.BINARY, *options, "observed", "--server", SERVER, *arguments)
        return self.run_on(deployment, *command, status=status)

    def check(self, deployment, load):
        """Everything passes; what the plan denies is counted, and nothing else."""
        packets = list(deployment.packets([SERVER]))
        for _ in range(2):  # loading again changes nothing
            load()
        lost = set(packets) - deployment.passing(packets, sure=packets)
        self.assertFalse(sorted(lost)[:10], "something is filtered by rules that only observe")
        allowed = deployment.allowed(packets)
        self.assertTrue(allowed)
        denied = {(p.source, p.protocol, p.port) for p in packets if not deployment.is_allowed(p)}
        report = self.report_of(deployment)
        seen = {(one["source"], one["protocol"], one["port"]) for one in report["observed"]}
        self.assertEqual(report["not_understood"], 0)
        self.assertFalse(sorted(denied - seen)[:10], "denied by the plan and not observed")
        self.assertFalse(sorted(seen - denied)[:10], "observed though the plan allows it")
        self.assertTrue(all(one["counted"] > 0 for one in report["observed"]))
        self.assertTrue({"tcp", "udp"} == {protocol for _, protocol, _ in seen})
        self.assertTrue({True, False} == {":" in source for source, _, _ in seen})
        likely = {one["likely"] for one in report["observed"]}
        self.assertTrue({"scan", "not-its-role"} <= likely, likely)

    def report_of(self, deployment):
        """What goes to standard error (sources that are not there) comes in front."""
        output = self.observed(deployment, "--json")
        return json.JSONDecoder().raw_decode(output, output.index("{\n"))[0]

    def test_nftables_accepts_all_and_counts_exactly_what_the_plan_denies(self):
        deployment = deployed.Deployment(support, "dual-stack", "nftables", observe=True)
        self.addCleanup(deployment.close)
        path = deployment.rules_of(SERVER) / "zmfirewall-observe.nft"
        self.check(deployment, lambda: self.run_on(deployment, "nft", "-f", path))
        self.run_on(deployment, "nft", "delete", "table", "inet", "zmfirewall_observe")
        self.assertIn("nothing that was observed can be read", self.observed(deployment, status=3))

    def test_iptables_accepts_all_and_counts_exactly_what_the_plan_denies(self):
        deployment = deployed.Deployment(support, "dual-stack", "iptables", observe=True)
        self.addCleanup(deployment.close)
        folder = deployment.rules_of(SERVER)
        script = ("env", f"XTABLES_LOCKFILE={folder / 'xtables.lock'}", "sh", folder / "zmfirewall-observe.sh")
        self.check(deployment, lambda: self.run_on(deployment, *script))
        self.run_on(deployment, *script, "undo")
        self.assertIn("nothing that was observed can be read", self.observed(deployment, status=3))


if __name__ == "__main__":
    unittest.main(verbosity=2)
