#!/usr/bin/env python3
"""audit as root against rules that a kernel really has: nothing where they are the plan's, and exactly what was changed
where somebody changed them; with nftables, iptables and ufw."""

import json
import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import root  # noqa: E402

root.enter("nft", "iptables", "ip6tables", "ipset", "ufw")
import surroundings  # noqa: E402


def sh(text):
    subprocess.run(["sh", "-ec", text], check=True, stdout=subprocess.DEVNULL)


class Drift(root.Case):
    """The plan is that of the inventory which audit is given, so that nothing else differs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.zimbra = root.support.Home("cluster", node=root.SERVER)
        cls.addClassCleanup(cls.zimbra.close)
        os.chmod(cls.zimbra.folder, 0o755)
        cls.plan_text = cls.zimbra.run("plan", "--all", "--json", source="zmprov-ldap").out
        cls.inventory = pathlib.Path(cls.zimbra.folder) / "inventory.json"
        cls.inventory.write_text(cls.zimbra.run("discover", "--json", source="zmprov-ldap").out, encoding="utf-8")

    def setUp(self):
        super().setUp()
        (self.root / "proc").symlink_to("/proc")

    def audit(self, *options, start=()):
        command = self.command("--zimbra-home", self.zimbra.path, "--inventory", self.inventory, "audit", *options)
        done = subprocess.run([*start, *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, env=self.environment, timeout=root.DEADLINE,
                              check=False)  # fmt: skip
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return done.stdout

    def report(self, **more):
        return json.loads(self.audit("--json", **more))

    def rules(self):
        """What the report says of the loaded rules; the finding has to say the same."""
        report = self.report()
        self.assertIn("rules", report, report["rules_unseen"])
        rules = report["rules"]
        found = [f["id"] for f in report["findings"] if f["id"].startswith("rules-")]
        expected = "rules-drift" if rules["format"] else "rules-absent"
        self.assertEqual(found, [] if rules["same"] else [expected])
        self.assertEqual(len(rules["differences"]), rules["missing"] + rules["extra"] + rules["past"])
        return rules

    def assert_drift(self, *lines):
        self.assertEqual(sorted(self.rules()["differences"]), sorted(lines))

    def assert_same(self):
        rules = self.rules()
        self.assertEqual((rules["format"], rules["differences"], rules["same"]), (self.rules_format, [], True))

    def test_a_user_who_may_not_look_is_told_so(self):
        report = self.report(start=("unshare", "--user"))  # without a map: as nobody
        self.assertNotIn("rules", report)
        self.assertEqual(report["rules_unseen"], "only root can see them")
        self.assertEqual([f for f in report["findings"] if f["id"].startswith("rules-")], [])


class Nftables(Drift):
    def load(self):
        self.apply()
        self.do("confirm")
        self.assert_same()

    def nft(self, text):
        root.load(text)

    def handle(self, chain, words):
        listing = subprocess.run(["nft", "-a", "list", "chain", "inet", "zmfirewall", chain], stdout=subprocess.PIPE,
                                 text=True, check=True).stdout
        line = next(line for line in listing.splitlines() if words in line)
        return line.strip().split(" # handle ")

    def test_no_rules_at_all(self):
        rules = self.rules()
        self.assertEqual((rules["format"], rules["same"]), ("", False))
        self.assertIn("none of ours", self.audit())

    def test_rules_of_the_plan(self):
        self.load()
        self.assertIn("as planned", self.audit())

    def test_rules_that_somebody_else_loaded(self):
        """Emitted and loaded without apply: there is no record, and they are compared all the same."""
        emitted = self.zimbra.run("emit", "nftables", source="zmprov-ldap").out
        self.nft(emitted)
        self.assert_same()
        self.nft("delete table inet zmfirewall")
        self.assertEqual(self.rules()["format"], "")

    def test_an_added_port(self):
        self.load()
        self.nft("insert rule inet zmfirewall input tcp dport 9 accept")
        self.assert_drift("- chain input: tcp dport 9 accept")

    def test_a_deleted_rule(self):
        self.load()
        rule, handle = self.handle("input", "iif")
        self.nft(f"delete rule inet zmfirewall input handle {handle}")
        self.assert_drift(f"+ chain input: {rule}")

    def test_a_widened_set(self):
        self.load()
        listing = self.table()
        name = next(line.split()[1] for line in listing.splitlines() if line.strip().startswith("set ")
                    and "4" in line)  # fmt: skip
        self.nft(f"add element inet zmfirewall {name} {{ 203.0.113.9 }}")
        self.assert_drift(f"- set {name}: 203.0.113.9")

    def test_another_policy_of_the_chain(self):
        self.load()
        before = next(line.strip() for line in self.table().splitlines() if "hook input" in line)
        self.assertIn("policy drop", before)
        after = before.replace("policy drop", "policy accept")
        self.nft(f"add chain inet zmfirewall input {{ {after} }}")
        self.assert_drift(f"+ chain input: {before}", f"- chain input: {after}")

    def test_a_table_that_sleeps(self):
        self.load()
        self.nft("add table inet zmfirewall { flags dormant; }")
        self.assert_drift("- table inet zmfirewall: flags dormant")

    def test_a_flushed_table_and_one_that_is_gone(self):
        self.load()
        self.nft("flush table inet zmfirewall")
        rules = self.rules()
        self.assertEqual((rules["extra"], rules["past"]), (0, 0))
        self.assertGreater(rules["missing"], 10)
        self.nft("delete table inet zmfirewall")
        rules = self.rules()
        self.assertEqual((rules["format"], rules["extra"]), ("nftables", 0))
        self.assertIn("+ chain input", rules["differences"])

    def test_tables_of_others_are_no_drift(self):
        root.load(root.DOCKER + root.FAIL2BAN)
        self.load()


class Iptables(Drift):
    rules_format = "iptables"

    def setUp(self):
        super().setUp()
        sh("for t in iptables ip6tables; do $t -F; $t -X; done; ipset destroy")

    def load(self):
        self.apply()
        self.do("confirm")
        self.assert_same()

    def test_rules_that_somebody_changed(self):
        self.load()
        sh("iptables -I ZMFIREWALL-IN -p tcp --dport 9 -j ACCEPT")
        self.assert_drift("- ipv4 -A ZMFIREWALL-IN -p tcp -m tcp --dport 9 -j ACCEPT")
        sh("iptables -D ZMFIREWALL-IN -p tcp --dport 9 -j ACCEPT; ip6tables -D INPUT -j ZMFIREWALL-IN")
        self.assert_drift("+ ipv6 -A INPUT -j ZMFIREWALL-IN")
        sh("ip6tables -A INPUT -j ZMFIREWALL-IN")
        self.assert_same()

    def test_a_widened_set(self):
        self.load()
        names = subprocess.run(["ipset", "list", "-n"], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
        name = next((name for name in names if name.startswith("zmfirewall4")), None)
        if name is None:
            self.skipTest("the plan has no sets")
        sh(f"ipset add {name} 203.0.113.9")
        self.assert_drift(f"- ipset add {name} 203.0.113.9")

    def test_rules_of_others_that_are_asked_before_ours(self):
        self.load()
        sh("iptables -I INPUT -i lo -j ACCEPT; iptables -N f2b; iptables -A f2b -s 198.51.100.9 -j REJECT;"
           "iptables -I INPUT -j f2b")
        self.assert_same()
        sh("iptables -I INPUT -p tcp --dport 11211 -j ACCEPT")
        self.assert_drift("! ipv4 -A INPUT -p tcp -m tcp --dport 11211 -j ACCEPT")

    def test_flushed_chains(self):
        self.load()
        sh("iptables -F; ip6tables -F")
        rules = self.rules()
        self.assertEqual((rules["extra"], rules["past"]), (0, 0))
        self.assertIn("+ ipv4 -A INPUT -j ZMFIREWALL-IN", rules["differences"])


class Ufw(Drift):
    rules_format = "ufw"

    def setUp(self):
        # The copies come with a /run of their own.
        surroundings.for_ufw()
        type(self).make_templates()
        super().setUp()

    def test_rules_that_somebody_changed(self):
        sh("ufw --force enable")
        self.apply()
        self.do("confirm")
        self.assert_same()
        sh("ufw allow 11211/tcp")
        self.assertIn("! ALLOW IN 11211/tcp from Anywhere", self.rules()["differences"])
        sh("ufw delete allow 11211/tcp")
        self.assert_same()
        added = subprocess.run(["ufw", "show", "added"], stdout=subprocess.PIPE, text=True, check=True).stdout
        ours = [line for line in added.splitlines() if "zmfirewall-" in line][-1].split(" comment ")[0]
        sh(ours.replace("ufw allow", "ufw delete allow"))
        rules = self.rules()
        self.assertEqual((rules["missing"], rules["extra"], rules["past"]), (1, 0, 0))
        sh(ours)
        sh("ufw default allow incoming")
        self.assertEqual(self.rules()["past"], 1)
        sh("ufw --force disable")
        self.assert_drift("! ufw is not active: none of its rules is in force")


del Drift  # a base, and no case of its own


if __name__ == "__main__":
    unittest.main(verbosity=2)
