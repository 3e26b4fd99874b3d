"""recompute, diff and accept against the stand-in installation: what moved, what joined or left, outages, upgrades."""

import json
import os
import subprocess
import sys
import time
import unittest

from support import STANDIN, Case, Home, check_schema, deployments, homes, need_binary

HOUR_AGO = "2020-01-01T00:00:00Z"


class Recompute(Case):
    def home(self, name="cluster"):
        home = Home(name)
        self.addCleanup(home.close)
        return home

    def recompute(self, home, *arguments, source="zmprov-ldap", more=()):
        return home.run("recompute", *arguments, source=source, more=more)

    def state(self, home):
        return home.path / "data" / "zmfirewall"

    def records(self, home):
        return sorted(int(p.name.split(".")[0]) for p in (self.state(home) / "records").glob("*.record"))

    def rebuild(self, home, change):
        """The same installation a while later."""
        raw = json.loads((STANDIN.parent / "fixtures" / "deployments" / "cluster.json").read_text(encoding="utf-8"))
        change(raw)
        kept = home.path.parent / "kept"
        if (home.path / "data" / "zmfirewall").exists():
            os.rename(home.path / "data" / "zmfirewall", kept)
        subprocess.run(["rm", "-rf", home.path], check=True)
        homes.build(deployments.resolve(raw), home.path, home.node)
        (home.path / "data").mkdir(exist_ok=True)
        if kept.exists():
            os.rename(kept, home.path / "data" / "zmfirewall")

    def accepted(self, name="cluster"):
        home = self.home(name)
        self.assertEqual(self.recompute(home).status, 1)
        self.assertEqual(home.run("accept").status, 0)
        return home

    def test_the_first_run_opens_all_and_after_accept_nothing_changes(self):
        home = self.home()
        first = self.recompute(home)
        self.assertEqual(first.status, 1, first.err)
        self.assertIn("nothing (no plan was accepted yet)", first.out)
        self.assertIn("node joined: mbox1.example.com", first.out)
        self.assertNotIn("(unset)", first.out, "beside nothing every fact is new")
        accepted = home.run("accept")
        self.assertEqual(accepted.status, 0, accepted.err)
        self.assertIn("record 1", accepted.out)
        again = self.recompute(home)
        self.assertEqual(again.status, 0, again.out + again.err)
        self.assertIn("no change", again.out)
        self.assertEqual(self.records(home), [1, 2])
        self.assertEqual(json.loads((self.state(home) / "inventory.json").read_text())["schema"], "zmfirewall/inventory/1")
        self.assertEqual(home.run("diff").status, 0)

    def test_a_moved_port_is_told_with_its_attribute(self):
        home = self.accepted()
        self.rebuild(home, lambda raw: raw["servers"]["mbox2.example.com"].update(
            {"set": {"zimbraLmtpBindPort": "7026"}}))
        result = self.recompute(home)
        self.assertEqual(result.status, 1, result.err)
        self.assertIn("on mbox2.example.com", result.out)
        self.assertIn("opens 7026/tcp lmtp", result.out)
        self.assertIn("closes 7025/tcp lmtp", result.out)
        self.assertIn("because zimbraLmtpBindPort of mbox2.example.com: 7025 -> 7026", result.out)
        self.assertNotIn("mbox1.example.com\n", result.out)
        told = json.loads(home.run("diff", "accepted", "last", "--json").out)
        self.assertEqual({c["port"] for c in told["changes"]}, {7025, 7026})
        self.assertEqual(told["changes"][0]["because"][0]["fact"], "zimbraLmtpBindPort")
        markdown = home.run("diff", "1", "2", "--markdown")
        self.assertEqual(markdown.status, 1)
        self.assertTrue(markdown.out.startswith("# zmfirewall: "), markdown.out)
        check_schema(told, "diff-1")

    def test_a_node_that_joined_is_told_on_all_that_let_it_in(self):
        home = self.accepted()
        self.rebuild(home, lambda raw: raw["servers"].update(
            {"mta2.example.com": {"roles": ["mta"], "addresses": ["10.0.0.21"]}}))
        result = self.recompute(home)
        self.assertEqual(result.status, 1, result.err)
        self.assertIn("nodes that joined\n  mta2.example.com", result.out)
        self.assertRegex(result.out, r"7025/tcp lmtp .*also to mta2\.example\.com \(10\.0\.0\.21\)")

    def test_a_node_that_left_is_believed_slowly(self):
        home = self.accepted()
        self.rebuild(home, lambda raw: raw["servers"].pop("proxy2.example.com"))
        result = self.recompute(home)
        self.assertEqual(result.status, 3, result.out)
        self.assertEqual(result.out, "")
        self.assertIn("lacks servers that were there before: proxy2.example.com", result.err)
        self.assertIn("the last plan stays: record 1", result.err)
        self.assertEqual(self.records(home), [1])
        self.assertEqual(self.recompute(home).status, 3, "a second run at once is no second witness")
        missing = self.state(home) / "missing"
        missing.write_text(f"{HOUR_AGO} proxy2.example.com\n", encoding="utf-8")
        later = self.recompute(home)
        self.assertEqual(later.status, 1, later.err)
        self.assertIn("nodes that left\n  proxy2.example.com", later.out)
        self.assertIn("because node left: proxy2.example.com", later.out)

    def test_a_node_that_left_is_believed_at_once_where_somebody_says_so(self):
        home = self.accepted()
        self.rebuild(home, lambda raw: raw["servers"].pop("proxy2.example.com"))
        other = self.recompute(home, "--accept-loss", "proxy1.example.com")
        self.assertEqual(other.status, 3, other.err)
        said = self.recompute(home, "--accept-loss", "proxy2.example.com")
        self.assertEqual(said.status, 1, said.err)

    def test_an_outage_keeps_the_last_plan_and_is_no_witness_of_a_loss(self):
        home = self.accepted()
        before = (self.state(home) / "records" / "1.record").read_bytes()
        (self.state(home) / "missing").write_text(f"{HOUR_AGO} proxy2.example.com\n", encoding="utf-8")
        for mode in ("ldap-down", "missing-server mbox1.example.com", "truncate", "empty"):
            home.misbehave(f"zmprov-ldap {mode}")
            result = self.recompute(home)
            self.assertIn(result.status, (3, 4), mode)
            self.assertEqual(result.out, "", mode)
            self.assertIn("the last plan stays: record 1", result.err, mode)
        self.assertFalse((self.state(home) / "missing").exists())
        self.assertEqual(self.records(home), [1])
        self.assertEqual((self.state(home) / "records" / "1.record").read_bytes(), before)
        home.misbehave()
        self.assertEqual(self.recompute(home).status, 0)

    def test_rules_go_into_new_folders_and_never_over_the_last(self):
        home = self.home()
        rules = home.path.parent / "rules"
        first = self.recompute(home, "--format", "nftables", "--output", rules)
        self.assertEqual(first.status, 1, first.err)
        one = (rules / "latest").resolve()
        files = sorted(p.relative_to(one) for p in one.rglob("*.nft"))
        self.assertEqual(len(files), 6)
        home.run("accept")
        self.assertEqual(self.recompute(home, "--format", "nftables", "--output", rules).status, 0)
        self.assertEqual((rules / "latest").resolve(), one, "no change, no new folder")
        before = {p: p.read_bytes() for p in one.rglob("*") if p.is_file()}
        self.rebuild(home, lambda raw: raw["servers"]["mbox2.example.com"].update(
            {"set": {"zimbraLmtpBindPort": "7026"}}))
        self.assertEqual(self.recompute(home, "--format", "nftables", "--output", rules).status, 1)
        self.assertNotEqual((rules / "latest").resolve(), one)
        self.assertEqual({p: p.read_bytes() for p in one.rglob("*") if p.is_file()}, before)
        home.misbehave("zmprov-ldap ldap-down")
        self.assertIn(self.recompute(home, "--format", "nftables", "--output", rules).status, (3, 4))
        self.assertEqual(len([p for p in rules.iterdir() if not p.is_symlink()]), 2)

    def test_rules_are_for_the_target_and_made_anew_for_another(self):
        home = self.home()
        rules = home.path.parent / "rules"

        def latest(target, *more):
            done = self.recompute(home, "--format", "nftables", "--output", rules, "--target", target, *more)
            self.assertEqual(done.status, 1, done.err)
            folder = (rules / "latest").resolve()
            return folder, next(folder.rglob("*.nft")).read_text(encoding="utf-8")

        folder, text = latest("ubuntu2004")
        self.assertIn("Ubuntu: nftables.service", text)
        self.assertEqual(latest("ubuntu2004")[0], folder, "the same rules, no new folder, though nothing is accepted")
        other, text = latest("rhel9", "--outbound")
        self.assertNotEqual(other, folder)
        self.assertIn("RHEL: nftables.service", text)
        self.assertIn("chain output", text)
        self.assertIn("\ntarget rhel9\n", (self.state(home) / "rules").read_text(encoding="utf-8"))
        refused = self.recompute(home, "--format", "ufw", "--output", rules, "--target", "rhel8")
        self.assertEqual(refused.status, 2, refused.err)
        self.assertEqual(self.records(home), [1, 2, 3])

    def test_rules_of_what_was_taken_back_do_not_stay_the_latest(self):
        home = self.accepted()
        rules = home.path.parent / "rules"
        options = ("--format", "csv", "--output", rules)

        def latest():
            return "".join(p.read_text(encoding="utf-8") for p in (rules / "latest").rglob("*.csv"))

        self.assertEqual(self.recompute(home, *options).status, 0)
        self.assertNotIn("7026", latest())
        self.rebuild(home, lambda raw: raw["servers"]["mbox2.example.com"].update(
            {"set": {"zimbraLmtpBindPort": "7026"}}))
        self.assertEqual(self.recompute(home, *options).status, 1)
        self.assertIn("7026", latest())
        self.rebuild(home, lambda raw: None)
        self.assertEqual(self.recompute(home, *options).status, 0)
        self.assertNotIn("7026", latest())

    def test_a_command_and_mail_get_the_markdown_once(self):
        home = self.home()
        hook = home.path.parent / "hook"
        heard = home.path.parent / "heard"
        hook.write_text(f'#!/bin/sh\n{{ echo "args: $*"; cat; }} >> {heard}\n', encoding="utf-8")
        hook.chmod(0o755)
        sendmail = home.path / "common" / "sbin" / "sendmail"
        sendmail.parent.mkdir(parents=True, exist_ok=True)
        mailed = home.path.parent / "mailed"
        sendmail.write_text(f'#!/bin/sh\n{{ echo "args: $*"; cat; }} >> {mailed}\n', encoding="utf-8")
        sendmail.chmod(0o755)
        options = ("--notify-command", f"{hook} $(id) ops", "--mail", "ops@example.com")
        for _ in range(2):
            self.assertEqual(self.recompute(home, *options).status, 1)
        text = heard.read_text(encoding="utf-8")
        self.assertEqual(text.count("args: $(id) ops\n# zmfirewall: "), 1, text)
        mail = mailed.read_text(encoding="utf-8")
        self.assertTrue(mail.startswith("args: -i -- ops@example.com\nTo: ops@example.com\nSubject: zmfirewall: "), mail)
        self.assertIn("\n\n# zmfirewall: ", mail)
        home.misbehave("zmprov-ldap ldap-down")
        for _ in range(2):
            self.assertEqual(self.recompute(home, *options).status, 3)
        self.assertEqual(heard.read_text(encoding="utf-8").count("# zmfirewall: no new plan"), 1)

    def test_a_notification_that_fails_is_a_failure_and_is_tried_again(self):
        home = self.home()
        result = self.recompute(home, "--notify-command", "/bin/false")
        self.assertEqual(result.status, 4, result.err)
        self.assertEqual(self.recompute(home, "--notify-command", "/bin/false").status, 4)
        self.assertEqual(self.recompute(home, "--notify-command", "/bin/true").status, 1)

    def test_a_running_upgrade_is_no_time_to_plan(self):
        home = self.accepted()
        history = home.path / ".install_history"
        now = int(time.time())
        done = f"{now - 9000}: INSTALL SESSION START\n{now - 8000}: INSTALL SESSION COMPLETE\n"
        history.write_text(done + f"{now - 60}: INSTALL SESSION START\n{now - 50}: UPGRADED zimbra-core.deb\n")
        result = self.recompute(home)
        self.assertEqual(result.status, 3, result.out)
        self.assertIn("an upgrade is running: INSTALL SESSION", result.err)
        self.assertIn("--wait", result.err)
        bounded = self.recompute(home, "--wait", "--wait-limit", "1")
        self.assertEqual(bounded.status, 3, bounded.out)
        self.assertEqual(self.records(home), [1])
        history.write_text(done)
        self.assertEqual(self.recompute(home, "--wait", "--settle", "0").status, 0)
        history.write_text(f"{now - 90000}: INSTALL SESSION START\n")
        died = self.recompute(home)
        self.assertEqual(died.status, 0, died.err)
        self.assertIn("taken for one that died", died.err)
        history.write_text("what is this\n")
        odd = self.recompute(home)
        self.assertEqual(odd.status, 0, odd.err)
        self.assertIn(".install_history:1", odd.err)

    def test_an_upgrade_that_ends_while_one_waits_is_planned_then(self):
        home = self.accepted()
        history = home.path / ".install_history"
        now = int(time.time())
        history.write_text(f"{now - 60}: INSTALL SESSION START\n")
        command = [os.environ["ZMFIREWALL"], "--zimbra-home", home.path, "--system-root", home.path / "root", "--source",
                   "zmprov-ldap", "recompute", "--wait", "--settle", "0"]
        waiting = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertIn("waiting", waiting.stderr.readline())
        with history.open("a") as file:
            file.write(f"{now}: INSTALL SESSION COMPLETE\n")
        out, err = waiting.communicate(timeout=60)
        self.assertEqual(waiting.returncode, 0, out + err)

    def test_a_patch_of_templates_is_noticed(self):
        home = self.home()
        template = home.path / "conf" / "nginx" / "templates" / "nginx.conf.web.https.template"
        template.parent.mkdir(parents=True, exist_ok=True)
        template.write_text("listen 443;\n", encoding="utf-8")
        self.recompute(home)
        home.run("accept")
        template.write_text("listen 443; # patched\n", encoding="utf-8")
        result = self.recompute(home, "--notify-command", "/bin/false")
        self.assertIn("conf/nginx/templates/nginx.conf.web.https.template, which packages bring, is another", result.out)
        self.assertEqual(result.status, 4, "it is news, so the command was run")
        self.assertEqual(self.recompute(home).status, 0, "and no port moved")

    def test_two_at_once_both_record(self):
        home = self.home()
        command = [os.environ["ZMFIREWALL"], "--zimbra-home", home.path, "--system-root", home.path / "root", "--source",
                   "zmprov-ldap", "recompute"]
        runs = [subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                for _ in range(4)]
        for one in runs:
            out, err = one.communicate(timeout=120)
            self.assertEqual(one.returncode, 1, out + err)
        self.assertEqual(self.records(home), [1, 2, 3, 4])

    def test_a_damaged_record_is_set_aside_told_and_not_used(self):
        home = self.accepted()
        self.recompute(home)
        path = self.state(home) / "records" / "2.record"
        path.write_bytes(path.read_bytes().replace(b"7025", b"7026", 1))
        result = home.run("diff")
        self.assertEqual(result.status, 0, result.err)
        self.assertIn("damaged", result.err)
        self.assertTrue((self.state(home) / "records" / "2.record.damaged").exists())
        accepted = self.state(home) / "accepted.record"
        accepted.write_bytes(accepted.read_bytes()[:-100])
        result = self.recompute(home)
        self.assertEqual(result.status, 1, result.err)
        self.assertIn("nothing counts as accepted", result.err)

    def test_files_are_compared_like_records(self):
        home = self.home()
        folder = home.path.parent
        (folder / "a.json").write_text(home.run("discover", "--json", source="zmprov-ldap").out, encoding="utf-8")
        (folder / "b.json").write_text(home.run("plan", "--all", "--json", source="zmprov-ldap").out, encoding="utf-8")
        same = home.run("diff", folder / "a.json", folder / "b.json")
        self.assertEqual(same.status, 0, same.out + same.err)
        (folder / "c.json").write_text((folder / "a.json").read_text().replace('"7025"', '"7026"'), encoding="utf-8")
        moved = home.run("diff", folder / "a.json", folder / "c.json")
        self.assertEqual(moved.status, 1, moved.err)
        self.assertIn("zimbraLmtpBindPort of global config: 7025 -> 7026", moved.out)
        (folder / "d.json").write_text("{}", encoding="utf-8")
        self.assertEqual(home.run("diff", folder / "a.json", folder / "d.json").status, 5)
        self.assertEqual(home.run("diff", "accepted", "99").status, 2)
        self.assertEqual(home.run("diff").status, 3, "there is no record yet")

    def test_options_that_make_no_sense_are_refused_before_anything_is_done(self):
        home = self.home()
        for arguments in (("--format", "nftables"), ("--output", "x"), ("--notify-command", "tell"), ("--mail", "a b@c"),
                          ("--mail", "-f@example.com"), ("--keep", "0"), ("--target", "debian12"), ("--check",), ("--format", "none", "--output", "x")):
            self.assertEqual(self.recompute(home, *arguments).status, 2, arguments)
        self.assertFalse(self.state(home).exists())


if __name__ == "__main__":
    need_binary()
    unittest.main(argv=[sys.argv[0], "-v"])
