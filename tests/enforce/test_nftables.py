#!/usr/bin/env python3
"""Exactly the (source, port) pairs of the plan pass the emitted nftables rules: every host of the deployment, a
stranger and an administrator's workstation connect to every port of the catalogue on every server."""

import collections
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import deployed  # noqa: E402
import hosts  # noqa: E402

support = hosts.support()
support.need_binary()
hosts.enter_namespaces("nft")


class Enforcement(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        hosts.make_bridge()

    def check(self, name):
        deployment = deployed.Deployment(support, name, "nftables")
        self.addCleanup(deployment.close)
        packets = list(deployment.packets())
        lost = set(packets) - deployment.passing(packets, sure=packets)
        self.assertFalse(sorted(lost)[:10], "without rules everything must arrive, or the test says nothing")
        for server in deployment.plans:
            self.load(deployment, server)
        return deployment, deployment.compare(self, packets)

    def load(self, deployment, server):
        path = str(deployment.rules_of(server) / "zmfirewall.nft")
        for _ in range(2):  # the second time replaces the first
            status, output = deployment.hosts[server].call("run", command=["nft", "-f", path])
            self.assertEqual(status, 0, f"{path} does not load: {output}")

    def test_lets_pass_exactly_what_the_plan_of_the_five_role_cluster_says(self):
        _, passed = self.check("cluster")
        by_client = collections.Counter((p.client, p.port) for p in passed if p.protocol == "tcp")
        # Independent of the plan: what a cluster is for, and what must not happen to it.
        self.assertGreaterEqual(by_client["stranger", 25], 1)
        self.assertGreaterEqual(by_client["stranger", 443], 2)
        self.assertEqual(by_client["stranger", 7071], 0)
        self.assertEqual(by_client["stranger", 11211], 0)
        self.assertEqual(by_client["workstation", 389], 0)
        self.assertGreaterEqual(by_client["workstation", 7071] + by_client["workstation", 9071], 1)
        self.assertGreaterEqual(by_client["mta1.example.com", 389], 1)
        self.assertGreaterEqual(by_client["proxy1.example.com", 11211], 1)

    def test_lets_pass_exactly_what_the_plan_says_in_both_families(self):
        deployment, passed = self.check("dual-stack")
        self.assertTrue(any(":" in p.source for p in passed))
        # Neighbour discovery goes on with the rules in force: forget all neighbours, ask again.
        proxy = deployment.hosts["proxy1.example.com"]
        for host in deployment.hosts.values():
            host.call("run", command=["ip", "neighbour", "flush", "all"])
        address = next(a for a in proxy.addresses if ":" in a)
        target = [deployed.OUTSIDERS["stranger"][1], address, 443, 1]
        answer = deployment.hosts["stranger"].call("connect", targets=[target], patience=deployed.PATIENCE)
        self.assertEqual(answer, [1])

    def test_lets_leave_exactly_what_the_outbound_plan_says(self):
        deployment = deployed.Deployment(support, "dual-stack", "nftables", outbound=True)
        self.addCleanup(deployment.close)
        deployment.check_outbound(self, lambda server: self.load(deployment, server))


if __name__ == "__main__":
    unittest.main(verbosity=2)
