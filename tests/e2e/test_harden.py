#!/usr/bin/env python3
"""`zmfirewall harden`: the batch, read by the grammar of zmprov, makes its findings go away, and the undo brings back
exactly the facts that were there."""

import copy
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support import Case, Home, need_binary  # noqa: E402

import zmprov  # noqa: E402  (of the stand-in; support knows where it is)


def commands(text):
    """What zmprov does; comments are commands that it does not know."""
    lines = [line for line in text.splitlines() if zmprov.parse_line(line)]
    return [line for line in lines if zmprov.parse_line(line)[0] in zmprov.COMMANDS]


def facts_of(deployment):
    """Values without their order, which LDAP does not keep."""
    entries = {"": deployment.config, **deployment.servers}
    return {name: {a: sorted(v) for a, v in entry.items()} for name, entry in entries.items()}


class Harden(Case):
    def harden(self, home, *arguments):
        """The two files, and what was said."""
        with tempfile.TemporaryDirectory() as folder:
            output = pathlib.Path(folder) / "batch"
            done = home.run("harden", *arguments, "--output", output, source="zmprov-ldap")
            self.assert_done(done)
            self.assertEqual(done.out, "")
            self.assertEqual(sorted(p.name for p in pathlib.Path(folder).iterdir()), ["batch", "batch.undo"])
            return output.read_text(), pathlib.Path(f"{output}.undo").read_text(), done

    def execute(self, home, text):
        """As `zmprov -f` does; the facts of the home are then the changed ones."""
        facts = home.deployment
        provisioning = zmprov.Provisioning(facts, facts.names(), True, {})
        for line in text.splitlines():
            words = zmprov.parse_line(line)
            if words and words[0] in zmprov.COMMANDS and words[0] != "exit":
                provisioning.run(words)
        facts.save(home.path / ".standin" / "deployment.json")

    def findings(self, home):
        plan = home.run("plan", "--all", "--json", source="zmprov-ldap").plan()
        return {(server["name"], f["id"]) for server in plan["servers"] for f in server["findings"]}

    def round_trip(self, name, gone):
        with Home(name) as home:
            before = copy.deepcopy(facts_of(home.deployment))
            found = self.findings(home)
            self.assertLessEqual({one for _, one in gone}, {one for _, one in found})
            batch, undo, _ = self.harden(home, "--all")
            self.execute(home, batch)
            self.assertNotEqual(facts_of(home.deployment), before)
            left = self.findings(home)
            self.assertEqual(left & gone, set())
            self.assertLessEqual({i for _, i in left}, {i for _, i in found}, "a remedy that makes another finding")
            self.execute(home, undo)
            self.assertEqual(facts_of(home.deployment), before)
            self.assertEqual(self.findings(home), found)
            return batch, undo

    def test_the_batch_of_one_server_is_exact_and_takes_its_findings_away(self):
        batch, undo = self.round_trip("single", {("mail.example.com", "memcached-exposed")})
        self.assertEqual(
            commands(batch), ["ms mail.example.com zimbraMemcachedBindAddress 192.0.2.10", "exit"]
        )  # fmt: skip
        self.assertEqual(commands(undo), ['ms mail.example.com zimbraMemcachedBindAddress ""', "exit"])
        self.assertIn("now: zimbraMemcachedBindAddress on mail.example.com is not set", batch)
        self.assertIn("then, on mail.example.com: zmmemcachedctl restart", batch)

    def test_ports_that_are_swapped_change_places_in_one_command(self):
        batch, undo = self.round_trip("swapped", {("mail.example.com", "ports-swapped")})
        lines = commands(batch)
        self.assertIn("ms mail.example.com zimbraImapBindPort 7143 zimbraImapProxyBindPort 143", lines)
        self.assertIn("ms mail.example.com zimbraImapSSLBindPort 7993 zimbraImapSSLProxyBindPort 993", lines)
        self.assertIn("ms mail.example.com zimbraImapBindPort 143 zimbraImapProxyBindPort 7143", commands(undo))

    def test_a_cluster_is_taken_back_whatever_was_set_before(self):
        batch, undo = self.round_trip("demo", {("proxy2.example.com", "memcached-cut-off")})
        self.assertIn("ms proxy2.example.com zimbraMemcachedBindAddress 127.0.0.1", commands(undo))
        self.assertNotIn("127.0.0.1", "\n".join(commands(batch)))

    def test_what_is_not_safe_stays_a_comment(self):
        with Home("cluster-plain") as home:
            batch, _, _ = self.harden(home, "--all")
            self.assertIn("clear-text-upstream", batch)
            self.assertIn("zmprov ms proxy1.example.com zimbraReverseProxySSLToUpstreamEnabled TRUE", batch)
            self.assertNotIn("SSLToUpstream", "\n".join(commands(batch)))

    def test_global_config_is_repaired_once_for_all_servers(self):
        with Home("cluster") as home:
            home.deployment.config["zimbraReverseProxyAdminPortAttribute"] = ["zimbraMailPort"]
            home.deployment.save(home.path / ".standin" / "deployment.json")
            batch, undo, _ = self.harden(home, "--all")
            fix = [line for line in commands(batch) if line.startswith("mcf")]
            self.assertEqual(fix, ["mcf zimbraReverseProxyAdminPortAttribute zimbraAdminPort"])
            self.assertIn("mcf zimbraReverseProxyAdminPortAttribute zimbraMailPort", commands(undo))

    def test_standard_output_has_the_undo_as_comments(self):
        with Home("single") as home:
            done = home.run("harden", source="zmprov-ldap")
            self.assert_done(done)
            self.assertEqual(commands(done.out)[-1], "exit")
            self.assertIn('#   ms mail.example.com zimbraMemcachedBindAddress ""', done.out)

    def test_nothing_is_executed_and_nothing_written_where_something_is_not_known(self):
        with Home("single") as home:
            home.deployment.servers["mail.example.com"]["zimbraMailSSLProxyPort"] = ["nonsense"]
            home.deployment.save(home.path / ".standin" / "deployment.json")
            output = home.path / "batch"
            done = home.run("harden", "--output", output, source="zmprov-ldap")
            self.assert_refused(done, (3,))
            self.assertFalse(output.exists())
            self.assertFalse(any(" ms " in f" {start} " for start in home.zmprov_starts()))

    def test_the_grammar_reads_a_quoted_word_back(self):
        self.assertEqual(zmprov.parse_line('ms s a "it\'s \\"so\\" \\\\" b ""'), ["ms", "s", "a", 'it\'s "so" \\', "b", ""])
        self.assertEqual(zmprov.parse_line('a"b c'), ['a"b', "c"])


if __name__ == "__main__":
    need_binary()
    unittest.main(argv=[sys.argv[0], "-v"])
