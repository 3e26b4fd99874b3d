#!/usr/bin/env python3
"""The lab as it is used by hand (README.md): up, rules, try, down, with nothing left behind, also when it is killed."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import cluster  # noqa: E402
import hosts  # noqa: E402

support = hosts.support()
support.need_binary()
hosts.debian_root().need()


class ByHand(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="zmfirewall-lab-command-")
        self.addCleanup(folder.cleanup)
        self.state = pathlib.Path(folder.name) / "state"
        self.addCleanup(self.lab, "down")

    def lab(self, *words):
        environment = {**os.environ, "ZMFIREWALL_LAB": str(self.state)}
        command = [sys.executable, "-B", HERE / "lab", *words]
        done = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        return done.returncode, done.stdout

    def done(self, *words):
        status, output = self.lab(*words)
        self.assertEqual(status, 0, output)
        return output

    def processes(self):
        """Of the machines: the first process of each names the folder that they share."""
        found = []
        for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                if str(self.state).encode() in path.read_bytes() and b"machine_init" in path.read_bytes():
                    found.append(int(path.parent.name))
            except OSError:
                pass  # ended meanwhile
        return found

    def test_takes_rules_and_leaves_one_out(self):
        self.assertIn("next: tests/lab/lab try", self.done("up"))
        self.assertIn("is up already", self.lab("up")[1])
        self.assertIn("1 of 1 flows work", self.done("try", "mta1.example.com -> mbox1.example.com lmtp"))
        self.done("rules")
        listed = self.done("sh", "mbox1", "nft", "list", "table", "inet", "zmfirewall")
        reason = re.search('"lmtp (r[0-9a-f]+)"', listed).group(1)
        self.assertIn("1 of 1 flows work", self.done("try", "mta1.example.com -> mbox1.example.com lmtp"))
        self.assertIn("(1 left out)", self.done("rules", "--without", reason))
        status, output = self.lab("try", "--seconds", "2", "mta1.example.com -> mbox1.example.com lmtp")
        self.assertEqual(status, 1)
        self.assertIn("FAILS  f-mta-lmtp: mta1.example.com -> mbox1.example.com lmtp (7025/tcp)", output)
        self.done("rules", "--none")
        self.assertEqual(self.lab("sh", "mbox1", "nft", "list", "tables")[1], "")

        self.done("down")
        self.assertFalse(self.state.exists())
        self.assertEqual(self.processes(), [])
        self.assertIn("there is no lab", self.lab("try")[1])

    def test_is_gone_when_it_is_killed(self):
        self.done("up")
        self.assertGreater(len(self.processes()), 8)
        os.kill(int((self.state / "pid").read_text(encoding="utf-8")), signal.SIGKILL)
        cluster.wait_for("the end of the machines", lambda: not self.processes())
        self.done("up")


if __name__ == "__main__":
    unittest.main(verbosity=2)
