#!/usr/bin/env python3
"""The emitted playbook, run by the real Ansible on a machine of the private Debian tree, with stand-ins for systemd's
programs: it loads the rules once, keeps a way back that works, and takes everything away again."""

import pathlib
import re
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import hosts  # noqa: E402

support = hosts.support()
support.need_binary()
debian_root = hosts.debian_root()
debian_root.need()
hosts.enter_namespaces(as_root=True)

SERVER = "mbox1.example.com"
FAKES = pathlib.Path("/run/fakes")
LOG = FAKES / "log"
FAKE = f"""#!/bin/sh
echo "${{0##*/}} $*" >>{LOG}
"""


ENVIRONMENT = {**debian_root.ENVIRONMENT, "PATH": f"{FAKES}:{debian_root.PATH}", "ANSIBLE_NOCOLOR": "1"}


class Rollout(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="zmfirewall-ansible-")
        self.addCleanup(folder.cleanup)
        self.emitted = pathlib.Path(folder.name) / "emitted"
        with support.Home("dual-stack") as home:
            done = home.run("emit", "ansible", "--all", "--output", self.emitted, source="zmprov")
        self.assertIn(done.status, (0, 1), done.err)
        self.machine = debian_root.Machine(SERVER, binds={self.emitted: self.emitted})
        self.addCleanup(self.machine.close)
        self.machine.path(FAKES).mkdir()
        for program in ("systemctl", "systemd-run"):
            self.fake(program, FAKE)

    def fake(self, program, text):
        path = self.machine.path(FAKES / program)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)

    def table(self):
        status, output = self.machine.run(["nft", "list", "table", "inet", "zmfirewall"])
        return output if status == 0 else ""

    def log(self):
        return self.machine.path(LOG).read_text(encoding="utf-8")

    def forget_log(self):
        self.machine.path(LOG).write_text("", encoding="utf-8")

    def play(self, book, *more):
        """The counts of the last line of the report."""
        settings = {"ansible_connection": "local", "ansible_become": "false", "ansible_python_interpreter": "/usr/bin/python3"}
        words = [word for key, value in settings.items() for word in ("-e", f"{key}={value}")]
        playbook = ["ansible-playbook", "-i", "inventory.yml", "--limit", SERVER, *words, *more, book]
        script = 'cd "$1"; shift; exec "$@"'
        status, output = self.machine.run(["sh", "-c", script, "sh", self.emitted, *playbook], env=ENVIRONMENT)
        self.assertEqual(status, 0, output)
        return {name: int(count) for name, count in re.findall(r"(\w+)=(\d+)", output.splitlines()[-2])}

    def test_loads_once_with_a_way_back_and_goes_away_whole(self):
        self.play("zmfirewall.yml", "--check")
        self.assertEqual(self.table(), "")

        self.assertGreater(self.play("zmfirewall.yml")["changed"], 0)
        first = self.table()
        self.assertIn("chain tcp_7025", first)
        calls = self.log()
        self.assertIn("systemd-run --unit=zmfirewall-rollback --on-active=60 /usr/sbin/nft -f ", calls)
        self.assertTrue(calls.find("systemd-run ") < calls.find("systemctl stop zmfirewall-rollback.timer\nsystemctl daemon"))
        self.assertIn("systemctl enable zmfirewall.service", calls)

        self.forget_log()
        self.assertEqual(self.play("zmfirewall.yml")["changed"], 0)
        self.assertEqual(self.log(), "")

        rules = self.emitted / "files" / SERVER / "zmfirewall.nft"
        other = self.emitted / "files" / "mta1.example.com" / "zmfirewall.nft"
        rules.write_text(other.read_text(encoding="utf-8"), encoding="utf-8")
        self.play("zmfirewall.yml")
        self.assertNotIn("chain tcp_7025", self.table())
        way_back = re.search("--on-active=60 (.*)", self.log()).group(1)
        status, output = self.machine.run(way_back.split())
        self.assertEqual(status, 0, output)
        self.assertIn("chain tcp_7025", self.table())

        self.play("zmfirewall-undo.yml")
        self.assertEqual(self.table(), "")
        self.assertFalse(self.machine.path("/etc/zmfirewall").exists())
        self.assertFalse(self.machine.path("/etc/systemd/system/zmfirewall.service").exists())

    def test_stops_where_another_firewall_is_active(self):
        self.fake("firewall-cmd", "#!/bin/sh\n")
        with self.assertRaises(AssertionError) as refused:
            self.play("zmfirewall.yml")
        self.assertIn("firewalld is active", str(refused.exception))
        self.assertEqual(self.table(), "")


if __name__ == "__main__":
    unittest.main(verbosity=2)
