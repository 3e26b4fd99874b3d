#!/usr/bin/env python3
"""apply, confirm, rollback, status and remove with the real firewalld, in a machine of the private Debian tree."""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "enforce"))
import hosts  # noqa: E402
import surroundings  # noqa: E402

support = hosts.support()
support.need_binary()
debian_root = hosts.debian_root()
debian_root.need()
hosts.enter_namespaces(as_root=True)

SERVER = "mbox1.example.com"
DEADLINE = 120


class Firewalld(unittest.TestCase):
    def setUp(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="zmfirewall-handover-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)
        self.folder = folder
        shutil.copy(support.BINARY, folder / "zmfirewall")
        shutil.copytree(support.SOURCE / "templates", folder / "templates", copy_function=shutil.copyfile)
        subprocess.run(["chown", "-R", "root:root", folder], check=True)
        subprocess.run(["chmod", "-R", "u=rwX,go=rX", folder / "templates"], check=True)
        with support.Home("cluster", node=SERVER) as home:
            text = home.run("discover", "--json", source="zmprov-ldap").out
            (folder / "inventory.json").write_text(text, encoding="utf-8")
            shutil.copytree(home.path, folder / "home", symlinks=True)
            for name in ("plan", "other"):
                text = home.run("plan", "--all", "--json", source="zmprov-ldap").out
                (folder / f"{name}.json").write_text(text, encoding="utf-8")
                home.policy('<allow port="10050" protocol="tcp" from="10.0.9.9" comment="monitoring"/>')
        self.machine = debian_root.Machine(SERVER, binds={folder: folder})
        self.addCleanup(self.machine.close)
        surroundings.start_firewalld(self.machine)

    def do(self, *arguments, status=0):
        found, output = self.machine.run(
            [self.folder / "zmfirewall", "--data", self.folder / "templates", *arguments]
        )
        self.assertEqual(found, status, output)
        return output

    def apply(self, plan, timeout=600):
        self.do("apply", self.folder / f"{plan}.json", "--format", "firewalld", "--timeout", timeout)

    def run_on_host(self, *command):
        status, output = self.machine.run(command)
        self.assertEqual(status, 0, output)
        return output

    def files(self):
        found = self.run_on_host("find", "/etc/firewalld", "-type", "f", "-name", "zmfirewall*", "-printf", "%P\n")
        return sorted(found.split())

    def zone(self):
        return self.run_on_host("firewall-cmd", "--get-default-zone").strip()

    def test_from_the_first_load_to_the_removal(self):
        pending = self.machine.path("/var/lib/zmfirewall/pending")
        self.apply("plan", timeout=1)
        end = time.monotonic() + DEADLINE
        while pending.exists():
            self.assertLess(time.monotonic(), end, "not taken back")
            time.sleep(0.1)
        self.assertEqual((self.files(), self.zone()), ([], "public"))

        self.apply("plan")
        self.assertEqual(self.zone(), "zmfirewall")
        self.do("confirm")
        self.assertIn("same: firewalld", self.do("status"))
        first = self.files()
        self.apply("other")
        self.assertNotEqual(self.files(), first)
        self.do("rollback")
        self.assertEqual(self.files(), first)
        self.assertIn("same: firewalld", self.do("status"))
        self.run_on_host("rm", "/etc/firewalld/zones/zmfirewall.xml")
        self.assertIn("  + zones/zmfirewall.xml", self.do("status", status=1))
        self.do("remove")
        self.assertEqual((self.files(), self.zone()), ([], "public"))

    def drift(self):
        """What audit as root says of the loaded rules."""
        found, output = self.machine.run(
            [self.folder / "zmfirewall", "--data", self.folder / "templates", "--zimbra-home", self.folder / "home",
             "--inventory", self.folder / "inventory.json", "audit", "--json"]
        )  # fmt: skip
        self.assertIn(found, (0, 1), output)
        report = json.loads(output[output.index("{") :])
        return report["rules"]

    def test_audit_tells_what_somebody_changed(self):
        self.assertEqual((self.drift()["format"], self.drift()["same"]), ("", False))
        self.apply("plan")
        self.do("confirm")
        rules = self.drift()
        self.assertEqual((rules["format"], rules["differences"], rules["same"]), ("firewalld", [], True))
        self.run_on_host("firewall-cmd", "--zone", "zmfirewall", "--add-port", "11211/tcp")
        rules = self.drift()
        self.assertFalse(rules["same"])
        self.assertTrue(any("11211/tcp" in line for line in rules["differences"]), rules)
        self.run_on_host("firewall-cmd", "--reload")
        self.assertTrue(self.drift()["same"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
