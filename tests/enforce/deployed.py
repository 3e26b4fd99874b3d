"""A deployment as zmfirewall sees it, with a host for each of its servers, a stranger and a workstation."""

import collections
import ipaddress
import itertools
import json
import pathlib
import random
import tempfile
import time

import hosts

OUTSIDERS = {
    "stranger": ["203.0.113.7", "2001:db8:ffff::7"],
    "workstation": ["192.168.1.50", "2001:db8:aaaa::50"],
}
# The list that one-server guides copy, and ports that nothing of ours is about.
RANDOM_PORTS = random.Random(7025).sample(range(1, 65536), 12)
OTHER_PORTS = [25, 80, 110, 143, 443, 465, 587, 993, 995, 3443, 5222, 5223, 7071, 9071, 1, 111, 3306, 20000]
OTHER_PORTS += RANDOM_PORTS
PATIENCE = 20  # seconds for what the plan allows, where the machine is busy

# Blockers of deployments that are made to have them: rules come only when the site accepts them.
ACCEPTED_FINDINGS = {"swapped": ["ports-swapped"]}

# Ranges of ports, one of each protocol, that overlap in number and in nothing else.
MORE_POLICY = {
    "dual-stack": [
        '<allow port="21000-21255" protocol="tcp" from="10.0.0.0/8 2001:db8:aaaa::/48"/>',
        '<allow port="20000-40000" protocol="udp" from="any"/>',
    ]
}

Packet = collections.namedtuple("Packet", "client source server destination protocol port")


def is_allowed(plan, packet):
    for rule in plan["open"]:
        first, last = port_range(rule)
        if rule["protocol"] != packet.protocol or not first <= packet.port <= last:
            continue
        if rule.get("destinations") and packet.destination not in rule["destinations"]:
            continue
        source = ipaddress.ip_address(packet.source)
        if any(source in ipaddress.ip_network(network) for network in rule["sources"]):
            return True
    return False


def may_leave(plan, packet):
    """What the plan's outbound list says of a packet that the server of the plan sends."""
    for rule in plan["outbound"]:
        first, last = port_range(rule)
        if rule["protocol"] != packet.protocol or not first <= packet.port <= last:
            continue
        destination = ipaddress.ip_address(packet.destination)
        if any(destination in ipaddress.ip_network(network) for network in rule["destinations"]):
            return True
    return False


def port_range(rule):
    """A port of the plan is a number, or "first-last"."""
    first, _, last = str(rule["port"]).partition("-")
    return int(first), int(last or first)


def catalogue_ports(plan):
    """Every port that any server of the plan opens or could open."""
    ports = set(OTHER_PORTS)
    for server in plan["servers"]:
        for rule in server["open"] + server.get("outbound", []) + [c for c in server["closed"] if c.get("port")]:
            first, last = port_range(rule)
            around = {first, last} if first == last else {first - 1, first, (first + last) // 2, last, last + 1}
            ports.update(around & set(range(1, 65536)))
    return sorted(itertools.product(("tcp", "udp"), sorted(ports)))


class Emission:
    """The plan of a deployment and its rules in some formats, as the command gives them."""

    def __init__(self, support, name, *formats, options=(), emit_options=()):
        self.folder = tempfile.TemporaryDirectory(prefix="zmfirewall-enforce-")
        folder = pathlib.Path(self.folder.name)
        with support.Home(name) as home:
            accepted = [f'<accept finding="{one}"/>' for one in ACCEPTED_FINDINGS.get(name, ())]
            home.policy(*accepted, *MORE_POLICY.get(name, ()))
            (folder / "policy.xml").write_bytes((home.path / "conf" / "zmfirewall.xml").read_bytes())
            inventory = self.command(home, "discover", "--json", source="zmprov").out
            path = folder / "inventory.json"
            path.write_text(inventory, encoding="utf-8")
            more = ("--inventory", path)
            self.plan = json.loads(self.command(home, "plan", "--all", "--json", *options, more=more).out)
            for one in formats:
                output = ("--output", folder / one)
                self.command(home, "emit", one, "--all", *options, *emit_options, *output, more=more)
        self.plans = {server["name"]: server for server in self.plan["servers"]}

    @staticmethod
    def command(home, *arguments, **options):
        result = home.run(*arguments, **options)
        # 1: done, with findings; then there is an output as well.
        if result.status not in (0, 1) or not result.out:
            raise AssertionError(f"{arguments}: status {result.status}: {result.err}")
        return result

    def rules_of(self, rules_format, server):
        """The folder with the files of one server."""
        return pathlib.Path(self.folder.name) / rules_format / server

    def close(self):
        self.folder.cleanup()


class Deployment:
    """A deployment in one format, with all its hosts."""

    def __init__(self, support, name, rules_format, outbound=False, observe=False):
        self.format = rules_format
        options = {"options": ["--outbound"] if outbound else [], "emit_options": ["--observe"] if observe else []}
        self.emission = Emission(support, name, rules_format, **options)
        self.plan = self.emission.plan
        self.plans = self.emission.plans
        self.ports = catalogue_ports(self.plan)
        self.hosts = {}
        for server in self.plan["servers"]:
            self.hosts[server["name"]] = hosts.Host(server["name"], server["addresses"], self.ports)
        families = {hosts.family_of(a) for host in self.hosts.values() for a in host.addresses}
        for outsider, addresses in OUTSIDERS.items():
            own = [a for a in addresses if hosts.family_of(a) in families]
            # Where what leaves is filtered, somebody must be there to receive it.
            self.hosts[outsider] = hosts.Host(outsider, own, self.ports if outbound else ())

    def packets(self, servers=None):
        """From every address of every host to every port of every server (or of those named)."""
        for client, server in itertools.product(self.hosts.values(), servers or self.plans):
            if client.name == server:
                continue
            for source, destination in itertools.product(client.addresses, self.hosts[server].addresses):
                if hosts.family_of(source) != hosts.family_of(destination):
                    continue
                for protocol, port in self.ports:
                    yield Packet(client.name, source, server, destination, protocol, port)

    def rules_of(self, server):
        """The folder with the files of one server."""
        return self.emission.rules_of(self.format, server)

    def passing(self, packets, sure=()):
        """Sends them all; which of them arrive? Those of `sure` that do not at once get another chance."""
        passed = self.passing_once(packets, hosts.DENIED_AFTER)
        missing = [packet for packet in sure if packet not in passed]
        return passed | self.passing_once(missing, PATIENCE) if missing else passed

    def passing_once(self, packets, patience):
        targets = {(client, protocol): [] for client in self.hosts for protocol in ("tcp", "udp")}
        for number, packet in enumerate(packets):
            target = [packet.source, packet.destination, packet.port, number]
            targets[packet.client, packet.protocol].append(target)
        arrived = set()
        for order, protocol, more in (("connect", "tcp", {"patience": patience}), ("send", "udp", {})):
            for name, host in self.hosts.items():
                host.start(order, targets=targets[name, protocol], **more)
            for host in self.hosts.values():
                answer = host.receive()
                arrived.update(answer if order == "connect" else ())
        time.sleep(0.2)  # datagrams on their way: the only wait that nothing announces
        for host in self.hosts.values():
            arrived.update(host.call("arrived"))
        return {packets[number] for number in arrived}

    def allowed(self, packets):
        return [packet for packet in packets if self.is_allowed(packet)]

    def is_allowed(self, packet):
        """By the plan of the server, and of the sender where that says what may leave."""
        if packet.server in self.plans and not is_allowed(self.plans[packet.server], packet):
            return False
        sender = self.plans.get(packet.client, {})
        return "outbound" not in sender or may_leave(sender, packet)

    def close(self):
        for host in self.hosts.values():
            host.close()
        self.emission.close()

    def compare(self, test, packets):
        """Sends them, and fails the test unless exactly what the plan allows passes; the answer: what passed."""
        wanted = set(self.allowed(packets))
        passed = self.passing(packets, sure=wanted)
        test.assertTrue(wanted)
        test.assertGreater(len(packets), 5 * len(wanted))
        test.assertFalse(sorted(passed - wanted)[:10], f"{len(passed - wanted)} pass that the plan denies")
        test.assertFalse(sorted(wanted - passed)[:10], f"{len(wanted - passed)} are blocked that the plan allows")
        print(f"{len(packets)} packets, {len(wanted)} of them allowed: all as planned")
        return passed

    def check_outbound(self, case, load):
        """Of a deployment that was planned with outbound and is not loaded yet: exactly what the plans of two of its
        servers say leaves them, and answers do. `load(server)` loads the rules of one."""
        clients = ["mta1.example.com", "mbox1.example.com"]
        packets = [p for p in self.packets([*self.plans, "stranger"]) if p.client in clients]
        lost = set(packets) - self.passing(packets, sure=packets)
        case.assertFalse(sorted(lost)[:10], "without rules everything must arrive, or the test says nothing")
        for server in self.plans:
            load(server)
        passed = self.compare(case, packets)
        outside = {(p.client, p.protocol, p.port) for p in passed if p.server == "stranger"}
        # Independent of the plan: what an MTA is for, and what nobody should send out.
        case.assertIn((clients[0], "tcp", 25), outside)
        case.assertIn((clients[0], "udp", 53), outside)
        case.assertNotIn((clients[1], "tcp", 25), outside)
        for client in clients:
            case.assertFalse({port for c, _, port in outside if c == client} & {22, 389, 7025, 7071, 11211, 3306})
        # Answers leave: a stranger still gets in where the public may, and sshd answers.
        for port in (25, 22):
            stranger = self.hosts["stranger"].addresses[0]
            target = [stranger, self.plans[clients[0]]["addresses"][0], port, 1]
            case.assertEqual(self.hosts["stranger"].call("connect", targets=[target]), [1])
