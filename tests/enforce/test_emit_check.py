#!/usr/bin/env python3
"""`emit --check` reads every local format by the program it is for, as a plain user can: and what such a program would
cut, skip or misread without a word is refused by checks of our own."""

import os
import pathlib
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import deployed  # noqa: E402
import hosts  # noqa: E402

support = hosts.support()
support.need_binary()
debian_root = hosts.debian_root()
hosts.enter_namespaces("nft", "iptables", "ipset", as_root=os.geteuid() == 0)

SERVER = "mbox1.example.com"
TEMPLATES = support.SOURCE / "templates"
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs"]
ZONE, SCRIPT = "zones/zmfirewall.xml", "zmfirewall-apply.sh"


def as_nobody(command):
    """As root: as somebody who is not."""
    return [*(NOBODY if hosts.was_root() else []), *map(str, command)]


class Check(unittest.TestCase):
    def emit(self, rules_format, *before):
        with support.Home("crowded") as home:
            inventory = home.path / "inventory.json"
            found = home.run("discover", "--json", source="zmprov")
            inventory.write_text(found.out, encoding="utf-8")
            output = home.path / "emitted"
            output.mkdir()
            os.chmod(output, 0o777)
            for path in (home.folder, home.path, home.path / "conf"):
                os.chmod(path, 0o755)
            roots = ["--zimbra-home", home.path, "--system-root", home.path / "root", "--inventory", inventory]
            return support.run([*before, *as_nobody([
                support.BINARY, *roots, "emit", rules_format, "--all", "--check", "--output", output])])  # fmt: skip

    def assert_checked(self, result, outputs_of_a_server):
        self.assertEqual(result.status, 0, result.err)
        self.assertNotIn("not checked", result.err)
        self.assertIn(f"checked: {6 * outputs_of_a_server} of", result.err)

    def test_of_nftables_is_made_by_nft(self):
        self.assert_checked(self.emit("nftables"), 1)

    def test_of_iptables_is_made_by_iptables_restore(self):
        self.assert_checked(self.emit("iptables"), 4)

    @unittest.skipUnless(hosts.was_root() and shutil.which("xtables-legacy-multi"), "mounts another iptables, as root")
    def test_of_iptables_is_made_by_the_legacy_one_where_that_is_installed(self):
        mount = "mount --bind /usr/sbin/xtables-legacy-multi /usr/sbin/xtables-nft-multi"
        script = mount + '; iptables --version; exec "$@"'
        result = self.emit("iptables", "unshare", "--mount", "sh", "-ec", script, "sh")
        self.assertIn("(legacy)", result.out)
        if "not permitted" in result.err or "Table does not exist" in result.err:
            self.skipTest(f"this kernel has no legacy iptables: {result.err}")
        self.assert_checked(result, 4)

    @unittest.skipUnless(shutil.which("ufw"), "ufw is not installed")
    def test_of_ufw_is_made_by_its_own_reader_and_parser(self):
        self.assert_checked(self.emit("ufw"), 3)

    @unittest.skipUnless(hosts.was_root(), "the Debian tree needs root")
    def test_of_firewalld_is_made_by_its_offline_checker(self):
        emission = deployed.Emission(support, "crowded", "firewalld")
        self.addCleanup(emission.close)
        folder = emission.folder.name
        os.chmod(folder, 0o755)
        machine = debian_root.Machine("offline", binds={folder: folder})
        self.addCleanup(machine.close)
        # What the manifest says, as the command runs it.
        script = emission.rules_of("firewalld", SERVER) / SCRIPT
        command = as_nobody(["unshare", "-r", "-n", "--", "sh", script, "check"])
        self.assertEqual(machine.run(command), (0, ""))
        zone = script.parent / ZONE
        zone.write_text(zone.read_text(encoding="utf-8").replace("<rule ", "<role ", 1), encoding="utf-8")
        status, output = machine.run(command)
        self.assertEqual(status, 1, output)
        self.assertIn("firewalld would not take these files", output)


class OwnChecks(unittest.TestCase):
    """Right files with one mistake each."""

    @classmethod
    def setUpClass(cls):
        cls.emission = deployed.Emission(support, "crowded", "iptables", "ufw", "firewalld")
        cls.addClassCleanup(cls.emission.close)

    def told(self, rules_format, folder, output=SCRIPT):
        command = ["python3", "-B", TEMPLATES / rules_format / "check.py", folder / output]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        return done.returncode, done.stdout

    def assert_refused(self, rules_format, name, right, wrong, told, rename=None, output=SCRIPT):
        copy = pathlib.Path(self.emission.folder.name) / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.emission.rules_of(rules_format, SERVER), copy)
        path = next(path for path in sorted(copy.glob(name)) if right in path.read_text(encoding="utf-8"))
        path.write_text(path.read_text(encoding="utf-8").replace(right, wrong, 1), encoding="utf-8")
        if rename:
            path.rename(path.with_name(rename))
        with self.subTest(told):
            status, answer = self.told(rules_format, copy, output)
            self.assertEqual(status, 1, answer)
            self.assertIn(told, answer)

    @unittest.skipUnless(shutil.which("ufw"), "ufw is not installed")
    def test_refuse_what_ufw_would_skip_or_misread(self):
        folder = self.emission.rules_of("ufw", SERVER)
        self.assertEqual(self.told("ufw", folder), (0, ""))
        script = (folder / SCRIPT).read_text(encoding="utf-8")
        name = "zmfirewall" + script.partition("\n[zmfirewall")[2].partition("]")[0]
        many = ",".join(str(port) for port in range(1000, 1014))
        allow = "ufw allow from 192.168.1.50 to any app"
        for right, wrong, told in (
            (f"[{name}]", "[smtp]", "ufw would skip the profile smtp"),
            (f"[{name}]", "[25]", "ufw would skip the profile 25"),
            (f"[{name}]", f"[{name}{'x' * 64}]", "ufw would skip the profile"),
            (f"title={name}", "", "ufw would skip the profile"),
            ("ports=22/tcp", "ports=22", "without a protocol"),
            ("ports=22/tcp", "ports=22, 23/tcp", "ufw would skip the profile"),
            ("ports=22/tcp", "ports=22-23/tcp", "ufw would skip the profile"),
            ("ports=22/tcp", "ports=22/TCP", "ufw would skip the profile"),
            ("ports=22/tcp", f"ports={many},1:2/tcp", "ufw would skip the profile"),
            (f"title={name}", "title=" + "x" * 1025, "ufw would skip the profile"),
            (f"[{name}]", f"[{name}]\ntitle=x\ndescription=x\nports=1/tcp\n[{name}]", "ufw would skip the whole file"),
            (allow, "ufw allow from 192.168.1.50 app", "ports for those of the source"),
            (allow, "ufw allow from 192.168.1.50,192.168.1.51 to any app", "ufw does not take"),
            (allow, "ufw allow from mail.example.com to any app", "ufw does not take"),
            (f"{allow} {name}", f"{allow} zmfirewall-other", "names no profile"),
            ("comment 'zmfirewall ssh'", "comment \"it's\"", "ufw does not take"),
        ):
            self.assert_refused("ufw", SCRIPT, right, wrong, told)

    def test_refuse_what_iptables_would_cut(self):
        for name in ("zmfirewall.rules4", "zmfirewall.rules6"):
            self.assertEqual(self.told("iptables", self.emission.rules_of("iptables", SERVER), name), (0, ""))
            for right, size, told in (('--log-prefix "', 13, "30 bytes, 29"), ('--comment "', 250, "bytes, 255")):
                self.assert_refused("iptables", name, right, right + "x" * size, told, output=name)

    def test_refuse_what_firewalld_does_not_notice(self):
        self.assertEqual(self.told("firewalld", self.emission.rules_of("firewalld", SERVER)), (0, ""))
        source4 = '<source ipset="zmfirewall4-'
        for name, right, wrong, told in (
            (ZONE, source4, '<source ipset="zmfirewall4-x', "there is no ipset"),
            (ZONE, '<rule family="ipv4"><source ipset', '<rule family="ipv6"><source ipset', "in a rule of ipv6"),
            (ZONE, '<service name="zmfirewall-', '<service name="zmfirewall-x', "there is no service"),
            (ZONE, '<rule family="ipv6"><source address', "<rule><source address", "an address and no family"),
            (ZONE, '<rule family="ipv6"><source address', '<rule family="ipv4"><source address', "in a rule of ipv4"),
            (ZONE, "<short>", f'{source4}1"/><short>', "a zone for sources"),
            ("ipsets/zmfirewall4-*.xml", "</ipset>", "<entry>0.0.0.0/0</entry></ipset>", "ipset does not take"),
            ("ipsets/zmfirewall4-*.xml", "</ipset>", "<entry>2001:db8::1</entry></ipset>", "not of the family"),
            ("ipsets/zmfirewall4-*.xml", "</ipset>", "<entry>10.0.0.1/24</entry></ipset>", "host bits"),
            ("ipsets/zmfirewall4-*.xml", "<entry>10.", "<entry>10.0.0.0/8</entry><entry>10.", "overlap"),
            (ZONE, "</zone>", "", "no element found"),
        ):
            self.assert_refused("firewalld", name, right, wrong, told)
        self.assert_refused("firewalld", ZONE, "", "", "17 characters", "zmfirewall-of-mail.xml")
        self.assert_refused("firewalld", "ipsets/*.xml", "", "", "31 characters", "x" * 32 + ".xml")


if __name__ == "__main__":
    unittest.main(verbosity=2)
