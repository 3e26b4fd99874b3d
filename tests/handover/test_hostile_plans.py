#!/usr/bin/env python3
"""Root takes a plan as data: nothing in it or about its file makes root do anything but refuse."""

import hashlib
import json
import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import root  # noqa: E402

root.enter("nft")


def digest_of(server):
    """As plugin/plan/derive.cpp has it: a forger can do that as well."""
    text = server["name"] + "\n"
    for entry in server["open"]:
        text += "|".join([entry["protocol"], str(entry["port"]), entry["endpoint"], entry["audience"]])
        text += "".join("|" + s for s in entry["sources"]) + "".join("|to " + d for d in entry["destinations"]) + "\n"
    return hashlib.sha256(text.encode()).hexdigest()


class Refusing(root.Case):
    def setUp(self):
        super().setUp()
        self.value = json.loads(self.plan_text)
        self.server = next(s for s in self.value["servers"] if s["name"] == root.SERVER)

    def tearDown(self):
        self.assertEqual(self.table(), "")
        self.assertFalse(self.pending())

    def refuse(self, status, words, more=(), environment=None):
        for server in self.value["servers"]:
            if server["complete"]:
                server["digest"] = digest_of(server)
        path = self.write_plan("hostile.json", json.dumps(self.value))
        result = self.run_tool("apply", path, "--format", "nftables", *more, environment=environment)
        self.assertEqual(result.status, status, result.err + result.out)
        self.assertIn(words, result.err)
        self.assertEqual(result.out, "")
        self.assertNotIn("\x1b", result.err)

    def refuse_file(self, path, words):
        self.assertIn(words, self.do("apply", path, "--format", "nftables", status=5))

    def test_a_file_that_is_no_plain_file(self):
        link = pathlib.Path("/run/link.json")
        link.unlink(missing_ok=True)
        link.symlink_to(self.plan)
        self.refuse_file(link, "it is a symbolic link")
        fifo = pathlib.Path("/run/fifo.json")
        fifo.unlink(missing_ok=True)
        os.mkfifo(fifo)
        self.refuse_file(fifo, "not a regular file")
        self.refuse_file("/dev/zero", "not a regular file")
        self.refuse_file("/run", "not a regular file")
        huge = self.write_plan("huge.json", "")
        os.truncate(huge, 1 << 40)
        self.refuse_file(huge, "larger than")
        self.refuse_file(self.write_plan("deep.json", "[" * 100000), "nested too deeply")
        self.refuse_file(self.write_plan("empty.json", ""), "not valid JSON")
        self.refuse_file("/run/absent.json", "No such file")

    def test_a_plan_that_was_changed(self):
        self.server["digest"] = "0" * 64
        path = self.write_plan("changed.json", json.dumps(self.value))
        self.refuse_file(path, "the plan was changed after it was made")

    def test_words_that_are_more_than_words(self):
        entry = self.server["open"][0]
        for name, value in (("endpoint", "x accept; }"), ("protocol", "tcp dport 1 accept"), ("audience", "ssh\n"),
                            ("reason", "r$(reboot)"), ("port", "22 accept"), ("sources", ["0.0.0.0/0 accept"]),
                            ("sources", [";reboot"]), ("peers", ["a b"]), ("peers", ["$(reboot)"]),
                            ("destinations", ["10.0.0.1; drop"]), ("comment", "a\"; flush ruleset; \""),
                            ("comment", "a\nflush ruleset"), ("comment", "$(reboot)"), ("comment", "'; reboot; '"),
                            ("title", "\x1b[2J")):  # fmt: skip
            with self.subTest(f"{name}: {value}"):
                kept = dict(entry)
                entry[name] = value
                self.refuse(5, "")
                entry.clear()
                entry.update(kept)
        self.server["name"] = "../../../etc"
        self.refuse(5, "is not a host name")

    def test_a_plan_for_another_host(self):
        self.value["servers"] = [s for s in self.value["servers"] if s["name"] != root.SERVER]
        self.refuse(3, "the plan is for another host")
        other = self.value["servers"][0]["name"]
        self.refuse(3, "this host has neither the name nor an address of", ["--server", other])
        self.refuse(3, "the plan has no server", ["--server", "nobody.example.com"])

    def test_a_plan_or_facts_of_another_time(self):
        for hours, words in ((-25, "more than 24 hours ago"), (2, "in the future")):
            self.value["made_at"] = root.now(hours)
            self.refuse(3, words)
        self.value["made_at"] = root.now()
        self.value["source"]["taken_at"] = root.now(-30)
        self.refuse(3, "the facts of the plan were gathered at")
        self.add_blocker()
        self.refuse(1, "blocker", ["--max-age", "31"])  # the age is no obstacle any more

    def add_blocker(self):
        self.server["findings"].insert(0, {"id": "port-conflict", "severity": "blocker", "text": "two on \x1b[2J 25",
                                           "remedy": [], "accepted": False})  # fmt: skip

    def test_a_plan_with_a_blocker_or_a_problem(self):
        self.add_blocker()
        self.refuse(1, "blocker port-conflict")
        self.server.update(complete=False, open=[], closed=[],
                           problems=[{"server": root.SERVER, "subject": "address", "text": "no address"}])
        self.refuse(3, "there is no plan for")

    def test_a_plan_that_would_cut_ssh(self):
        ssh = [e for e in self.server["open"] if e["audience"] == "ssh"]
        for entry in ssh:
            entry["sources"] = ["192.168.1.0/24"]
        self.refuse(1, "would cut the SSH connection",
                    environment={"SSH_CONNECTION": f"203.0.113.7 50000 {self.server['addresses'][0]} 22"})
        self.server["open"] = [e for e in self.server["open"] if e["audience"] != "ssh"]
        self.refuse(1, "sshd listens on 22/tcp, which the plan opens to nobody")
        self.value = json.loads(self.plan_text)
        (self.root / "etc/ssh/sshd_config").write_text("Port 2222\n", encoding="utf-8")
        self.refuse(1, "sshd listens on 2222/tcp")

    def test_the_ssh_connection_is_found_where_sudo_hides_it(self):
        for entry in self.server["open"]:
            if entry["audience"] == "ssh":
                entry["sources"] = ["192.168.1.0/24"]
                self.server["digest"] = digest_of(self.server)
        path = self.write_plan("hostile.json", json.dumps(self.value))
        command = " ".join(self.command("apply", str(path), "--format", "nftables"))
        done = subprocess.run(["sh", "-c", f"env -i PATH=/usr/bin {command}; exit $?"],
                              env={**self.environment, "SSH_CONNECTION": "203.0.113.7 50000 10.0.0.41 22"},
                              stderr=subprocess.PIPE, text=True, check=False)  # fmt: skip
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("would cut the SSH connection", done.stderr)

    def test_folders_that_others_could_write(self):
        victim = self.templates / "nftables" / "zmfirewall.nft.mustache"
        for change, back in (
            (lambda: os.chmod(victim, 0o664), lambda: os.chmod(victim, 0o644)),
            (lambda: os.chmod(self.templates, 0o777), lambda: os.chmod(self.templates, 0o755)),
            (lambda: os.chmod("/run", 0o777), lambda: os.chmod("/run", 0o755)),
            # Where it would keep what it loads.
            (lambda: os.chmod(self.root, 0o777), lambda: os.chmod(self.root, 0o755)),
        ):
            change()
            try:
                self.refuse(5, "root does not use")
            finally:
                back()
        (self.templates / "link").symlink_to("/etc")
        try:
            self.refuse(5, "root does not use")
        finally:
            (self.templates / "link").unlink()


if __name__ == "__main__":
    unittest.main(verbosity=2)
