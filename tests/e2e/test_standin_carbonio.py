"""The stand-in's Carbonio: the programs, files and the mesh's API answer as theirs do. Needs no zmfirewall."""

import http.client
import json
import os
import re
import ssl
import subprocess
import unittest

import support

MANAGEMENT = support.homes.made_up.uuid("consul management token")
NARROW = support.homes.made_up.uuid("consul service token")
FILTERED = "X-Consul-Results-Filtered-By-ACLs"


def ask(program, *arguments):
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


class Node(support.Case):
    @classmethod
    def setUpClass(cls):
        cls.home = support.Home("carbonio-ce-five")
        cls.bin = cls.home.path / "bin"

    @classmethod
    def tearDownClass(cls):
        cls.home.close()

    def setUp(self):
        self.home.misbehave()

    def test_carbonio_prov_is_zmprov_with_one_word_more(self):
        for words in (["-l", "gas"], ["gas", "-v", "-e"], ["-l", "gcf", "carbonioAdminProxyPort"], ["gs", "nosuch"]):
            self.assertEqual(ask(self.bin / "carbonio", "prov", *words), ask(self.bin / "zmprov", *words))
        self.assertEqual(ask(self.bin / "carbonio", "prov", "-l", "gas")[1].split(),
                         [f"srv{i}.example.com" for i in (1, 2, 3, 4)])  # fmt: skip
        self.assertEqual(self.home.zmprov_starts()[-1], "-l gas")

    def test_what_ldap_does_not_know_is_in_no_answer_of_it(self):
        _, out, _ = ask(self.bin / "carbonio", "prov", "-l", "gas", "-v")
        self.assertNotIn("srv5", out)
        self.assertIn("zimbraServiceEnabled: service-discover\n", out)

    def test_soap_tells_the_same_of_carbonio_attributes(self):
        with support.Home("carbonio-ce-five") as home:
            home.serve()
            context = ssl.create_default_context(cafile=home.path / "conf" / "ca" / "ca.pem")
            context.check_hostname = False
            connection = http.client.HTTPSConnection("127.0.0.1", home.port, context=context, timeout=20)
            self.addCleanup(connection.close)
            frame = ('<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:Header><context '
                     'xmlns="urn:zimbra">{}</context></soap:Header><soap:Body>{}</soap:Body></soap:Envelope>')  # fmt: skip

            def post(token, document):
                connection.request("POST", "/service/admin/soap/", frame.format(token, document).encode())
                return connection.getresponse().read().decode()

            name, password = home.deployment.auth["name"], home.deployment.auth["password"]
            answer = post("", f'<AuthRequest xmlns="urn:zimbraAdmin" name="{name}" password="{password}"/>')
            token = re.search("<authToken>.*?</authToken>", answer).group(0)
            answer = post(token, '<GetAllConfigRequest xmlns="urn:zimbraAdmin"/>')
            self.assertIn('<a n="carbonioAdminProxyPort">6071</a>', answer)

    def test_the_community_edition_knows_no_modules(self):
        status, out, _ = ask(self.bin / "carbonio", "--json", "core", "getServices")
        self.assertEqual(status, 1)
        self.assertNotIn("{", out)

    def test_zmhostname_names_the_node(self):
        self.assertEqual(ask(self.bin / "zmhostname")[1], "srv4.example.com\n")
        self.assertEqual((self.home.path / ".version").read_text(encoding="utf-8"), "26.6.0\n")

    def test_systemctl_answers_in_its_own_grammar(self):
        systemctl = self.home.root / "usr" / "bin" / "systemctl"
        self.assertEqual(ask(systemctl, "is-active", "carbonio-files.service"), (0, "active\n", ""))
        self.assertEqual(ask(systemctl, "is-active", "nosuch.service"), (3, "inactive\n", ""))
        status, out, _ = ask(systemctl, "show", "--property=Id,LoadState,ActiveState", "--", "carbonio-files.service",
                             "nosuch.service")  # fmt: skip
        self.assertEqual(status, 0)
        self.assertEqual(out.split("\n\n")[0].splitlines(),
                         ["Id=carbonio-files.service", "LoadState=loaded", "ActiveState=active"])  # fmt: skip
        self.assertIn("LoadState=not-found", out)
        (self.home.root / ".standin" / "misbehave-host").write_text("systemctl fail\n", encoding="utf-8")
        self.addCleanup((self.home.root / ".standin" / "misbehave-host").unlink)
        self.assertEqual(ask(systemctl, "is-active", "carbonio-files.service")[:2], (1, ""))

    def test_packages_stand_in_the_database_with_lines_that_look_like_others(self):
        text = (self.home.root / "var/lib/dpkg/status").read_text(encoding="utf-8")
        self.assertIn("Package: carbonio-files-ce\nStatus: install ok installed\n", text)
        self.assertIn("\n Package: not-a-package\n", text)

    def test_files_of_the_mesh_and_finished_setups_are_there(self):
        mesh = self.home.root / "etc/zextras"
        text = (mesh / "service-discover/carbonio-files.hcl").read_text(encoding="utf-8")
        self.assertRegex(text, r"listener_port = 21500")
        self.assertEqual((mesh / "service-discover/config.json").stat().st_mode & 0o777, 0o600)
        self.assertEqual([p.name for p in (mesh / "pending-setups.d").iterdir()], ["done"])

    def test_sockets_have_processes(self):
        found = {}
        for process in (self.home.root / "proc").iterdir():
            for link in process.glob("fd/*"):
                found[os.readlink(link)] = (process / "comm").read_text(encoding="utf-8").strip()
        rows = (self.home.root / "proc/net/tcp6").read_text(encoding="utf-8").splitlines()[1:]
        ports = {int(row.split()[1].split(":")[1], 16): found[f"socket:[{row.split()[9]}]"] for row in rows}
        self.assertEqual(ports[7025], "java")
        self.assertNotIn(8742, ports)


class OtherHosts(support.Case):
    def test_rpm_lists_what_the_other_kind_of_host_has(self):
        with support.Home("carbonio-split", node="chat1.example.com") as home:
            rpm = home.root / "usr" / "bin" / "rpm"
            self.assertFalse((home.root / "var/lib/dpkg/status").exists())
            self.assertIn("carbonio-ws-collaboration-ce", ask(rpm, "-qa", "--qf", "%{NAME}\\n")[1].split())
            self.assertIn("carbonio-erlang-26.6.0-1.el9.x86_64\n", ask(rpm, "-qa")[1])
            self.assertEqual(ask(rpm, "-q", "carbonio-files-ce")[0], 1)

    def test_zxsuite_tells_of_modules_and_may_be_unreachable(self):
        with support.Home("suite-8815") as home:
            zxsuite = home.path / "bin" / "zxsuite"
            status, out, _ = ask(zxsuite, "--json", "mobile", "getServices")
            self.assertEqual(status, 0)
            self.assertIs(json.loads(out)["response"]["services"]["addressbook"]["running"], False)
            home.misbehave("modules refused")
            self.assertNotEqual(ask(zxsuite, "--json", "core", "getServices")[0], 0)

    def test_a_mixed_up_host_has_traces_of_both(self):
        with support.Home("mixed-up") as home:
            self.assertTrue((home.root / "opt/zimbra/conf/localconfig.xml").exists())
            self.assertIn("Status: deinstall ok config-files",
                          (home.root / "var/lib/dpkg/status").read_text(encoding="utf-8"))  # fmt: skip
            self.assertEqual(home.path, home.root / "opt/zextras")


class Mesh(support.Case):
    def setUp(self):
        self.home = support.Home("carbonio-ce-five")
        self.addCleanup(self.home.close)
        self.port = self.home.serve_consul()

    def get(self, path, token=""):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        self.addCleanup(connection.close)
        connection.request("GET", path, headers={"X-Consul-Token": token} if token else {})
        response = connection.getresponse()
        return response, response.read()

    def test_the_management_token_sees_every_node(self):
        response, body = self.get("/v1/catalog/nodes", MANAGEMENT)
        self.assertIsNone(response.getheader(FILTERED))
        self.assertEqual(len(json.loads(body)), 5)
        services = json.loads(self.get("/v1/catalog/node/agent-srv5-example-com", MANAGEMENT)[1])["Services"]
        self.assertIn("carbonio-videoserver-sidecar-proxy", services)

    def test_without_a_token_lists_are_empty_and_only_a_header_says_why(self):
        response, body = self.get("/v1/catalog/nodes")
        self.assertEqual((response.status, json.loads(body)), (200, []))
        self.assertEqual(response.getheader(FILTERED), "true")
        self.assertEqual(self.get("/v1/agent/self")[0].status, 403)

    def test_the_token_of_a_service_sees_a_part(self):
        response, body = self.get("/v1/catalog/nodes", NARROW)
        self.assertEqual([n["Node"] for n in json.loads(body)], ["agent-srv4-example-com"])
        self.assertEqual(response.getheader(FILTERED), "true")

    def test_a_token_that_nobody_knows_is_refused(self):
        self.assertEqual(self.get("/v1/catalog/nodes", "00000000-0000-0000-0000-00000000dead")[0].status, 403)

    def test_the_leader_is_told_to_everybody(self):
        self.assertEqual(json.loads(self.get("/v1/status/leader")[1]), "10.0.0.11:8300")


if __name__ == "__main__":
    unittest.main(verbosity=1)
