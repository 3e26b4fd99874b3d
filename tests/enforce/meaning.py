"""What rules mean, worked out without a packet: rules that were read back from the kernel become a set of packets.

A set of packets is a list of boxes. A box is a dict that limits some fields of a packet: a field of SPANS to a pair
(first, last), a field of CHOICES to a frozenset. A field that is not named may be anything. So two sets of packets are
the same exactly if neither has something left when the other is taken away: see `differences`.

Everything that this module does not know - a match, a negation, a verdict, a table that could change a packet - raises
Unknown. It never guesses."""

import ipaddress
import shlex

SPANS = {
    "source": None,  # depends on the family
    "destination": None,
    "protocol": (0, 255),
    "port": (0, 65535),  # of the destination; tcp and udp
    "from_port": (0, 65535),
    "icmp": (0, 255),  # type
    "hops": (0, 255),  # hop limit
}
CHOICES = {
    "family": {4, 6},
    "ct": {"new", "established", "related", "invalid", "untracked"},
    "loopback": {True, False},  # comes in by lo
    "limit": {"within", "over"},
    "cast": {"local", "broadcast", "multicast", "other"},  # kind of the destination address
    "way_back": {True, False},  # does the source's route lead back where the packet came from?
    "redirected": {True, False},  # by destination NAT
    "routing_header_0": {True, False},
}
CHOICES = {name: frozenset(values) for name, values in CHOICES.items()}
ORDER = ["family", *(name for name in CHOICES if name != "family"), *SPANS]  # the family tells how long addresses are

PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17, "ipv6-icmp": 58, "icmpv6": 58}
ICMP = {
    1: {"echo-reply": 0, "destination-unreachable": 3, "echo-request": 8, "time-exceeded": 11, "parameter-problem": 12},
    58: {
        "destination-unreachable": 1, "packet-too-big": 2, "time-exceeded": 3, "parameter-problem": 4,
        "echo-request": 128, "echo-reply": 129, "mld-listener-query": 130, "mld-listener-report": 131,
        "mld-listener-done": 132, "nd-router-solicit": 133, "nd-router-advert": 134, "nd-neighbor-solicit": 135,
        "nd-neighbor-advert": 136, "nd-redirect": 137, "mld2-listener-report": 143,
    },
}  # fmt: skip


class Unknown(Exception):
    """Something is in the rules that this module cannot judge."""


# --- Boxes ----------------------------------------------------------------------------------------------------------


def full(name, family):
    if name in ("source", "destination"):
        return (0, 2 ** (32 if family == frozenset({4}) else 128) - 1)
    return SPANS[name]


def meet(one, other):
    """What is in both boxes; None if nothing is."""
    if len(other) < len(one):
        one, other = other, one
    result = dict(other)
    for name, value in one.items():
        if name not in result:
            result[name] = value
        elif name in CHOICES:
            result[name] = result[name] & value
            if not result[name]:
                return None
        else:
            low, high = max(value[0], result[name][0]), min(value[1], result[name][1])
            if low > high:
                return None
            result[name] = (low, high)
    return result


def without(box, taken):
    """Boxes that hold what is in `box` but not in `taken`."""
    common = meet(box, taken)
    if common is None:
        return [box]
    pieces = []
    rest = dict(box)
    for name in ORDER:
        if name not in taken:
            continue
        inside = common[name]
        if name in CHOICES:
            outside = rest.get(name, CHOICES[name]) - inside
            if outside:
                pieces.append({**rest, name: outside})
        else:
            low, high = rest.get(name) or full(name, rest.get("family"))
            if low < inside[0]:
                pieces.append({**rest, name: (low, inside[0] - 1)})
            if inside[1] < high:
                pieces.append({**rest, name: (inside[1] + 1, high)})
        rest[name] = inside
    return pieces


def meet_all(boxes, others):
    return [both for box in boxes for other in others if (both := meet(box, other)) is not None]


def without_all(boxes, taken):
    for one in taken:
        boxes = [piece for box in boxes for piece in without(box, one)]
    return boxes


def differences(some, others):
    """(What only `some` holds, what only `others` hold); both empty if they are the same set of packets."""
    return without_all(some, others), without_all(others, some)


def describe(box):
    """A box in words, for messages."""
    words = []
    for name in ORDER:
        if name not in box:
            continue
        value = box[name]
        if name in CHOICES:
            text = ",".join(sorted(str(one) for one in value))
        elif name in ("source", "destination"):
            kind = ipaddress.IPv4Address if box["family"] == frozenset({4}) else ipaddress.IPv6Address
            text = ",".join(str(net) for net in ipaddress.summarize_address_range(kind(value[0]), kind(value[1])))
        else:
            text = str(value[0]) if value[0] == value[1] else f"{value[0]}-{value[1]}"
        words.append(f"{name} {text}")
    return "; ".join(words) or "everything"


def box_of_network(name, text):
    """`name` is source or destination."""
    network = ipaddress.ip_network(text)  # strict: no host bits
    family = frozenset({network.version})
    span = (int(network.network_address), int(network.broadcast_address))
    box = {"family": family}
    if span != full(name, family):
        box[name] = span
    return box


def choice(name, *values):
    if not set(values) <= CHOICES[name]:
        raise Unknown(f"{name} {values}")
    return {name: frozenset(values)}


def span(name, first, last=None):
    last = first if last is None else last
    low, high = SPANS[name]
    if not low <= first <= last <= high:
        raise Unknown(f"{name} {first}-{last}")
    return {} if (first, last) == (low, high) else {name: (first, last)}


def packet(*limits):
    """One box from several that belong together."""
    box = {}
    for limit in limits:
        box = meet(box, limit)
        assert box is not None, limits
    return box


# --- Plans ----------------------------------------------------------------------------------------------------------

NEW = choice("ct", "new", "untracked")  # established and related are in every list of what is always accepted


def box_of_port(text):
    first, _, last = str(text).partition("-")
    return span("port", int(first), int(last or first))


def packets_of_plan(server):
    """What the plan of a server opens, for packets that belong to no connection yet."""
    boxes = []
    for rule in server["open"]:
        to = [box_of_network("destination", address) for address in rule["destinations"]] or [{}]
        come = [box_of_network("source", source) for source in rule["sources"]]
        service = packet(NEW, span("protocol", PROTOCOLS[rule["protocol"]]), box_of_port(rule["port"]))
        boxes += meet_all(meet_all(come, to), [service])
    return boxes


# --- Chains ---------------------------------------------------------------------------------------------------------


class Rule:
    """Packets in any of `boxes` meet `verdict`: accept, drop, return, continue, jump CHAIN or goto CHAIN."""

    def __init__(self, boxes, verdict):
        self.boxes = boxes
        self.verdict, _, self.target = verdict.partition(" ")


class Chains:
    """`rules`: lists of rules by the chain's name. `hooked`: (chain, policy), in the order in which packets meet them.
    A packet must be accepted by all of them."""

    def __init__(self, rules, hooked):
        self.rules = rules
        self.hooked = hooked

    def accepted(self, boxes):
        for name, policy in self.hooked:
            accepted = []
            rest = self.walk(name, boxes, accepted, ())
            boxes = accepted + (rest if policy == "accept" else [])
        return boxes

    def walk(self, name, boxes, accepted, path):
        """Those that leave the chain at its end or by "return". Packets that were accepted are added to `accepted`;
        they may be among the others as well, which changes nothing: the first verdict was theirs."""
        if name in path:
            raise Unknown(f"the chain {name} calls itself")
        left = []
        for rule in self.rules[name]:
            if rule.verdict == "continue":
                continue
            met = meet_all(boxes, rule.boxes)
            if not met:
                continue
            if rule.verdict == "accept":
                accepted += met
            elif rule.verdict == "jump":
                back = self.walk(rule.target, met, accepted, (*path, name))
                if back is not met:
                    boxes = without_all(boxes, rule.boxes) + back
            else:
                boxes = without_all(boxes, rule.boxes)
                if rule.verdict == "goto":
                    left += self.walk(rule.target, met, accepted, (*path, name))
                elif rule.verdict == "return":
                    left += met
                elif rule.verdict != "drop":
                    raise Unknown(f"verdict {rule.verdict}")
        return left + boxes if left else boxes


def reached(first, rules_of_chain):
    """The rules of the chains named and of those they jump to, by name; others decide nothing and are not read."""
    rules, waiting = {}, list(first)
    while waiting:
        name = waiting.pop()
        if name not in rules:
            rules[name] = rules_of_chain(name)
            waiting += [rule.target for rule in rules[name] if rule.target]
    return rules


# --- nft -j list ruleset --------------------------------------------------------------------------------------------


class NftReader:
    """Chains of all tables that see incoming packets of IPv4 and IPv6."""

    FAMILIES = {"inet": frozenset({4, 6}), "ip": frozenset({4}), "ip6": frozenset({6})}
    DO_NOTHING = {"counter", "log"}

    def __init__(self, listing):
        self.sets = {}
        self.chains = {}
        for item in listing["nftables"]:
            (kind, value), = item.items()
            if kind in ("set", "map"):
                self.sets[value["family"], value["table"], value["name"]] = value
            elif kind == "chain":
                self.chains[value["family"], value["table"], value["name"]] = (value, [])
            elif kind == "table":
                if value["family"] not in self.FAMILIES or value.get("flags"):
                    raise Unknown(f"table {value}")
            elif kind == "rule":
                self.chains[value["family"], value["table"], value["chain"]][1].append(value)
            elif kind != "metainfo":
                raise Unknown(kind)

    def read(self):
        hooked = []
        for (family, table, name), (chain, _) in self.chains.items():
            hook = chain.get("hook")
            if hook not in ("input", "prerouting", "ingress"):
                continue
            # A chain for NAT is good if it changes nothing: the verdicts that do are not known here.
            if chain["type"] not in ("filter", "nat") or family != "inet" or hook == "ingress":
                raise Unknown(f"chain {chain}")
            hooked.append((hook == "input", chain["prio"], f"{family} {table} {name}", chain["policy"]))
        if len({one[:2] for one in hooked}) != len(hooked):
            raise Unknown("two chains with the same priority on the same hook")
        hooked = [(name, policy) for _, _, name, policy in sorted(hooked)]
        return Chains(reached([name for name, _ in hooked], self.rules_of_chain), hooked)

    def rules_of_chain(self, name):
        family, table, chain = name.split(" ")
        _, its_rules = self.chains[family, table, chain]
        return [one for rule in its_rules for one in self.read_rule(rule, (family, table))]

    def read_rule(self, rule, where):
        try:
            return self.rules_of(rule["expr"], where)
        except (Unknown, AttributeError, KeyError, TypeError, ValueError) as problem:
            raise Unknown(f"{rule}: {problem!r}") from problem

    def rules_of(self, expressions, where):
        boxes = [{"family": self.FAMILIES[where[0]]}]
        for at, expression in enumerate(expressions):
            (kind, value), = expression.items()
            if kind == "match":
                boxes = meet_all(boxes, self.match(value, where))
            elif kind == "limit":
                if value.get("inv"):
                    raise Unknown(f"limit {value}")
                boxes = meet_all(boxes, [choice("limit", "within")])
            elif kind in self.DO_NOTHING:
                continue
            elif at != len(expressions) - 1:
                raise Unknown(f"{kind} in front of something else")
            elif kind == "vmap":
                return self.verdict_map(boxes, value, where)
            else:
                return [Rule(boxes, self.verdict(kind, value, where))]
        return [Rule(boxes, "continue")]

    @staticmethod
    def verdict(kind, value, where):
        if kind in ("accept", "return", "drop"):
            return kind
        if kind == "reject":
            return "drop"
        if kind in ("jump", "goto"):
            return f"{kind} {where[0]} {where[1]} {value['target']}"
        raise Unknown(f"{kind} {value}")

    def verdict_map(self, boxes, value, where):
        rules = []
        for key, verdict in self.elements(value["data"], where):
            (kind, target), = verdict.items()
            boxes_of_key = meet_all(boxes, self.compare(value["key"], [key]))
            rules.append(Rule(boxes_of_key, self.verdict(kind, target, where)))
        return rules

    def elements(self, data, where):
        """Of a set that is written where it is used, or of one with a name."""
        if isinstance(data, str):
            declared = self.sets[(*where, data.removeprefix("@"))]
            if set(declared.get("flags", [])) - {"interval", "constant"}:
                raise Unknown(f"set with flags {declared['flags']}")
            elements = declared.get("elem", [])
        else:
            elements = data["set"]
        return [e["elem"]["val"] if isinstance(e, dict) and "elem" in e else e for e in elements]

    def match(self, value, where):
        left, right = value["left"], value["right"]
        if value["op"] not in ("==", "in"):
            raise Unknown(f"operator {value['op']}")
        if isinstance(right, str) and right.startswith("@") or isinstance(right, dict) and "set" in right:
            right = self.elements(right, where)
        elif isinstance(right, list):
            if value["op"] != "in":
                raise Unknown(f"{value}")
        elif value["op"] == "in" and "ct" not in left:
            raise Unknown(f"{value}")
        else:
            right = [right]
        return self.compare(left, right)

    def compare(self, left, values):
        (kind, what), = left.items()
        if kind == "payload":
            if set(what) != {"protocol", "field"}:
                raise Unknown(f"payload {what}")
            return [self.payload(what["protocol"], what["field"], value) for value in values]
        key = what.get("key")
        if kind == "meta" and key == "iifname":
            if values != ["lo"]:
                raise Unknown(f"iifname {values}")
            return [choice("loopback", True)]
        if kind == "meta" and key == "nfproto":
            return [choice("family", {"ipv4": 4, "ipv6": 6}[value]) for value in values]
        if kind == "meta" and key == "l4proto":
            return [span("protocol", value if isinstance(value, int) else PROTOCOLS[value]) for value in values]
        if kind == "ct" and key == "state":
            return [choice("ct", value) for value in values]
        if kind == "ct" and key == "status" and values == ["dnat"]:
            return [choice("redirected", True)]
        if kind == "fib" and what == {"result": "oif", "flags": ["saddr", "mark", "iif"]} and values == [False]:
            return [choice("way_back", False)]
        raise Unknown(f"{left} of {values}")

    @staticmethod
    def payload(protocol, field, value):
        if (protocol, field) in (("ip", "saddr"), ("ip6", "saddr"), ("ip", "daddr"), ("ip6", "daddr")):
            name = "source" if field == "saddr" else "destination"
            box = nft_addresses(name, value)
            if box["family"] != frozenset({4 if protocol == "ip" else 6}):
                raise Unknown(f"{protocol} {field} {value}")
            return box
        if (protocol, field) == ("ip6", "hoplimit"):
            return packet(choice("family", 6), span("hops", value))
        if field in ("dport", "sport") and protocol in ("tcp", "udp"):
            name = "port" if field == "dport" else "from_port"
            first, last = value["range"] if isinstance(value, dict) else (value, value)
            return packet(span("protocol", PROTOCOLS[protocol]), span(name, first, last))
        if field == "type" and protocol in ("icmp", "icmpv6"):
            number = PROTOCOLS[protocol]
            value = value if isinstance(value, int) else known(ICMP[number], value)
            return packet(choice("family", 4 if number == 1 else 6), span("protocol", number), span("icmp", value))
        raise Unknown(f"{protocol} {field}")


def known(table, key):
    if key not in table:
        raise Unknown(str(key))
    return table[key]


def nft_addresses(name, value):
    if isinstance(value, str):
        return box_of_network(name, value)
    if "prefix" in value:
        return box_of_network(name, f"{value['prefix']['addr']}/{value['prefix']['len']}")
    if "range" in value:
        first, last = (ipaddress.ip_address(one) for one in value["range"])
        return {"family": frozenset({first.version}), name: (int(first), int(last))}
    raise Unknown(f"address {value}")


# --- iptables-save, ip6tables-save, ipset save ----------------------------------------------------------------------


def read_ipsets(saved):
    """Boxes for the sources in each set, by its name."""
    sets = {}
    for line in saved.splitlines():
        words = line.split()
        if words[0] == "create" and words[2] == "hash:net" and "timeout" not in words:
            sets[words[1]] = []
        elif words[0] == "add" and len(words) == 3:
            sets[words[1]].append(box_of_network("source", words[2]))
        else:
            raise Unknown(line)
    return sets


class IptablesReader:
    """The chains of one family, from INPUT on; other tables must be empty."""

    def __init__(self, family, saved, sets):
        self.family = family
        self.sets = sets
        self.lines = {}
        self.policies = {}
        table = None
        for line in saved.splitlines():
            if not line or line.startswith("#") or line == "COMMIT":
                continue
            if line.startswith("*"):
                table = line[1:]
            elif line.startswith(":"):
                name, policy = line[1:].split()[:2]
                if table == "filter":
                    self.lines[name] = []
                    self.policies[name] = policy.lower()
                elif policy not in ("ACCEPT", "-"):
                    raise Unknown(f"table {table}: {line}")
            elif table != "filter":
                raise Unknown(f"table {table}: {line}")
            else:
                append, name, _ = line.split(" ", 2)
                if append != "-A":
                    raise Unknown(line)
                self.lines[name].append(line)

    def read(self):
        return Chains(reached(["INPUT"], self.rules_of_chain), [("INPUT", self.policies["INPUT"])])

    def rules_of_chain(self, name):
        return [self.read_rule(line) for line in self.lines[name]]

    def read_rule(self, line):
        try:
            return Rule(*self.read_words(shlex.split(line)[2:]))
        except (Unknown, IndexError, ValueError) as problem:
            raise Unknown(f"{line}: {problem}") from problem

    def read_words(self, words):
        boxes, verdict, protocol = [choice("family", self.family)], "continue", None
        at = 0
        while at < len(words):
            option, value = words[at], words[at + 1]
            at += 2
            if option == "-p":
                protocol = PROTOCOLS.get(value) or int(value)
            if option == "-j":
                # Options of the target, which decide nothing here.
                verdict = self.verdict(value, words[at:])
                break
            boxes = meet_all(boxes, self.match(option, value, protocol))
            if option == "--match-set":
                if words[at] != "src":
                    raise Unknown(words[at])
                at += 1
        return boxes, verdict

    @staticmethod
    def verdict(target, options):
        if target in ("ACCEPT", "DROP", "RETURN") and not options:
            return target.lower()
        if target == "REJECT":
            return "drop"
        if target == "LOG":
            return "continue"
        if target.isupper() and not target.startswith("ZMF") or options:
            raise Unknown(f"{target} {options}")
        return f"jump {target}"

    def match(self, option, value, protocol):
        if option in ("-m", "--comment", "--limit-burst"):
            return [{}]
        if option in ("-s", "-d"):
            return [box_of_network("source" if option == "-s" else "destination", value)]
        if option == "-p":
            return [span("protocol", protocol)]
        if option in ("--dport", "--sport", "--dports") and protocol in (6, 17):
            name = "from_port" if option == "--sport" else "port"
            ports = [one.split(":") for one in value.split(",")]
            return [span(name, int(one[0]), int(one[-1])) for one in ports]
        if option == "--match-set":
            return known(self.sets, value)
        if option == "--limit":
            return [choice("limit", "within")]
        return self.match_rarely(option, value, protocol)

    def match_rarely(self, option, value, protocol):
        if option == "-i" and value == "lo":
            return [choice("loopback", True)]
        if option == "--ctstate":
            return [choice("ct", one.lower()) for one in value.split(",")]
        if (option, protocol) in (("--icmp-type", 1), ("--icmpv6-type", 58)):
            return [span("icmp", int(value))]
        if option == "--hl-eq" and self.family == 6:
            return [span("hops", int(value))]
        if option == "--dst-type":
            return [choice("cast", value.lower())]
        if option == "--rt-type" and value == "0":
            return [choice("routing_header_0", True)]
        raise Unknown(f"{option} {value}")


def read_nft(listing):
    """What the listing of `nft -j list ruleset` accepts."""
    return NftReader(listing).read().accepted([{}])


def read_iptables(saved4, saved6, sets=""):
    """What the rules of iptables-save and ip6tables-save with the sets of `ipset save` accept."""
    known_sets = read_ipsets(sets)
    boxes = []
    for family, saved in ((4, saved4), (6, saved6)):
        boxes += IptablesReader(family, saved, known_sets).read().accepted([choice("family", family)])
    return boxes
