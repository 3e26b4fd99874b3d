"""What LDAP holds is not trusted: secrets never come out, hostile values never reach a rule."""

import hashlib
import re
import unittest

import support

COMMANDS = [
    ["discover"], ["discover", "--json"], ["plan", "--all"], ["plan", "--all", "--json"], ["explain", "7071"],
    ["explain", "zimbra_ldap_password"], ["emit", "nftables", "--all"], ["emit", "ufw", "--all"],
]  # fmt: skip
TOKEN = re.compile(r"0_[0-9a-f]{40}_")


def folder_state(path):
    return {
        str(p.relative_to(path)): hashlib.sha256(p.read_bytes()).hexdigest() for p in path.rglob("*") if p.is_file()
    }


class Secrets(support.Case):
    def look(self, home, result, what):
        for text in (result.out, result.err):
            for secret in home.secrets():
                self.assertNotIn(secret, text, what)
            self.assertIsNone(TOKEN.search(text), f"{what}: a token")
            self.assertNotIn("PRIVATE KEY", text, what)

    def test_no_command_shows_one(self):
        for deployment in ("single", "demo"):
            with support.Home(deployment) as home:
                home.serve()
                for source in ("soap", "zmprov-ldap"):
                    for command in COMMANDS:
                        self.look(home, home.run(*command, source=source), f"{source} {command}")

    def test_no_failure_shows_one(self):
        with support.Home("single") as home:
            home.serve()
            for lines in (
                ["soap auth-failed"], ["soap servers-failure", "zmprov error-line", "zmprov-ldap exit-status 2"],
                ["soap json", "zmprov truncate", "zmprov-ldap truncate"], ["soap html-error"],
                ["zmprov-ldap set-server mail.example.com zimbraLmtpBindPort=25; accept"],
            ):  # fmt: skip
                home.misbehave(*lines)
                for command in (["plan", "--json"], ["discover", "--json"], ["emit", "nftables"]):
                    self.look(home, home.run(*command), f"{lines} {command}")


class HostileValues(support.Case):
    """Each is a value that decides a rule: the plan stops, naming server and attribute."""

    VALUES = [
        ("mbox2.example.com", "zimbraLmtpBindPort", "25;; accept"),
        ("mbox2.example.com", "zimbraAdminPort", "7071 } accept"),
        ("mbox2.example.com", "zimbraExtensionBindPort", "70000"),
        ("mbox2.example.com", "zimbraImapSSLBindPort", "-1"),
        ("mbox2.example.com", "zimbraMailSSLPort", "0x50"),
        ("mbox2.example.com", "zimbraMailSSLPort", "8443\\n25"),
        ("proxy1.example.com", "zimbraMailSSLProxyPort", '443 comment "x'),
        ("proxy1.example.com", "zimbraMemcachedBindPort", "٣"),
        ("proxy1.example.com", "zimbraMemcachedBindAddress", "0.0.0.0;; accept"),
        ("mbox2.example.com", "zimbraMailMode", "htttp"),
    ]

    def check(self, server, attribute, value):
        with support.Home("cluster") as home:
            home.serve()
            home.misbehave(f"all set-server {server} {attribute}={value}")
            for source in ("soap", "zmprov", "zmprov-ldap"):
                for command in (["plan", "--json"], ["plan"], ["emit", "nftables"]):
                    with self.subTest(source=source, command=command, value=value):
                        self.assert_names(home.run(*command, "--server", server, source=source), server, attribute)
                with self.subTest(source=source, command="plan --all", value=value):
                    whole = home.run("plan", "--all", "--json", source=source)
                    self.assertEqual(whole.status, 3, whole.err)
                    part = next(s for s in whole.plan()["servers"] if s["name"] == server)
                    self.assertIs(part["complete"], False)
                    self.assertEqual(part["open"], [], "of an incomplete plan nothing may be used")
                with self.subTest(source=source, command="emit --all", value=value):
                    self.assert_names(home.run("emit", "nftables", "--all", source=source), server, attribute)

    def assert_names(self, result, server, attribute):
        self.assert_refused(result, (3,))
        self.assertIn(server, result.err)
        self.assertIn(attribute, result.err)

    def test_a_hostile_host_name_is_never_repeated_in_a_result(self):
        with support.Home("cluster") as home:
            home.serve()
            home.misbehave('all set-server mbox2.example.com zimbraServiceHostname=x"};; reboot')
            for source in ("soap", "zmprov-ldap"):
                for command in (["plan", "--all", "--json"], ["plan", "--all"], ["emit", "nftables", "--all"]):
                    result = home.run(*command, source=source)
                    self.assertIn(result.status, (0, 1, 2, 3), result.err)
                    self.assertNotIn("reboot", result.out)

    def test_a_forged_value_over_several_lines_makes_no_server_and_no_service(self):
        with support.Home("cluster") as home:
            home.serve()
            home.misbehave("all forged-value")
            for source in ("soap", "zmprov", "zmprov-ldap"):
                result = home.run("plan", "--all", "--json", source=source)
                if result.status in (0, 1):
                    plan = {s["name"]: s for s in result.plan()["servers"]}
                    self.assertEqual(sorted(plan), sorted(home.deployment.servers))
                    opened = {e["endpoint"] for e in plan["ldap1.example.com"]["open"]}
                    self.assertEqual(opened, {"ldap", "ssh"}, source)
                else:
                    self.assert_refused(result, (3, 4))


class FailedEmit(support.Case):
    def test_leaves_the_old_files_untouched(self):
        with support.Home("cluster") as home:
            home.serve()
            out = home.path / "rules"
            out.mkdir()
            done = home.run("emit", "nftables", "--all", "--output", out, source="soap")
            self.assert_done(done)
            before = folder_state(out)
            self.assertNotEqual(before, {})
            for lines in (
                ["soap html-error"], ["soap set-server mbox2.example.com zimbraLmtpBindPort=0"],
                ["soap truncate-xml"], ["soap servers-failure"],
            ):  # fmt: skip
                home.misbehave(*lines)
                self.assert_refused(home.run("emit", "nftables", "--all", "--output", out, source="soap"), (3, 4))
                self.assertEqual(folder_state(out), before, lines)

    def test_a_blocker_stops_it_until_the_policy_accepts(self):
        with support.Home("swapped") as home:
            refused = home.run("emit", "nftables", source="zmprov-ldap")
            self.assertNotIn(refused.status, (0, 70))
            self.assertEqual(refused.out, "")
            self.assertIn("ports-swapped", refused.err)
            home.policy('<accept finding="ports-swapped"/>')
            self.assert_done(home.run("emit", "nftables", source="zmprov-ldap"))


def add_tests():
    for number, (server, attribute, value) in enumerate(HostileValues.VALUES, 1):
        name = f"test_{number:02}_{attribute}"
        setattr(HostileValues, name, lambda self, a=(server, attribute, value): self.check(*a))


if __name__ == "__main__":
    support.need_binary()
    add_tests()
    unittest.main(verbosity=1)
