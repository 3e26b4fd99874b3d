#!/usr/bin/env python3
"""`zmfirewall verify` among hosts that listen everywhere and have the emitted nftables rules: it finds what is as
planned, what is closed though needed, what is open though nobody needs it, and a peer that is gone; within its bounds
of rate and time, and with no packet to anybody but the servers of the inventory."""

import json
import pathlib
import re
import shlex
import shutil
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import deployed  # noqa: E402
import hosts  # noqa: E402

support = hosts.support()
support.need_binary()
hosts.enter_namespaces("nft")

ME = "proxy1.example.com"
PEER = "mbox1.example.com"
# What leaves this host towards anybody else, and how many connections it opens.
WATCH = """
table inet watch {{
  counter outside {{ }}
  counter opened {{ }}
  chain output {{
    type filter hook output priority 0; policy accept;
    oifname "lo" accept
    meta l4proto {{ tcp, udp }} ip daddr != {{ {ipv4} }} counter name outside
    meta l4proto {{ tcp, udp }} meta nfproto ipv6 {ipv6} counter name outside
    tcp flags & (syn | ack) == syn counter name opened
  }}
}}
"""


class Verify(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        hosts.make_bridge()

    def set_up(self, name):
        deployment = deployed.Deployment(support, name, "nftables")
        self.addCleanup(deployment.close)
        home = support.Home(name)
        self.addCleanup(home.close)
        self.deployment = deployment
        self.options = ["--policy", home.path / "conf" / "zmfirewall.xml"]
        self.options += ["--inventory", pathlib.Path(deployment.emission.folder.name) / "inventory.json"]
        for server in deployment.plans:
            self.on(server, "nft", "-f", deployment.rules_of(server) / "zmfirewall.nft")

    def on(self, host, *command):
        status, output = self.deployment.hosts[host].call("run", command=[str(word) for word in command])
        self.assertEqual(status, 0, f"{command}: {output}")
        return output

    def command(self, *arguments):
        return shlex.join(str(a) for a in [support.BINARY, *self.options, "verify", *arguments])

    def verify(self, *arguments, host=ME, errors="/dev/null"):
        """Its status and standard output."""
        shell = f"{self.command(*arguments)} 2>{errors}"
        status, output = self.deployment.hosts[host].call("run", command=["sh", "-c", shell])
        return status, output

    def json(self, *arguments, status):
        got, output = self.verify("--from", ME, "--rate", "1000", "--json", *arguments)
        self.assertEqual(got, status, output[-3000:])
        return json.loads(output)

    def probes(self, answer, outcome):
        return {(peer["name"], probe["port"]) for peer in answer["peers"] for probe in peer["probes"]
                if probe["outcome"] == outcome}  # fmt: skip

    def watch(self):
        addresses = [a for server in self.deployment.plan["servers"] for a in server["addresses"]]
        ipv4 = ", ".join(a for a in addresses if ":" not in a)
        ipv6 = ", ".join(a for a in addresses if ":" in a)
        rules = WATCH.format(ipv4=ipv4, ipv6=f"ip6 daddr != {{ {ipv6} }}" if ipv6 else "")
        path = pathlib.Path(self.deployment.emission.folder.name) / "watch.nft"
        path.write_text(rules, encoding="utf-8")
        self.on(ME, "nft", "-f", path)

    def counted(self, name):
        text = self.on(ME, "nft", "list", "counter", "inet", "watch", name)
        return int(re.search(r"packets (\d+)", text).group(1))

    def test_finds_a_deployment_as_planned_and_asks_nobody_else(self):
        self.set_up("cluster")
        self.watch()
        answer = self.json(status=0)
        self.assertTrue(answer["complete"])
        self.assertFalse(answer["differs"])
        self.assertEqual({peer["name"] for peer in answer["peers"]}, set(self.deployment.plans) - {ME})
        planned = {(p["name"], probe["port"], probe["needed"]) for p in answer["peers"] for probe in p["probes"]}
        self.assertIn((PEER, 8443, True), planned)
        self.assertIn((PEER, 7025, False), planned)
        self.assertEqual(self.counted("outside"), 0)
        self.assertGreater(self.counted("opened"), 50)
        support.check_schema(answer, "verify-1")

        status, text = self.verify("--from", ME, "--rate", "1000")
        self.assertEqual(status, 0, text)
        self.assertNotIn("but-needed", text)
        self.assertIn("as planned", text)

    def test_names_exactly_what_is_closed_open_and_gone(self):
        self.set_up("cluster")
        with self.subTest("one rule that does not let in any more"):
            self.on(PEER, "nft", "insert rule inet zmfirewall input tcp dport 8443 drop")
            answer = self.json(status=1)
            self.assertEqual(self.probes(answer, "closed-but-needed"), {(PEER, 8443)})
            self.assertEqual(self.probes(answer, "open-but-unneeded"), set())
            status, text = self.verify("--from", ME, "--to", PEER, "--rate", "1000")
            self.assertEqual(status, 1)
            self.assertRegex(text, r"closed-but-needed +\S+ +8443/tcp +mailboxd-https")
        with self.subTest("a rule that says no instead of nothing"):
            self.on(PEER, "nft", "insert rule inet zmfirewall input tcp dport 8443 reject with tcp reset")
            answer = self.json("--to", PEER, status=1)
            self.assertEqual(self.probes(answer, "refused-but-needed"), {(PEER, 8443)})
        with self.subTest("no rules"):
            self.on(PEER, "nft", "flush", "ruleset")
            answer = self.json(status=1)
            self.assertEqual(self.probes(answer, "closed-but-needed"), set())
            opened = self.probes(answer, "open-but-unneeded")
            self.assertEqual({name for name, _ in opened}, {PEER})
            self.assertIn((PEER, 7025), opened)
            self.assertIn((PEER, 11211), opened)
            udp = {probe["port"]: probe["outcome"] for peer in answer["peers"] if peer["name"] == PEER
                   for probe in peer["probes"] if probe["protocol"] == "udp"}  # fmt: skip
            self.assertEqual(udp[11211], "open-but-unneeded")
            self.assertEqual(udp[514], "cannot-tell")
        with self.subTest("a peer that is gone"):
            self.on(PEER, "ip", "link", "set", "eth0", "down")
            answer = self.json(status=1)
            gone = {peer["name"]: peer["silent_at"] for peer in answer["peers"] if peer["silent_at"]}
            self.assertEqual(gone, {PEER: self.deployment.plans[PEER]["addresses"]})
            status, text = self.verify("--from", ME, "--to", PEER, "--rate", "1000")
            self.assertEqual(status, 1)
            self.assertIn("nothing answers at all", text)

    def test_works_in_both_families(self):
        self.set_up("dual-stack")
        self.watch()
        answer = self.json(status=0)
        families = {":" in probe["address"] for peer in answer["peers"] for probe in peer["probes"] if probe["needed"]}
        self.assertEqual(families, {True, False})
        self.assertEqual(self.counted("outside"), 0)

    def test_keeps_its_bounds_and_does_not_guess_the_rest(self):
        self.set_up("cluster")
        self.watch()
        started = time.monotonic()
        status, output = self.verify("--from", ME, "--rate", "5", "--total-timeout", "2", "--json")
        self.assertLess(time.monotonic() - started, 60)
        self.assertEqual(status, 3, output[-2000:])
        answer = json.loads(output)
        self.assertFalse(answer["complete"])
        self.assertTrue(self.probes(answer, "not-asked"))
        # The kernel repeats a SYN that nobody answers, twice in that time.
        self.assertLessEqual(self.counted("opened"), 3 * (5 * 2 + 2))

    def test_says_so_where_this_host_is_not_the_server(self):
        self.set_up("cluster")
        status, output = self.verify("--rate", "1000", host="stranger", errors="&1")
        self.assertEqual(status, 3, output)
        self.assertIn("--from", output)
        status, output = self.verify("--from", ME, "--to", PEER, "--rate", "1000", host="stranger", errors="&1")
        self.assertEqual(status, 1, output)
        self.assertIn("warning: none of the addresses of proxy1.example.com", output)
        self.assertIn("closed-but-needed", output)

    def test_draws_its_progress_on_a_terminal_alone(self):
        if not shutil.which("script"):
            self.skipTest("script is not installed")
        self.set_up("cluster")
        bar = re.compile(r"[\r\n]\[#* *\] \d+ of \d+")  # the host's answer has its line ends changed
        command = self.command("--from", ME, "--to", PEER, "--rate", "1000")
        for setting, expected in (("TERM=xterm", True), ("TERM=dumb", False), ("TERM=xterm NO_COLOR=1", False)):
            with self.subTest(setting):
                shell = f"env -u NO_COLOR {setting} script -qec {shlex.quote(command)} /dev/null </dev/null"
                output = self.on(ME, "sh", "-c", shell)
                self.assertEqual(bool(bar.search(output)), expected, output[:500])
        _, output = self.verify("--from", ME, "--to", PEER, "--rate", "1000", errors="&1")
        self.assertIsNone(bar.search(output))


if __name__ == "__main__":
    unittest.main(verbosity=2)
