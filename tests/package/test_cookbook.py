#!/usr/bin/env python3
"""The recipes of docs/cookbook.md from beginning to end in a private Debian with our package: as zimbra what zimbra does,
as root what root does."""

import os
import pathlib
import shutil
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "debian"), str(HERE.parent / "e2e")]
import cookbook  # noqa: E402
import debian_root  # noqa: E402
from packages import packed  # noqa: E402

debian_root.need()

SOURCE = pathlib.Path(os.environ["ZMFIREWALL_SOURCE_DIR"])
HOME = "/opt/zimbra"
ADDRESS = "10.0.0.41"  # of mbox1.example.com in the cluster


class Recipes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.package = packed("DEB")
        cls.addClassCleanup(shutil.rmtree, cls.package.parent)

    def machine(self):
        binds = {self.package.parent: "/mnt/package", SOURCE: "/mnt/source"}
        machine = debian_root.Machine("mbox1", binds=binds)
        for command in (f"ip address add {ADDRESS}/24 dev lo",
                        f"useradd --system --home-dir {HOME} --shell /bin/bash zimbra",
                        f"/mnt/source/tests/standin/standin build cluster {HOME}", f"mkdir {HOME}/data",
                        f"chown -R zimbra: {HOME}", f"dpkg -i /mnt/package/{self.package.name}"):  # fmt: skip
            status, output = machine.run(command.split())
            self.assertEqual(status, 0, output)
        return machine

    def run_line(self, machine, line, as_root):
        environment = {**debian_root.ENVIRONMENT, "PATH": f"{debian_root.PATH}:{HOME}/bin"}
        user = "root" if as_root else "zimbra"
        command = ["runuser", "-u", user, "--", "sh", "-c", f"cd ~{user} && {line}"]
        return machine.run(command, env=environment)

    def test_work_with_their_commands_for_root(self):
        for heading, blocks in cookbook.recipes():
            if not any(block.as_root for block in blocks):
                continue
            with self.subTest(heading):
                machine = self.machine()
                try:
                    self.try_recipe(machine, blocks)
                finally:
                    machine.close()

    def try_recipe(self, machine, blocks):
        for block in blocks:
            cookbook.prepare(block.when, machine.path(HOME), lambda line: self.run_line(machine, line, False))
            printed = ""
            for line in block.lines:
                status, output = self.run_line(machine, line, block.as_root)
                self.assertIn(status, block.statuses(line), f"{line}: {output}")
                printed += output
            if block.as_root:
                self.assertEqual(cookbook.missing_lines(block, printed), [], printed)
        self.assertIn("table inet zmfirewall", machine.run(["nft", "list", "tables"])[1])


if __name__ == "__main__":
    unittest.main(verbosity=2)
