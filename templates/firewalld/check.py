"""What firewalld's own checker does not notice, and firewalld skips or misreads: python3 check.py zmfirewall-apply.sh

Looks at the XML beside the script."""

import ipaddress
import pathlib
import sys
import xml.etree.ElementTree as ElementTree

HERE = pathlib.Path(sys.argv[1]).parent


def wrong(path, text):
    sys.exit(f"{path.relative_to(HERE)}: {text}")


def read(kind):
    found = {}
    for path in sorted((HERE / kind).glob("*.xml")):
        try:
            found[path] = ElementTree.parse(path).getroot()
        except ElementTree.ParseError as problem:
            wrong(path, problem)
    return found


def check_ipset(path, root):
    """The family of the set."""
    options = {option.get("name"): option.get("value") for option in root.iter("option")}
    version = {"inet": 4, "inet6": 6}.get(options.get("family", "inet"))
    if len(path.stem) > 31:
        wrong(path, "the name of an ipset has 31 characters at most")
    networks = []
    for entry in root.iter("entry"):
        try:
            networks.append(ipaddress.ip_network(entry.text))
        except ValueError as problem:
            wrong(path, problem)
        if networks[-1].version != version:
            wrong(path, f"{entry.text} is not of the family of the set")
        if networks[-1].prefixlen == 0:
            wrong(path, f"ipset does not take {entry.text}")
    networks.sort()
    for one, other in zip(networks, networks[1:]):
        if one.overlaps(other):
            wrong(path, f"{one} and {other} overlap")
    return {4: "ipv4", 6: "ipv6"}[version]


def check_rule(path, rule, sets, services):
    family = rule.get("family")
    for part in ("source", "destination"):
        for one in rule.iter(part):
            address = one.get("address")
            if address and family not in ("ipv4", "ipv6"):
                wrong(path, f"firewalld drops a rule with an address and no family: {address}")
            if address and f"ipv{ipaddress.ip_network(address).version}" != family:
                wrong(path, f"{address} in a rule of {family}")
            name = one.get("ipset")
            if name and name not in sets:
                wrong(path, f"there is no ipset {name}")
            if name and family not in (None, sets[name]):
                wrong(path, f"the ipset {name} in a rule of {family}")
    for service in rule.iter("service"):
        if service.get("name").startswith("zmfirewall") and service.get("name") not in services:
            wrong(path, f"there is no service {service.get('name')}")


def check_zone(path, root, sets, services):
    if len(path.stem) > 17:
        wrong(path, "the name of a zone has 17 characters at most")
    if root.find("source") is not None:
        wrong(path, "a zone for sources: its packets would never see the ports of the public zone")
    for rule in root.iter("rule"):
        check_rule(path, rule, sets, services)


def main():
    sets = {path.stem: check_ipset(path, root) for path, root in read("ipsets").items()}
    services = {path.stem for path in read("services")}
    for path, root in read("zones").items():
        check_zone(path, root, sets, services)


main()
