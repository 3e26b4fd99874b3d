#!/usr/bin/env python3
"""The emitted ufw script, run by the real ufw: exactly the plan's (source, port) pairs pass, a second run changes
nothing, a new plan removes what is stale, and undo leaves only ssh."""

import os
import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import deployed  # noqa: E402
import hosts  # noqa: E402
import surroundings  # noqa: E402

support = hosts.support()
support.need_binary()
if os.geteuid() != 0:
    hosts.skip_program("ufw works for root only; run as root, its files and rules are copies in a namespace")
hosts.enter_namespaces("ufw", "iptables")

SERVER = "mbox1.example.com"


class Enforcement(unittest.TestCase):
    def setUp(self):
        surroundings.for_ufw()
        hosts.make_bridge()
        self.deployment = deployed.Deployment(support, "crowded", "ufw")
        self.addCleanup(self.deployment.close)
        self.host = self.deployment.hosts[SERVER]

    def run_on_host(self, *command):
        status, output = self.host.call("run", command=[str(word) for word in command])
        self.assertEqual(status, 0, output)
        return output

    def added(self):
        return [line for line in self.run_on_host("ufw", "show", "added").splitlines() if "zmfirewall-" in line]

    def test_follows_the_plan_from_the_first_run_to_the_undo(self):
        rules = self.deployment.rules_of(SERVER)
        output = self.run_on_host("sh", rules / "zmfirewall-apply.sh")
        self.assertIn("ufw is not active", output)
        added = self.added()
        self.run_on_host("ufw", "default", "deny", "incoming")
        self.run_on_host("ufw", "--force", "enable")

        packets = list(self.deployment.packets([SERVER]))
        self.deployment.compare(self, packets)

        output = self.run_on_host("sh", rules / "zmfirewall-apply.sh")
        self.assertNotIn("removing", output)
        self.assertNotIn("WARN", output)
        self.assertEqual(self.added(), added)

        other = self.deployment.rules_of("mta1.example.com")
        output = self.run_on_host("sh", other / "zmfirewall-apply.sh")
        self.assertIn("zmfirewall: removing: allow", output)
        script = (other / "zmfirewall-apply.sh").read_text(encoding="utf-8")
        for line in self.added():
            name = re.search("zmfirewall-[a-z0-9-]+", line).group()
            self.assertIn(f" {name} ", script)

        output = self.run_on_host("sh", other / "zmfirewall-undo.sh")
        self.assertIn("left, as you may need it to get in", output)
        left = self.added()
        self.assertTrue(left)
        self.assertTrue(all("zmfirewall-ssh-" in line for line in left), left)


if __name__ == "__main__":
    unittest.main(verbosity=2)
