#!/usr/bin/env python3
"""Exactly the (source, port) pairs of the plan pass the emitted iptables rules, in both families."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import deployed  # noqa: E402
import hosts  # noqa: E402

support = hosts.support()
support.need_binary()
hosts.enter_namespaces("iptables", "ip6tables", "ipset")


class Enforcement(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        hosts.make_bridge()

    def check(self, name):
        deployment = deployed.Deployment(support, name, "iptables")
        self.addCleanup(deployment.close)
        packets = list(deployment.packets())
        for server in deployment.plans:
            self.run_script(deployment, server, "apply")
        deployment.compare(self, packets)
        return deployment

    def run_script(self, deployment, server, name):
        script = str(deployment.rules_of(server) / f"zmfirewall-{name}.sh")
        lock = str(deployment.rules_of(server) / "xtables.lock")
        for _ in range(2):  # the second time changes nothing
            command = ["env", f"XTABLES_LOCKFILE={lock}", "sh", script]
            status, output = deployment.hosts[server].call("run", command=command)
            self.assertEqual(status, 0, f"{script}: {output}")

    def test_lets_pass_exactly_what_the_plan_of_the_five_role_cluster_says(self):
        self.check("cluster")

    def test_lets_pass_exactly_what_the_plan_says_in_both_families_until_it_is_undone(self):
        deployment = self.check("crowded")
        server = "mbox1.example.com"
        self.run_script(deployment, server, "undo")
        packets = list(deployment.packets([server]))
        lost = set(packets) - deployment.passing(packets, sure=packets)
        self.assertFalse(sorted(lost)[:10], "something is still filtered")

    def test_lets_leave_exactly_what_the_outbound_plan_says(self):
        deployment = deployed.Deployment(support, "dual-stack", "iptables", outbound=True)
        self.addCleanup(deployment.close)
        deployment.check_outbound(self, lambda server: self.run_script(deployment, server, "apply"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
