"""zmfirewall doctor on installations that are broken in one way each: it names what, and the fix."""

import json
import os
import pathlib
import pty
import re
import select
import sys
import unittest

from support import BINARY, Case, Home, check_schema, need_binary

HEALTH = {"ok", "warning", "failed", "not known"}


def checks(result):
    return json.loads(result.out)["checks"]


class Doctor(Case):
    def setUp(self):
        self.home = Home("single").serve()
        self.addCleanup(self.home.close)

    def doctor(self, *arguments, timeout=10, more=()):
        result = self.home.run("doctor", "--json", *arguments, timeout=timeout, more=more)
        self.assertIn(result.status, (0, 1), result.err)
        return result

    def one(self, result, subject):
        found = [check for check in checks(result) if check["subject"] == subject]
        self.assertTrue(found, f"no check of {subject}: {result.out}")
        return next((check for check in found if check["health"] != "ok"), found[0])

    def assert_failed(self, result, subject, *words):
        check = self.one(result, subject)
        self.assertEqual(check["health"], "failed", check)
        self.assertNotEqual(check["fix"], "", check)
        for word in words:
            self.assertIn(word, check["found"] + check["fix"])
        self.assertEqual(result.status, 1)

    def test_every_check_has_a_health_and_what_is_wrong_has_a_fix_and_nothing_secret(self):
        result = self.doctor()
        check_schema(json.loads(result.out), "doctor-1")
        for check in checks(result):
            self.assertIn(check["health"], HEALTH)
            self.assertNotEqual(check["found"], "", check)
            if check["health"] == "failed":
                self.assertNotEqual(check["fix"], "", check)
        for subject in ("source soap", "source zmprov", "source zmprov-ldap", "catalogue", "templates", "policy", "state"):
            self.assertEqual(self.one(result, subject)["health"], "ok", self.one(result, subject))
        for secret in self.home.secrets():
            self.assertNotIn(str(secret), result.out + result.err)

    def test_text_is_for_people_and_ends_with_a_count(self):
        result = self.home.run("doctor", timeout=10)
        self.assertRegex(result.out, r"\n\d+ ok, \d+ warnings, \d+ failed, \d+ not known\n$")
        self.assertNotIn("\x1b", result.out)

    def test_a_home_that_is_none_fails_and_the_sources_are_not_known(self):
        (self.home.path / "conf" / "localconfig.xml").unlink()
        result = self.doctor()
        self.assert_failed(result, "localconfig.xml", "localconfig.xml")
        self.assertEqual(self.one(result, "source soap")["health"], "not known")

    def test_a_file_that_cannot_be_read_fails_and_one_that_is_absent_is_told(self):
        sshd = self.home.path / "root" / "etc" / "ssh" / "sshd_config"
        sshd.unlink()
        self.assertEqual(self.one(self.doctor(), "sshd_config")["health"], "warning")
        sshd.mkdir()  # root reads whatever its mode is, but no folder
        self.assert_failed(self.doctor(), "sshd_config", str(sshd), "chmod")

    def test_a_policy_with_a_mistake_fails_with_its_line(self):
        self.home.policy('<close endpoint="memcachd"/>')
        self.assert_failed(self.doctor(), "policy", "memcached")

    def test_data_that_are_nowhere_fail(self):
        result = self.doctor(more=["--data", self.home.path])
        self.assert_failed(result, "catalogue", "catalogue")
        self.assert_failed(result, "templates")

    def test_a_stopped_mailboxd_is_a_warning_while_another_source_answers(self):
        self.home.stop_server()
        result = self.doctor()
        self.assertEqual(self.one(result, "source soap")["health"], "warning")
        self.assertEqual(self.one(result, "source zmprov-ldap")["health"], "ok")
        self.assertEqual(self.one(result, "tls")["health"], "not known")

    def test_no_source_at_all_fails(self):
        self.home.stop_server()
        (self.home.path / "bin" / "zmprov").unlink()
        result = self.doctor()
        self.assert_failed(result, "source zmprov", "zmprov")
        self.assert_failed(result, "source zmprov-ldap", "zmprov")
        self.assertEqual(self.one(result, "peers")["health"], "not known")

    def test_a_zmprov_that_hangs_ends_in_time(self):
        self.home.stop_server()
        (self.home.path / "bin" / "zmprov").write_text("#!/bin/sh\nsleep 600\n", encoding="utf-8")
        result = self.doctor(timeout=1)
        self.assert_failed(result, "source zmprov")

    def test_a_state_folder_that_is_none_fails(self):
        (self.home.path / "data").mkdir(exist_ok=True)
        (self.home.path / "data" / "zmfirewall").write_text("", encoding="utf-8")
        self.assert_failed(self.doctor(), "state", "no folder", "install -d")

    def test_a_peer_that_does_not_resolve_is_named(self):
        inventory = json.loads(self.home.run("discover", "--json", source="zmprov-ldap").out)
        inventory["servers"][0]["attributes"]["zimbraServiceHostname"] = ["nowhere.invalid"]
        inventory["resolved"] = {"nowhere.invalid": {"addresses": [], "problem": "unknown"}}
        path = pathlib.Path(self.home.folder) / "inventory.json"
        path.write_text(json.dumps(inventory), encoding="utf-8")
        result = self.doctor(more=["--inventory", path])
        self.assert_failed(result, "peers", "nowhere.invalid", "/etc/hosts")
        self.assertEqual(self.one(result, "source soap")["health"], "not known")

    def test_an_unknown_source_is_a_mistake_of_usage(self):
        self.assert_refused(self.home.run("doctor", source="telepathy"), (2,))


class Terminal(Case):
    """Progress, on a terminal of our own."""

    def on_terminal(self, environment, *arguments):
        """What a person sees; standard output goes elsewhere."""
        child, terminal = pty.fork()
        if child == 0:
            out = os.open("/dev/null", os.O_WRONLY)
            os.dup2(out, 1)
            os.execve(BINARY, [BINARY, *map(str, arguments)], {"PATH": os.environ["PATH"], **environment})
        seen = b""
        while select.select([terminal], [], [], 60)[0]:
            try:
                part = os.read(terminal, 4096)
            except OSError:
                break
            if not part:
                break
            seen += part
        os.close(terminal)
        os.waitpid(child, 0)
        return seen.decode()

    def slow_home(self):
        home = Home("single")
        self.addCleanup(home.close)
        zmprov = home.path / "bin" / "zmprov"
        zmprov.rename(home.path / "bin" / "zmprov.fast")
        zmprov.write_text("#!/bin/sh\nsleep 3\nexit 1\n", encoding="utf-8")
        zmprov.chmod(0o755)
        return ["--zimbra-home", home.path, "--system-root", home.path / "root", "--source", "zmprov-ldap", "discover"]

    def test_what_takes_long_is_told_on_a_terminal_and_erased(self):
        seen = self.on_terminal({"TERM": "xterm"}, *self.slow_home())
        self.assertIn("asking the installation ... 1 s", seen)
        self.assertTrue(re.search(r"\r\x1b\[Kzmfirewall: ", seen), repr(seen))

    def test_a_dumb_terminal_and_a_pipe_get_none(self):
        seen = self.on_terminal({"TERM": "dumb"}, *self.slow_home())
        self.assertNotIn("asking", seen)
        self.assertNotIn("\x1b", seen)


if __name__ == "__main__":
    need_binary()
    unittest.main(argv=[sys.argv[0], "-v"])
