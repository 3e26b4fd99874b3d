#!/usr/bin/env python3
"""apply, confirm, status and remove with nftables: rules are there to stay only when they are confirmed, whatever
happens to whoever loads them; other software's tables are as they were."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import root  # noqa: E402
from root import hosts  # noqa: E402

root.enter("nft")


class Confirming(root.Case):
    def test_confirmed_rules_stay_and_a_unit_loads_them_at_boot(self):
        self.assertIn("or they are taken back", self.apply())
        self.assertIn("tcp dport vmap", self.table())
        self.assertIn("seconds left", self.do("status"))
        self.assertIn("rules of plan", self.do("confirm"))
        self.wait_for("the watcher ends", lambda: not self.watchers())
        self.assertIn("same: nftables rules", self.do("status"))
        self.do("status", self.plan, "--format", "nftables")
        unit = self.root / "etc/systemd/system/zmfirewall.service"
        text = unit.read_text(encoding="utf-8")
        self.assertIn("Before=network-pre.target", text)
        self.assertTrue(os.path.samefile(unit.parent / "sysinit.target.wants/zmfirewall.service", unit))
        loading = next(line for line in text.splitlines() if line.startswith("ExecStart=")).split()
        self.assertEqual(loading[:2], ["ExecStart=/usr/sbin/nft", "-f"])
        at_boot = str(self.root) + loading[2]
        before = self.table()
        subprocess.run(["nft", "flush", "ruleset"], check=True)
        subprocess.run(["nft", "-f", at_boot], check=True)
        self.assertEqual(self.table(), before)
        self.assertEqual(self.state.stat().st_mode & 0o777, 0o700)

    def test_what_root_makes_is_nobody_elses_to_write_whatever_its_umask(self):
        self.addCleanup(os.umask, os.umask(0))
        self.apply()
        self.do("confirm")
        made = [path for path in (*self.state.rglob("*"), *(self.root / "etc/systemd").rglob("*"))
                if not path.is_symlink()]  # fmt: skip
        self.assertTrue(made)
        self.assertEqual([path for path in made if path.stat().st_mode & 0o022], [])

    def test_nothing_is_left_where_nobody_confirms(self):
        self.apply(timeout=1)
        self.wait_for("taken back", lambda: not self.pending())
        self.assertEqual(self.table(), "")
        self.assertIn("not confirmed within 1 seconds: taken back", self.do("status"))
        self.assertIn("no rules wait for confirm", self.do("confirm", status=2))

    def test_the_rules_confirmed_before_are_back_where_nobody_confirms_new_ones(self):
        self.apply()
        self.do("confirm")
        first = self.table()
        self.apply(self.other, timeout=1)
        self.wait_for("taken back", lambda: not self.pending())
        self.assertEqual(self.table(), first)
        self.assertIn("same", self.do("status"))

    def test_a_table_that_was_loaded_by_hand_is_back_as_well(self):
        root.load("table inet zmfirewall { chain input { type filter hook input priority 0; tcp dport 9 drop; }\n}\n")
        by_hand = self.table()
        self.apply()
        self.assertNotEqual(self.table(), by_hand)
        self.do("rollback")
        self.assertEqual(self.table(), by_hand)

    def test_a_dry_run_says_what_would_change_and_changes_nothing(self):
        told = self.apply(more=["--dry-run"])
        self.assertIn("  + chain input", told)
        self.assertEqual(self.table(), "")
        self.assertFalse(self.state.exists())

    def test_what_emit_json_wrote_is_a_plan_as_well(self):
        self.apply(self.write_plan("emitted.json", self.emitted_text))
        emitted = self.table()
        self.do("rollback")
        self.apply()
        self.assertEqual(self.table(), emitted)


class Status(root.Case):
    def test_tells_which_rules_are_missing_and_which_are_extra(self):
        self.do("status")
        self.apply()
        self.do("confirm")
        subprocess.run(["nft", "add", "rule", "inet", "zmfirewall", "input", "tcp", "dport", "9", "accept"], check=True)
        told = self.do("status", status=1)
        self.assertIn("  - chain input: tcp dport 9 accept\n", told)
        told = self.do("status", self.other, "--format", "nftables", status=1)
        self.assertIn("10.0.9.9", told)
        subprocess.run(["nft", "delete", "table", "inet", "zmfirewall"], check=True)
        self.assertIn("  + chain input", self.do("status", status=1))


class Surviving(root.Case):
    def test_the_death_of_the_session(self):
        """Everything in the session and process group of apply is killed, and its terminal goes away."""
        process = subprocess.Popen(self.command("apply", self.plan, "--format", "nftables", "--timeout", "3"),
                                   env=self.environment, stdout=subprocess.DEVNULL, start_new_session=True)
        self.wait_for("loaded", lambda: self.table() or process.poll() is not None)
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, number)
            except ProcessLookupError:
                pass
        process.wait()
        for pid in self.watchers():
            self.assertNotEqual(os.getsid(pid), process.pid)
            for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
                os.kill(pid, number)
        self.wait_for("taken back", lambda: not self.pending())
        self.assertEqual(self.table(), "")

    def test_kill_9_of_apply_at_any_point(self):
        """Killed after ever longer a time, from before it does anything to after it is done."""
        self.apply()
        self.do("confirm")
        confirmed = self.table()
        ended = {"early": 0, "pending": 0}
        step = 0
        while True:
            step += 1
            process = subprocess.Popen(self.command("apply", self.other, "--format", "nftables", "--timeout", "1"),
                                       env=self.environment, stdout=subprocess.DEVNULL)
            try:
                process.wait(step * 0.02)
                break
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            ended["pending" if self.pending() else "early"] += 1
            self.wait_for("taken back", lambda: not self.pending())
            self.wait_for("the watcher ends", lambda: not self.watchers())
            self.assertEqual(self.table(), confirmed)
            self.assertIn("same", self.do("status"))
        self.wait_for("taken back", lambda: not self.pending())
        self.assertEqual(self.table(), confirmed)
        self.assertTrue(ended["early"])
        print(f"killed {step - 1} times: {ended}")

    def test_kill_9_of_apply_at_each_of_its_steps(self):
        """Killed as soon as the traces of a step are there."""
        self.apply()
        self.do("confirm")
        self.wait_for("the watcher ends", lambda: not self.watchers())
        confirmed = self.table()
        watched = (self.state / "watching").read_text(encoding="utf-8")
        steps = {
            "it has the lock": lambda: len(list(self.state.glob("rules-*"))) > 1,
            "the earlier rules are kept": lambda: len(list(self.state.glob("rules-*/before.nft"))) > 1,
            "the watcher is there": lambda: (self.state / "watching").read_text(encoding="utf-8") != watched,
            "the rules are pending": self.pending,
            "the rules are loaded": lambda: self.table() != confirmed,
            "it says so": lambda: "loaded 1" in (self.state / "pending").read_text(encoding="utf-8"),
        }
        for step, is_there in steps.items():
            with self.subTest(step):
                process = subprocess.Popen(self.command("apply", self.other, "--format", "nftables", "--timeout", "1"),
                                           env=self.environment, stdout=subprocess.DEVNULL)
                while process.poll() is None and not self.is_true(is_there):
                    pass
                process.kill()
                process.wait()
                self.wait_for("the watcher ends", lambda: not self.watchers())
                self.assertFalse(self.pending())
                self.assertEqual(self.table(), confirmed)
                self.assertIn("same", self.do("status"))
                watched = (self.state / "watching").read_text(encoding="utf-8")

    @staticmethod
    def is_true(condition):
        try:
            return condition()
        except FileNotFoundError:
            return False

    def test_an_apply_that_hangs_with_the_lock_is_killed(self):
        self.apply()
        self.do("confirm")
        self.wait_for("the watcher ends", lambda: not self.watchers())
        confirmed = self.table()
        process = subprocess.Popen(self.command("apply", self.other, "--format", "nftables"), env=self.environment,
                                   stdout=subprocess.DEVNULL)
        while process.poll() is None and not self.pending():
            pass
        process.send_signal(signal.SIGSTOP)
        self.assertTrue(self.pending())
        # Its time is over.
        text = (self.state / "pending").read_text(encoding="utf-8")
        beside = self.state / "pending.test"
        beside.write_text(re.sub("(?m)^deadline .*", "deadline 1", text), encoding="utf-8")
        beside.rename(self.state / "pending")
        self.assertEqual(process.wait(root.DEADLINE), -signal.SIGKILL)
        self.wait_for("taken back", lambda: not self.pending())
        self.assertEqual(self.table(), confirmed)
        self.do("status")

    def test_a_killed_watcher_is_made_up_for_by_the_next_command(self):
        self.apply(timeout=600)
        self.kill_watchers()
        text = (self.state / "pending").read_text(encoding="utf-8")
        boot = next(line for line in text.splitlines() if line.startswith("boot "))
        (self.state / "pending").write_text(text.replace(boot, "boot another"), encoding="utf-8")
        self.assertIn("left by an earlier boot", self.do("status"))
        self.assertIn("too late: the rules are taken back", self.do("confirm", status=3))
        self.assertFalse(self.pending())
        self.assertEqual(self.table(), "")
        self.apply(self.other)
        self.kill_watchers()
        text = (self.state / "pending").read_text(encoding="utf-8")
        (self.state / "pending").write_text(re.sub("(?m)^boot .*", "boot another", text), encoding="utf-8")
        self.apply()
        self.do("rollback")
        self.assertEqual(self.table(), "")

    def test_a_full_disk(self):
        self.state.mkdir(parents=True, mode=0o700)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", self.state], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", self.state], check=False)
        filler = self.state / "filler"
        with open(filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass
        self.assertIn("No space left", self.apply(status=4))
        self.assertEqual(self.table(), "")
        self.assertFalse(self.pending())
        filler.unlink()
        self.apply(timeout=2)
        with open(filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 512)
            except OSError:
                pass
        # Full when it is time to go back: that goes all the same.
        self.wait_for("taken back", lambda: not self.pending())
        self.assertEqual(self.table(), "")

    def test_a_previous_state_that_is_broken(self):
        self.apply()
        self.do("confirm")
        self.wait_for("the watcher ends", lambda: not self.watchers())
        before = self.table()
        (self.state / os.readlink(self.state / "confirmed") / "about").write_text("format rm -rf\n", encoding="utf-8")
        self.assertIn("about is broken", self.apply(self.other, status=4))
        (self.state / "confirmed").unlink()
        (self.state / "confirmed").symlink_to("../../etc")
        self.assertIn("confirmed is broken", self.apply(self.other, status=4))
        (self.state / "confirmed").unlink()
        for text in ("", "token x\n", "\0" * 5000):
            (self.state / "pending").write_text(text, encoding="utf-8")
            self.assertIn("pending is broken", self.apply(self.other, status=4))
            self.do("confirm", status=4)
        self.assertEqual(self.table(), before)

    def test_a_pending_file_that_breaks_while_it_is_watched(self):
        self.apply(timeout=2)
        before = (self.state / "pending").read_text(encoding="utf-8")
        (self.state / "pending").write_text(before[:40], encoding="utf-8")
        self.wait_for("taken back", lambda: not self.pending())
        self.assertEqual(self.table(), "")


class SeveralAtOnce(root.Case):
    def test_a_second_apply_is_refused_while_one_waits_for_confirm(self):
        self.apply()
        before = self.table()
        self.assertIn("wait for confirm", self.apply(self.other, status=1))
        self.assertEqual(self.table(), before)
        self.do("rollback")
        self.apply(self.other)

    def test_of_many_at_the_same_time_one_wins(self):
        processes = [subprocess.Popen(self.command("apply", self.plan, "--format", "nftables", "--timeout", "600"),
                                      env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                      text=True) for _ in range(6)]  # fmt: skip
        told = [process.communicate(timeout=root.DEADLINE)[1] for process in processes]
        statuses = sorted(process.returncode for process in processes)
        self.assertEqual(statuses.count(0), 1, told)
        self.assertTrue(set(statuses) <= {0, 1, 4}, told)
        self.assertTrue(all("wait for confirm" in t or "another zmfirewall" in t for t, p in zip(told, processes)
                            if p.returncode), told)  # fmt: skip
        self.do("confirm")


class OtherSoftware(root.Case):
    def test_keeps_its_tables_through_everything(self):
        root.load(root.DOCKER + root.FAIL2BAN)
        before = self.others()
        self.assertIn("f2b-chain", before)
        for step in (["apply", self.plan, "--format", "nftables"], ["confirm"],
                     ["apply", self.other, "--format", "nftables"], ["rollback"], ["remove"]):  # fmt: skip
            self.do(*step)
            self.assertEqual(self.others(), before, step)
        self.assertEqual(self.table(), "")

    def test_removal_takes_exactly_ours_away(self):
        self.assertIn("none of our rules", self.do("remove"))
        self.apply()
        self.do("confirm")
        self.apply(self.other)
        self.do("remove")
        self.assertEqual(self.table(), "")
        self.assertFalse((self.root / "etc/systemd/system/zmfirewall.service").exists())
        left = [path.name for path in self.state.iterdir()]
        self.assertFalse([name for name in left if name.startswith(("rules", "confirmed", "pending"))], left)
        self.assertIn("same: no rules of ours", self.do("status"))
        self.wait_for("the watchers end", lambda: not self.watchers())


class RunningSessions(root.Case):
    """Where nothing has used conntrack before, sessions on ports that no rule is about go on all the same."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        hosts.make_bridge()
        subprocess.run(["ip", "addr", "del", cls.address + "/32", "dev", "lo"], check=True)

    @classmethod
    def tearDownClass(cls):
        subprocess.run(["ip", "link", "del", "br0"], check=True)

    def setUp(self):
        super().setUp()
        self.here = hosts.Host(root.SERVER, [self.address])
        self.addCleanup(self.here.close)
        self.there = hosts.Host("client", ["203.0.113.7"])
        self.addCleanup(self.there.close)
        server = self.enter_network(self.here, LISTENER)
        self.assertEqual(server.stdout.readline(), "listening\n")
        self.client = self.enter_network(self.there, CLIENT, self.address)
        self.assertEqual(self.client.stdout.readline(), "connected\n")

    def enter_network(self, host, *arguments):
        """A Python process in the host's network, with a conversation on its standard streams."""
        process = subprocess.Popen(["nsenter", f"--net=/proc/{host.pid}/ns/net", sys.executable, "-c", *arguments],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # fmt: skip
        for clean_up in (process.stdin.close, process.stdout.close, process.wait, process.kill):
            self.addCleanup(clean_up)
        return process

    def answer(self):
        """The client speaks first: to conntrack a new connection, unless it was told of it."""
        self.client.stdin.write("hello\n")
        self.client.stdin.flush()
        return self.client.stdout.readline()

    def new_connection(self):
        return self.there.call("connect", targets=[["203.0.113.7", self.address, 19998, 1]]) == [1]

    def test_a_session_on_an_unlisted_port_is_not_cut(self):
        command = self.command("apply", self.plan, "--format", "nftables", "--timeout", "600")
        status, told = self.here.call("run", command=command)
        self.assertEqual(status, 0, told)
        self.assertEqual(self.answer(), "hello\n")
        self.assertFalse(self.new_connection(), "the rules are not in force")
        self.here.call("run", command=self.command("rollback"))
        self.assertTrue(self.new_connection())

    def test_the_rules_alone_would_cut_it(self):
        """Or the test above says nothing."""
        emitted = self.write_plan("emitted.nft", self.emitted_rules)
        status, told = self.here.call("run", command=["nft", "-f", str(emitted)])
        self.assertEqual(status, 0, told)
        self.assertEqual(self.answer(), "no answer\n")


CLIENT = """
import socket, sys
sock = socket.create_connection((sys.argv[1], 19998), timeout=30)
sock.settimeout(3)
print("connected", flush=True)
for line in sys.stdin:
    sock.sendall(line.encode())
    try:
        print(sock.recv(100).decode(), end="", flush=True)
    except TimeoutError:
        print("no answer", flush=True)
"""
LISTENER = """
import socket, threading
listener = socket.create_server(("", 19998))
print("listening", flush=True)
def echo(sock):
    try:
        while data := sock.recv(100):
            sock.sendall(data)
    except OSError:
        pass
while True:
    threading.Thread(target=echo, args=(listener.accept()[0],), daemon=True).start()
"""


if __name__ == "__main__":
    unittest.main(verbosity=2)
