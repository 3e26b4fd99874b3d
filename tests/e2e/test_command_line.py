"""The command as a person meets it: help, mistakes, exit statuses, what goes to which stream."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

from support import BINARY, SOURCE, Case, Home, check_schema, need_binary, run

STATUSES = ["0", "1", "2", "3", "4", "5", "70"]


class CommandLine(Case):
    @classmethod
    def setUpClass(cls):
        cls.home = Home("cluster")

    @classmethod
    def tearDownClass(cls):
        cls.home.close()

    def zmfirewall(self, *arguments, **options):
        return self.home.run(*arguments, source="zmprov-ldap", **options)

    def test_help_shows_examples_and_every_exit_status(self):
        done = run([BINARY, "--help"])
        self.assertEqual(done.status, 0)
        self.assertIn("Examples:", done.out)
        for status in STATUSES:
            self.assertRegex(done.out, rf"(?m)^  {status} +\S")

    def test_the_readme_documents_the_same_statuses(self):
        readme = (SOURCE / "README.md").read_text(encoding="utf-8")
        table = readme[readme.index("| status |") : readme.index("Standard output carries")]
        self.assertEqual(re.findall(r"(?m)^\| (\d+) \|", table), STATUSES)

    def test_version_is_one_line(self):
        done = run([BINARY, "--version"])
        self.assertEqual(done.status, 0)
        self.assertRegex(done.out, r"^zmfirewall \d+\.\d+\.\d+\n$")

    def test_mistakes_in_the_arguments_give_2_and_no_result(self):
        for arguments in (
            [],
            ["plan", "--server"],
            ["plan", "--server", "mbox1.example.com", "--all"],
            ["frobnicate"],
            ["plan", "--nonsense"],
            ["emit"],
            ["emit", "nosuchformat"],
            ["explain", "no-such-thing"],
            ["plan", "--server", "nosuch.example.com"],
            ["--source", "telepathy", "plan"],
            ["--timeout", "0", "plan"],
        ):
            with self.subTest(arguments):
                self.assert_refused(self.home.run(*arguments), (2,))

    def test_a_source_and_an_inventory_exclude_each_other(self):
        self.assert_refused(self.zmfirewall("plan", more=["--inventory", "x.json"]), (2,))

    def test_a_near_miss_is_named(self):
        self.assertIn("mbox1.example.com", self.zmfirewall("plan", "--server", "mbox1.exampel.com").err)
        self.assertIn("memcached", self.zmfirewall("explain", "memcachd").err)

    def test_the_result_that_cannot_be_written_gives_4(self):
        for command in (["discover", "--json"], ["plan"], ["emit", "nftables"]):
            with open("/dev/full", "w", encoding="utf-8") as full:
                home = ["--zimbra-home", self.home.path, "--system-root", self.home.path / "root"]
                done = subprocess.run(
                    [BINARY, *home, "--source", "zmprov-ldap", *command], stdout=full, stderr=subprocess.PIPE, check=False
                )
            self.assertEqual(done.returncode, 4, command)
            self.assertIn(b"standard output", done.stderr)

    def test_a_pipe_gets_no_colours(self):
        self.assertNotIn("\x1b", self.zmfirewall("plan").out)

    def test_a_finding_changes_the_status_only_where_asked_for(self):
        self.assertEqual(self.zmfirewall("plan", "--server", "ldap1.example.com").status, 0)
        asked = self.zmfirewall("plan", "--server", "ldap1.example.com", "--fail-on", "info")
        self.assertEqual(asked.status, 1)
        self.assertIn("ldap1.example.com", asked.out)

    def test_explain_answers_ports_endpoints_findings_and_reasons(self):
        plan = self.zmfirewall("plan", "--server", "mbox1.example.com", "--json").plan()
        lmtp = next(open_ for open_ in plan["servers"][0]["open"] if open_["endpoint"] == "lmtp")
        here = ["--server", "mbox1.example.com"]
        self.assertIn("because zimbraLmtpBindPort", self.zmfirewall("explain", "7025", *here).out)
        self.assertIn("because zimbraLmtpBindPort", self.zmfirewall("explain", "lmtp", *here).out)
        self.assertIn("because zimbraLmtpBindPort", self.zmfirewall("explain", lmtp["reason"], *here).out)
        self.assertIn("may leave", self.zmfirewall("explain", "ntp", *here).out)
        self.assertIn("outbound: closed", self.zmfirewall("explain", "external-directory", *here).out)
        self.assertIn("stops emit", self.zmfirewall("explain", "ports-swapped", *here).out)
        self.assertIn("never heard of it", self.zmfirewall("explain", "12345", *here).out)

    def test_explain_says_of_a_dead_port_why_nothing_opens_it(self):
        for port in ("7307", "7035", "7285", "23232", "1081", "7085"):
            done = self.zmfirewall("explain", port)
            self.assertEqual(done.status, 0)
            self.assertIn("closed", done.out, port)

    @staticmethod
    def catalogue_ids(product):
        """Of all endpoints, egress and components of the product."""
        ids = []
        for file in sorted((SOURCE / "templates" / "catalogue").glob("*.xml")):
            root = ElementTree.parse(file).getroot()
            if product in root.get("product").split():
                ids += [one.get("id") for kind in ("endpoint", "egress", "component") for one in root.iterfind(kind)]
        return ids

    def test_formats_and_catalogue_list_what_there_is(self):
        self.assertIn("nftables", run([BINARY, "formats"]).out)
        for product in ("zimbra", "carbonio"):
            rows = [line.split()[0] for line in run([BINARY, "--product", product, "catalogue"]).out.splitlines() if line]
            self.assertEqual(sorted(rows), sorted(["ENDPOINT", "COMPONENT", *self.catalogue_ids(product)]))
        self.assertIn("zimbraMemcachedBindPort", run([BINARY, "catalogue", "memcached"]).out)

    def test_a_bad_policy_gives_5_and_its_line(self):
        with tempfile.NamedTemporaryFile("w", suffix=".xml") as policy:
            policy.write("<policy>\n<close endpoint='memcachd'/>\n</policy>\n")
            policy.flush()
            done = self.zmfirewall("plan", more=["--policy", policy.name])
            self.assert_refused(done, (5,))
            self.assertIn("memcached", done.err)
            policy.seek(0)
            policy.write("<policy>\n\n<allow port='99999' protocol='tcp' from='any'/></policy>")
            policy.flush()
            done = self.zmfirewall("plan", more=["--policy", policy.name])
            self.assert_refused(done, (5,))
            self.assertIn(":3:", done.err)

    def test_emit_without_output_needs_one_file(self):
        self.assert_refused(self.zmfirewall("emit", "nftables", "--all"), (2,))
        self.assert_refused(self.zmfirewall("emit", "ufw"), (2,))

    def test_emit_writes_below_the_named_folder_only_and_says_what(self):
        with tempfile.TemporaryDirectory() as folder:
            output = pathlib.Path(folder) / "new" / "rules"
            done = self.zmfirewall("emit", "nftables", "--all", "--output", output)
            self.assertEqual(done.status, 0, done.err)
            written = sorted(str(path) for path in output.rglob("*") if path.is_file())
            self.assertEqual(sorted(done.out.splitlines()), written)
            self.assertEqual(len(written), 6)
            self.assertEqual(os.listdir(folder), ["new"])

    def test_a_blocker_stops_emit_until_the_policy_accepts_it(self):
        with Home("swapped") as home:
            stopped = home.run("emit", "nftables", source="zmprov-ldap")
            self.assert_refused(stopped, (1,))
            self.assertIn("ports-swapped", stopped.err)
            home.policy('<accept finding="ports-swapped"/>')
            self.assertEqual(home.run("emit", "nftables", source="zmprov-ldap").status, 0)

    def test_the_same_facts_emit_the_same_bytes(self):
        inventory = pathlib.Path(self.home.folder) / "inventory.json"
        inventory.write_text(self.zmfirewall("discover", "--json").out, encoding="utf-8")
        rules = {self.home.run("emit", "nftables", more=["--inventory", inventory]).out for _ in range(3)}
        self.assertEqual(len(rules), 1)

    def test_an_inventory_that_is_none_gives_5(self):
        path = pathlib.Path(self.home.folder) / "bad.json"
        for text in ("", "{", "[]", json.dumps({"schema": "zmfirewall/inventory/2"}), "\x00"):
            path.write_text(text, encoding="utf-8")
            self.assert_refused(self.home.run("plan", more=["--inventory", path]), (5,))
        self.assert_refused(self.home.run("plan", more=["--inventory", path.parent / "absent"]), (5,))

    def shell(self, redirections, *arguments):
        command = [BINARY, "--zimbra-home", self.home.path, "--system-root", self.home.path / "root", *arguments]
        line = " ".join(f"'{word}'" for word in command) + " " + redirections
        return subprocess.run(["/bin/sh", "-c", line], stdin=subprocess.DEVNULL, capture_output=True, check=False)

    def test_a_closed_standard_output_is_a_failure_and_a_closed_standard_error_is_none(self):
        for command in (["plan"], ["discover", "--json"]):
            self.assertEqual(self.shell(">&-", "--source", "zmprov-ldap", *command).returncode, 4, command)
            self.assertEqual(self.shell("2>&-", "--source", "zmprov-ldap", *command).returncode, 0, command)
        self.assertEqual(self.shell("2>/dev/full", "--inventory", "/nonexistent", "plan").returncode, 5)
        self.assertEqual(self.shell("2>&-", "--inventory", "/nonexistent", "plan").returncode, 5)

    def edited_inventory(self, edit):
        inventory = json.loads(self.zmfirewall("discover", "--json").out)
        edit(inventory)
        path = pathlib.Path(self.home.folder) / "edited.json"
        path.write_text(json.dumps(inventory), encoding="utf-8")
        return path

    def with_inventory(self, edit, *command):
        return self.home.run(*command, more=["--inventory", self.edited_inventory(edit)])

    def test_an_inventory_that_is_not_the_whole_deployment_is_refused(self):
        def incomplete(inventory):
            inventory["source"]["complete"] = False

        def another_product(inventory):
            inventory["product"] = "exchange"

        def without_mta(inventory):
            inventory["servers"] = [s for s in inventory["servers"] if not s["name"].startswith("mta1")]

        self.assert_refused(self.with_inventory(incomplete, "plan"), (3,))
        self.assert_refused(self.with_inventory(another_product, "plan"), (5,))
        gone = self.with_inventory(without_mta, "plan")
        self.assert_refused(gone, (3,))
        self.assertIn("mta1", gone.err)

    def test_odd_values_reach_a_terminal_quoted(self):
        def escape(inventory):
            inventory["servers"][0]["attributes"]["zimbraServerVersion"] = ["10.1.2\x1b[31m\nFAKE open 22"]

        done = self.with_inventory(escape, "discover")
        self.assertEqual(done.status, 0, done.err)
        self.assertNotIn("\x1b", done.out)
        self.assertNotIn("\nFAKE", done.out)

    def test_explain_on_a_server_without_a_plan_says_why_and_gives_3(self):
        def bad_port(inventory):
            for server in inventory["servers"]:
                server["attributes"]["zimbraLmtpBindPort"] = ["x"]

        done = self.with_inventory(bad_port, "explain", "lmtp", "--server", "mbox1.example.com")
        self.assertEqual(done.status, 3)
        self.assertIn("zimbraLmtpBindPort of mbox1.example.com", done.err)

    def test_a_policy_that_cannot_do_what_it_says_gives_5(self):
        for line in (
            "<close endpoint='ssh'/>",
            "<accept endpoint='lmtp'/>",
            "<network name='amdin'><cidr>10.0.0.1</cidr></network>",
            "<server name='mbox1.example.com'><local name='ldap_bind_ur'>x</local></server>",
        ):
            with tempfile.NamedTemporaryFile("w", suffix=".xml") as policy:
                policy.write(f"<policy>{line}</policy>")
                policy.flush()
                self.assert_refused(self.zmfirewall("plan", more=["--policy", policy.name]), (5,))

    def test_a_home_that_is_none_gives_3_and_says_what_to_do(self):
        done = run([BINARY, "--zimbra-home", "/nonexistent", "plan"])
        self.assert_refused(done, (3,))
        self.assertIn("--zimbra-home", done.err)


class OnAHost(Case):
    """Made-up system roots: which format fits, what emit says and what it refuses."""

    def setUp(self):
        self.home = Home("single")
        self.root = self.home.path / "root"

    def tearDown(self):
        self.home.close()

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def emit(self, *arguments, **options):
        return self.home.run("emit", *arguments, source="zmprov-ldap", **options)

    def test_host_recommends_the_manager_that_is_enabled_and_emit_warns_of_a_second_one(self):
        self.write("etc/os-release", 'ID=ubuntu\nVERSION_ID="22.04"\n')
        self.write("etc/ufw/ufw.conf", "ENABLED=yes\n")
        host = self.home.run("host", "--json").plan()
        self.assertEqual((host["format"], host["target"]), ("ufw", "ubuntu2204"))
        self.assertIsNone(host["nft_tables"], "nobody may list them here")
        check_schema(host, "host-1")
        self.assertIn("Format that fits: ufw", self.home.run("host").out)
        self.assertIn("recommended on this host: ufw", self.home.run("formats").out)
        emitted = self.emit("nftables")
        self.assertEqual(emitted.status, 0, emitted.err)
        self.assertIn("warning: ufw filters here as well", emitted.err)
        self.assertNotIn("warning:", self.emit("ufw", "--output", self.home.path / "rules").err)
        self.assertNotIn("warning:", self.emit("csv").err)

    def test_a_format_that_the_system_cannot_take_is_refused_with_the_reason(self):
        self.write("etc/os-release", 'ID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"\n')
        rules = self.home.path / "rules"
        refused = self.emit("ufw", "--output", rules)
        self.assert_refused(refused, (2,))
        self.assertIn("RHEL 9", refused.err)
        self.assertFalse(rules.exists())
        self.assertEqual(self.emit("ufw", "--target", "debian12", "--output", rules).status, 0)
        self.assert_refused(self.emit("firewalld", "--target", "ubuntu2004", "--output", rules), (2,))
        self.assert_refused(self.emit("nftables", "--target", "amiga"), (2,))

    def test_the_files_name_what_loads_rules_at_boot_on_their_target(self):
        self.assertIn("/etc/nftables.conf", self.emit("nftables", "--target", "ubuntu2004").out)
        self.assertIn("/etc/sysconfig/nftables.conf", self.emit("nftables", "--target", "rhel8").out)

    def test_a_system_that_cannot_be_told_is_told_of_and_nothing_is_refused(self):
        (self.root / "etc/os-release").unlink(missing_ok=True)
        done = self.emit("nftables")
        self.assertEqual(done.status, 0)
        self.assertIn("the target is not known", done.err)
        self.write("etc/os-release", "ID=$(reboot)\n")
        self.assertIn("os-release:1", self.emit("nftables").err)

    def test_every_target_gets_rules_that_their_own_programs_read(self):
        formats = {"ubuntu2004": ["ufw"], "ubuntu2204": ["ufw", "firewalld"], "ubuntu2404": ["ufw", "firewalld"],
                   "debian12": ["ufw", "firewalld"], "rhel8": ["firewalld"], "rhel9": ["firewalld"]}  # fmt: skip
        for target, managers in formats.items():
            for name in ["nftables", "iptables", *managers]:
                with self.subTest(target=target, format=name):
                    rules = self.home.path / "rules" / target / name
                    done = self.emit(name, "--target", target, "--check", "--output", rules)
                    self.assertEqual(done.status, 0, done.err)
                    self.assertRegex(done.err, "checked: [1-9]|not checked: ")


class Schemas(Case):
    def test_xml_schemas_accept_what_ships(self):
        if not shutil.which("xmllint"):
            self.skipTest("xmllint is not installed")
        templates = SOURCE / "templates"
        pairs = [(path, templates / "catalogue" / "catalogue.xsd") for path in (templates / "catalogue").glob("*.xml")]
        pairs += [(path, templates / "schema" / "format.xsd") for path in templates.glob("*/manifest.xml")]
        pairs.append((templates / "targets.xml", templates / "schema" / "targets.xsd"))
        with Home("cluster") as home:
            pairs.append((home.path / "conf" / "zmfirewall.xml", templates / "schema" / "policy.xsd"))
            for path, schema in pairs:
                done = run(["xmllint", "--noout", "--schema", schema, path])
                self.assertEqual(done.status, 0, done.err)

    def test_a_format_that_cannot_filter_what_leaves_says_so_and_which_can(self):
        with Home("cluster") as home:
            done = home.run("emit", "ufw", "--outbound", "--output", home.path / "rules", source="zmprov-ldap")
            self.assertEqual(done.status, 2)
            self.assertIn("the format ufw has no rules for what leaves a server", done.err)
            self.assertIn("nftables", done.err)
            self.assertFalse((home.path / "rules").exists())

    def test_observed_reads_a_log_off_line_and_gives_the_policy_line_that_keeps_the_peer(self):
        packet = "IN=eth0 OUT= SRC=203.0.113.7 DST=10.0.0.5 LEN=60 TTL=63 ID=1 DF PROTO=TCP SPT=51234 DPT=7071 SYN"
        with Home("cluster") as home:
            log = home.path / "kern.log"
            log.write_text(
                f"Nov 24 06:15:47 mail kernel: [12.5] zmfirewall would drop: {packet}\n"
                f"Nov 24 06:15:47 mail postfix/smtpd[1]: zmfirewall would drop: {packet.replace('7071', '22')}\n"
                "Nov 24 06:15:48 mail kernel: [12.6] zmfirewall would drop: \x1b[31m\n", encoding="utf-8"
            )  # fmt: skip
            command = ("observed", "--server", "mbox1.example.com", "--log", log)
            text = home.run(*command, source="zmprov-ldap")
            self.assertEqual(text.status, 0, text.err)
            line = '<allow port="7071" protocol="tcp" from="203.0.113.7" server="mbox1.example.com"/>'
            self.assertIn(line, text.out)
            self.assertNotIn("22/tcp", text.out)
            self.assertIn("1 lines not understood", text.err)
            report = home.run(*command, "--json", source="zmprov-ldap").plan()
            self.assertEqual([(one["port"], one["logged"]) for one in report["observed"]], [(7071, 1)])
            home.policy(line)
            after = home.run(*command, "--json", source="zmprov-ldap").plan()
            self.assertEqual([one["likely"] for one in after["observed"]], ["let-in-now"])
            check_schema(report, "observed-1")

    def test_observing_is_refused_where_it_cannot_be(self):
        with Home("cluster") as home:
            refused = home.run("emit", "ufw", "--observe", source="zmprov-ldap")
            self.assertEqual(refused.status, 2)
            self.assertIn("formats that can: iptables, nftables", refused.err)
            for option in ("--prove", "--outbound"):
                self.assertEqual(home.run("emit", "nftables", "--observe", option, source="zmprov-ldap").status, 2)

    def test_json_schemas_accept_every_plan_and_inventory(self):
        for deployment in ("cluster", "dual-stack", "single", "swapped", "onlyoffice", "zimbra-8815"):
            with self.subTest(deployment), Home(deployment) as home:
                home.policy('<allow port="20000-20010" protocol="udp" from="any" comment="calls"/>')
                check_schema(home.run("plan", "--all", "--json", source="zmprov-ldap").plan(), "plan-1")
                outbound = home.run("plan", "--all", "--json", "--outbound", source="zmprov-ldap").plan()
                self.assertTrue(all(server["outbound"] for server in outbound["servers"]))
                check_schema(outbound, "plan-1")
                check_schema(home.run("discover", "--json", source="zmprov-ldap").plan(), "inventory-1")


if __name__ == "__main__":
    need_binary()
    unittest.main(argv=[sys.argv[0], "-v"])
