#!/usr/bin/env python3
"""The judge of the rules is right (meaning.py): rules that say something else than the plan are told apart, in each way
they can be wrong, and what it does not know it refuses."""

import json
import pathlib
import random
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import hosts  # noqa: E402
import meaning  # noqa: E402
from meaning import Unknown, choice, differences, packet, packets_of_plan, read_iptables, read_nft, span  # noqa: E402

hosts.enter_namespaces("nft")

PLAN = {
    "open": [
        {"protocol": "tcp", "port": 25, "sources": ["0.0.0.0/0", "::/0"], "destinations": []},
        {
            "protocol": "tcp",
            "port": 389,
            "sources": ["10.0.1.0/24", "10.0.2.5/32", "2001:db8::5/128"],
            "destinations": [],
        },
        {"protocol": "udp", "port": "500-600", "sources": ["10.0.0.0/8"], "destinations": ["192.0.2.1", "192.0.2.2"]},
    ]
}
WANTED = [choice("loopback", True), choice("ct", "established", "related"), *packets_of_plan(PLAN)]

NFT = """table inet t {
    set peers { type ipv4_addr; flags interval; elements = { 10.0.1.0/24, 10.0.2.5 } }
    chain four { meta nfproto ipv4 accept; }
    chain ldap {
        ip saddr @peers counter accept
        ip6 saddr 2001:db8::5 accept
    }
    chain input {
        type filter hook input priority 0; policy drop;
        iifname "lo" accept
        ct state established,related accept
        ct state invalid drop
        tcp dport vmap { 25 : accept, 389 : jump ldap }
        udp dport 500-600 ip saddr 10.0.0.0/8 ip daddr { 192.0.2.1, 192.0.2.2 } accept
        limit rate 5/minute log prefix "drop: "
        drop
    }
}
"""

# (what is wrong, text of the right rules, text of the wrong ones, "more" or "less" or both is accepted)
WRONG_NFT = [
    ("another port", "25 : accept", "26 : accept", "more less"),
    ("a port too many", "25 : accept", "25 : accept, 26 : accept", "more"),
    ("a port missing", "25 : accept, ", "", "less"),
    ("a wider source", "10.0.1.0/24", "10.0.0.0/23", "more"),
    ("a narrower source", "10.0.1.0/24", "10.0.1.0/25", "less"),
    ("another source", "10.0.2.5", "10.0.2.6", "more less"),
    ("a source missing", ", 10.0.2.5", "", "less"),
    ("no source", "ip saddr @peers counter", "counter", "more"),
    ("a family missing", "ip6 saddr 2001:db8::5 accept", "", "less"),
    ("a longer range", "500-600", "500-601", "more"),
    ("a shorter range", "500-600", "501-600", "less"),
    ("another protocol", "udp dport", "tcp dport", "more less"),
    ("a destination missing", "{ 192.0.2.1, 192.0.2.2 }", "192.0.2.1", "less"),
    ("no destination", "ip daddr { 192.0.2.1, 192.0.2.2 } ", "", "more"),
    ("source and destination exchanged", "ip saddr 10.0.0.0/8 ip daddr", "ip daddr 10.0.0.0/8 ip saddr", "more less"),
    ("the policy accepts, behind a drop", "policy drop", "policy accept", ""),
    ("nothing is dropped", "        drop\n", "        accept\n", "more"),
    ("a drop in front", "ct state invalid drop", "ct state invalid drop\n ip saddr 10.0.1.7 drop", "less"),
    ("a return in front", "ip saddr @peers counter", "ip saddr 10.0.1.7 return\n ip saddr @peers counter", "less"),
    ("a jump that is a goto, and ends the same way", "jump ldap", "goto ldap", ""),
    ("established connections forgotten", "ct state established,related", "ct state related", "less"),
    ("invalid packets accepted", "ct state invalid drop", "", "more"),
    ("loopback forgotten", 'iifname "lo" accept', "", "less"),
    ("a port dropped", "25 : accept, ", "25 : drop, ", "less"),
    ("one family for two", "25 : accept, ", "25 : jump four, ", "less"),
    ("only within a limit", "tcp dport vmap",
     "tcp dport 25 limit rate 1/second accept\n tcp dport 25 drop\n tcp dport vmap", "less"),
]  # fmt: skip

ANOTHER_CHAIN = """table inet other {
    chain input { type filter hook input priority 10; policy accept; tcp dport 25 ip saddr 203.0.113.0/24 drop; }
}
"""

UNKNOWN_NFT = [
    "tcp dport != 25 accept", "ip saddr != 10.0.0.0/8 drop", "ct state != new drop", "meta mark 1 accept",
    'iifname "eth0" accept', 'iifname != "lo" drop', 'oifname "lo" accept', "tcp flags syn accept",
    "meta pkttype multicast drop", "limit rate over 5/second drop", "ip protocol 50 accept", "ip ttl 1 drop",
    "meta mark set 1", "ct mark 1 accept", "tcp dport 25 notrack", "ip saddr . tcp dport { 10.0.0.1 . 25 } accept",
    "meta l4proto { tcp, udp } th dport 25 accept", "ip saddr & 0.0.0.255 == 1 accept",
    "jhash ip saddr mod 2 == 0 accept", "ct count over 5 drop",
]  # fmt: skip

SAVED4 = """*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:ZMFW - [0:0]
:ZMFW-ldap - [0:0]
-A INPUT -j ZMFW
-A ZMFW -i lo -j ACCEPT
-A ZMFW -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A ZMFW -m conntrack --ctstate INVALID -j DROP
-A ZMFW -p tcp -m tcp --dport 25 -m comment --comment "of -j DROP" -j ACCEPT
-A ZMFW -p tcp -m tcp --dport 389 -j ZMFW-ldap
-A ZMFW -s 10.0.0.0/8 -d 192.0.2.1/32 -p udp -m multiport --dports 500:550,551:600 -j ACCEPT
-A ZMFW -s 10.0.0.0/8 -d 192.0.2.2/32 -p udp -m udp --dport 500:600 -j ACCEPT
-A ZMFW -m limit --limit 5/min -j LOG --log-prefix "drop: "
-A ZMFW -j DROP
-A ZMFW-ldap -m set --match-set peers src -j ACCEPT
COMMIT
"""
SAVED6 = """*filter
:INPUT DROP [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -m conntrack --ctstate INVALID -j DROP
-A INPUT -p tcp -m tcp --dport 25 -j ACCEPT
-A INPUT -s 2001:db8::5/128 -p tcp -m tcp --dport 389 -j ACCEPT
-A INPUT -j REJECT --reject-with icmp6-port-unreachable
COMMIT
"""
SETS = """create peers hash:net family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x1
add peers 10.0.1.0/24
add peers 10.0.2.5
"""
WRONG_IPTABLES = [
    ("another port", "--dport 25 -m comment", "--dport 26 -m comment", "more less"),
    ("a wider source", "add peers 10.0.1.0/24", "add peers 10.0.0.0/23", "more"),
    ("a source missing", "add peers 10.0.2.5\n", "", "less"),
    ("a rule without its source", "-A ZMFW-ldap -m set --match-set peers src", "-A ZMFW-ldap", "more"),
    ("a family missing", "-A INPUT -s 2001:db8::5/128 -p tcp -m tcp --dport 389 -j ACCEPT\n", "", "less"),
    ("a shorter range", "551:600", "551:599", "less"),
    ("a gap in the ports", "500:550", "500:549", "less"),
    ("a destination missing", "-d 192.0.2.2/32 ", "", "more"),
    ("no hook", "-A INPUT -j ZMFW\n", "", "more"),
    ("the last word missing", "-A ZMFW -j DROP\n", "", "more"),
    ("a rule behind the last word", "-A ZMFW-ldap -m", "-A ZMFW-ldap -j RETURN\n-A ZMFW-ldap -m", "less"),
    ("a drop in front", "-A INPUT -j ZMFW", "-A INPUT -s 10.0.2.5/32 -j DROP\n-A INPUT -j ZMFW", "less"),
    ("an accept in front", "-A INPUT -j ZMFW", "-A INPUT -s 203.0.113.9/32 -j ACCEPT\n-A INPUT -j ZMFW", "more"),
    ("the policy behind a drop, which decides nothing", "INPUT ACCEPT", "INPUT DROP", ""),
]
UNKNOWN_IPTABLES = [
    "! -s 10.0.0.0/8 -j DROP", "-s 10.0.0.1/32 ! -i lo -j ACCEPT", "-i eth0 -j ACCEPT",
    "-m mark --mark 0x1 -j ACCEPT", "-m owner --uid-owner 0 -j ACCEPT",
    "-p tcp -m tcp --tcp-flags SYN,ACK SYN -j ACCEPT", "-p tcp -m tcp ! --dport 25 -j ACCEPT", "-g ZMFW",
    "-j NFQUEUE --queue-num 0",
    "-m recent --update --seconds 30 --hitcount 6 --name DEFAULT --mask 255.255.255.255 --rsource -j ACCEPT",
    "-j TARPIT", "-m set --match-set peers dst -j ACCEPT", "-m set --match-set nothing src -j ACCEPT",
    "-p icmp -m icmp --icmp-type 3/4 -j ACCEPT", "-m string --string x --algo bm --to 65535 -j ACCEPT",
    "-s 10.0.0.1/255.0.255.0 -j ACCEPT", "-m conntrack ! --ctstate NEW -j ACCEPT",
]  # fmt: skip


def listing(text):
    command = ["unshare", "--net", "sh", "-c", "nft -f - && nft -j list ruleset"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stderr}\n{text}"
    return json.loads(done.stdout)


def changed(text, right, wrong):
    assert right in text, right
    return text.replace(right, wrong)


class Boxes(unittest.TestCase):
    def setUp(self):
        self.random = random.Random(4711)

    def some_span(self, low, high):
        first = self.random.randint(low, high)
        return (first, self.random.randint(first, high))

    def some_box(self):
        box = {"family": frozenset({4})}
        if self.random.random() < 0.7:
            box["source"] = self.some_span(0, 6)
        if self.random.random() < 0.7:
            box["port"] = self.some_span(0, 6)
        if self.random.random() < 0.5:
            box["ct"] = frozenset(self.random.sample(sorted(meaning.CHOICES["ct"]), 2))
        return box

    def some_points(self):
        for source in range(8):
            for port in range(8):
                for state in ("new", "invalid", "related"):
                    span_of = {"source": (source, source), "port": (port, port)}
                    yield {"family": frozenset({4}), **span_of, "ct": frozenset({state})}

    @staticmethod
    def holds(boxes, point):
        return any(meaning.meet(box, point) for box in boxes)

    def test_take_away_exactly_what_is_in_both(self):
        for _ in range(200):
            box, taken = self.some_box(), self.some_box()
            rest = meaning.without(box, taken)
            for point in self.some_points():
                wanted = self.holds([box], point) and not self.holds([taken], point)
                self.assertEqual(self.holds(rest, point), wanted, (box, taken, point))

    def test_are_the_same_however_they_are_cut(self):
        for _ in range(100):
            boxes = [self.some_box() for _ in range(4)]
            cut = meaning.without_all(boxes, [self.some_box()])
            taken = meaning.without_all(boxes, cut)
            self.assertEqual(differences(boxes, cut + taken), ([], []))

    def test_are_not_the_same_when_one_packet_is_missing(self):
        whole = [packet(choice("family", 4), span("protocol", 6))]
        one = packet(whole[0], meaning.box_of_network("source", "10.0.0.1"), span("port", 25), span("from_port", 1024))
        more, less = differences(meaning.without_all(whole, [one]), whole)
        self.assertEqual((more, less), ([], [one]))

    def test_of_networks_know_the_family(self):
        self.assertEqual(meaning.box_of_network("source", "0.0.0.0/0"), choice("family", 4))
        self.assertEqual(differences([choice("family", 4), choice("family", 6)], [{}]), ([], []))
        for wrong in ("10.0.0.1/24", "mail.example.com", "fe80::1%eth0"):
            with self.assertRaises(ValueError):
                meaning.box_of_network("source", wrong + ("/64" if "%" in wrong else ""))


class Rules(unittest.TestCase):
    def assert_differs(self, accepted, kinds):
        more, less = differences(accepted, WANTED)
        self.assertEqual(bool(more), "more" in kinds, [meaning.describe(box) for box in more])
        self.assertEqual(bool(less), "less" in kinds, [meaning.describe(box) for box in less])

    def test_of_nft_that_are_right_mean_the_plan(self):
        self.assert_differs(read_nft(listing(NFT)), "")

    def test_of_nft_that_are_wrong_do_not(self):
        for name, right, wrong, kinds in WRONG_NFT:
            with self.subTest(name):
                self.assert_differs(read_nft(listing(changed(NFT, right, wrong))), kinds)

    def test_of_nft_must_pass_every_chain(self):
        self.assert_differs(read_nft(listing(NFT + ANOTHER_CHAIN)), "less")

    def test_of_nft_that_are_not_known_are_refused(self):
        for rule in UNKNOWN_NFT:
            with self.subTest(rule), self.assertRaises(Unknown):
                read_nft(listing(NFT.replace("        limit", f"        {rule}\n        limit")))

    def test_of_nft_in_tables_that_are_not_known_are_refused(self):
        for table in (
            "table ip t { chain c { type filter hook input priority 0; policy drop; }\n}",
            "table ip n { chain c { type nat hook prerouting priority -100; tcp dport 25 redirect to :26; }\n}",
            "table bridge t { }",
            "table inet t { chain a { type filter hook input priority 0; }\n"
            "chain b { type filter hook input priority 0; }\n}",
            "table inet t { set s { type ipv4_addr; flags timeout; }\n"
            "chain a { type filter hook input priority 0; ip saddr @s drop; }\n}",
        ):  # fmt: skip
            with self.subTest(table), self.assertRaises(Unknown):
                read_nft(listing(table))

    def test_of_nft_in_a_table_that_sleeps_are_refused(self):
        table = {"table": {"family": "inet", "name": "t", "handle": 1, "flags": ["dormant"]}}
        with self.assertRaises(Unknown):
            read_nft({"nftables": [table]})

    def test_of_iptables_that_are_right_mean_the_plan(self):
        self.assert_differs(read_iptables(SAVED4, SAVED6, SETS), "")

    def test_of_iptables_that_are_wrong_do_not(self):
        for name, right, wrong, kinds in WRONG_IPTABLES:
            with self.subTest(name):
                texts = [text.replace(right, wrong) for text in (SAVED4, SAVED6, SETS)]
                self.assertNotEqual(texts, [SAVED4, SAVED6, SETS])
                self.assert_differs(read_iptables(*texts), kinds)

    def test_of_iptables_that_are_not_known_are_refused(self):
        for rule in UNKNOWN_IPTABLES:
            with self.subTest(rule), self.assertRaises(Unknown):
                read_iptables(changed(SAVED4, "-A ZMFW -j DROP", f"-A ZMFW {rule}\n-A ZMFW -j DROP"), SAVED6, SETS)

    def test_of_iptables_in_other_tables_are_refused(self):
        raw = "*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j NOTRACK\nCOMMIT\n"
        for table in (raw, "*mangle\n:INPUT DROP [0:0]\nCOMMIT\n"):
            with self.subTest(table), self.assertRaises(Unknown):
                read_iptables(table + SAVED4, SAVED6, SETS)

    def test_of_iptables_with_sets_that_are_not_known_are_refused(self):
        for sets in (
            SETS.replace("hash:net", "hash:ip,port"),
            SETS.replace("inet ", "inet timeout 5 "),
            SETS + "add peers 10.0.1.5 nomatch\n",
        ):
            with self.subTest(sets), self.assertRaises(Unknown):
                read_iptables(SAVED4, SAVED6, sets)


if __name__ == "__main__":
    unittest.main(verbosity=2)
