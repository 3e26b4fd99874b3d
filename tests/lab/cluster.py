"""The cluster of the lab: a machine for each node of deployment.json, an administrator's workstation and a stranger, on one
bridge, with the daemons of their roles. The caller is in a network namespace of its own, which holds the bridge."""

import json
import pathlib
import re
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
for _folder in ("debian", "enforce", "e2e"):
    sys.path.insert(0, str(HERE.parent / _folder))

import daemons  # noqa: E402
import debian_root  # noqa: E402

DEPLOYMENT = HERE / "deployment.json"
OUTSIDERS = {"workstation": "192.168.1.50", "stranger": "203.0.113.7"}
NAMES = ["alice", "bob", "carol", "dave"]  # a user for each mailstore
READY = 120  # seconds until everything must be up, on a busy machine
TABLE = "inet zmfirewall"


class Cluster:
    """Who is who: nodes, addresses, roles, users. No machines yet."""

    def __init__(self):
        servers = json.loads(DEPLOYMENT.read_text(encoding="utf-8"))
        self.logger = servers["global"]["zimbraLogHostname"]
        servers = servers["servers"]
        self.roles = {name: spec["roles"] for name, spec in servers.items()}
        self.addresses = {name: spec["addresses"][0] for name, spec in servers.items()}
        self.users = {}
        for user, server in zip(NAMES, self.with_role("mailstore")):
            self.users[user] = {"server": server, "password": f"lab-{user}"}

    def with_role(self, role):
        return sorted(name for name, roles in self.roles.items() if role in roles)

    def user_of(self, server):
        return next(user for user, facts in self.users.items() if facts["server"] == server)

    def everybody(self):
        """{name: address}, outsiders as well."""
        return {**self.addresses, **OUTSIDERS}


class Lab(Cluster):
    """The cluster with its machines, which somebody else may hold."""

    def __init__(self, pids=None):
        super().__init__()
        self.machines = {name: debian_root.Handle(name, pid) for name, pid in (pids or {}).items()}
        self.processes = []

    def pids(self):
        return {name: machine.pid for name, machine in self.machines.items()}

    # Up and down.

    def up(self, folder, say=lambda _: None):
        """`folder`: an empty one, for what the machines share."""
        shared = pathlib.Path(folder)
        batch(["link set lo up", "link add br0 type bridge", "link set br0 up"])
        for name in self.everybody():
            binds = {HERE / "inside": "/srv/inside", shared: "/srv/shared"}
            self.machines[name] = debian_root.Machine(daemons.short(name), binds=binds)
            self.wire(name)
        self.share(shared)
        running = {}
        for name in self.roles:
            say(f"starting {name}")
            for daemon in daemons.of_node(self, name):
                running[name, daemon.name] = self.start(name, daemon), daemon
        for (name, _), (process, daemon) in running.items():
            self.await_ports(name, process, daemon)
        self.fill_directory()

    def down(self):
        for machine in self.machines.values():
            machine.close()
        for process in self.processes:
            process.wait()

    def wire(self, name):
        machine = self.machines[name]
        port = f"port{len(self.machines)}"
        batch([
            f"link add {port} type veth peer name eth0 netns {machine.pid}",
            f"link set {port} master br0",
            f"link set {port} up",
        ])  # fmt: skip
        address = self.everybody()[name]
        lines = ["link set eth0 up", f"addr add {address}/32 dev eth0", "route add default dev eth0"]
        status, output = machine.run(["ip", "-batch", "-"], input="\n".join(lines) + "\n")
        if status != 0:
            raise RuntimeError(f"the network of {name}: {output}")
        hosts = "".join(f"{a} {n} {daemons.short(n)}\n" for n, a in self.everybody().items())
        machine.path("/etc/hosts").write_text("127.0.0.1 localhost\n" + hosts, encoding="utf-8")
        machine.path("/etc/nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files\n", encoding="utf-8")

    def share(self, shared):
        """Keys and facts, the same for all machines."""
        nodes = {name: {"address": address} for name, address in self.addresses.items()}
        text = json.dumps({"nodes": nodes, "users": self.users})
        (shared / "facts.json").write_text(text, encoding="utf-8")
        machine = self.machines["stranger"]
        script = """set -e
cd /tmp
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=lab -keyout key.pem -out certificate.pem
ssh-keygen -q -t ed25519 -N '' -f ssh_key
chmod 644 key.pem
"""
        status, output = machine.run(["sh", "-c", script])
        if status != 0:
            raise RuntimeError(f"keys: {output}")
        for name in ("key.pem", "certificate.pem", "ssh_key", "ssh_key.pub"):
            (shared / name).write_bytes(machine.path(f"/tmp/{name}").read_bytes())
        (shared / "ssh_key").chmod(0o600)

    def start(self, name, daemon):
        machine = self.machines[name]
        for path, text in daemon.files.items():
            machine.path(path).write_text(text, encoding="utf-8")
        for command in daemon.before:
            machine.run(command)
        with open(machine.path(self.log_of(daemon)), "wb") as log:
            self.processes.append(machine.start(daemon.argv, stdout=log, stderr=log))
        return self.processes[-1]

    @staticmethod
    def log_of(daemon):
        return f"/var/log/lab-{daemon.name}"

    def await_ports(self, name, process, daemon):
        def listening():
            if process.poll() is not None:
                log = self.machines[name].path(self.log_of(daemon)).read_text(encoding="utf-8", errors="replace")
                raise RuntimeError(f"{daemon.name} of {name} ended: {log[-2000:]}")
            _, output = self.machines[name].run(["ss", "-Hltn"])
            ports = {int(port) for port in re.findall(r":(\d+)\s+\S+:\*", output)}
            return ports >= set(daemon.ports)

        wait_for(f"{daemon.name} of {name} on ports {daemon.ports}", listening)

    def fill_directory(self):
        masters = self.with_role("ldap")
        status, output = self.ldap_modify("ldapadd", masters[0], daemons.directory(self))
        if status != 0:
            raise RuntimeError(f"ldapadd: {output}")
        for master in masters:
            last = list(self.users)[-1]
            wait_for(f"the accounts on {master}", lambda m=master: self.ldap_has(m, f"(uid={last})"))

    def ldap_modify(self, program, server, text):
        """At the server itself."""
        command = [program, "-x", "-H", "ldap://127.0.0.1", "-D", daemons.LDAP_ADMIN, "-w", daemons.LDAP_PASSWORD]
        return self.machines[server].run(command, input=text)

    def ldap_has(self, server, search):
        command = ["ldapsearch", "-x", "-LLL", "-H", "ldap://127.0.0.1", "-b", daemons.SUFFIX, search, "dn"]
        return "dn:" in self.machines[server].run(command)[1]

    def occupy(self, name, ports):
        """Something listens on these ports as well, where nothing does yet."""
        argv = ["python3", "/srv/inside/idle.py", self.addresses[name], *ports]
        idle = daemons.Daemon("idle", argv, ports)
        self.await_ports(name, self.start(name, idle), idle)

    # Rules.

    def load(self, name, text):
        """Loads an nftables file; an empty one only takes ours away."""
        empty = f"add table {TABLE}\ndelete table {TABLE}\n"
        status, output = self.machines[name].run(["nft", "-f", "-"], input=text or empty)
        if status != 0:
            raise RuntimeError(f"the rules of {name} do not load: {output}")

    def counters(self, name):
        """{comment of a rule: packets}"""
        _, output = self.machines[name].run(["nft", "-j", "list", "table", *TABLE.split()])
        counted = {}
        for item in json.loads(output)["nftables"]:
            rule = item.get("rule", {})
            for expression in rule.get("expr", []):
                if "counter" in expression and rule.get("comment"):
                    counted[rule["comment"]] = expression["counter"]["packets"]
        return counted


def batch(lines):
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines) + "\n", text=True, check=True)


def wait_for(what, condition, seconds=READY):
    """Until the condition holds, or RuntimeError."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"waited {seconds} seconds in vain: {what}")
        time.sleep(0.05)
