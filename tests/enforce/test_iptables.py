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
        clients = ["mta1.example.com", "mbox1.example.com"]
        packets = [p for p in deployment.packets([*deployment.plans, "stranger"]) if p.client in clients]
        lost = set(packets) - deployment.passing(packets, sure=packets)
        self.assertFalse(sorted(lost)[:10], "without rules everything must arrive, or the test says nothing")
        for server in deployment.plans:
            self.run_script(deployment, server, "apply")
        passed = deployment.compare(self, packets)
        outside = {(p.client, p.protocol, p.port) for p in passed if p.server == "stranger"}
        # Independent of the plan: what an MTA is for, and what nobody should send out.
        self.assertIn((clients[0], "tcp", 25), outside)
        self.assertIn((clients[0], "udp", 53), outside)
        self.assertNotIn((clients[1], "tcp", 25), outside)
        for client in clients:
            self.assertFalse({port for c, _, port in outside if c == client} & {22, 389, 7025, 7071, 11211, 3306})
        # Answers leave: a stranger still gets in where the public may, and sshd answers.
        for port in (25, 22):
            stranger = deployment.hosts["stranger"].addresses[0]
            target = [stranger, deployment.plans[clients[0]]["addresses"][0], port, 1]
            self.assertEqual(deployment.hosts["stranger"].call("connect", targets=[target]), [1])


if __name__ == "__main__":
    unittest.main(verbosity=2)
