"""The commands of docs/cookbook.md do what it says: those marked as tested run against the stand-in."""

import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

import cookbook
from support import BINARY, Case, Home, need_binary, run


def home_for(carbonio, node=None):
    return Home("carbonio-ce-five", node, components=False) if carbonio else Home("cluster")


class Cookbook(Case):
    def test_it_has_a_recipe_for_what_people_do(self):
        for heading in ("A single server", "A cluster", "Behind NAT", "With docker on the host", "Moving a port",
                        "Adding a node", "The upgrade weekend", "Carbonio, several servers"):  # fmt: skip
            self.assertIn(f"\n## {heading}\n", cookbook.TEXT)

    def test_its_commands_work_and_print_what_it_shows(self):
        for heading, blocks in cookbook.recipes():
            with self.subTest(heading), home_for("Carbonio" in heading) as home, tempfile.TemporaryDirectory() as folder:
                home.serve()
                self.try_recipe(blocks, home, folder)

    def try_recipe(self, blocks, home, folder):
        environment = {**os.environ, "PATH": f"{self.wrapper(home)}:{home.path}/bin:{os.environ['PATH']}"}

        def run_line(line):
            return subprocess.run(["sh", "-c", line], cwd=folder, env=environment, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL, timeout=120, check=False)  # fmt: skip

        for block in blocks:
            if block.as_root:
                continue  # tests/package runs these as well, as root of a machine of their own
            cookbook.prepare(block.when, home.path, run_line)
            printed = ""
            for line in block.lines:
                done = run_line(line)
                self.assertIn(done.returncode, block.statuses(line), f"{line}: {done.stdout}")
                printed += done.stdout
            self.assertEqual(cookbook.missing_lines(block, printed.replace(str(home.path), "/opt/zimbra")), [], printed)

    def wrapper(self, home):
        wrapper = pathlib.Path(home.folder) / "bin" / "zmfirewall"
        wrapper.parent.mkdir()
        wrapper.write_text(
            f"#!/bin/sh\nexec {shlex.join(map(str, [BINARY, *home.places()]))} \"$@\"\n", encoding="utf-8"
        )
        wrapper.chmod(0o755)
        return wrapper.parent

    def test_its_policies_are_accepted(self):
        policies = re.findall(r"(?s)```xml\n(.*?)```", cookbook.TEXT)
        self.assertGreaterEqual(len(policies), 3)
        for number, policy in enumerate(policies):
            # Seen from srv5, which only itself knows where no inventory is joined.
            with home_for("srv5" in policy, "srv5.example.com") as home:
                path = pathlib.Path(home.folder) / f"policy{number}.xml"
                path.write_text(policy, encoding="utf-8")
                done = home.run("plan", source="zmprov-ldap", more=["--policy", path])
                # The names of the stand-in do not resolve; a policy with a mistake is another status, and is named.
                self.assertIn(done.status, (0, 3), f"{policy}\n{done.err}")
                self.assertNotIn(str(path), done.err)

    def test_every_command_that_it_names_exists(self):
        commands = run([BINARY, "--help"]).out
        for name in re.findall(r"zmfirewall (?:--inventory \S+ )?([a-z]+)", cookbook.TEXT):
            if name not in ("and", "exits"):
                self.assertRegex(commands, rf"(?m)^  {name} ", name)


if __name__ == "__main__":
    need_binary()
    unittest.main(argv=[sys.argv[0], "-v"])
