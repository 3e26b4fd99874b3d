"""The stand-in answers as Zimbra's own programs did: replays every genuine record that it claims to know.

The records live beside the tree, in ../shared/reference/records; without them this test skips.
"""

import pathlib
import re
import shlex
import subprocess
import unittest
import xml.etree.ElementTree as ET

import support
from support import REFERENCE

RECORDS = REFERENCE / "records"

# Not played: help texts, debug output, reverse-proxy and account commands, sessions, writing requests, JSON.
NOT_PLAYED = re.compile(
    r"help|bad-option|unknown-command|gar|gamcs|alwayson|[dD]ebug|account|plain-user|server-|ms-|zadmin|wrong-password|"
    r"-v$|gs-v|gs-fd|ldap-down-gas|garpu|stdin-.-v|gs-byid|soap-down$|soap-down-gs$"
)
SOAP_NOT_PLAYED = re.compile(
    r"json|csrf|persist|admin-account|plain-user|user-token|session|modifyserver|createserver|ping|namespace|too-big|"
    r"method-|path-|referer|cookie-only|accept-gzip|malformed-not|auth-account"
)


def parse_dump(text):
    """{name: {attribute: [values]}} of a recorded dump; its only values over several lines are PEM."""
    servers, current, last = {}, {}, None
    servers[""] = current
    for line in text.split("\n"):
        start = re.match(r"# name (.*)$", line)
        attribute = re.match(r"(zimbra[A-Za-z0-9]+|cn|objectClass|description): (.*)$", line)
        if start:
            current = servers.setdefault(start.group(1), {})
        elif attribute:
            last = attribute.group(1)
            current.setdefault(last, []).append(attribute.group(2))
        elif line:
            current[last][-1] += "\n" + line
    return servers


def read(path):
    return path.read_text(encoding="utf-8") if path.exists() else ""


def recorded_deployment(data_set, folder):
    """The deployment that the records of a data set came from."""
    base = RECORDS / "zmprov-l" / data_set
    own = parse_dump(read(base / "gas-e-v.stdout"))
    full = parse_dump(read(base / "gas-v.stdout"))
    own.pop("")
    config = parse_dump(read(RECORDS / folder / data_set / "gacf.stdout"))[""]
    inherited = {a for attributes in full.values() for a in attributes}
    if data_set == "multi":
        own["tmp1.example.test"] = {
            "cn": ["tmp1.example.test"],
            "objectClass": ["zimbraServer"],
            "zimbraServiceEnabled": ["mta", "stats"],
            "zimbraServiceHostname": ["tmp1.example.test"],
        }
    document = {
        "version": "10.1.2_GA_4652",
        "this_node": next(iter(own)),
        "global": config,
        "servers": own,
        "not_inherited": sorted(a for a in config if a not in inherited),
        "auth": {"name": "zimbra", "password": "zimbra-test-pw"},
    }
    return support.deployments.Deployment(document)


class Zmprov(support.Case):
    def play(self, folder, data_set, names):
        home = support.Home(recorded_deployment(data_set, folder))
        self.addCleanup(home.close)
        played = 0
        for name in names:
            base = RECORDS / folder / name
            command = read(base.with_suffix(".cmd")).splitlines()[0]
            words = shlex.split(command.split(" < ")[0])[1:]
            if "-f" in words:
                words[words.index("-f") + 1] = str(base.with_suffix(".stdin"))
                if not base.with_suffix(".stdin").exists():
                    words = self.stdin_of_file(home, name, words)
            with self.subTest(record=str(name), command=command):
                done = subprocess.run(
                    [home.path / "bin" / "zmprov", *words],
                    input=read(base.with_suffix(".stdin")), capture_output=True, text=True, check=False,
                )  # fmt: skip
                self.assertEqual(done.stdout, read(base.with_suffix(".stdout")))
                self.assertEqual(without_logs(done.stderr), without_logs(read(base.with_suffix(".stderr"))))
                self.assertEqual(done.returncode, int(read(base.with_suffix(".rc"))))
                played += 1
        return played

    def stdin_of_file(self, home, name, words):
        """The records of `zmprov -f FILE` keep no FILE: it is the stdin of the sibling record."""
        text = read(RECORDS / "zmprov-l" / str(name).replace("file-", "stdin-").__add__(".stdin"))
        path = home.path / "batch.txt"
        path.write_text(text, encoding="utf-8")
        words[words.index("-f") + 1] = str(path)
        return words

    def names(self, folder, data_set, keep=lambda _name: True):
        found = sorted((RECORDS / folder / data_set).glob("*.cmd"))
        stems = [p.stem for p in found if not NOT_PLAYED.search(p.stem) and keep(p.stem)]
        self.assertGreater(len(stems), 0)
        return [pathlib.Path(data_set) / s for s in stems]

    def test_single_server_over_ldap(self):
        self.assertGreater(self.play("zmprov-l", "single", self.names("zmprov-l", "single")), 15)

    def test_single_server_over_soap(self):
        self.assertGreater(self.play("zmprov-soap", "single", self.names("zmprov-soap", "single")), 10)

    def test_cluster_over_ldap(self):
        self.without_tmp("zmprov-l")

    def test_cluster_over_soap(self):
        self.without_tmp("zmprov-soap")

    def without_tmp(self, folder):
        original = recorded_deployment

        def no_tmp(data_set, of_folder):
            made = original(data_set, of_folder)
            made.servers.pop("tmp1.example.test")
            return made

        globals()["recorded_deployment"] = no_tmp
        try:
            self.assertGreater(self.play(folder, "multi", self.names(folder, "multi")), 7)
        finally:
            globals()["recorded_deployment"] = original

    def test_batches_with_prompts_errors_and_exit(self):
        for name in self.names("zmprov-l", "batch"):
            # each record began with the same server, so each gets a home of its own
            self.play("zmprov-l", "multi", [name])


def without_logs(text):
    return "".join(line + "\n" for line in text.splitlines() if not line.startswith("log4j:"))


def canonical(text):
    """XML of a response with what changes from call to call masked, and the elements of a hash table sorted."""
    text = re.sub(r"<Trace>[^<]*</Trace>", "<Trace/>", text)
    text = re.sub(r"<authToken>[^<]*</authToken>", "<authToken/>", text)
    text = re.sub(r"<lifetime>[^<]*</lifetime>", "<lifetime/>", text)
    text = re.sub(r' host="[^"]*"', "", text)

    def form(element):
        children = [form(c) for c in element]
        if all(c.tag.endswith("}a") for c in element):
            children.sort(key=lambda c: c[1])
        return (element.tag, sorted(element.attrib.items()), element.text or "", children)

    return form(ET.fromstring(text))


class Soap(support.Case):
    def play(self, data_set):
        import soap_answers

        made = recorded_deployment(data_set, "zmprov-soap")
        made.servers.pop("tmp1.example.test", None)
        home = support.Home(made)
        self.addCleanup(home.close)
        engine = soap_answers.Engine(home.path)
        played = 0
        for path in sorted((RECORDS / "soap" / data_set).glob("*.request.body")):
            name = path.name.split(".")[0]
            if SOAP_NOT_PLAYED.search(name):
                continue
            with self.subTest(record=f"{data_set}/{name}"):
                body = read(path)
                if not name.startswith("badauth"):
                    token = engine.new_token(600)
                    body = re.sub(r"<authToken>[^<]*</authToken>", f"<authToken>{token}</authToken>", body)
                status, text = engine.handle(body.encode(), {})
                response = path.with_name(f"{name}.response.body")
                headers = read(path.with_name(f"{name}.response.headers"))
                self.assertEqual(status, int(headers.split()[1]))
                self.assertEqual(canonical(text), canonical(read(response)))
                played += 1
        return played

    def test_single_server(self):
        self.assertGreater(self.play("single"), 25)

    def test_cluster(self):
        self.assertGreater(self.play("multi"), 25)

    def test_an_old_token_is_refused_before_the_document_is_looked_at(self):
        import soap_answers

        home = support.Home(recorded_deployment("single", "zmprov-soap"))
        self.addCleanup(home.close)
        engine = soap_answers.Engine(home.path)
        token = engine.new_token(-1)
        for name in ("token-expired", "token-expired-batch", "token-expired-plus-password"):
            body = read(RECORDS / "soap" / "expiry" / f"{name}.request.body")
            body = re.sub(r"<authToken>[^<]*</authToken>", f"<authToken>{token}</authToken>", body)
            status, text = engine.handle(body.encode(), {})
            self.assertEqual(status, 500)
            recorded = read(RECORDS / "soap" / "expiry" / f"{name}.response.body")
            self.assertEqual(canonical(text), canonical(recorded), name)

    def test_global_config_stays_old_until_it_is_flushed(self):
        import soap_answers

        home = support.Home("cluster")
        self.addCleanup(home.close)
        engine = soap_answers.Engine(home.path)
        token = engine.new_token(600)

        def ask(document):
            body = (
                '<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:Header><context '
                f'xmlns="urn:zimbra"><authToken>{token}</authToken></context></soap:Header><soap:Body>{document}'
                "</soap:Body></soap:Envelope>"
            )
            return engine.handle(body.encode(), {})[1]

        config = '<GetAllConfigRequest xmlns="urn:zimbraAdmin"/>'
        servers = '<GetAllServersRequest xmlns="urn:zimbraAdmin" applyConfig="{}"/>'
        changed = support.deployments.Deployment.from_file(home.path / ".standin" / "deployment.json")
        changed.config["zimbraAdminPort"] = ["17071"]
        changed.servers["mbox1.example.com"]["zimbraMailPort"] = ["18080"]
        changed.save(home.path / ".standin" / "deployment.json")
        self.assertNotIn("17071", ask(config))
        self.assertNotIn("17071", ask(servers.format(1)))
        self.assertIn("18080", ask(servers.format(0)), "what is set on a server is read again")
        cache = '<cache type="config,server" allServers="0"/>'
        ask(f'<FlushCacheRequest xmlns="urn:zimbraAdmin">{cache}</FlushCacheRequest>')
        self.assertIn("17071", ask(config))
        self.assertIn("17071", ask(servers.format(1)))


if __name__ == "__main__":
    if not RECORDS.is_dir():
        support.skip_program(f"no genuine records here ({RECORDS})")
    unittest.main(verbosity=1)
