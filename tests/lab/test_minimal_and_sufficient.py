#!/usr/bin/env python3
"""The emitted rules are sufficient and minimal, in a cluster of real daemons: every flow of the plan works from end to end
with the rules loaded as without; with any one rule left out, the flows it is for do not; and nobody else gets in."""

import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import cluster  # noqa: E402
import deployed  # noqa: E402
import exercises  # noqa: E402
import hosts  # noqa: E402

support = hosts.support()
support.need_binary()
hosts.debian_root().need()
hosts.enter_namespaces(as_root=True)

DROPPED = "everything else"  # the comment of the last rule


def comment_of(rule):
    return f'"{rule.endpoint} {rule.reason}"'


class MinimalAndSufficient(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        started = time.monotonic()
        # Files of the test in memory of its own: nothing is left, however it ends.
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "none", "/run"], check=True)
        tempfile.tempdir = "/run"
        cls.lab = cluster.Lab()
        cls.addClassCleanup(cls.lab.down)
        cls.lab.up(tempfile.mkdtemp())
        cls.emission = deployed.Emission(support, str(cluster.DEPLOYMENT), "nftables")
        cls.addClassCleanup(cls.emission.close)
        cls.plan = cls.emission.plan
        cls.rules = list(exercises.rules_of(cls.plan))
        cls.exercises = list(exercises.exercises_of(cls.lab, cls.plan))
        print(f"{len(cls.lab.machines)} machines are up after {time.monotonic() - started:.0f} s")

    def text_of(self, server):
        return (self.emission.rules_of("nftables", server) / "zmfirewall.nft").read_text(encoding="utf-8")

    def load_all(self):
        for server in self.lab.roles:
            self.lab.load(server, self.text_of(server))

    def unload_all(self):
        for server in self.lab.roles:
            self.lab.load(server, None)

    def assert_all_work(self):
        tried = exercises.results(self.exercises, lambda one: exercises.until_it_works(self.lab, one))
        failed = [f"{exercises.name_of(one)}: {reason}" for one, reason in tried if reason]
        self.assertFalse(failed, "\n".join(failed))

    def test_1_tries_every_flow_and_every_peer_of_the_plan(self):
        self.assertEqual({server["name"] for server in self.plan["servers"]}, set(self.lab.roles))
        self.assertFalse(list(exercises.missing(self.lab, self.plan)))
        self.assertGreater(len(self.exercises), len(self.rules))

    def test_2_works_without_rules(self):
        self.unload_all()
        self.assert_all_work()

    def test_3_works_with_the_rules_and_uses_each_of_them(self):
        self.load_all()
        self.assert_all_work()
        for server in self.lab.roles:
            counted = self.lab.counters(server)
            for rule in self.rules:
                if rule.server == server:
                    self.assertGreater(counted[comment_of(rule).strip('"')], 0, rule)

    def test_4_needs_every_single_rule(self):
        self.load_all()
        for rule in self.rules:
            with self.subTest(server=rule.server, endpoint=rule.endpoint, audience=rule.audience):
                self.check_is_needed(rule)
        self.assert_all_work()

    def check_is_needed(self, rule):
        whole = self.text_of(rule.server)
        without = [line for line in whole.splitlines(True) if comment_of(rule) not in line]
        self.assertLess(len(without), len(whole.splitlines()), "the rule is not in the file")
        mine = [one for one in self.exercises if one.rule == rule]
        self.assertTrue(mine)
        self.lab.load(rule.server, "".join(without))
        try:
            tried, dropped = self.tried_in_vain(rule, mine)
        finally:
            self.lab.load(rule.server, whole)
        works = [exercises.name_of(one) for one, reason in tried if not reason]
        self.assertFalse(works, "works without the rule")
        self.assertGreater(dropped, 0, "it failed, but not by the missing rule")
        print(f"{rule.server} without {rule.endpoint} ({rule.audience}): {len(mine)} fail, {exercises.name_of(mine[0])}")

    def tried_in_vain(self, rule, mine):
        """What came of it, and how many packets the rules have dropped. On a busy machine none may have come in the first try."""
        for seconds in (exercises.IMPATIENT, 5, 20):
            tried = exercises.results(mine, lambda one, s=seconds: exercises.once(self.lab, one, s))
            dropped = self.lab.counters(rule.server)[DROPPED]
            if dropped:
                break
        return tried, dropped

    def test_5_lets_a_stranger_into_nothing_else(self):
        targets, wanted = set(), set()
        for server in self.plan["servers"]:
            name = server["name"]
            open_to_all = {r.port for r in self.rules if r.server == name and r.audience in ("public", "ssh")}
            others = {r.port for r in self.rules if r.server == name and r.protocol == "tcp"} - open_to_all
            closed = {item["port"] for item in server["closed"] if item.get("port") and item["protocol"] == "tcp"}
            targets |= {(name, port) for port in open_to_all | others | closed}
            wanted |= {(name, port) for port in open_to_all}
        self.unload_all()
        self.occupy(targets)
        self.assertEqual(self.reached(targets, 20), targets, "without rules all must be reached, or the test says nothing")
        self.load_all()
        self.assertEqual(self.reached(targets, exercises.IMPATIENT), wanted)

    def occupy(self, targets):
        """Where no daemon of the lab listens, something else does."""
        free = targets - self.reached(targets, 20)
        for server in self.lab.roles:
            ports = [port for name, port in free if name == server]
            if ports:
                self.lab.occupy(server, ports)

    def reached(self, targets, seconds):
        found = exercises.ask(self.lab, "stranger", "reach", seconds, targets=sorted(targets))
        return {(name, port) for name, port in found}


if __name__ == "__main__":
    unittest.main(verbosity=2)
