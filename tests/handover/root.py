"""A host in namespaces of its own on which zmfirewall is handed a plan: as their root, with files below /run/host, and
with copies of the templates that belong to root."""

import datetime
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "enforce"))
import hosts  # noqa: E402

support = hosts.support()

SERVER = "mbox1.example.com"
DEADLINE = 60  # seconds that anything we wait for may take at most
DOCKER = """
table ip nat { chain DOCKER { type nat hook prerouting priority -100; tcp dport 8025 dnat to 172.17.0.2:25; }
}
table ip filter { chain DOCKER-USER { counter return; }
chain FORWARD { type filter hook forward priority 0; policy accept; jump DOCKER-USER; }
}
"""
FAIL2BAN = """
table inet f2b-table { set addr-set-sshd { type ipv4_addr; elements = { 198.51.100.9 }; }
chain f2b-chain { type filter hook input priority -1; tcp dport 22 ip saddr @addr-set-sshd reject; }
}
"""


def enter(*programs):
    support.need_binary()
    if os.geteuid() != 0:
        hosts.skip_program("the files that root trusts belong to root; run as root, all else is in namespaces")
    hosts.enter_namespaces(*programs)


def now(hours=0):
    time_then = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours)
    return time_then.strftime("%Y-%m-%dT%H:%M:%SZ")


class Case(unittest.TestCase):
    """One network for all; the state and the rules are new for every test."""

    maxDiff = None
    rules_format = "nftables"
    deployment = "cluster"
    server = SERVER

    @classmethod
    def setUpClass(cls):
        if not os.path.ismount("/run"):
            subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
            hosts.batch(["link set lo up"])
        cls.make_templates()
        with support.Home(cls.deployment) as home:
            cls.plan_text = home.run("plan", "--all", "--json", source="zmprov-ldap").out
            cls.emitted_text = home.run("emit", "json", "--all", source="zmprov-ldap").out
            cls.emitted_rules = home.run("emit", "nftables", "--server", cls.server, source="zmprov-ldap").out
            home.policy('<allow port="10050" protocol="tcp" from="10.0.9.9" comment="monitoring"/>')
            cls.other_text = home.run("plan", "--all", "--json", source="zmprov-ldap").out
        for server in json.loads(cls.plan_text)["servers"]:
            if server["name"] == cls.server:
                cls.address = server["addresses"][0]
        # A host is known by its address.
        subprocess.run(["ip", "addr", "replace", cls.address + "/32", "dev", "lo"], check=True)

    @classmethod
    def make_templates(cls):
        cls.templates = pathlib.Path("/run/templates")
        if not cls.templates.exists():
            shutil.copytree(support.SOURCE / "templates", cls.templates, copy_function=shutil.copyfile)
            subprocess.run(["chmod", "-R", "u=rwX,go=rX", cls.templates], check=True)

    def setUp(self):
        # Other tests may run beside this one, and see its processes.
        self.root = pathlib.Path(f"/run/host-{os.getpid()}")
        shutil.rmtree(self.root, ignore_errors=True)
        (self.root / "etc/ssh").mkdir(parents=True)
        (self.root / "etc/ssh/sshd_config").write_text("Port 22\n", encoding="utf-8")
        self.state = self.root / "var/lib/zmfirewall"
        self.environment = {"PATH": os.environ["PATH"]}
        subprocess.run(["nft", "flush", "ruleset"], check=True)
        self.plan = self.write_plan("plan.json", self.plan_text)
        self.other = self.write_plan("other.json", self.other_text)
        self.addCleanup(self.end_watchers)

    def end_watchers(self):
        """They end by themselves where nothing is pending."""
        shutil.rmtree(self.root, ignore_errors=True)

    def write_plan(self, name, text):
        path = pathlib.Path("/run") / name
        if path.is_symlink() or path.exists():
            path.unlink()
        path.write_text(text, encoding="utf-8")
        return path

    def command(self, *arguments):
        return [support.BINARY, "--system-root", str(self.root), "--data", str(self.templates), *map(str, arguments)]

    def run_tool(self, *arguments, environment=None):
        done = subprocess.run(self.command(*arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, env={**self.environment, **(environment or {})},
                              timeout=DEADLINE, check=False)  # fmt: skip
        return support.Result(done.returncode, done.stdout, done.stderr, 0)

    def do(self, *arguments, status=0):
        result = self.run_tool(*arguments)
        self.assertEqual(result.status, status, f"{arguments}: {result.err}{result.out}")
        return result.out + result.err

    def apply(self, plan=None, timeout=600, status=0, more=()):
        return self.do("apply", plan or self.plan, "--format", self.rules_format, "--timeout", timeout, *more,
                       status=status)

    def table(self):
        done = subprocess.run(["nft", "-s", "list", "table", "inet", "zmfirewall"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, check=False)
        return done.stdout

    def wait_for(self, what, condition):
        end = time.monotonic() + DEADLINE
        while not condition():
            self.assertLess(time.monotonic(), end, f"still not: {what}")
            time.sleep(0.05)

    def pending(self):
        return (self.state / "pending").exists()

    def watchers(self):
        """The processes that look after the rules of this host."""
        found = []
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes().decode().split("\0")
            except OSError:
                continue
            if "watch-inside" in words and str(self.root) in words and support.BINARY in words:
                found.append(int(process.name))
        return found

    def kill_watchers(self):
        for pid in self.watchers():
            os.kill(pid, signal.SIGKILL)

    def others(self):
        """The tables of others, as they are."""
        listing = subprocess.run(["nft", "-s", "list", "ruleset"], stdout=subprocess.PIPE, text=True, check=True).stdout
        return re.sub(r"(?ms)^table inet zmfirewall \{.*?^\}\n", "", listing)


def load(text):
    subprocess.run(["nft", "-f", "-"], input=text, text=True, check=True)
