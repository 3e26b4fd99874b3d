"""The commands of docs/cookbook.md do what it says: those marked as tested run against the stand-in."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

from support import BINARY, SOURCE, Case, Home, need_binary, run

COOKBOOK = SOURCE / "docs" / "cookbook.md"
TEXT = COOKBOOK.read_text(encoding="utf-8")


def recipes():
    """Headings with the commands of their tested blocks."""
    for part in re.split(r"(?m)^## ", TEXT):
        lines = [line for block in re.findall(r"(?s)```sh\n# tested\n(.*?)```", part) for line in block.splitlines()]
        if lines:
            yield part.splitlines()[0], lines


class Cookbook(Case):
    def test_it_has_a_recipe_for_what_people_do(self):
        for heading in ("A single server", "A cluster", "Behind NAT", "With docker on the host", "Moving a port",
                        "Adding a node", "The upgrade weekend"):  # fmt: skip
            self.assertIn(f"\n## {heading}\n", TEXT)

    def test_its_commands_work(self):
        for heading, lines in recipes():
            with self.subTest(heading), Home("cluster") as home, tempfile.TemporaryDirectory() as folder:
                wrapper = pathlib.Path(home.folder) / "bin" / "zmfirewall"
                wrapper.parent.mkdir()
                wrapper.write_text(
                    f'#!/bin/sh\nexec "{BINARY}" --zimbra-home "{home.path}" --system-root "{home.path}/root" "$@"\n',
                    encoding="utf-8",
                )
                wrapper.chmod(0o755)
                home.serve()
                environment = {**os.environ, "PATH": f"{wrapper.parent}:{os.environ['PATH']}"}
                for line in lines:
                    done = subprocess.run(["sh", "-c", line], cwd=folder, env=environment, capture_output=True, text=True,
                                          stdin=subprocess.DEVNULL, timeout=120, check=False)  # fmt: skip
                    allowed = (0, 1) if "doctor" in line else (0,)
                    self.assertIn(done.returncode, allowed, f"{line}: {done.stderr}")

    def test_its_policies_are_accepted(self):
        policies = re.findall(r"(?s)```xml\n(.*?)```", TEXT)
        self.assertGreaterEqual(len(policies), 3)
        with Home("cluster") as home:
            for number, policy in enumerate(policies):
                path = pathlib.Path(home.folder) / f"policy{number}.xml"
                path.write_text(policy, encoding="utf-8")
                done = home.run("plan", source="zmprov-ldap", more=["--policy", path])
                # The names of the stand-in do not resolve; a policy with a mistake is another status, and is named.
                self.assertIn(done.status, (0, 3), f"{policy}\n{done.err}")
                self.assertNotIn(str(path), done.err)

    def test_every_command_that_it_names_exists(self):
        commands = run([BINARY, "--help"]).out
        for name in re.findall(r"zmfirewall (?:--inventory \S+ )?([a-z]+)", TEXT):
            if name not in ("and", "exits"):
                self.assertRegex(commands, rf"(?m)^  {name} ", name)


if __name__ == "__main__":
    need_binary()
    unittest.main(argv=[sys.argv[0], "-v"])
