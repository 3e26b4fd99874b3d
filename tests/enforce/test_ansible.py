#!/usr/bin/env python3
"""The emitted playbook, run by the real Ansible on this machine, in namespaces with a copy of /etc and with stand-ins for
systemd's programs: it loads the rules once, keeps a way back that works, and takes everything away again."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import hosts  # noqa: E402

support = hosts.support()
support.need_binary()
hosts.enter_namespaces("nft", "ansible-playbook")

SERVER = "mbox1.example.com"
FAKES = pathlib.Path("/run/fakes")
LOG = FAKES / "log"
FAKE = f"""#!/bin/sh
echo "${{0##*/}} $*" >>{LOG}
"""


def mount_copies():
    """The mounts end with this process."""
    subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
    subprocess.run(["cp", "-a", "/etc", "/run/etc"], stderr=subprocess.DEVNULL, check=False)  # but for what is secret
    subprocess.run(["mount", "--bind", "/run/etc", "/etc"], check=True)
    FAKES.mkdir()
    for program in ("systemctl", "systemd-run"):
        (FAKES / program).write_text(FAKE, encoding="utf-8")
        (FAKES / program).chmod(0o755)
    os.environ["PATH"] = f"{FAKES}:{os.environ['PATH']}"
    pathlib.Path("/etc/systemd/system").mkdir(parents=True, exist_ok=True)


def table():
    done = subprocess.run(["nft", "list", "table", "inet", "zmfirewall"], capture_output=True, text=True, check=False)
    return done.stdout


class Rollout(unittest.TestCase):
    def setUp(self):
        mount_copies()
        folder = tempfile.TemporaryDirectory(prefix="zmfirewall-ansible-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.emitted = self.folder / "emitted"
        with support.Home("dual-stack") as home:
            done = home.run("emit", "ansible", "--all", "--output", self.emitted, source="zmprov")
        self.assertIn(done.status, (0, 1), done.err)

    def play(self, book, *more):
        """The counts of the last line of the report."""
        settings = {"ansible_connection": "local", "ansible_become": "false", "ansible_python_interpreter": sys.executable}
        words = [word for key, value in settings.items() for word in ("-e", f"{key}={value}")]
        done = subprocess.run(
            ["ansible-playbook", "-i", "inventory.yml", "--limit", SERVER, *words, *more, book],
            cwd=self.emitted,
            env={**os.environ, "HOME": str(self.folder), "LC_ALL": "C.UTF-8", "ANSIBLE_NOCOLOR": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stdout)
        return {name: int(count) for name, count in re.findall(r"(\w+)=(\d+)", done.stdout.splitlines()[-2])}

    def test_loads_once_with_a_way_back_and_goes_away_whole(self):
        self.play("zmfirewall.yml", "--check")
        self.assertEqual(table(), "")

        self.assertGreater(self.play("zmfirewall.yml")["changed"], 0)
        first = table()
        self.assertIn("chain tcp_7025", first)
        calls = LOG.read_text(encoding="utf-8")
        self.assertIn("systemd-run --unit=zmfirewall-rollback --on-active=60 /usr/sbin/nft -f ", calls)
        self.assertTrue(calls.find("systemd-run ") < calls.find("systemctl stop zmfirewall-rollback.timer\nsystemctl daemon"))
        self.assertIn("systemctl enable zmfirewall.service", calls)

        LOG.write_text("", encoding="utf-8")
        self.assertEqual(self.play("zmfirewall.yml")["changed"], 0)
        self.assertEqual(LOG.read_text(encoding="utf-8"), "")

        rules = self.emitted / "files" / SERVER / "zmfirewall.nft"
        other = self.emitted / "files" / "mta1.example.com" / "zmfirewall.nft"
        rules.write_text(other.read_text(encoding="utf-8"), encoding="utf-8")
        self.play("zmfirewall.yml")
        self.assertNotIn("chain tcp_7025", table())
        way_back = re.search("--on-active=60 (.*)", LOG.read_text(encoding="utf-8")).group(1)
        subprocess.run(way_back.split(), check=True)
        self.assertIn("chain tcp_7025", table())

        self.play("zmfirewall-undo.yml")
        self.assertEqual(table(), "")
        self.assertFalse(pathlib.Path("/etc/zmfirewall").exists())
        self.assertFalse(pathlib.Path("/etc/systemd/system/zmfirewall.service").exists())

    def test_stops_where_another_firewall_is_active(self):
        (FAKES / "firewall-cmd").write_text("#!/bin/sh\n", encoding="utf-8")
        (FAKES / "firewall-cmd").chmod(0o755)
        with self.assertRaises(AssertionError) as refused:
            self.play("zmfirewall.yml")
        self.assertIn("firewalld is active", str(refused.exception))
        self.assertEqual(table(), "")


if __name__ == "__main__":
    unittest.main(verbosity=2)
