"""Carbonio and Zextras Suite the whole way: what runs where and who says so, what stays a candidate, what changes."""

import datetime
import json
import unittest

import support
import test_plans
from test_plans import expand_merged, read_entry, read_line

MANAGEMENT = support.homes.made_up.uuid("consul management token")
NARROW = support.homes.made_up.uuid("consul service token")
FIVE = [f"srv{i}.example.com" for i in range(1, 6)]


def table(name):
    return json.loads((test_plans.EXPECTED / f"{name}.json").read_text(encoding="utf-8"))["servers"]


class Case(support.Case):
    def home(self, name, node=None, components=True):
        home = support.Home(name, node=node, components=components)
        self.addCleanup(home.close)
        return home

    def inventory(self, home, *options):
        result = home.run("discover", "--json", *options, source="zmprov-ldap")
        self.assert_done(result)
        return json.loads(result.out)

    def open_of(self, plan, server):
        return expand_merged(read_entry(e) for e in next(s for s in plan["servers"] if s["name"] == server)["open"])

    def assert_plan(self, home, plan, wanted):
        self.assertEqual([s["name"] for s in plan["servers"]], sorted(wanted))
        for server, lines in wanted.items():
            with self.subTest(server=server):
                lines = expand_merged(read_line(line, home.deployment, server) for line in lines)
                found = self.open_of(plan, server)
                self.assertEqual(found - lines, set(), "open, and should not be")
                self.assertEqual(lines - found, set(), "not open, and should be")


class Evidence(Case):
    """LDAP tells nothing of most of Carbonio: who does, and what where nobody does."""

    def saved(self, home, name, inventory):
        file = home.path / name
        file.write_text(json.dumps(inventory), encoding="utf-8")
        return file

    def joined(self, home, others):
        """Inventories taken on the others, as files."""
        options = []
        for node in others:
            taken = self.inventory(self.home("carbonio-ce-five", node, False))
            options += ["--join", self.saved(home, f"{node}.json", taken)]
        return options

    def plan(self, home, *more):
        return home.run("plan", "--all", "--json", source="zmprov-ldap", more=more)

    def with_consul(self, home, token, *more):
        port = home.serve_consul()
        file = home.path / "token"
        file.write_text(f"{token}\n", encoding="utf-8")
        file.chmod(0o600)
        return self.plan(home, "--consul-token-file", file, "--consul-url", f"http://127.0.0.1:{port}", *more)

    def assert_incomplete(self, home, result, *words):
        """No server is planned on what is not known, and nothing is emitted."""
        self.assertEqual(result.status, 3, result.err)
        for word in words:
            self.assertIn(word, result.err + result.out)
        for server in json.loads(result.out)["servers"] if result.out else []:
            self.assertFalse(server["open"] and server.get("problems"), server)
        self.assert_refused(home.run("emit", "nftables", "--all", "--output", home.path / "rules", source="zmprov-ldap"))

    def test_inventories_of_the_other_nodes_make_the_plan_whole(self):
        home = self.home("carbonio-ce-five", components=False)
        home.policy('<server name="srv5.example.com"><address>10.0.0.15</address></server>')
        result = self.plan(home, *self.joined(home, FIVE[:3] + FIVE[4:]))
        self.assert_done(result)
        wanted = table("carbonio-ce-five")
        # Its own file says so.
        video = wanted["srv5.example.com"]
        wanted["srv5.example.com"] = [line.replace("20000-40000", "20000-24000") for line in video]
        self.assert_plan(home, result.plan(), wanted)

    def test_without_any_of_them_nothing_is_planned_and_it_is_told_what_is_missing(self):
        home = self.home("carbonio-ce-five", components=False)
        self.assert_incomplete(home, self.plan(home), "srv1.example.com", "--join FILE", "<components>", "token")

    def test_what_is_not_known_of_a_server_is_one_line_and_the_ways_out_are_told_once(self):
        home = self.home("carbonio-ce-five", components=False)
        told = self.plan(home).err.splitlines()
        about = [line for line in told if "not known is whether" in line]
        self.assertEqual([line.split("whether ")[1].split()[0] for line in about], FIVE[:3])
        for line in about:
            self.assertRegex(line, r"runs \S+, .*\bvideo-server\b.*: nothing on this node tells of it$")
        ways = [line for line in told if "no plan for" in line]
        self.assertEqual(len(ways), 1, told)
        for word in ("--join FILE", "all components", "<components>...</components>", "--consul-token-file FILE"):
            self.assertIn(word, ways[0])

    def test_what_a_node_cannot_read_of_itself_is_named_once(self):
        home = self.home("carbonio-ce-five")
        status = home.root / "var/lib/dpkg/status"
        status.write_text(status.read_text(encoding="utf-8").rstrip("\n"), encoding="utf-8")
        told = [line for line in self.plan(home).err.splitlines() if "cut off" in line]
        self.assertEqual(len(told), 1, told)
        self.assertIn(home.node, told[0])

    def test_of_a_part_of_them_the_rest_is_named(self):
        home = self.home("carbonio-ce-five", components=False)
        result = self.plan(home, *self.joined(home, ["srv1.example.com", "srv3.example.com"]))
        self.assert_incomplete(home, result, "srv2.example.com")

    def test_consul_tells_of_every_node_and_its_services(self):
        home = self.home("carbonio-ce-five", components=False)
        # What the mesh calls the node that LDAP does not know is another name.
        home.policy('<server name="srv5.example.com"><address>10.0.0.15</address></server>')
        result = self.with_consul(home, MANAGEMENT)
        self.assert_done(result)
        self.assert_plan(home, result.plan(), table("carbonio-ce-five"))
        for secret in home.secrets():
            self.assertNotIn(secret, result.out + result.err)

    def test_a_token_that_sees_a_part_is_no_better_than_none(self):
        for token, words in ((NARROW, "left out"), ("00000000-0000-0000-0000-00000000dead", "403")):
            with self.subTest(words):
                home = self.home("carbonio-ce-five", components=False)
                result = self.with_consul(home, token)
                self.assertNotIn(result.status, (0, 1), result.out[:300])
                self.assertEqual(result.out, "")
                self.assertIn(words, result.err)
                self.assertNotIn(token, result.err)

    def test_a_consul_that_lies_or_breaks_gives_no_plan(self):
        for mode in ("html-error", "truncate", "close", "server-name"):
            with self.subTest(mode):
                home = self.home("carbonio-ce-five", components=False)
                home.misbehave(f"consul {mode}")
                result = self.with_consul(home, MANAGEMENT)
                self.assertNotIn(result.status, (0, 1), result.out[:300])
                self.assertEqual(result.out, "")
                self.assertNotIn("\x1b", result.err)

    def test_discover_shows_what_runs_where_and_where_nobody_knows(self):
        shown = self.home("carbonio-ce-five").run("discover", source="zmprov-ldap").out
        self.assertRegex(shown, r"services +none\n +components +message-dispatcher, sidecar-service, video-server\n")
        alone = self.home("carbonio-ce-five", components=False).run("discover", source="zmprov-ldap").out
        parts = {part.split()[0]: part for part in alone.split("\n\n")[1:]}
        self.assertRegex(parts["srv4.example.com"], r"components +docs-editor, files, sidecar-service, storages\n?")
        self.assertRegex(parts["srv3.example.com"], r"components +not known from here")
        zimbra = self.home("cluster").run("discover", source="zmprov-ldap").out
        self.assertNotIn("components", zimbra)

    def test_a_stale_inventory_and_one_of_another_product_are_not_joined(self):
        home = self.home("carbonio-ce-five", components=False)
        taken = self.inventory(self.home("carbonio-ce-five", "srv5.example.com", False))
        long_ago = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=8)
        taken["source"]["taken_at"] = long_ago.strftime("%Y-%m-%dT%H:%M:%SZ")
        stale = self.saved(home, "stale.json", taken)
        refused = home.run("discover", "--json", source="zmprov-ldap", more=["--join", stale])
        self.assert_refused(refused, (2, 3, 5))
        self.assertIn("stale.json", refused.err)
        older = home.run("discover", "--json", source="zmprov-ldap", more=["--join", stale, "--join-age", "9"])
        self.assert_done(older)
        other = self.saved(home, "other.json", self.inventory(self.home("suite-8815")))
        refused = home.run("discover", "--json", source="zmprov-ldap", more=["--join", other])
        self.assert_refused(refused, (2, 3, 5))
        self.assertIn("zimbra", refused.err)


class BrokenNode(Case):
    """What a node itself cannot tell is named, and nothing is planned on half of it."""

    def check(self, spoil, *words, name="carbonio-ce-five"):
        home = self.home(name)
        spoil(home)
        result = home.run("plan", "--json", source="zmprov-ldap", timeout=5)
        self.assertNotIn(result.status, (0, 1), result.out[:500])
        for word in words:
            self.assertIn(word, result.err + result.out)

    def test_a_package_database_that_is_cut_off_is_told(self):
        def spoil(home):
            path = home.root / "var/lib/dpkg/status"
            path.write_text(path.read_text(encoding="utf-8").replace("Package: carbonio-files-ce\n", ""), encoding="utf-8")

        self.check(spoil, "dpkg")

    def test_an_rpm_that_fails_or_hangs_is_told(self):
        raw = support.deployments.read("carbonio-split")
        raw["servers"]["mbox1.example.com"]["packaging"] = "rpm"
        for node, told in (("mbox1.example.com", "rpm"), ("chat1.example.com", "does not list this node")):
            for mode in ("fail", "hang", "garbage"):
                with self.subTest(f"{node} {mode}"):
                    home = support.Home(support.deployments.resolve(raw), node=node)
                    self.addCleanup(home.close)
                    (home.root / ".standin" / "misbehave-host").write_text(f"rpm {mode}\n", encoding="utf-8")
                    result = home.run("plan", "--json", source="zmprov-ldap", timeout=5)
                    self.assertEqual(result.status, 3, result.out[:500])
                    self.assertIn(told, result.err + result.out)

    def test_a_registration_that_nobody_understands_is_told_with_its_line(self):
        def spoil(home):
            path = home.root / "etc/zextras/service-discover/carbonio-files.hcl"
            path.write_text(path.read_text(encoding="utf-8")[:-1] + "\n  port = ${evil}\n", encoding="utf-8")

        self.check(spoil, "carbonio-files.hcl")

    def test_a_range_of_the_video_server_that_makes_no_sense_is_told(self):
        for value in ("40000-20000", "20000-70000", "all", "0-0"):
            with self.subTest(value):
                home = self.home("carbonio-ce-five", node="srv5.example.com")
                support.system_root.put(home.root, "etc/janus/janus.jcfg", f'media: {{\n  rtp_port_range = "{value}"\n}}\n')
                result = home.run("plan", "--json", source="zmprov-ldap")
                self.assertEqual(result.status, 3, result.out[:500])
                self.assertIn("janus", result.err + result.out)

    def test_a_range_in_another_group_of_the_file_of_janus_opens_nothing(self):
        home = self.home("carbonio-ce-five", node="srv5.example.com")
        text = 'general: {\n  rtp_port_range = "1-60000"\n}\nmedia: {\n}\n'
        support.system_root.put(home.root, "etc/janus/janus.jcfg", text)
        result = home.run("plan", "--json", source="zmprov-ldap")
        self.assert_done(result)
        self.assertNotIn("60000", result.out)
        self.assertIn("20000-40000", result.out)


class Candidates(Case):
    """What only the documentation names opens nothing, until somebody or something vouches for it."""

    def plan(self, home, *more):
        result = home.run("plan", "--all", "--json", source="zmprov-ldap", more=more)
        self.assert_done(result)
        return {s["name"].split(".")[0]: s for s in result.plan()["servers"]}

    def candidates(self, plan, server):
        return {c["endpoint"] for c in plan[server]["closed"] if "candidate" in c}

    def ports(self, plan, server):
        return {e["endpoint"] for e in plan[server]["open"]}

    def test_of_advanced_are_listed_with_what_would_settle_them(self):
        home = self.home("carbonio-split")
        plan = self.plan(home)
        self.assertEqual(self.candidates(plan, "mbox1"), {"c-zxcore2"})
        self.assertEqual(self.candidates(plan, "mbox2"), {"c-adv-http", "c-adv-https", "c-zxcore", "c-zxcore2"})
        self.assertLessEqual({"c-videorecorder"}, self.candidates(plan, "video1"))
        self.assertLessEqual({"c-grafana", "c-alertmanager"}, self.candidates(plan, "mon1"))
        for server in plan.values():
            for closed in server["closed"]:
                if "candidate" in closed:
                    self.assertTrue(closed["candidate"]["settled_by"], closed)
        text = home.run("plan", "--server", "mbox2.example.com", source="zmprov-ldap")
        self.assert_done(text)
        self.assertIn("candidates", text.out)
        self.assertIn("c-zxcore", text.out.partition("candidates")[2])

    def test_the_policy_can_accept_one(self):
        home = self.home("carbonio-split")
        home.policy('<accept endpoint="c-zxcore"/>')
        plan = self.plan(home)
        self.assertIn("c-zxcore", self.ports(plan, "mbox2"))
        self.assertNotIn("c-adv-http", self.ports(plan, "mbox2"))
        entry = next(e for e in plan["mbox2"]["open"] if e["endpoint"] == "c-zxcore")
        self.assertEqual(entry["peers"], ["mbox1.example.com"])

    def test_a_listener_on_the_node_settles_one_and_loopback_does_not(self):
        home = self.home("carbonio-split")
        deployment, node = home.deployment, home.node
        listening = support.system_root.listening(deployment, node)
        moved = [(p, "127.0.0.1" if port == 8735 else a, port, who) for p, a, port, who in listening]
        support.system_root.sockets(home.root, moved)
        plan = self.plan(home)
        self.assertIn("c-zxcore", self.candidates(plan, "mbox1"))
        support.system_root.sockets(home.root, listening)
        plan = self.plan(home)
        entry = next(e for e in plan["mbox1"]["open"] if e["endpoint"] == "c-zxcore")
        self.assertIn("live", {b["origin"] for b in entry["because"]})

    def test_of_the_suite_open_when_the_listener_is_there(self):
        home = self.home("suite-8815")
        self.assertLessEqual({"z-core-8735", "z-core-8736"}, self.candidates(self.plan(home), "mbox1"))
        support.system_root.sockets(home.root, [("tcp", "::", 8735, "java"), ("tcp", "::", 8743, "java"),
                                                ("tcp", "0.0.0.0", 22, "sshd")])  # fmt: skip
        plan = self.plan(home)
        self.assertLessEqual({"z-core-8735", "z-zx-8743"}, self.ports(plan, "mbox1"))
        self.assertIn("z-core-8736", self.candidates(plan, "mbox1"))
        self.assertIn("z-core-8735", self.candidates(plan, "mbox2"))

    def test_without_the_chat_extension_no_port_of_chat_is_open(self):
        raw = support.deployments.read("suite-8815")
        for node in ("mbox1.example.com", "mbox2.example.com"):
            server = raw["servers"][node]
            server["components"] = ["suite", "suite-drive"]
            server["packages"].pop("zimbra-chat")
            server["files"] = {k: v for k, v in server["files"].items() if "chat" not in k}
        home = support.Home(support.deployments.resolve(raw))
        self.addCleanup(home.close)
        plan = self.plan(home)
        for server in ("mbox1", "mbox2"):
            self.assertFalse({p for p in self.ports(plan, server) if "chat" in p})


class Audit(Case):
    """The sockets of the node against its plan."""

    def findings(self, home):
        result = home.run("audit", "--json", source="zmprov-ldap")
        self.assertIn(result.status, (0, 1), result.err)
        return {(f["id"], f.get("port", 0)) for f in json.loads(result.out)["findings"]}

    def test_what_the_documentation_leaves_open_to_all_is_told_by_the_plan(self):
        home = self.home("carbonio-ce-five", node="srv1.example.com")
        result = home.run("plan", "--json", source="zmprov-ldap")
        self.assert_done(result)
        found = {f["id"] for f in result.plan()["servers"][0]["findings"]}
        self.assertLessEqual({"postgresql-open", "epmd-exposed"}, found)

    def test_a_database_that_left_loopback_is_found(self):
        home = self.home("carbonio-ce-five")
        listening = support.system_root.listening(home.deployment, home.node)
        support.system_root.sockets(home.root, [*listening, ("tcp", "0.0.0.0", 7306, "mysqld")])
        self.assertIn(("live-database", 7306), self.findings(home))

    def test_a_mailstore_as_it_is_has_no_findings_of_missing_or_foreign_listeners(self):
        found = self.findings(self.home("carbonio-ce-five"))
        self.assertFalse([f for f in found if "missing" in f[0] or "foreign" in f[0] or "unknown" in f[0]], found)


class Recompute(Case):
    def recompute(self, home, *options):
        return home.run("recompute", *options, source="zmprov-ldap")

    def accepted(self, name):
        home = self.home(name)
        (home.path / "data").mkdir(exist_ok=True)
        self.assertEqual(self.recompute(home).status, 1)
        self.assertEqual(home.run("accept").status, 0)
        return home

    def test_a_new_release_is_noticed_and_moves_no_port(self):
        home = self.accepted("carbonio-ce-five")
        (home.path / ".version").write_text("26.9.0\n", encoding="utf-8")
        result = self.recompute(home)
        self.assertIn(".version", result.out + result.err)
        self.assertEqual(self.recompute(home).status, 0)

    def test_a_package_that_came_with_an_upgrade_opens_what_it_needs_once_it_is_set_up(self):
        home = self.accepted("carbonio-ce-five")
        root = home.root
        hcl = "etc/zextras/service-discover/carbonio-videoserver.hcl"
        pending = root / "etc/zextras/pending-setups.d/carbonio-videoserver.sh"
        pending.write_text("#!/bin/bash\n", encoding="utf-8")
        status = root / "var/lib/dpkg/status"
        status.write_text(status.read_text(encoding="utf-8") + "Package: carbonio-videoserver-ce\nStatus: install ok "
                          "installed\nVersion: 26.9.0\n\n", encoding="utf-8")  # fmt: skip
        self.assert_refused(self.recompute(home))
        service = support.system_root.parts.SERVICES["carbonio-videoserver"]
        support.system_root.put(root, hcl, support.system_root.hcl("carbonio-videoserver", service))
        pending.rename(pending.parent / "done" / pending.name)
        done = self.recompute(home)
        self.assertEqual(done.status, 1, done.err)
        self.assertIn("opens 20000-40000/udp c-rtp", done.out)
        self.assertNotIn("closes", done.out)


if __name__ == "__main__":
    support.need_binary()
    unittest.main(verbosity=1)
