"""What the end-to-end tests share: a built home, its SOAP server, a run of zmfirewall."""

import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
SOURCE = pathlib.Path(os.environ.get("ZMFIREWALL_SOURCE_DIR") or pathlib.Path(__file__).resolve().parents[2])
STANDIN = SOURCE / "tests" / "standin"
sys.path.insert(0, str(STANDIN))

import deployment as deployments  # noqa: E402
import home as homes  # noqa: E402
import system_root  # noqa: E402, F401

BINARY = os.environ.get("ZMFIREWALL", "")
REFERENCE = SOURCE.parent / "shared" / "reference"
SKIPPED = 77
LONGEST = 60  # seconds: no run of zmfirewall may take longer, whatever its sources do


def skip_program(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def need_binary():
    if not BINARY or not pathlib.Path(BINARY).exists():
        skip_program("there is no zmfirewall to test (environment variable ZMFIREWALL)")


def check_schema(document, name):
    """Fails where a document is not what templates/schema/NAME.schema.json says; skips where nothing can tell."""
    try:
        import jsonschema
    except ImportError as problem:
        raise unittest.SkipTest("python3-jsonschema is not installed") from problem
    path = SOURCE / "templates" / "schema" / f"{name}.schema.json"
    jsonschema.validate(document, json.loads(path.read_text(encoding="utf-8")))


@dataclasses.dataclass
class Result:
    status: int
    out: str
    err: str
    seconds: float

    def plan(self):
        return json.loads(self.out)


class Home:
    """A home built from a deployment, with or without its admin SOAP server running. `components`: its policy says what
    runs on other nodes, where LDAP does not tell."""

    def __init__(self, deployment, node=None, localconfig=None, components=True):
        self.folder = tempfile.mkdtemp(prefix="zmfirewall-e2e-")
        if not isinstance(deployment, deployments.Deployment):
            raw = deployments.generate(deployment) if isinstance(deployment, int) else deployments.read(deployment)
            deployment = deployments.resolve(raw)
        node = node or deployment.this_node
        deployment.nodes.setdefault(node, {}).setdefault("localconfig", {}).update(localconfig or {})
        folder = pathlib.Path(self.folder) / "zimbra"
        self.path = homes.build(deployment, folder, node, components)
        self.root = folder / "root"
        self.deployment = deployment
        self.node = node
        self.server = None
        self.port = None
        self.consul = None

    def serve(self):
        self.server, self.port = self.start("serve")
        return self

    def serve_consul(self):
        """The API of the mesh; the answer: its port on loopback."""
        self.consul, port = self.start("serve-consul")
        return port

    def start(self, command):
        process = subprocess.Popen(
            [sys.executable, "-B", STANDIN / "standin", command, self.path], stdout=subprocess.PIPE, text=True
        )
        return process, int(process.stdout.readline().split()[1])

    def stop_server(self):
        for process in (self.server, self.consul):
            if process:
                process.kill()
                process.wait()
                process.stdout.close()
        self.server = self.consul = None

    def close(self):
        self.stop_server()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def misbehave(self, *lines):
        (self.path / "misbehave").write_text("".join(line + "\n" for line in lines), encoding="utf-8")

    def zmprov_starts(self):
        try:
            return (self.path / "zmprov.starts").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []

    def forget_starts(self):
        (self.path / "zmprov.starts").unlink(missing_ok=True)

    def secrets(self):
        return json.loads((self.path / ".standin" / "secrets.json").read_text(encoding="utf-8"))

    def policy(self, *lines):
        """Adds lines to the site's policy."""
        path = self.path / "conf" / "zmfirewall.xml"
        text = path.read_text(encoding="utf-8").replace("</policy>", "\n".join(lines) + "\n</policy>")
        path.write_text(text, encoding="utf-8")

    def places(self):
        """The options that say where it is; which product a whole host has is found out."""
        home = [] if self.deployment.whole_host else ["--zimbra-home", self.path]
        return [*home, "--system-root", self.root]

    def run(self, *arguments, source=None, timeout=None, more=()):
        """Runs zmfirewall on this home. `arguments` is the command; `source` and `timeout` are its options."""
        command = [BINARY, *self.places(), *more]
        if source:
            command += ["--source", source]
        if timeout:
            command += ["--timeout", str(timeout)]
        return run([*command, *arguments])


def run(command):
    environment = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    started = time.monotonic()
    done = subprocess.run(
        [str(c) for c in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        timeout=LONGEST, env=environment, check=False,
    )  # fmt: skip
    seconds = time.monotonic() - started
    out, err = (stream.decode("utf-8", "replace") for stream in (done.stdout, done.stderr))
    return Result(done.returncode, out, err, seconds)


class Case(unittest.TestCase):
    """Assertions with the words of zmfirewall in their messages."""

    maxDiff = None

    def assert_done(self, result):
        """Done, with findings or without."""
        told = f"status {result.status}; stderr:\n{result.err}\nstdout:\n{result.out[:2000]}"
        self.assertIn(result.status, (0, 1), told)

    def assert_refused(self, result, statuses=(3,)):
        """No result at all: nothing on stdout, a reason on stderr, in bounded time."""
        self.assertIn(result.status, statuses, f"stderr:\n{result.err}\nstdout:\n{result.out[:2000]}")
        self.assertEqual(result.out, "", "a failed run must print no result")
        self.assertNotEqual(result.err.strip(), "", "a failed run must say why")


def without_source(plan):
    """What does not depend on who was asked, and when."""
    return {k: v for k, v in plan.items() if k not in ("source", "made_at")}
