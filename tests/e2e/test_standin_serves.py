"""The stand-in over the network: the headers of the records, its misbehaviour, the programs it installs."""

import gzip
import http.client
import json
import ssl
import subprocess
import unittest

import support

ENVELOPE = (
    '<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:Header><context xmlns="urn:zimbra">'
    "{token}</context></soap:Header><soap:Body>{document}</soap:Body></soap:Envelope>"
)
SERVERS = '<GetAllServersRequest xmlns="urn:zimbraAdmin" applyConfig="0"/>'
CONFIG = '<GetAllConfigRequest xmlns="urn:zimbraAdmin"/>'


class Client:
    def __init__(self, home):
        context = ssl.create_default_context(cafile=home.path / "conf" / "ca" / "ca.pem")
        context.check_hostname = False
        self.connection = http.client.HTTPSConnection("127.0.0.1", home.port, context=context, timeout=20)

    def post(self, document, token="", headers=None):
        body = ENVELOPE.format(document=document, token=f"<authToken>{token}</authToken>" if token else "")
        self.connection.request("POST", "/service/admin/soap/", body.encode(), headers or {})
        response = self.connection.getresponse()
        return response, response.read()

    def login(self, home):
        auth = f'<AuthRequest xmlns="urn:zimbraAdmin" name="zimbra" password="{home.deployment.auth["password"]}"/>'
        _, body = self.post(auth)
        return body.decode().split("<authToken>")[1].split("<")[0]


class Serves(support.Case):
    @classmethod
    def setUpClass(cls):
        cls.home = support.Home("cluster").serve()

    @classmethod
    def tearDownClass(cls):
        cls.home.close()

    def setUp(self):
        self.home.misbehave()
        self.client = Client(self.home)
        self.addCleanup(self.client.connection.close)
        self.token = self.client.login(self.home)

    def test_one_connection_serves_many_requests(self):
        for _ in range(3):
            response, body = self.client.post(SERVERS, self.token)
            self.assertEqual(response.status, 200)
            self.assertIn(b"mbox1.example.com", body)

    def test_long_answers_are_chunked_and_gzipped_when_asked(self):
        response, body = self.client.post(CONFIG, self.token)
        self.assertEqual(response.getheader("Transfer-Encoding"), "chunked")
        zipped, packed = self.client.post(CONFIG, self.token, {"Accept-Encoding": "gzip"})
        self.assertEqual(zipped.getheader("Content-Encoding"), "gzip")
        self.assertEqual(gzip.decompress(packed), body)

    def test_a_fault_is_500_alone_and_inline_in_a_batch(self):
        nosuch = '<GetServerRequest xmlns="urn:zimbraAdmin"><server by="name">nosuch</server></GetServerRequest>'
        response, body = self.client.post(nosuch, self.token)
        self.assertEqual(response.status, 500)
        self.assertIn(b"account.NO_SUCH_SERVER", body)
        response, body = self.client.post(f'<BatchRequest xmlns="urn:zimbra">{nosuch}</BatchRequest>', self.token)
        self.assertEqual(response.status, 200)
        self.assertIn(b"account.NO_SUCH_SERVER", body)

    def test_without_a_token_nothing_is_answered(self):
        response, body = self.client.post(SERVERS)
        self.assertEqual(response.status, 500)
        self.assertIn(b"service.AUTH_REQUIRED", body)

    def test_private_keys_are_blocked_and_token_keys_are_not(self):
        _, servers = self.client.post(SERVERS, self.token)
        self.assertIn(b'<a n="zimbraSSLPrivateKey">VALUE-BLOCKED</a>', servers)
        self.assertNotIn(b"PRIVATE KEY", servers)
        _, config = self.client.post(CONFIG, self.token)
        self.assertIn(b"zimbraAuthTokenKey", config)

    def test_what_is_not_xml_gets_a_json_fault(self):
        self.client.connection.request("POST", "/service/admin/soap/", b"hello world")
        response = self.client.connection.getresponse()
        self.assertEqual(response.status, 500)
        self.assertEqual(json.loads(response.read())["Body"]["Fault"]["Detail"]["Error"]["Code"], "service.PARSE_ERROR")

    def test_misbehaviour_is_switched_on_and_off_while_it_runs(self):
        self.home.misbehave("soap html-error")
        self.assertEqual(self.client.post(SERVERS, self.token)[0].status, 502)
        self.home.misbehave()
        self.assertEqual(self.client.post(SERVERS, self.token)[0].status, 200)


class Programs(support.Case):
    def test_zmlocalconfig_answers_as_the_real_one(self):
        with support.Home("single") as home:

            def ask(*words):
                done = subprocess.run(
                    [home.path / "bin" / "zmlocalconfig", *words], capture_output=True, text=True, check=True
                )
                return done.stdout, done.stderr

            password = home.deployment.auth["password"]
            self.assertEqual(ask("-s", "-x", "-m", "nokey", "zimbra_ldap_password"), (password + "\n", ""))
            self.assertEqual(ask("zimbra_ldap_password")[0], "zimbra_ldap_password = *\n")
            self.assertEqual(ask("-m", "nokey", "ldap_url")[0], "ldap://${ldap_host}:${ldap_port}\n")
            self.assertEqual(ask("-x", "-m", "nokey", "ldap_url")[0], "ldap://mail.example.com:389\n")
            self.assertEqual(ask("-m", "nokey", "antispam_mysql_port")[0], "7308\n", "a compiled default")
            out, err = ask("-m", "nokey", "milter_bind_address")
            self.assertEqual((out, err), ("", "Warning: null valued key 'milter_bind_address'\n"))

    def test_every_start_of_zmprov_is_counted(self):
        with support.Home("single") as home:
            subprocess.run([home.path / "bin" / "zmprov", "-l", "gas"], stdout=subprocess.DEVNULL, check=True)
            subprocess.run([home.path / "bin" / "zmprov", "gas"], stdout=subprocess.DEVNULL, check=True)
            self.assertEqual(home.zmprov_starts(), ["-l gas", "gas"])

    def test_every_deployment_builds(self):
        for path in support.deployments.FIXTURES.glob("*.json"):
            made = support.deployments.resolve(support.deployments.read(path.stem))
            self.assertTrue(made.servers, path.stem)
            for name in made.servers:
                self.assertTrue(made.nodes[name]["addresses"], f"{path.stem}: {name}")

    def test_large_deployments_have_no_address_twice(self):
        for count in (10, 100, 500):
            servers = support.deployments.generate(count)["servers"]
            addresses = [a for s in servers.values() for a in s["addresses"]]
            self.assertEqual(len(servers), count)
            self.assertEqual(len(set(addresses)), count)


if __name__ == "__main__":
    unittest.main(verbosity=1)
