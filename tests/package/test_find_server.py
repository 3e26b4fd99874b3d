#!/usr/bin/env python3
"""Whose host it is, as the scripts of the packages and the generator of the unit find it: below a folder of the test."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

PACKAGE = pathlib.Path(os.environ["ZMFIREWALL_SOURCE_DIR"]) / "install/package"
COMMANDS = {"zimbra": "bin/zmprov", "zextras": "bin/carbonio"}


class Host(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="zmfirewall-server-"))
        self.addCleanup(shutil.rmtree, self.root)
        self.users = []

    def script(self, text, *arguments):
        """What a shell makes of it, which knows the users of the test and no others."""
        functions = (PACKAGE / "functions.sh").read_text(encoding="utf-8")
        self.assertIn("zimbra:/opt/zimbra zextras:/opt/zextras", functions)
        functions = functions.replace(":/opt/", f":{self.root}/opt/")
        known = f'getent() {{ case " {" ".join(self.users)} " in *" $2 "*) ;; *) return 2 ;; esac; }}\n'
        done = subprocess.run(["sh", "-c", text.replace("@PACKAGE_FUNCTIONS@", known + functions), "script", *arguments],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)  # fmt: skip
        return done.returncode, done.stdout.replace(str(self.root), ""), done.stderr

    def found(self):
        status, out, self.told = self.script("set -eu\n@PACKAGE_FUNCTIONS@\nfind_server\necho $user $home\n")
        return status, out.strip()

    def make(self, user, whole):
        self.users.append(user)
        home = self.root / "opt" / user
        (home / "bin").mkdir(parents=True)
        if whole:
            (home / "conf").mkdir()
            (home / "conf/localconfig.xml").touch()
            (home / COMMANDS[user]).touch()
        return home

    def drop_in(self):
        units = self.root / "units"
        status, _, self.told = self.script((PACKAGE / "zmfirewall-generator.in").read_text(encoding="utf-8"), str(units))
        self.assertEqual(status, 0, self.told)
        file = units / "zmfirewall-recompute.service.d/10-server.conf"
        return file.read_text(encoding="utf-8") if file.exists() else None

    def test_of_nobody_has_no_server(self):
        self.assertEqual(self.found(), (1, ""))
        self.assertEqual(self.told, "")
        self.assertIsNone(self.drop_in())

    def test_with_one_home_and_its_user_is_that_ones_even_if_it_is_not_whole_yet(self):
        for user in COMMANDS:
            with self.subTest(user):
                self.setUp()
                self.make(user, whole=False)
                self.assertEqual(self.found(), (0, f"{user} /opt/{user}"))

    def test_with_a_home_whose_user_is_gone_is_not_that_ones(self):
        self.make("zimbra", whole=True)
        self.make("zextras", whole=False)
        self.users.remove("zimbra")
        self.assertEqual(self.found(), (0, "zextras /opt/zextras"))

    def test_with_leftovers_is_of_the_one_that_is_whole(self):
        for user, other in (("zimbra", "zextras"), ("zextras", "zimbra")):
            with self.subTest(user):
                self.setUp()
                self.make(user, whole=True)
                home = self.make(other, whole=True)
                (home / COMMANDS[other]).unlink()
                self.assertEqual(self.found(), (0, f"{user} /opt/{user}"))
                self.assertEqual(self.told, "")
                self.assertIs("User=zextras" in self.drop_in(), user == "zextras")

    def test_with_two_that_are_alike_is_nobodys_and_that_is_said(self):
        for whole in (True, False):
            with self.subTest(whole=whole):
                self.setUp()
                self.make("zimbra", whole)
                self.make("zextras", whole)
                self.assertEqual(self.found(), (2, ""))
                self.assertIn("cannot be told", self.told)
                self.assertEqual(self.drop_in(), "[Unit]\nConditionPathExists=!/\n", "the unit must not start")


if __name__ == "__main__":
    unittest.main()
