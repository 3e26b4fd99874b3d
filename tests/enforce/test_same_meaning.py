#!/usr/bin/env python3
"""Every format of a firewall means what the plan says, for every server of every test deployment: the rules are loaded
by the program they are for, read back from the kernel, and what they accept is compared with the plan as sets of
packets (meaning.py). The two must be the same but for what is listed here by name as accepted always."""

import json
import os
import pathlib
import subprocess
import shutil
import sys
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import deployed  # noqa: E402
import hosts  # noqa: E402
import surroundings  # noqa: E402
from meaning import (  # noqa: E402
    PROTOCOLS,
    box_of_network,
    choice,
    describe,
    differences,
    meet_all,
    packet,
    packets_of_plan,
    read_iptables,
    read_nft,
    span,
)

FORMATS = ["nftables", "iptables", "ufw", "firewalld"]
support = hosts.support()
support.need_binary()
debian_root = hosts.debian_root()
hosts.enter_namespaces("nft", "iptables", "ip6tables", "ipset", as_root=os.geteuid() == 0)


def icmp(*types, family=4):
    base = packet(choice("family", family), span("protocol", PROTOCOLS["icmp" if family == 4 else "icmpv6"]))
    return [packet(base, span("icmp", one)) for one in types]


def limited(boxes, *limits):
    return [packet(box, *limits) for box in boxes]


def udp(to_port, from_port=None):
    come = span("from_port", from_port) if from_port else {}
    return packet(span("protocol", PROTOCOLS["udp"]), span("port", to_port), come)


LINK_LOCAL = box_of_network("source", "fe80::/10")
OWN_CONNECTIONS = [choice("loopback", True), choice("ct", "established", "related")]

# What our own chains accept whatever the plan is; also of packets that no connection is known for.
ALWAYS = [
    *OWN_CONNECTIONS,
    *icmp(3, 11, 12),  # unreachable, time exceeded, parameter problem
    *limited(icmp(8), choice("limit", "within")),  # echo request
    *icmp(1, 2, 3, 4, family=6),  # unreachable, too big, time exceeded, parameter problem
    *limited(icmp(128, family=6), choice("limit", "within")),
    *limited(icmp(133, 134, 135, 136, family=6), span("hops", 255)),  # neighbour discovery
    *limited(icmp(130, 131, 132, 143, family=6), LINK_LOCAL),  # multicast listeners
    packet(LINK_LOCAL, udp(546, 547)),  # DHCPv6
]

# What ufw accepts on its own, in front of our rules. Not for packets to an address that is none of ours.
TO_US = choice("cast", "local", "multicast", "broadcast")
NOT_INVALID = choice("ct", "new", "untracked")
NO_ROUTING_HEADER = packet(choice("family", 6), choice("routing_header_0", False))
UFW_ALWAYS = [
    choice("loopback", True),
    packet(choice("family", 4), choice("ct", "established", "related")),
    packet(NO_ROUTING_HEADER, choice("ct", "established", "related")),
    *limited(icmp(3, 8, 11, 12), NOT_INVALID),
    packet(choice("family", 4), udp(68, 67), NOT_INVALID),  # DHCP
    packet(box_of_network("destination", "224.0.0.251"), udp(5353), NOT_INVALID, TO_US),  # multicast DNS
    packet(box_of_network("destination", "239.255.255.250"), udp(1900), NOT_INVALID, TO_US),  # UPnP
    *limited(icmp(129, family=6), NO_ROUTING_HEADER),  # echo reply, whatever the connection
    *limited(icmp(1, 2, 3, 4, 128, 144, 145, 146, 147, family=6), NOT_INVALID, NO_ROUTING_HEADER),  # and mobile IPv6
    *limited(icmp(133, 134, 135, 136, 141, 142, 148, 149, family=6), NOT_INVALID, NO_ROUTING_HEADER, span("hops", 255)),
    *limited(icmp(130, 131, 132, 143, family=6), NOT_INVALID, NO_ROUTING_HEADER, LINK_LOCAL),
    *limited(icmp(151, 152, 153, family=6), NOT_INVALID, NO_ROUTING_HEADER, LINK_LOCAL, span("hops", 1)),
    packet(LINK_LOCAL, box_of_network("destination", "fe80::/10"), udp(546, 547), NOT_INVALID, NO_ROUTING_HEADER),
    packet(box_of_network("destination", "ff02::fb"), udp(5353), NOT_INVALID, NO_ROUTING_HEADER),
    packet(box_of_network("destination", "ff02::f"), udp(1900), NOT_INVALID, NO_ROUTING_HEADER),
]



def through_firewalld(boxes):
    """firewalld drops IPv6 that no answer could go back to, but for neighbour discovery."""
    ways = [choice("family", 4), packet(choice("family", 6), choice("way_back", True)), *icmp(134, 135, family=6)]
    return meet_all(boxes, ways)


FIREWALLD_ALWAYS = through_firewalld([
    *OWN_CONNECTIONS,
    choice("redirected", True),  # by a port forwarding, which somebody made for it
    packet(span("protocol", PROTOCOLS["icmp"]), NOT_INVALID),
    packet(span("protocol", PROTOCOLS["icmpv6"]), NOT_INVALID),
    packet(LINK_LOCAL, box_of_network("destination", "fe80::/64"), udp(546), NOT_INVALID),  # DHCPv6
])  # fmt: skip


def through_ufw(boxes):
    """ufw drops packets to strange addresses and with source routes in front of all rules, also of ours."""
    ways = [packet(choice("family", 4), TO_US), NO_ROUTING_HEADER]
    return [packet(box, way) for box in boxes for way in ways if box["family"] == way["family"]]


def run(command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, **options)
    if done.returncode != 0:
        raise AssertionError(f"{command}: status {done.returncode}: {done.stderr}{done.stdout}")
    return done.stdout


def in_new_network(script, *arguments):
    return run(["unshare", "--net", "--mount", "sh", "-ec", "ip link set lo up\n" + script, "sh", *map(str, arguments)])


def parts(text):
    return text.split("=====\n")


def loaded_nftables(rules):
    return read_nft(json.loads(in_new_network('nft -f "$1"; nft -j list ruleset', rules / "zmfirewall.nft")))


IPTABLES = """sh "$1" >/dev/null
iptables-save; echo =====; ip6tables-save; echo =====; ipset save
"""


def loaded_iptables(rules):
    os.environ["XTABLES_LOCKFILE"] = str(rules / "xtables.lock")
    return read_iptables(*parts(in_new_network(IPTABLES, rules / "zmfirewall-apply.sh")))


# In mounts of its own: other servers are tried at the same time.
UFW = """mount -t tmpfs none /etc/ufw
cp -a "$2/." /etc/ufw
mount -t tmpfs none /run
sh "$1" >/dev/null 2>&1
ufw --force enable >/dev/null
iptables-save; echo =====; ip6tables-save
"""


def loaded_ufw(rules):
    return read_iptables(*parts(in_new_network(UFW, rules / "zmfirewall-apply.sh", "/run/pristine")))


def loaded_firewalld(machine):
    def load(rules):
        for command in (["sh", rules / "zmfirewall-apply.sh"], ["nft", "-j", "list", "ruleset"]):
            status, output = machine.run(command)
            if status != 0:
                raise AssertionError(f"{command}: status {status}: {output}")
        return read_nft(json.loads(output))

    return load


def distinct(emissions):
    """(deployment, server, plan) of all servers, but one only of those whose plans open the same to the same."""
    found = {}
    for name, emission in emissions.items():
        for server, plan in emission.plans.items():
            opened = [[one["protocol"], one["port"], one["sources"], one.get("destinations")] for one in plan["open"]]
            found.setdefault(json.dumps(sorted(opened, key=json.dumps)), (name, server, plan))
    return list(found.values())


class SameMeaning(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        names = support.deployments.every_name()
        cls.emissions = {name: deployed.Emission(support, name, *FORMATS) for name in names}
        cls.work = distinct(cls.emissions)

    @classmethod
    def tearDownClass(cls):
        for emission in cls.emissions.values():
            emission.close()

    def check(self, rules_format, load, always, wanted=packets_of_plan, at_once=2):
        """Loads the rules of all servers, `at_once` at the same time."""
        started = time.monotonic()
        with ThreadPoolExecutor(at_once) as pool:
            folders = [self.emissions[name].rules_of(rules_format, server) for name, server, _ in self.work]
            for (name, server, plan), accepted in zip(self.work, [pool.submit(load, folder) for folder in folders]):
                with self.subTest(deployment=name, server=server):
                    self.assert_same(accepted.result(), always + wanted(plan))
        print(f"{rules_format}: {len(self.work)} servers, {time.monotonic() - started:.0f} s")

    def assert_same(self, accepted, wanted):
        too_much, too_little = differences(accepted, wanted)
        told = [f"accepted, not in the plan: {describe(box)}" for box in too_much[:10]]
        told += [f"in the plan, not accepted: {describe(box)}" for box in too_little[:10]]
        self.assertFalse(told, "\n".join(told))

    def test_of_nftables(self):
        self.check("nftables", loaded_nftables, ALWAYS)

    def test_of_iptables(self):
        self.check("iptables", loaded_iptables, ALWAYS)

    @unittest.skipUnless(hosts.was_root() and shutil.which("ufw"), "ufw works for root only, where it is installed")
    def test_of_ufw(self):
        surroundings.for_ufw()
        subprocess.run(["cp", "-a", "/etc/ufw", "/run/pristine"], check=True)
        self.check("ufw", loaded_ufw, UFW_ALWAYS, lambda plan: through_ufw(packets_of_plan(plan)))

    def test_of_firewalld(self):
        folders = [emission.folder.name for emission in self.emissions.values()]
        machine = debian_root.Machine("firewalld", binds=dict(zip(folders, folders)))
        self.addCleanup(machine.close)
        surroundings.start_firewalld(machine)
        # One after the other in one firewalld: each replaces the one before.
        self.check("firewalld", loaded_firewalld(machine), FIREWALLD_ALWAYS,
                   lambda plan: through_firewalld(packets_of_plan(plan)), at_once=1)  # fmt: skip


if __name__ == "__main__":
    unittest.main(verbosity=2)
