#!/usr/bin/env python3
"""apply, confirm, rollback, status and remove with iptables and ufw; ufw with copies of its own files."""

import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import root  # noqa: E402

root.enter("nft", "iptables", "ip6tables", "ipset", "ufw")
import surroundings  # noqa: E402


def output(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


class Iptables(root.Case):
    rules_format = "iptables"

    def setUp(self):
        super().setUp()
        for program in ("iptables", "ip6tables"):
            for arguments in (["-F"], ["-X"]):
                subprocess.run([program, *arguments], check=True)
        subprocess.run(["ipset", "destroy"], check=True)

    def saved(self, ours=True):
        lines = (output("iptables-save", "-t", "filter") + output("ip6tables-save", "-t", "filter")
                 + output("ipset", "save")).splitlines()  # fmt: skip
        lines = [line.split(" [")[0].split(" family ")[0] for line in lines if not line.startswith("#")]
        # The elements of a set have no order.
        elements = sorted(line for line in lines if line.startswith("add "))
        lines = [line for line in lines if not line.startswith("add ")] + elements
        return [line for line in lines if ("ZMF" in line or "zmfirewall" in line) == ours]

    def test_from_the_first_load_to_the_removal(self):
        for command in (["-N", "f2b-sshd"], ["-A", "f2b-sshd", "-s", "198.51.100.9", "-j", "REJECT"],
                        ["-A", "INPUT", "-p", "tcp", "--dport", "22", "-j", "f2b-sshd"], ["-N", "DOCKER-USER"],
                        ["-A", "FORWARD", "-j", "DOCKER-USER"]):  # fmt: skip
            subprocess.run(["iptables", *command], check=True)
        others = self.saved(ours=False)
        self.apply(timeout=1)
        self.wait_for("taken back", lambda: not self.pending())
        self.assertEqual(self.saved(), [])

        self.apply()
        self.assertIn("-A INPUT -j ZMFIREWALL-IN", self.saved())
        self.do("confirm")
        self.assertIn("same: iptables", self.do("status"))
        first = self.saved()
        unit = (self.root / "etc/systemd/system/zmfirewall.service").read_text(encoding="utf-8")
        self.assertIn("ExecStart=/bin/sh /var/lib/zmfirewall/confirmed/zmfirewall-apply.sh", unit)

        self.apply(self.other)
        self.assertNotEqual(self.saved(), first)
        self.do("rollback")
        self.assertEqual(self.saved(), first)
        subprocess.run(["iptables", "-I", "ZMFIREWALL-IN", "-p", "tcp", "--dport", "9", "-j", "ACCEPT"], check=True)
        self.assertIn("  - ipv4 -A ZMFIREWALL-IN -p tcp -m tcp --dport 9 -j ACCEPT", self.do("status", status=1))
        self.assertIn("zmfirewall remove first", self.do("apply", self.plan, "--format", "nftables", status=2))
        self.do("remove")
        self.assertEqual(self.saved(), [])
        self.assertEqual(self.saved(ours=False), others)
        self.assertFalse((self.root / "etc/systemd/system/zmfirewall.service").exists())

    def test_removal_where_it_is_lost_which_rules_were_confirmed(self):
        self.apply()
        self.do("confirm")
        (self.state / "confirmed").unlink()
        (self.state / "confirmed").symlink_to("../../etc")
        self.assertIn("are gone", self.do("remove"))
        self.assertEqual(self.saved(), [])

    def test_refuses_to_load_over_rules_that_it_could_not_bring_back(self):
        self.apply()
        script = next(self.state.glob("rules-*/zmfirewall-apply.sh")).parent
        emitted = pathlib.Path("/run/emitted")
        subprocess.run(["cp", "-r", script, emitted], check=True)
        self.do("rollback")
        subprocess.run(["sh", emitted / "zmfirewall-apply.sh"], check=True)
        before = self.saved()
        self.assertIn("it could not bring them back", self.apply(status=3))
        self.assertEqual(self.saved(), before)
        subprocess.run(["sh", emitted / "zmfirewall-undo.sh"], check=True)


class Ufw(root.Case):
    rules_format = "ufw"

    def setUp(self):
        # The copies come with a /run of their own.
        surroundings.for_ufw()
        type(self).make_templates()
        super().setUp()

    def added(self):
        lines = output("ufw", "show", "added").splitlines()
        return ([line for line in lines if "zmfirewall-" in line],
                [line for line in lines if line.startswith("ufw ") and "zmfirewall-" not in line])  # fmt: skip

    def test_from_the_first_load_to_the_removal(self):
        subprocess.run(["ufw", "allow", "from", "192.0.2.1", "to", "any", "port", "22", "proto", "tcp"], check=True)
        subprocess.run(["ufw", "--force", "enable"], check=True)
        others = self.added()[1]
        self.assertTrue(others)
        self.apply(timeout=1)
        self.wait_for("taken back", lambda: not self.pending())
        self.assertEqual(self.added(), ([], others), "ssh as well: there was another way in before")

        self.apply()
        at_boot = self.root / "etc/systemd/system/zmfirewall-rollback.service"
        self.assertIn(f"ExecStart={root.support.BINARY} rollback\n", at_boot.read_text(encoding="utf-8"))
        self.assertTrue(os.path.samefile(at_boot.parent / "multi-user.target.wants" / at_boot.name, at_boot))
        self.do("confirm")
        self.assertFalse(at_boot.exists())
        self.assertIn("same: ufw", self.do("status"))
        first = self.added()
        self.apply(self.other)
        self.assertNotEqual(self.added(), first)
        self.do("rollback")
        self.assertFalse(at_boot.exists())
        self.assertEqual(sorted(self.added()[0]), sorted(first[0]))
        self.assertIn("same: ufw", self.do("status"))
        subprocess.run(first[0][-1].split(" comment ")[0].replace("ufw allow", "ufw delete allow").split(), check=True)
        self.assertIn("  + allow", self.do("status", status=1))
        self.do("remove")
        ours, theirs = self.added()
        self.assertEqual(theirs, others)
        self.assertTrue(all("zmfirewall-ssh-" in line for line in ours), "what may be the only way in stays")
        self.assertFalse((self.root / "etc/systemd/system/zmfirewall.service").exists())


if __name__ == "__main__":
    unittest.main(verbosity=2)
