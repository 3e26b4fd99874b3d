#!/usr/bin/env python3
"""The emitted files, loaded by the real firewalld in a machine of the private Debian tree: exactly the plan's (source,
port) pairs pass, a second run changes nothing, a new plan removes what is stale, and undo leaves nothing."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import deployed  # noqa: E402
import hosts  # noqa: E402
import surroundings  # noqa: E402

support = hosts.support()
support.need_binary()
debian_root = hosts.debian_root()
debian_root.need()
hosts.enter_namespaces(as_root=True)

SERVER = "mbox1.example.com"


class Enforcement(unittest.TestCase):
    def setUp(self):
        hosts.make_bridge()
        self.deployment = deployed.Deployment(support, "crowded", "firewalld")
        self.addCleanup(self.deployment.close)
        folder = self.deployment.emission.folder.name
        self.machine = self.deployment.hosts[SERVER].machine(debian_root, {folder: folder})
        self.addCleanup(self.machine.close)

    def run_on_host(self, *command):
        status, output = self.machine.run(command)
        self.assertEqual(status, 0, output)
        return output

    def own_files(self):
        found = self.run_on_host("find", "/etc/firewalld", "-type", "f", "-name", "zmfirewall*", "-printf", "%P\n")
        return sorted(found.split())

    def emitted(self, server):
        folder = self.deployment.rules_of(server)
        return sorted(str(path.relative_to(folder)) for path in folder.glob("*/*.xml"))

    def test_follows_the_plan_from_the_first_run_to_the_undo(self):
        rules = self.deployment.rules_of(SERVER)
        self.run_on_host("sh", rules / "zmfirewall-apply.sh", "check")
        self.assertEqual(self.own_files(), [])
        surroundings.start_firewalld(self.machine)
        self.run_on_host("sh", rules / "zmfirewall-apply.sh")
        self.assertEqual(self.own_files(), sorted(self.emitted(SERVER) + ["zmfirewall-previous-zone"]))

        packets = list(self.deployment.packets([SERVER]))
        self.deployment.compare(self, packets)

        self.assertEqual(self.run_on_host("sh", rules / "zmfirewall-apply.sh"), "")

        other = self.deployment.rules_of("mta1.example.com")
        self.run_on_host("sh", other / "zmfirewall-apply.sh")
        self.assertEqual(self.own_files(), sorted(self.emitted("mta1.example.com") + ["zmfirewall-previous-zone"]))

        broken = pathlib.Path(other) / "zones" / "zmfirewall.xml"
        text = broken.read_text(encoding="utf-8")
        broken.write_text(text.replace("</zone>", ""), encoding="utf-8")
        status, output = self.machine.run(["sh", other / "zmfirewall-apply.sh"])
        self.assertEqual(status, 1, output)
        self.assertIn("nothing was changed", output)

        self.run_on_host("sh", other / "zmfirewall-undo.sh")
        self.assertEqual(self.own_files(), [])
        self.assertEqual(self.run_on_host("firewall-cmd", "--get-default-zone").strip(), "public")


if __name__ == "__main__":
    unittest.main(verbosity=2)
