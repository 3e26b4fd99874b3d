#!/usr/bin/env python3
"""Other software's rules survive: tables, chains and sets as Docker and fail2ban make them, and tables of strangers
with maps, flags and sets, are byte for byte the same after each of our formats was loaded, loaded again, replaced
by another plan and removed; but for the one line by which our own chain is called from INPUT, and that one goes,
too."""

import difflib
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import deployed  # noqa: E402
import hosts  # noqa: E402
import surroundings  # noqa: E402

support = hosts.support()
support.need_binary()
debian_root = hosts.debian_root()
hosts.enter_namespaces("nft", "iptables", "ip6tables", "ipset", as_root=os.geteuid() == 0)

FIRST, SECOND = "mbox1.example.com", "mta1.example.com"

# In nft: fail2ban's table, one of a stranger, and one that sleeps.
NFT = """
table inet f2b-table {
    set addr-set-sshd { type ipv4_addr; elements = { 192.0.2.66, 192.0.2.67 }; }
    set addr6-set-sshd { type ipv6_addr; flags timeout; elements = { 2001:db8:bad::1 timeout 30d }; }
    chain f2b-chain {
        type filter hook input priority filter - 1; policy accept;
        tcp dport 22 ip saddr @addr-set-sshd reject with icmp port-unreachable
        tcp dport 22 ip6 saddr @addr6-set-sshd reject with icmpv6 port-unreachable
    }
}
table inet strange {
    map routes { typeof ip daddr . tcp dport : verdict; flags interval; elements = { 198.51.100.0/24 . 1-9 : drop }; }
    set live { typeof ip saddr . th dport; flags dynamic, timeout; size 65535; timeout 1h; }
    counter seen { packets 7 bytes 77; }
    quota enough { 25 mbytes; }
    chain zmfirewall { counter name seen; }
    chain input {
        type filter hook input priority 10; policy accept;
        ip daddr . tcp dport vmap @routes
        tcp dport 2525 ct state new add @live { ip saddr . th dport limit rate 5/minute } counter comment "of a stranger"
        jump zmfirewall
    }
}
table ip sleeping {
    flags dormant;
    chain forward { type filter hook forward priority 0; policy drop; }
}
table bridge zmfirewall { chain forward { type filter hook forward priority 0; policy accept; }; }
table ip zmfirewall { chain input { type filter hook input priority 5; policy accept; tcp dport 1 drop; }; }
"""

# By iptables: Docker's chains, fail2ban's, and one whose name begins like ours.
DOCKER4 = """*nat
:PREROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A DOCKER -i docker0 -j RETURN
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
COMMIT
*filter
:FORWARD DROP [0:0]
:DOCKER - [0:0]
:DOCKER-ISOLATION-STAGE-1 - [0:0]
:DOCKER-ISOLATION-STAGE-2 - [0:0]
:DOCKER-USER - [0:0]
:f2b-sshd - [0:0]
:ZMFOREIGN - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-ISOLATION-STAGE-1
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-1 -j RETURN
-A DOCKER-USER -j RETURN
-A INPUT -p tcp -m multiport --dports 22 -j f2b-sshd
-A f2b-sshd -m set --match-set f2b-sshd src -j REJECT --reject-with icmp-port-unreachable
-A f2b-sshd -s 192.0.2.68/32 -j REJECT --reject-with icmp-port-unreachable
-A f2b-sshd -j RETURN
-A ZMFOREIGN -m comment --comment "zmfirewall drop: not ours" -j RETURN
COMMIT
"""
DOCKER6 = """*filter
:f2b-sshd - [0:0]
-A INPUT -p tcp -m multiport --dports 22 -j f2b-sshd
-A f2b-sshd -s 2001:db8:bad::2/128 -j REJECT --reject-with icmp6-port-unreachable
-A f2b-sshd -j RETURN
COMMIT
"""
SETS = """create f2b-sshd hash:ip family inet hashsize 1024 maxelem 65536 timeout 0
add f2b-sshd 192.0.2.69
create zmfirewall-strange hash:net family inet
add zmfirewall-strange 198.51.100.0/24
"""

OWN_LINES = ("ZMFIREWALL-IN", "ZMFW-", "zmfirewall4-", "zmfirewall6-", "dapp_zmfirewall-")
UFW_LIMIT = "-user-limit"  # ufw adds to these chains of its own when it deletes a rule, whoever asks
LISTINGS = ("iptables-save", "ip6tables-save")


def run(command, text=None):
    done = subprocess.run(command, input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{command}: status {done.returncode}: {done.stderr}{done.stdout}")
    return done.stdout


class Network:
    """A network namespace of its own, or that of a machine of the Debian tree."""

    def __init__(self, machine=None):
        self.machine = machine
        self.pid = None
        if machine is None:
            script = "ip link set lo up; echo ready; exec cat"
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
            # Of /run too: locks, and what ufw and iptables keep there.
            self.process = subprocess.Popen(["unshare", "--net", "--mount", "sh", "-ec", script], **pipes)
            self.process.stdout.readline()
            self.pid = self.process.pid

    def run(self, *command, text=None):
        words = [str(word) for word in command]
        if self.machine:
            return run(self.machine.command(words), text)
        return run(["nsenter", f"--target={self.pid}", "--net", "--mount", *words], text)

    def close(self):
        if self.pid:
            self.process.stdin.close()
            self.process.stdout.close()
            self.process.wait()

    def add_neighbours(self):
        self.run("ipset", "restore", text=SETS)
        self.run("iptables-restore", "--noflush", text=DOCKER4)
        self.run("ip6tables-restore", "--noflush", text=DOCKER6)
        self.run("nft", "-f", "-", text=NFT)

    def neighbours(self, own_tables):
        """All that is loaded and not ours, by the program that lists it."""
        found = {}
        for line in self.run("nft", "list", "tables").splitlines():
            if line not in own_tables and not line.endswith((" filter", " nat")):
                # Without counters. Those of iptables are listed by its own program.
                found[line] = self.run("nft", "-s", "list", *line.split()).splitlines()
        for program in LISTINGS:
            lines = self.run(program).splitlines()
            found[program] = [line for line in lines if line[0] != "#" and UFW_LIMIT not in line]
        found["ipset"] = self.run("ipset", "save").splitlines()
        return found


def without_own(listing):
    def is_own(line):
        return any(own in line for own in OWN_LINES)

    return {name: [line for line in lines if not is_own(line)] for name, lines in listing.items()}


class Neighbours(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.emission = deployed.Emission(support, "crowded", "nftables", "iptables", "ufw", "firewalld")
        self.addCleanup(self.emission.close)

    def network(self, machine=None):
        network = Network(machine)
        self.addCleanup(network.close)
        network.add_neighbours()
        return network

    def check(self, network, load, remove, own_tables=()):
        """`load` is called with the server whose rules to load."""
        before = network.neighbours(own_tables)
        self.assertIn("table inet f2b-table", before)
        self.assertIn("-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER", before["iptables-save"])
        for server in (FIRST, FIRST, SECOND, FIRST):
            load(server)
            after = network.neighbours(own_tables)
            self.assert_same(without_own(after), before, f"after loading {server}")
        calls = [line for name in LISTINGS for line in after[name] if line.startswith("-A INPUT")]
        hooks = [line for line in calls if "ZMFIREWALL" in line]
        remove()
        self.assert_same(network.neighbours(own_tables), before, "after the removal")
        return hooks

    def assert_same(self, after, before, when):
        lines = [list(difflib.unified_diff(before.get(name, []), after.get(name, []), name, name, lineterm="", n=0))
                 for name in sorted({*before, *after})]  # fmt: skip
        self.assertEqual([], [line for one in lines for line in one], when)

    def rules(self, rules_format, server, name):
        return self.emission.rules_of(rules_format, server) / name

    def test_survive_nftables(self):
        network = self.network()

        def load(server):
            network.run("nft", "-f", self.rules("nftables", server, "zmfirewall.nft"))
            self.assertIn("chain tcp_22", network.run("nft", "list", "table", "inet", "zmfirewall"))

        hooks = self.check(network, load, lambda: network.run("nft", "delete", "table", "inet", "zmfirewall"),
                           ["table inet zmfirewall"])  # fmt: skip
        self.assertEqual(hooks, [])

    def test_survive_iptables(self):
        os.environ["XTABLES_LOCKFILE"] = str(pathlib.Path(self.emission.folder.name) / "xtables.lock")
        network = self.network()

        def load(server):
            network.run("sh", self.rules("iptables", server, "zmfirewall-apply.sh"))
            self.assertIn("-N ZMFW-tcp_22", network.run("iptables", "-S"))

        undo = self.rules("iptables", FIRST, "zmfirewall-undo.sh")
        hooks = self.check(network, load, lambda: network.run("sh", undo))
        self.assertEqual(hooks, ["-A INPUT -j ZMFIREWALL-IN"] * 2)

    @unittest.skipUnless(hosts.was_root() and shutil.which("ufw"), "ufw works for root only, where it is installed")
    def test_survive_ufw(self):
        surroundings.for_ufw()
        network = self.network()
        network.run(*"ufw allow from 198.51.100.1 to any port 7 proto tcp comment".split(), "not ours")
        network.run("ufw", "--force", "enable")

        def load(server):
            network.run("sh", self.rules("ufw", server, "zmfirewall-apply.sh"))
            self.assertIn("zmfirewall-ssh-", network.run("ufw", "show", "added"))

        # Our rules are ufw's own, in its chains; ssh stays while it is active.
        undo = self.rules("ufw", FIRST, "zmfirewall-undo.sh")

        def remove():
            network.run("sh", undo)
            for line in network.run("ufw", "show", "added").splitlines():
                if "zmfirewall-ssh-" in line:
                    network.run("ufw", "delete", *line.removeprefix("ufw ").partition(" comment")[0].split())

        self.check(network, load, remove)
        self.assertIn("198.51.100.1", network.run("ufw", "show", "added"))

    def test_survive_firewalld(self):
        folder = self.emission.folder.name
        machine = debian_root.Machine("neighbours", binds={folder: folder})
        self.addCleanup(machine.close)
        surroundings.start_firewalld(machine)  # first: it begins with empty tables of iptables
        network = self.network(machine)
        network.run("firewall-cmd", "--permanent", "--new-service=strange")
        network.run("firewall-cmd", "--permanent", "--zone=work", "--add-port=7/tcp")
        read_strange = ["cat", "/etc/firewalld/zones/work.xml", "/etc/firewalld/services/strange.xml"]
        strange = network.run(*read_strange)

        def load(server):
            network.run("sh", self.rules("firewalld", server, "zmfirewall-apply.sh"))
            self.assertIn("filter_IN_zmfirewall", network.run("nft", "list", "table", "inet", "firewalld"))

        undo = self.rules("firewalld", FIRST, "zmfirewall-undo.sh")
        hooks = self.check(network, load, lambda: network.run("sh", undo), ["table inet firewalld"])
        self.assertEqual(hooks, [])
        self.assertEqual(network.run(*read_strange), strange)


if __name__ == "__main__":
    unittest.main(verbosity=2)
