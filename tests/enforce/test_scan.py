#!/usr/bin/env python3
"""By scanning: from every other server, an administrator's workstation and a stranger, exactly the plan's ports are
open on every server, of all that the catalogue knows, those beside ranges, and some that nobody has asked for; TCP
and UDP, IPv4 and IPv6. Something listens on each of them, and without rules all of them answer: so only the rules
decide.

All test deployments are scanned by a prober of our own (hosts.py), which says for each address of a client what it
reaches, and the one with all that rules can be by nmap as well, which knows nothing of us. In nftables;
test_iptables.py, test_ufw.py and test_firewalld.py scan the same deployment in theirs."""

import pathlib
import socket
import sys
import time
import unittest
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import deployed  # noqa: E402
import hosts  # noqa: E402

support = hosts.support()
support.need_binary()
hosts.enter_namespaces("nft", "nmap")

# A port that answers is open to nmap; one that does not may be filtered, or the machine may be busy: then once more.
QUICKLY = ["--max-retries", "1", "--max-rtt-timeout", "400ms", "--min-rate", "500"]
PATIENTLY = ["--max-retries", "6", "--min-rtt-timeout", "1s", "--max-rtt-timeout", "5s"]


def load(deployment):
    for server in deployment.plans:
        path = deployment.rules_of(server) / "zmfirewall.nft"
        status, output = deployment.hosts[server].call("run", command=["nft", "-f", str(path)])
        if status != 0:
            raise AssertionError(f"{path} does not load: {output}")


class Nmap:
    """Scans by nmap, each from a host to all servers at once."""

    def __init__(self, deployment):
        self.deployment = deployment
        self.number = 0

    def run(self, packets, speed):
        """Those of the packets that nmap finds open. Scans all ports of the packets at all of their destinations."""
        found = set()
        for family in (socket.AF_INET, socket.AF_INET6):  # a host takes one order at a time
            scans = {}
            for packet in packets:
                if hosts.family_of(packet.source) == family:
                    scans.setdefault(packet.client, set()).add(packet)
            reports = {client: self.start(client, wanted, speed) for client, wanted in scans.items()}
            for client, wanted in scans.items():
                found |= self.finish(reports[client], client, wanted)
        return found

    def start(self, client, packets, speed):
        self.number += 1
        report = pathlib.Path(self.deployment.emission.folder.name) / f"nmap{self.number}.xml"
        ports = {protocol: sorted({p.port for p in packets if p.protocol == protocol}) for protocol in ("tcp", "udp")}
        listed = [f"{protocol[0].upper()}:{port}" for protocol in ports for port in ports[protocol]]
        kinds = [option for protocol, option in (("tcp", "-sT"), ("udp", "-sU")) if ports[protocol]]
        targets = sorted({packet.destination for packet in packets})
        command = ["nmap", "-n", "-Pn", *kinds, *speed, "--min-hostgroup", "64"]
        command += ["-p", ",".join(listed), "-oX", str(report)]
        if ":" in targets[0]:
            command.append("-6")
        self.deployment.hosts[client].start("run", command=command + targets)
        return report

    def finish(self, report, client, packets):
        status, output = self.deployment.hosts[client].receive()
        if status != 0:
            raise AssertionError(f"nmap from {client}: {output}")
        found = set()
        for host in ElementTree.parse(report).iter("host"):
            address = host.find("address").get("addr")
            for port in host.iter("port"):
                if port.find("state").get("state") == "open":
                    found.add((address, port.get("protocol"), int(port.get("portid"))))
        return {packet for packet in packets if (packet.destination, packet.protocol, packet.port) in found}


def first_of_family(addresses, family):
    """The one that the kernel takes for a connection."""
    return next(address for address in addresses if hosts.family_of(address) == family)


class Scan(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        hosts.make_bridge()

    def deployment(self, name):
        deployment = deployed.Deployment(support, name, "nftables")
        self.addCleanup(deployment.close)
        return deployment

    def test_finds_exactly_what_each_plan_says(self):
        for name in support.deployments.every_name():
            with self.subTest(name):
                started = time.monotonic()
                deployment = deployed.Deployment(support, name, "nftables")
                try:
                    packets = list(deployment.packets())
                    lost = set(packets) - deployment.passing(packets, sure=packets)
                    self.assertFalse(sorted(lost)[:10], "without rules everything must arrive")
                    load(deployment)
                    deployment.compare(self, packets)
                finally:
                    deployment.close()
                print(f"{name}: {time.monotonic() - started:.0f} s")

    def test_leaves_the_loopback_of_the_mesh_alone_and_keeps_ranges_of_tcp_and_udp_apart(self):
        deployment = self.deployment("carbonio-ce-five")
        store, video = "srv4.example.com", "srv5.example.com"
        load(deployment)
        # All of 127.0.0.0/8, from one of its addresses to another.
        for own, port in (("127.78.0.2", 10000), ("127.0.1.1", 11211), ("127.0.0.1", 8500), ("127.78.0.7", 7025)):
            call = f"import socket; socket.create_connection(('{own}', {port}), 5, ('127.78.0.1', 0))"
            status, output = deployment.hosts[store].call("run", command=[sys.executable, "-c", call])
            self.assertEqual(status, 0, f"{own}:{port}: {output}")
        stranger = deployment.hosts["stranger"].addresses[0]
        peer = deployment.plans[store]["addresses"][0]
        target = deployment.plans[video]["addresses"][0]
        sent = {
            deployed.Packet(name, source, video, target, protocol, port)
            for name, source in (("stranger", stranger), (store, peer))
            for protocol in ("tcp", "udp")
            for port in (19999, 20000, 20999, 21000, 21255, 21256, 40000, 40001)
        }
        wanted = {p for p in sent if p.protocol == "udp" and 20000 <= p.port <= 40000}
        wanted |= {p for p in sent if p.protocol == "tcp" and p.client == store and 21000 <= p.port <= 21255}
        self.assertEqual(deployment.passing(sorted(sent), sure=wanted), wanted)

    def test_by_nmap_finds_exactly_what_the_plan_says(self):
        deployment = self.deployment("crowded")
        nmap = Nmap(deployment)
        packets = [p for p in deployment.packets() if p.source == first_of_family(
            deployment.hosts[p.client].addresses, hosts.family_of(p.source))]  # fmt: skip
        some = [packet for packet in packets if packet.client == "stranger"]
        silent = set(some) - nmap.run(some, QUICKLY)
        silent -= nmap.run(silent, PATIENTLY)
        self.assertFalse(sorted(silent)[:10], "without rules everything must answer, or the test says nothing")

        load(deployment)
        wanted = set(deployment.allowed(packets))
        found = nmap.run(packets, QUICKLY)
        self.assertFalse(sorted(found - wanted)[:10], f"{len(found - wanted)} are open that the plan denies")
        silent = wanted - found
        silent -= nmap.run(silent, PATIENTLY)
        self.assertFalse(sorted(silent)[:10], f"{len(silent)} are not open that the plan allows")
        print(f"{len(packets)} ports scanned by nmap, {len(wanted)} of them open: all as planned")


if __name__ == "__main__":
    unittest.main(verbosity=2)
