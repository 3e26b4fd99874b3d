"""A source that fails, lies or dies never yields a smaller plan: another source answers, or none and no result."""

import unittest

import support

QUICK = 3  # seconds that a source gets in these tests
SLACK = 9  # seconds beyond the deadlines for the run itself, on a busy machine

SOAP_FAILURES = [
    "hang", "hang batch", "hang-tls", "trickle", "close", "truncate", "truncate-xml", "flood", "gzip-bomb",
    "auth-failed", "auth-expired", "auth-expired-inline", "perm-denied", "servers-failure", "servers-failure auth",
    "config-failure",
    "html-error", "html-error batch", "html-ok", "json", "redirect", "redirect batch", "hidden-attribute", "empty",
    "empty-list", "doctype", "missing-response GetAllConfig", "missing-response GetAllServers",
    "missing-server mbox1.example.com", "duplicate-server mbox2.example.com", "server-name a;;rm -rf",
    'server-name "} accept', "wrong-certificate", "die",
]  # fmt: skip
ZMPROV_FAILURES = [
    "hang", "stubborn", "die", "truncate", "truncate names", "flood", "flood-stderr", "refused", "auth-failed",
    "perm-denied", "exit-status 1", "exit-status 2", "error-line", "error-line-late", "missing-block mbox2.example.com",
    "empty", "not-found", "missing-server mbox1.example.com", "duplicate-server mbox2.example.com",
    "server-name a;;rm -rf", 'server-name "} accept', "forged-value",
]  # fmt: skip


class FailingSoap(support.Case):
    @classmethod
    def setUpClass(cls):
        cls.home = support.Home("cluster", localconfig={"ssl_allow_untrusted_certs": "false"})
        cls.right = support.without_source(cls.home.run("plan", "--all", "--json", source="zmprov-ldap").plan())

    @classmethod
    def tearDownClass(cls):
        cls.home.close()

    def setUp(self):
        self.home.misbehave()
        self.home.serve()
        self.addCleanup(self.home.stop_server)

    def check(self, mode):
        self.home.misbehave(f"soap {mode}")
        alone = self.home.run("plan", "--all", "--json", source="soap", timeout=QUICK)
        self.assert_refused(alone, (3, 4))
        self.assertLess(alone.seconds, QUICK + SLACK)
        if mode == "die":
            self.home.stop_server()
            self.home.serve()
        after = self.home.run("plan", "--all", "--json", timeout=QUICK)
        self.assert_done(after)
        self.assertLess(after.seconds, 3 * QUICK + SLACK)
        self.assertEqual(after.plan()["source"]["kind"], "zmprov")
        self.assertEqual(support.without_source(after.plan()), self.right)
        self.assertRegex(after.err.lower(), "soap", "the reason for falling back must name what failed")

    def test_a_slow_answer_is_an_answer(self):
        self.home.misbehave("soap slow 0.3")
        result = self.home.run("plan", "--all", "--json", source="soap")
        self.assert_done(result)
        self.assertEqual(support.without_source(result.plan()), self.right)

    def test_a_refused_flush_is_a_warning(self):
        self.home.misbehave("soap flush-refused")
        result = self.home.run("plan", "--all", "--json", source="soap")
        self.assert_done(result)
        self.assertRegex(result.err.lower(), "flush|cache")
        self.assertEqual(support.without_source(result.plan()), self.right)

    def test_a_stopped_server_is_told_and_passed_over(self):
        self.home.stop_server()
        self.assert_refused(self.home.run("plan", "--json", source="soap"), (3, 4))
        result = self.home.run("plan", "--all", "--json")
        self.assert_done(result)
        self.assertEqual(support.without_source(result.plan()), self.right)
        self.assertIn("soap", result.err.lower())

    def test_when_all_fail_each_reason_is_told(self):
        self.home.misbehave("soap html-error", "zmprov refused", "zmprov-ldap ldap-down")
        result = self.home.run("plan", "--all", "--json")
        self.assert_refused(result, (3, 4))
        for word in ("502", "zmprov", "-l"):
            self.assertIn(word, result.err)


class FailingZmprov(support.Case):
    @classmethod
    def setUpClass(cls):
        cls.home = support.Home("cluster")
        cls.right = support.without_source(cls.home.run("plan", "--all", "--json", source="zmprov-ldap").plan())

    @classmethod
    def tearDownClass(cls):
        cls.home.close()

    def check(self, mode):
        self.home.misbehave(f"zmprov {mode}")
        alone = self.home.run("plan", "--all", "--json", source="zmprov", timeout=QUICK)
        self.assert_refused(alone, (3, 4))
        self.assertLess(alone.seconds, QUICK + SLACK)
        after = self.home.run("plan", "--all", "--json", timeout=QUICK)
        self.assert_done(after)
        self.assertEqual(after.plan()["source"]["kind"], "zmprov-ldap")
        self.assertEqual(support.without_source(after.plan()), self.right)
        self.assertIn("zmprov", after.err)

    def test_a_directory_that_is_down_is_no_answer(self):
        self.home.misbehave("zmprov-ldap ldap-down")
        self.assert_refused(self.home.run("plan", "--json", source="zmprov-ldap"), (3, 4))

    def test_output_without_echo_reads_the_same(self):
        self.home.misbehave("zmprov no-echo")
        result = self.home.run("plan", "--all", "--json", source="zmprov")
        self.assert_done(result)
        self.assertEqual(support.without_source(result.plan()), self.right)

    def test_a_child_that_keeps_the_pipe_open_holds_nobody_up(self):
        self.home.misbehave("zmprov orphan")
        result = self.home.run("plan", "--all", "--json", source="zmprov", timeout=QUICK)
        self.assertLess(result.seconds, 2 * QUICK + SLACK)
        if result.status in (0, 1):
            self.assertEqual(support.without_source(result.plan()), self.right)
        else:
            self.assert_refused(result, (3, 4))

    def test_a_missing_program_is_no_answer(self):
        with support.Home("cluster") as home:
            (home.path / "bin" / "zmprov").unlink()
            self.assert_refused(home.run("plan", "--json", source="zmprov"), (3, 4))


class BrokenFiles(support.Case):
    def test_an_unreadable_localconfig_stops_with_its_name(self):
        with support.Home("single") as home:
            (home.path / "conf" / "localconfig.xml").write_text("<localconfig><key name=", encoding="utf-8")
            result = home.run("plan", "--json", source="zmprov-ldap")
            self.assert_refused(result, (3,))
            self.assertIn("localconfig.xml", result.err)

    def test_a_malformed_master_cf_stops_with_its_line(self):
        with support.Home("single") as home:
            path = home.path / "common" / "conf" / "master.cf"
            path.write_text(path.read_text(encoding="utf-8") + "999999 inet n - n - - smtpd\n", encoding="utf-8")
            result = home.run("plan", "--json", source="zmprov-ldap")
            self.assert_refused(result, (3,))
            self.assertIn("master.cf", result.err)


def add_tests():
    def method(mode):
        return "test_" + "".join(c if c.isalnum() else "_" for c in mode)

    for mode in SOAP_FAILURES:
        setattr(FailingSoap, method(mode), lambda self, m=mode: self.check(m))
    for mode in ZMPROV_FAILURES:
        setattr(FailingZmprov, method(mode), lambda self, m=mode: self.check(m))


if __name__ == "__main__":
    support.need_binary()
    add_tests()
    unittest.main(verbosity=1)
