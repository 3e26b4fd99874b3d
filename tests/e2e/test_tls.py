"""Whom the SOAP source trusts, and that nobody else gets the password."""

import shutil
import unittest

import support

STRICT = {"ssl_allow_untrusted_certs": "false"}


class Tls(support.Case):
    def home(self, **localconfig):
        home = support.Home("single", localconfig=localconfig)
        self.addCleanup(home.close)
        return home.serve()

    def logins(self, home):
        path = home.path / "soap.requests"
        return path.read_text(encoding="utf-8").count("AuthRequest") if path.exists() else 0

    def test_the_own_ca_is_trusted_without_a_word(self):
        home = self.home(**STRICT)
        result = home.run("plan", "--json", source="soap")
        self.assert_done(result)
        self.assertNotIn("certificate", result.err.lower())

    def test_a_wrong_certificate_gets_no_password(self):
        home = self.home(**STRICT)
        home.misbehave("soap wrong-certificate")
        result = home.run("plan", "--json", source="soap")
        self.assert_refused(result, (3, 4))
        self.assertIn("certificate", result.err.lower())
        self.assertEqual(self.logins(home), 0)

    def test_on_loopback_untrusted_certificates_may_be_allowed_and_are_told(self):
        home = self.home(ssl_allow_untrusted_certs="true")
        home.misbehave("soap wrong-certificate")
        result = home.run("plan", "--json", source="soap")
        self.assert_done(result)
        self.assertIn("certificate", result.err.lower())
        self.assertEqual(self.logins(home), 1)

    def test_no_verify_works_and_warns_on_every_run(self):
        home = self.home(**STRICT)
        for lines in (["soap wrong-certificate"], []):
            home.misbehave(*lines)
            result = home.run("plan", "--json", source="soap", more=["--tls-no-verify"])
            self.assert_done(result)
            self.assertRegex(result.err, "(?i)not verified|no-verify|unverified|not checked")

    def test_another_ca_can_be_named(self):
        home = self.home(**STRICT)
        other = home.path / "site-ca.pem"
        shutil.move(home.path / "conf" / "ca" / "ca.pem", other)
        self.assert_refused(home.run("plan", "--json", source="soap"), (3, 4))
        self.assert_done(home.run("plan", "--json", source="soap", more=["--tls-ca", other]))

    def test_a_named_ca_that_is_not_there_is_an_error(self):
        home = self.home(**STRICT)
        result = home.run("plan", "--json", source="soap", more=["--tls-ca", home.path / "absent.pem"])
        self.assertNotIn(result.status, (0, 1, 70))
        self.assertIn("absent.pem", result.err)

    def test_a_redirect_takes_the_password_nowhere(self):
        first, second = self.home(**STRICT), self.home(**STRICT)
        first.misbehave(f"soap redirect https://127.0.0.1:{second.port}/service/admin/soap/")
        self.assert_refused(first.run("plan", "--json", source="soap"), (3, 4))
        self.assertEqual(self.logins(second), 0)


if __name__ == "__main__":
    support.need_binary()
    unittest.main(verbosity=1)
